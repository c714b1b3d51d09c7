"""Long answers in pages: `limit`, `cursor` and `response_metadata.next_cursor`."""

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from bot.sandbox.slack.errors import SlackError
from bot.sandbox.slack.methods.arguments import Args

LARGEST = 999

_Item = TypeVar("_Item")


def page(items: Sequence[_Item], args: Args, *, default: int = 100) -> tuple[list[_Item], str]:
    """One page, and the cursor of the next (empty at the end)."""
    limit = args.number("limit", default) or default
    if not 0 < limit <= LARGEST:
        raise SlackError("invalid_limit")
    start = _position(args.text("cursor"))
    end = start + limit
    return list(items[start:end]), _cursor(end) if end < len(items) else ""


def _cursor(position: int) -> str:
    return base64.b64encode(f"next:{position}".encode()).decode()


def _position(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.b64decode(cursor, validate=True).decode().removeprefix("next:"))
    except (binascii.Error, ValueError):
        raise SlackError("invalid_cursor") from None
