"""The small parts that every message is made of: escaping, clipping, times, Block Kit primitives.

Knows Slack's limits (through slack_sdk's own constants), never what a message is about.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    DividerBlock,
    HeaderBlock,
    InteractiveElement,
    MarkdownTextObject,
    Option,
    OverflowMenuElement,
    PlainTextObject,
    SectionBlock,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime, tzinfo

MAX_MESSAGE_TEXT = 4000  # Slack cuts the top-level text behind this; facts: "under 4,000"
MAX_MESSAGE_BLOCKS = 50
MAX_NAME = 80
_PAGE = SectionBlock.text_max_length - 40  # of a section; room is left for the line that counts the rest
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_BLANKS = re.compile(r"\s+")
_BOLD_STAR = "\N{ASTERISK OPERATOR}"
_CODE_TICK = "\N{MODIFIER LETTER GRAVE ACCENT}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """What Slack shows. `text` alone must say it all: screen readers and notifications read only that."""

    text: str
    blocks: tuple[Block, ...]

    def payload(self) -> dict[str, Any]:
        """The message as Slack's API takes it. slack_sdk checks every limit on the way."""
        return {
            "text": clip_markup(self.text, MAX_MESSAGE_TEXT - 1),
            "blocks": [block.to_dict() for block in self.blocks],
        }


def one_line(text: str) -> str:
    """Strip what could disguise a text: control and direction characters go, blanks become one."""
    return "".join(
        char for char in _BLANKS.sub(" ", text) if unicodedata.category(char) not in {"Cc", "Cf", "Co", "Cs"}
    ).strip()


def escape(text: str) -> str:
    """Make text from people or vendors safe in mrkdwn: exactly Slack's three characters.

    https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    return "".join(_ENTITIES.get(char, char) for char in text)


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
    """Somebody's words (a mail's name, an owner), clipped and safe to stand in mrkdwn."""
    return escape(clip(one_line(text), limit))


def bold(text: str, limit: int = MAX_NAME) -> str:
    """Somebody's words in bold; a star inside would end the bold, so it becomes one that looks alike."""
    return f"*{name(text, limit).replace('*', _BOLD_STAR)}*"


def code(text: str, limit: int = 255) -> str:
    return f"`{name(text, limit).replace('`', _CODE_TICK)}`"


def unmarked(markup: str) -> str:
    """Our own words without bold and code: for the top-level text, which is read out as it stands."""
    return markup.replace("*", "").replace("`", "")


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


def plural(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def mrkdwn(markup: str, limit: int) -> MarkdownTextObject:
    """Marked-up text. `verbatim`: a mail named “@here” or “#general” stays a name; Slack links and calls nothing.

    https://docs.slack.dev/reference/block-kit/composition-objects/text-object
    """
    return MarkdownTextObject(text=clip_markup(markup, limit), verbatim=True)


def section(markup: str) -> SectionBlock:
    return SectionBlock(text=mrkdwn(markup, SectionBlock.text_max_length))


def sections(lines: Sequence[str], *, most: int = 10) -> list[SectionBlock]:
    """Lines in as many sections as they need, `most` at most; how many do not fit is said in the last line."""
    pages: list[list[str]] = [[]]
    room = _PAGE
    for line in lines:
        if len(line) + 1 > room and pages[-1]:
            pages.append([])
            room = _PAGE
        pages[-1].append(line)
        room -= len(line) + 1
    shown = pages[:most]
    if left := sum(map(len, pages[most:])):
        shown[-1].append(f"and {left:,} more")
    return [section("\n".join(page)) for page in shown if page]


def joined(parts: Sequence[str], limit: int, *, mark: str = "; ") -> str:
    """As many parts as fit into `limit` characters, and how many do not."""
    said = mark.join(parts)
    count = len(parts)
    while len(said) > limit and count > 1:
        count -= 1
        said = f"{mark.join(parts[:count])}{mark}and {len(parts) - count:,} more"
    return said


def fields(pairs: Sequence[tuple[str, str]]) -> SectionBlock:
    """Label and value pairs, side by side on a wide screen. Values are mrkdwn."""
    return SectionBlock(
        fields=[
            mrkdwn(f"*{label}*\n{value}", 2000) for label, value in pairs[: SectionBlock.fields_max_length]
        ]
    )


def small(*parts: str) -> ContextBlock:
    """The small print: what belongs together on one line, parted by dots. Empty parts are left out."""
    line = " · ".join(part for part in parts if part)
    return ContextBlock(elements=[mrkdwn(line, 2000)])


def header(text: str) -> HeaderBlock:
    return HeaderBlock(
        text=PlainTextObject(text=clip(one_line(text), HeaderBlock.text_max_length), emoji=True)
    )


def divider() -> DividerBlock:
    return DividerBlock()


def actions(elements: Iterable[InteractiveElement], block_id: str | None = None) -> ActionsBlock:
    return ActionsBlock(elements=list(elements), block_id=block_id)


def button(
    label: str,
    *,
    action_id: str,
    value: str,
    style: str | None = None,
    confirm: ConfirmObject | None = None,
    url: str | None = None,
    reads_as: str | None = None,
) -> ButtonElement:
    """`reads_as` is what a screen reader says where the label alone does not name the mail."""
    return ButtonElement(
        text=PlainTextObject(text=clip(label, ButtonElement.text_max_length), emoji=True),
        action_id=action_id,
        value=value,
        style=style,
        confirm=confirm,
        url=url,
        accessibility_label=clip(reads_as, 75) if reads_as else None,
    )


def overflow(choices: Sequence[tuple[str, str]], *, action_id: str) -> OverflowMenuElement:
    """The rest of the buttons: (label, value) pairs behind three dots."""
    return OverflowMenuElement(
        action_id=action_id, options=[option(label, value) for label, value in choices]
    )


def option(label: str, value: str) -> Option:
    return Option(text=PlainTextObject(text=clip(one_line(label) or "–", 75), emoji=True), value=value)


def confirm(
    title: str, question: str, *, yes: str, no: str = "Cancel", danger: bool = False
) -> ConfirmObject:
    return ConfirmObject(
        title=PlainTextObject(text=clip(title, ConfirmObject.title_max_length)),
        text=PlainTextObject(text=clip(question, ConfirmObject.text_max_length)),
        confirm=PlainTextObject(text=clip(yes, ConfirmObject.confirm_max_length)),
        deny=PlainTextObject(text=clip(no, ConfirmObject.deny_max_length)),
        style="danger" if danger else None,
    )
