"""The blocks of messages, modals and Home tabs, and what Slack demands of them together."""

import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ContextBlock,
    HeaderBlock,
    ImageBlock,
    InputBlock,
    MarkdownBlock,
    SectionBlock,
)

from bot.sandbox.slack.blockkit.checks import (
    Check,
    Shapes,
    anything,
    by_type,
    items,
    of_type,
    one_of,
    plain,
    problem,
    record,
    string,
    url,
    words,
)
from bot.sandbox.slack.blockkit.elements import ACCESSORY, ACTION, CONTEXT_ELEMENT, INPUT
from bot.sandbox.slack.blockkit.richtext import RICH_ELEMENTS
from bot.sandbox.slack.model import Json

MESSAGE_BLOCKS = 50
FIELD_LONGEST = 2000
TABLE_ROWS, TABLE_CELLS = 100, 20


def _block(required: Mapping[str, Check] | None = None, optional: Mapping[str, Check] | None = None) -> Check:
    return record(required, {"block_id": string(Block.block_id_max_length), **(optional or {})})


def _section() -> Check:
    fields = _block(
        None,
        {
            "text": words(SectionBlock.text_max_length),
            "fields": items(words(FIELD_LONGEST), SectionBlock.fields_max_length),
            "accessory": ACCESSORY,
            "expand": of_type(bool),
        },
    )

    def check(value: Any, at: str) -> Iterator[str]:
        yield from fields(value, at)
        if "text" not in value and "fields" not in value:
            yield problem("missing required field: text", at)

    return check


def _image() -> Check:
    fields = _block(
        {"alt_text": string(ImageBlock.alt_text_max_length)},
        {
            "image_url": url(ImageBlock.image_url_max_length, schemes="https?"),
            "slack_file": anything,
            "title": plain(ImageBlock.title_max_length),
        },
    )

    def check(value: Any, at: str) -> Iterator[str]:
        yield from fields(value, at)
        if "image_url" not in value and "slack_file" not in value:
            yield problem("missing required field: image_url", at)

    return check


_CELL = by_type(
    {
        "raw_text": record({"text": string(3000)}),
        "raw_number": record({"value": of_type(int, float), "text": string(3000)}),
        "rich_text": record({"elements": RICH_ELEMENTS}, {"block_id": string(255)}),
    }
)
_COLUMN = record(None, {"align": one_of("left", "center", "right"), "is_wrapped": of_type(bool)})

_EVERYWHERE: Shapes = MappingProxyType(
    {
        "section": _section(),
        "divider": _block(),
        "header": _block({"text": plain(HeaderBlock.text_max_length)}, {"level": of_type(int)}),
        "context": _block({"elements": items(CONTEXT_ELEMENT, ContextBlock.elements_max_length)}),
        "actions": _block({"elements": items(ACTION, ActionsBlock.elements_max_length)}),
        "image": _image(),
        "input": _block(
            {"label": plain(InputBlock.label_max_length), "element": INPUT},
            {
                "hint": plain(InputBlock.hint_max_length),
                "optional": of_type(bool),
                "dispatch_action": of_type(bool),
            },
        ),
        "rich_text": _block({"elements": RICH_ELEMENTS}),
    }
)
_IN_MESSAGES: Shapes = MappingProxyType(
    {
        **_EVERYWHERE,
        "markdown": _block({"text": string(MarkdownBlock.text_max_length)}),
        "table": _block(
            {"rows": items(items(_CELL, TABLE_CELLS), TABLE_ROWS)},
            {"column_settings": items(_COLUMN, TABLE_CELLS)},
        ),
    }
)
_IN_MODALS: Shapes = MappingProxyType(
    {
        **_EVERYWHERE,
        "alert": _block(
            {"text": words(FIELD_LONGEST)},
            {"level": one_of("default", "info", "warning", "error", "success")},
        ),
    }
)
SHAPES: Mapping[str, Shapes] = MappingProxyType(
    {"message": _IN_MESSAGES, "modal": _IN_MODALS, "home": _EVERYWHERE}
)


def check_message_blocks(blocks: Any, at: str = "/blocks") -> list[str]:
    """Mistakes in the `blocks` of a message, or of an attachment."""
    return check_blocks(blocks, "message", MESSAGE_BLOCKS, at)


def check_blocks(blocks: Any, surface: str, most: int, at: str) -> list[str]:
    """Mistakes in the blocks of a `message`, `modal` or `home`."""
    found = list(items(by_type(SHAPES[surface]), most, least=0)(blocks, at))
    if not found:
        found += _repeated_ids(blocks, at)
        if [block["type"] for block in blocks].count("table") > 1:
            found.append(problem("only_one_table_allowed", at))
    return found


def elements_of(block: Json) -> Sequence[Json]:
    """The elements that a block holds, wherever it holds them."""
    inside = [block.get("accessory"), block.get("element")]
    if block["type"] in {"actions", "context"}:
        inside += block["elements"]
    return [each for each in inside if each is not None]


def _repeated_ids(blocks: Sequence[Json], at: str) -> Iterator[str]:
    """Block IDs are unique in a message; Slack refuses equal action IDs only within one block."""
    for repeated in _repeated(block.get("block_id") for block in blocks):
        yield problem(f"`block_id` {repeated} already exists", at)
    for number, block in enumerate(blocks):
        for repeated in _repeated(element.get("action_id") for element in elements_of(block)):
            yield problem(f"`action_id` {repeated} already exists for another element", f"{at}/{number}")


def _repeated(ids: Iterator[Any]) -> list[str]:
    return [each for each, times in Counter(ids).items() if each is not None and times > 1]


def with_ids(blocks: Sequence[Json]) -> tuple[Json, ...]:
    """The blocks with the IDs that Slack gives to those that have none."""
    return tuple(_with_id(block) for block in blocks)


def _with_id(block: Json) -> Json:
    filled = {"block_id": secrets.token_hex(3), **block}
    for place in ("accessory", "element"):
        if place in filled:
            filled[place] = _named(filled[place])
    if block["type"] == "actions":
        filled["elements"] = [_named(element) for element in block["elements"]]
    return filled


def _named(element: Json) -> Json:
    return element if element["type"] == "image" else {"action_id": secrets.token_hex(3), **element}
