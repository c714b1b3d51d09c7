"""Blocks, and the messages, modals and Home tabs that they make up."""

import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from slack_sdk.models.blocks import ActionsBlock, Block, ContextBlock, HeaderBlock, InputBlock, SectionBlock
from slack_sdk.models.views import View

from bot.sandbox.slack.blockkit.checks import (
    Check,
    Shapes,
    anything,
    by_type,
    items,
    of_type,
    plain,
    problem,
    record,
    string,
    words,
)
from bot.sandbox.slack.blockkit.elements import ACTION, CONTEXT_ELEMENT, INPUT
from bot.sandbox.slack.model import Json

MESSAGE_BLOCKS = 50
FIELD_LONGEST = 2000


def _block(required: Mapping[str, Check] | None = None, optional: Mapping[str, Check] | None = None) -> Check:
    return record(required, {"block_id": string(Block.block_id_max_length), **(optional or {})})


def _section() -> Check:
    fields = _block(
        None,
        {
            "text": words(SectionBlock.text_max_length),
            "fields": items(words(FIELD_LONGEST), SectionBlock.fields_max_length),
            "accessory": ACTION,
        },
    )

    def check(value: Any, at: str) -> Iterator[str]:
        yield from fields(value, at)
        if "text" not in value and "fields" not in value:
            yield problem("missing required field: text", at)

    return check


BLOCKS: Shapes = {
    "section": _section(),
    "divider": _block(),
    "header": _block({"text": plain(HeaderBlock.text_max_length)}),
    "context": _block({"elements": items(CONTEXT_ELEMENT, ContextBlock.elements_max_length)}),
    "actions": _block({"elements": items(ACTION, ActionsBlock.elements_max_length)}),
    "input": _block(
        {"label": plain(InputBlock.label_max_length), "element": INPUT},
        {
            "hint": plain(InputBlock.hint_max_length),
            "optional": of_type(bool),
            "dispatch_action": of_type(bool),
        },
    ),
}


def check_message_blocks(blocks: Any, at: str = "/blocks") -> list[str]:
    """Mistakes in the `blocks` of a message, or of an attachment."""
    return check_blocks(blocks, MESSAGE_BLOCKS, at)


def check_blocks(blocks: Any, most: int, at: str) -> list[str]:
    """Mistakes in the blocks of a message or a view."""
    found = list(items(by_type(BLOCKS), most, least=0)(blocks, at))
    if not found:
        found += _repeated_ids(blocks, at)
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
    return {"action_id": secrets.token_hex(3), **element}


_SHARED: Mapping[str, Check] = {
    "private_metadata": string(View.private_metadata_max_length, least=0),
    "callback_id": string(View.callback_id_max_length, least=0),
    "external_id": string(255, least=0),
}
_VIEW = by_type(
    {
        "modal": record(
            {"title": plain(View.title_max_length), "blocks": anything},
            {
                **_SHARED,
                "submit": plain(View.submit_max_length),
                "close": plain(View.close_max_length),
                "notify_on_close": of_type(bool),
            },
        ),
        "home": record({"blocks": anything}, _SHARED),
    }
)


def check_view(view: Any, wanted: str) -> list[str]:
    """Mistakes in a view that must be a `modal` or a `home`."""
    return list(_mistakes(view, wanted))


def _mistakes(view: Any, wanted: str) -> Iterator[str]:
    if shape := list(_VIEW(view, "/view")):
        yield from shape
    elif view["type"] != wanted:
        yield problem(f"must be a {wanted}", "/view/type")
    elif found := check_blocks(view["blocks"], View.blocks_max_length, "/view/blocks"):
        yield from found
    elif wanted == "modal" and "submit" not in view and _has_input(view["blocks"]):
        yield problem("missing required field: submit", "/view")


def _has_input(blocks: list[Any]) -> bool:
    return any(block["type"] == "input" for block in blocks)
