"""Block Kit parts and messages made of them. A message's text follows from its blocks.

Knows Slack's limits (through slack_sdk's own constants), never what a message is about.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    BlockElement,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    HeaderBlock,
    InteractiveElement,
    MarkdownTextObject,
    Option,
    OverflowMenuElement,
    PlainTextObject,
    SectionBlock,
)

from bot.mails.text_normalisation import displayed
from bot.slack.kit.api_json import as_json
from bot.slack.kit.text import clip, clip_markup, dotted, plural

_MAX_TEXT = 4000  # Slack cuts the top-level text behind this; facts: "under 4,000"
MAX_BLOCKS = 50
_PAGE = SectionBlock.text_max_length - 40  # of a section; room is left for the line that counts the rest
_DATE = re.compile(r"<!date\^[^|>]*\|([^>]*)>")
_LINK = re.compile(r"<https?://[^|>]*\|([^>]*)>")
_MARKS = re.compile(r"[*`~]|^_|_$")
_ONLY_CODE = re.compile(r"`[^`]*`")
_SIGN = re.compile("(?:^_?|(?<=: )|(?<=, )|(?<=· ))[\u2190-\u2bff\U0001f000-\U0001faff\ufe0f\u200d]+ ")


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """What Slack shows. Screen readers and notifications read `text` alone: unless given, what the blocks say."""

    blocks: tuple[Block, ...]
    text: str = ""

    def __post_init__(self) -> None:
        if not self.text:
            object.__setattr__(self, "text", text_of(self.blocks))

    def payload(self) -> dict[str, Any]:
        """The message as Slack's API takes it. slack_sdk checks every limit on the way."""
        return {
            "text": clip_markup(self.text, _MAX_TEXT - 1),
            "blocks": as_json(self.blocks),
        }


def message(*parts: Block | str, text: str = "") -> Message:
    """A message of sections (strings) and other blocks."""
    return Message(
        blocks=tuple(section(part) if isinstance(part, str) else part for part in parts), text=text
    )


def text_of(blocks: Iterable[Block]) -> str:
    """What blocks say, in sentences: without signs, marks and IDs that only stand beside, and with absolute times.

    A line that begins with a small letter or with a time continues the line before.
    """
    said = ""
    for markup in _lines(blocks):
        first, *parts = _SIGN.sub("", _LINK.sub(r"\1", _DATE.sub(r"\1", markup))).split(" · ")
        line = ", ".join(
            _MARKS.sub("", part) for part in [first, *(each for each in parts if "`" not in each)]
        )
        if not re.search(r"\w", line) or _ONLY_CODE.fullmatch(markup):
            continue
        if not said or line[0].islower():
            glue = " "
        elif markup.startswith("<!date^"):
            glue = ", "
        else:
            glue = " " if said[-1] in ".:?!…" else ". "
        said = f"{said}{glue}{line}".strip()
    return said if not said or said[-1] in ".?!…" else f"{said}."


def _lines(blocks: Iterable[Block]) -> Iterator[str]:
    for block in blocks:
        match block:
            case SectionBlock():
                yield from (block.text.text or "").split("\n") if block.text else ()
                for field in block.fields or ():
                    yield (field.text or "").replace("*\n", ":* ")
            case ContextBlock(elements=[MarkdownTextObject(text=str(small_print))]):
                yield from (part for part in small_print.split(" · ") if "`" not in part)


def together(messages: Sequence[Message]) -> Message:
    """Several messages as one, for a response URL is good for five.

    A message is shown whole or not at all, and what does not fit is counted. Action IDs stay unique.
    """
    blocks: list[Block] = []
    for number, each in enumerate(messages):
        if len(blocks) + len(each.blocks) > MAX_BLOCKS - 1:
            blocks.append(small(f"and {plural(len(messages) - number, 'more answer')} like these"))
            break
        blocks += [_numbered(block, number) if number else block for block in each.blocks]
    return Message(text=" ".join(each.text for each in messages), blocks=tuple(blocks))


def _numbered(block: Block, number: int) -> Block:
    """What stands behind a colon tells buttons of one kind apart."""
    if not isinstance(block, ActionsBlock):
        return block
    told = block.to_dict()
    told.pop("block_id", None)
    elements = [each | {"action_id": f"{each['action_id']}:{number}"} for each in told["elements"]]
    return ActionsBlock(elements=elements)


def mrkdwn(markup: str, limit: int) -> MarkdownTextObject:
    """Marked-up text. `verbatim`: a mail named “@here” or “#general” stays a name; Slack links and calls nothing.

    https://docs.slack.dev/reference/block-kit/composition-objects/text-object
    """
    return MarkdownTextObject(text=clip_markup(markup, limit), verbatim=True)


def section(markup: str, accessory: BlockElement | None = None) -> SectionBlock:
    return SectionBlock(text=mrkdwn(markup, SectionBlock.text_max_length), accessory=accessory)


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


def fields(pairs: Sequence[tuple[str, str]]) -> SectionBlock:
    """Label and value pairs, side by side on a wide screen. Values are mrkdwn."""
    return SectionBlock(
        fields=[
            mrkdwn(f"*{label}*\n{value}", 2000) for label, value in pairs[: SectionBlock.fields_max_length]
        ]
    )


def small(*parts: str) -> ContextBlock:
    """The small print. Parts that show an ID are for the eye and for support: the text leaves them out."""
    return ContextBlock(elements=[mrkdwn(dotted(*parts), 2000)])


def header(text: str) -> HeaderBlock:
    return HeaderBlock(
        text=PlainTextObject(text=clip(displayed(text), HeaderBlock.text_max_length), emoji=True)
    )


def actions(elements: Iterable[InteractiveElement]) -> ActionsBlock:
    return ActionsBlock(elements=list(elements))


def button(
    label: str,
    *,
    action_id: str,
    value: str,
    style: str | None = None,
    confirm: ConfirmObject | None = None,
    reads_as: str | None = None,
) -> ButtonElement:
    """`reads_as` is what a screen reader says where the label alone does not name the mail."""
    return ButtonElement(
        text=PlainTextObject(text=clip(label, ButtonElement.text_max_length), emoji=True),
        action_id=action_id,
        value=value,
        style=style,
        confirm=confirm,
        accessibility_label=clip(reads_as, 75) if reads_as else None,
    )


def overflow(choices: Sequence[tuple[str, str]], *, action_id: str) -> OverflowMenuElement:
    """The rest of the buttons: (label, value) pairs behind three dots."""
    return OverflowMenuElement(
        action_id=action_id, options=[option(label, value) for label, value in choices]
    )


def option(label: str, value: str) -> Option:
    return Option(text=PlainTextObject(text=clip(displayed(label) or "–", 75), emoji=True), value=value)


def confirm(title: str, question: str, *, yes: str, danger: bool = False) -> ConfirmObject:
    return ConfirmObject(
        title=PlainTextObject(text=clip(title, ConfirmObject.title_max_length)),
        text=PlainTextObject(text=clip(question, ConfirmObject.text_max_length)),
        confirm=PlainTextObject(text=clip(yes, ConfirmObject.confirm_max_length)),
        deny=PlainTextObject(text="Cancel"),
        style="danger" if danger else None,
    )
