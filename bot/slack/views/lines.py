"""Pure: news that are about no incident: a mail was paused, a channel is closed, Quick BI cannot be asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain import MailId, NotifyReason
from bot.slack.kit.blocks import (
    MAX_MESSAGE_TEXT,
    Message,
    absolute,
    code,
    duration,
    escape,
    joined,
    plural,
    sections,
    small,
    when,
)
from bot.slack.kit.mail_titles import plain_title_of, title_of
from bot.slack.views.remedies import REMEDIES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from slack_sdk.models.blocks import Block

    from bot.domain import PlainNotice

_CLOSED = {
    "is_archived": "it is archived",
    "is_inactive": "it is archived, frozen or deleted",
    "channel_not_found": "it is gone, or the bot was removed from it",
    "not_in_channel": "the bot is not in it",
}
_MOST_SECTIONS = 4
_TEXT_ROOM = MAX_MESSAGE_TEXT - 100  # something may still be put behind it


@dataclass(frozen=True, kw_only=True, slots=True)
class _Said:
    """One line, marked up and plain. `support` is a word of the vendor's, for the small print."""

    marked: str
    plain: str
    support: str = ""


def lines_message(lines: Sequence[PlainNotice], *, zone: tzinfo) -> Message:
    """All lines are of one kind."""
    said = [_words(line, zone) for line in lines]
    blocks: list[Block] = [*sections([words.marked for words in said], most=_MOST_SECTIONS)]
    blocks += [small(f"For support: {code(line.support)}") for line in said if line.support]
    return Message(text=joined([words.plain for words in said], _TEXT_ROOM, mark=" "), blocks=tuple(blocks))


def _words(line: PlainNotice, zone: tzinfo) -> _Said:
    match line.reason:
        case NotifyReason.MAIL_PAUSED:
            return _paused(
                line, "⏸️", "was paused in Quick BI", "It is not sent until somebody resumes it there."
            )
        case NotifyReason.MAIL_UNPAUSED:
            return _paused(line, "▶️", "is no longer paused in Quick BI", "It is watched as before.")
        case NotifyReason.CHANNEL_LOST:
            return _channel_lost(line)
        case NotifyReason.MESSAGE_REFUSED:
            return _message_refused(line)
        case NotifyReason.OUTAGE_BEGAN:
            return _outage_began(line, zone)
        case NotifyReason.OUTAGE_OVER:
            return _outage_over(line)
        case _:
            raise ValueError(f"{line.reason} is told by a message about an incident")


def _paused(line: PlainNotice, sign: str, words: str, more: str) -> _Said:
    mail_id = MailId(line.subject_id)
    marked, plain = title_of(mail_id, line.mail), plain_title_of(mail_id, line.mail, begins=True)
    return _Said(marked=f"{sign} {marked} {words}. {more}", plain=f"{plain} {words}. {more}")


def _channel_lost(line: PlainNotice) -> _Said:
    """`detail` is Slack's word and the number of subscriptions."""
    reason, _, count = line.detail.partition(" ")
    because = _CLOSED.get(reason, f"Slack says {escape(reason)}")
    mails = plural(int(count or "1"), "report mail")
    words = (
        f"I can no longer post in <#{escape(line.subject_id)}>: {because}. It was to be told about {mails}. "
        "Nothing is lost: I tell it when I am let in again, or when somebody types one of my commands there."
    )
    return _Said(marked=f"📪 {words}", plain=words)


def _message_refused(line: PlainNotice) -> _Said:
    """`detail` is Slack's word and what the message was about."""
    error, _, about = line.detail.partition(" ")
    words = (
        f"Slack refused a message for <#{escape(line.subject_id)}>, even as plain text. "
        f"It was about {escape(about)}. Please tell that channel, and report Slack's reason as a bug."
    )
    return _Said(marked=f"⚠️ {words}", plain=words, support=error)


def _outage_began(line: PlainNotice, zone: tzinfo) -> _Said:
    """`detail` is the kind of trouble and Quick BI's code; only the code, from a version that knew no kinds."""
    kind, _, support = line.detail.partition(" ")
    remedy = REMEDIES.get(kind)
    why = f" {remedy.what}: {remedy.todo}" if remedy else ""
    since = line.since or line.at
    tail = "No mail is known to have failed because of that; what fails meanwhile is told afterwards."
    return _Said(
        marked=f"🌩️ *Quick BI cannot be asked* since {when(since, zone)}.{why}\n{tail}",
        plain=f"Quick BI cannot be asked since {absolute(since, zone)}.{why} {tail}",
        support=support if remedy else line.detail,
    )


def _outage_over(line: PlainNotice) -> _Said:
    lasted = duration(line.at - (line.since or line.at))
    words = f"Quick BI can be asked again, after {lasted}. I am catching up now."
    headline, _, rest = words.partition(", ")
    return _Said(marked=f"🌤️ *{headline}*, {rest}", plain=words)
