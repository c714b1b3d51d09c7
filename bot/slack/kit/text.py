"""Words for Slack: other people's text made safe, times and lengths, what a mail is called.

A mail is called by its name, else by its ID. Markup is Slack's mrkdwn.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from itertools import accumulate, takewhile

from bot.domain import EVERY_DAY, WORKDAYS, Mail, MailId
from bot.mails.text_normalisation import displayed

MAX_NAME = 80
_DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_LOOKALIKES = str.maketrans("*`", "\N{ASTERISK OPERATOR}\N{MODIFIER LETTER GRAVE ACCENT}")


def escape(text: str) -> str:
    """Make text from people or vendors safe in mrkdwn: exactly Slack's three characters.

    https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    return text.translate(_ENTITIES)


def clip(text: str, limit: int) -> str:
    """Cut plain text to `limit` characters, with an ellipsis where something was cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def clip_markup(text: str, limit: int) -> str:
    """Cut mrkdwn to `limit` characters without leaving half an entity or half a `<…>` behind."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    for opening, closing in (("<", ">"), ("&", ";")):
        start = cut.rfind(opening)
        if start > cut.rfind(closing):
            cut = cut[:start]
    return cut.rstrip() + "…"


def name(text: str, limit: int = MAX_NAME) -> str:
    """Somebody's words (a mail's name, an owner), clipped and safe to stand in mrkdwn.

    A star or a backtick would start or end a style, so each becomes a character that looks alike.
    """
    return escape(clip(displayed(text), limit)).translate(_LOOKALIKES)


def mention(who: str) -> str:
    """A person or a user group, by ID. Slack notifies them where this is in a new message, not in an edit."""
    return f"<!subteam^{who}>" if who.startswith("S") else f"<@{who}>"


def bold(text: str, limit: int = MAX_NAME) -> str:
    return f"*{name(text, limit)}*"


def code(text: str, limit: int = 255) -> str:
    return f"`{name(text, limit)}`"


def when(at: datetime, zone: tzinfo) -> str:
    """An instant in the reader's own zone; clients that cannot do that show it in `zone`, by its offset.

    https://docs.slack.dev/messaging/formatting-message-text#date-formatting
    """
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} at {{time}}|{absolute(at, zone)}>"


def clock_time(at: datetime, zone: tzinfo) -> str:
    """Like `when`, for an instant of today: the time alone."""
    return f"<!date^{int(at.timestamp())}^{{time}}|{absolute(at, zone)}>"


def absolute(at: datetime, zone: tzinfo) -> str:
    local = at.astimezone(zone)
    return f"{local:%b} {local.day}, {local:%Y %H:%M} {offset(local)}"


def offset(local: datetime) -> str:
    """How far its clocks are from UTC. A zone's letters mean many zones: CST is Shanghai's, and Chicago's."""
    minutes = round((local.utcoffset() or timedelta()).total_seconds() / 60)
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '-'}{hours}{f':{rest:02d}' if rest else ''}"


def duration(length: timedelta) -> str:
    """A length of time in the two largest units that matter: `40 s`, `12 min`, `2 h 5 min`, `3 d 4 h`."""
    seconds = max(0, round(length.total_seconds()))
    if seconds < 60:  # noqa: PLR2004 (units of time)
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:  # noqa: PLR2004
        return f"{minutes} min"
    if minutes < 24 * 60:
        return _two(minutes // 60, "h", minutes % 60, "min")
    return _two(minutes // (24 * 60), "d", minutes // 60 % 24, "h")


def _two(major: int, major_unit: str, minor: int, minor_unit: str) -> str:
    return f"{major} {major_unit} {minor} {minor_unit}" if minor else f"{major} {major_unit}"


def days_words(weekdays: frozenset[int]) -> str:
    """Weekdays, from Monday = 0."""
    if weekdays == EVERY_DAY:
        return "daily"
    if weekdays == WORKDAYS:
        return "on weekdays"
    return "on " + ", ".join(_DAY_NAMES[day] for day in sorted(weekdays))


def plural(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def dotted(*parts: str) -> str:
    """What belongs together on one line. Empty parts are left out."""
    return " · ".join(filter(None, parts))


def joined(parts: Sequence[str], limit: int, *, total: int = 0) -> str:
    """As many parts as fit into `limit` characters, at least one, and how many of `total` are left out."""
    total = max(total, len(parts))
    lengths = accumulate(len(part) + 2 for part in parts)
    count = max(1, sum(1 for _ in takewhile(lambda length: length - 2 <= limit, lengths)))
    said = ", ".join(parts[:count])
    return f"{said} and {total - count:,} more" if parts and count < total else said


def natural(text: str) -> list[str | int]:
    """A sort key: “Store 9” comes before “Store 10”."""
    return [int(part) if part.isdecimal() else part.casefold() for part in re.split(r"([0-9]+)", text)]


def name_or_id(mail_id: MailId, mail: Mail | None) -> str:
    """As it is, to be put among other words: nothing is escaped or clipped. Invisible names count as none."""
    return mail.name if mail and displayed(mail.name) else mail_id


def label_of(mail_id: MailId, mail: Mail | None) -> str:
    """For labels and dialogs, which show every character as it is: nothing is escaped. The caller clips it."""
    return (mail and displayed(mail.name)) or f"Mail {mail_id}"


def title_of(mail_id: MailId, mail: Mail | None) -> str:
    """In bold, for mrkdwn."""
    return bold(mail.name) if mail and displayed(mail.name) else f"*Mail* {code(mail_id)}"


def bare_title_of(mail_id: MailId, mail: Mail | None) -> str:
    """For mrkdwn that is bold or struck out as a whole: stars inside would end that."""
    return title_of(mail_id, mail).replace("*", "")


def owner_of(mail: Mail | None) -> str:
    return f"Owner {name(mail.owner_name, 40)}" if mail and displayed(mail.owner_name) else ""


def paused_in(mail: Mail | None) -> str:
    return "*paused* in Quick BI" if mail and mail.paused else ""
