"""Modals and Home tabs as a whole."""

from collections.abc import Iterator, Mapping
from typing import Any

from slack_sdk.models.views import View

from bot.sandbox.slack.blockkit.blocks import check_blocks
from bot.sandbox.slack.blockkit.checks import (
    Check,
    anything,
    by_type,
    of_type,
    plain,
    problem,
    record,
    string,
)

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
                "clear_on_close": of_type(bool),
                "notify_on_close": of_type(bool),
                "submit_disabled": of_type(bool),
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
