"""Pure: news that are about no incident: a mail was paused, a channel is closed, Quick BI cannot be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain import MailId, NotifyReason
from bot.slack.blocks import (
    MAX_MESSAGE_TEXT,
    Message,
    absolute,
    clip_markup,
    code,
    duration,
    escape,
    plural,
    section,
    when,
)
from bot.slack.titles import plain_title_of, title_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from bot.domain import Line

_CLOSED = {
    "is_archived": "it is archived",
    "channel_not_found": "it is gone, or the bot was removed from it",
    "not_in_channel": "the bot is not in it",
}
_SECTION = 2900


def lines_message(lines: Sequence[Line], *, zone: tzinfo) -> Message:
    """All lines are of one kind."""
    said = [_words(line, zone) for line in lines]
    marked = "\n".join(marked for marked, _ in said)
    plain = " ".join(plain for _, plain in said)
    return Message(
        text=clip_markup(plain, MAX_MESSAGE_TEXT - 1), blocks=(section(clip_markup(marked, _SECTION)),)
    )


def _words(line: Line, zone: tzinfo) -> tuple[str, str]:
    match line.reason:
        case NotifyReason.MAIL_PAUSED:
            return _paused(
                line, "⏸️", "was paused in Quick BI", "It is not sent until somebody resumes it there."
            )
        case NotifyReason.MAIL_UNPAUSED:
            return _paused(line, "▶️", "is no longer paused in Quick BI", "It is watched as before.")
        case NotifyReason.CHANNEL_LOST:
            return _channel_lost(line)
        case NotifyReason.OUTAGE_BEGAN:
            return _outage_began(line, zone)
        case NotifyReason.OUTAGE_OVER:
            return _outage_over(line)
        case _:
            raise ValueError(f"{line.reason} is told by a message about an incident")


def _paused(line: Line, sign: str, words: str, more: str) -> tuple[str, str]:
    mail_id = MailId(line.subject_id)
    marked, plain = title_of(mail_id, line.mail), plain_title_of(mail_id, line.mail, begins=True)
    return f"{sign} {marked} {words}. {more}", f"{plain} {words}. {more}"


def _channel_lost(line: Line) -> tuple[str, str]:
    """`detail` is Slack's word and the number of subscriptions."""
    reason, _, count = line.detail.partition(" ")
    because = _CLOSED.get(reason, f"Slack says {escape(reason)}")
    mails = plural(int(count or "1"), "report mail")
    words = (
        f"I can no longer post in <#{escape(line.subject_id)}>: {because}. It was to be told about {mails}. "
        "Nothing is lost: I tell it when I am let in again, or when somebody types one of my commands there."
    )
    return f"📪 {words}", words


def _outage_began(line: Line, zone: tzinfo) -> tuple[str, str]:
    cause = f" ({code(line.detail)})" if line.detail else ""
    since = line.since or line.at
    tail = "No mail is known to have failed because of that; what fails meanwhile is told afterwards."
    return (
        f"🌩️ *Quick BI cannot be asked*{cause} since {when(since, zone)}. {tail}",
        f"Quick BI cannot be asked ({escape(line.detail)}) since {absolute(since, zone)}. {tail}",
    )


def _outage_over(line: Line) -> tuple[str, str]:
    lasted = duration(line.at - (line.since or line.at))
    words = f"Quick BI can be asked again, after {lasted}. I am catching up now."
    return f"🌤️ *{words.split(',', maxsplit=1)[0]}*, {words.split(', ', 1)[1]}", words
