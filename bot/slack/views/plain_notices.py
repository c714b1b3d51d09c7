"""News that are about no incident: a mail was paused, a channel is closed, Quick BI cannot be reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain import MailId, NotifyReason
from bot.slack.kit.blocks import Message, message, sections, small
from bot.slack.kit.text import bold, code, duration, escape, joined, plural, title_of, when
from bot.slack.views.remedies import REMEDIES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from bot.domain import PlainNotice

_CLOSED = {
    "is_archived": "it is archived",
    "is_inactive": "it is archived, frozen or deleted",
    "channel_not_found": "it is gone, or I was removed from it",
    "not_in_channel": "I am not in it",
}
_MOST_SECTIONS = 4
_ROOM = 500  # characters of names


def plain_message(lines: Sequence[PlainNotice], *, zone: tzinfo) -> Message:
    """All lines are of one kind. The vendor's word, where there is one, stands in the small print."""
    said = [_words(line, zone) for line in lines]
    support = [small(f"For support: {code(word)}") for _, word in said if word]
    return message(*sections([words for words, _ in said], most=_MOST_SECTIONS), *support)


def _words(line: PlainNotice, zone: tzinfo) -> tuple[str, str]:
    """What to say, and a word for support."""
    title = title_of(MailId(line.subject_id), line.mail)
    match line.reason:
        case NotifyReason.MAIL_PAUSED:
            return f"⏸️ {title} was paused in Quick BI. It is not sent until somebody resumes it there.", ""
        case NotifyReason.MAIL_UNPAUSED:
            return f"▶️ {title} is no longer paused in Quick BI. I am watching it as before.", ""
        case NotifyReason.CHANNEL_LOST:
            return _channel_lost(line), ""
        case NotifyReason.MESSAGE_REFUSED:
            return _message_refused(line)
        case NotifyReason.OUTAGE_BEGAN:
            return _outage_began(line, zone)
        case NotifyReason.OUTAGE_OVER:
            lasted = duration(line.at - (line.since or line.at))
            return f"🌤️ *I can reach Quick BI again*, after {lasted}. I am catching up now.", ""
        case _:
            raise ValueError(f"{line.reason} is told by a message about an incident")


def _channel_lost(line: PlainNotice) -> str:
    """`detail` is Slack's word and the number of subscriptions; then names of mails, each on a line of its own."""
    head, *mails = line.detail.splitlines()
    reason, _, count = head.partition(" ")
    because = _CLOSED.get(reason, f"Slack says {escape(reason)}")
    total = int(count or "1")
    named = joined([bold(each) for each in mails], _ROOM, total=total)
    what = named if total == 1 and mails else f"{plural(total, 'report mail')}{f': {named}' if mails else ''}"
    return (
        f"📪 I can no longer post in <#{escape(line.subject_id)}>: {because}. It was to be told about {what}. "
        "Nothing is lost: I post there once I am let in again, or when somebody types one of my commands there."
    )


def _message_refused(line: PlainNotice) -> tuple[str, str]:
    """`detail` is Slack's word and what the message was about."""
    error, _, about = line.detail.partition(" ")
    words = (
        f"⚠️ Slack refused a message for <#{escape(line.subject_id)}>, even as plain text. "
        f"It was about {escape(about)}. Please tell that channel, and report Slack's reason as a bug."
    )
    return words, error


def _outage_began(line: PlainNotice, zone: tzinfo) -> tuple[str, str]:
    """`detail` is the kind of trouble and Quick BI's code; only the code, from a version that knew no kinds."""
    kind, _, support = line.detail.partition(" ")
    remedy = REMEDIES.get(kind)
    why = f"\n{remedy.what}: {remedy.todo}" if remedy else ""
    words = (
        f"🌩️ *I have not been able to reach Quick BI* since {when(line.since or line.at, zone)}{why}\n"
        "As far as I know, no mail failed because of that; what fails in the meantime will be reported afterwards."
    )
    return words, support if remedy else line.detail
