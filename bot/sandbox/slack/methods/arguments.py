"""Arguments of a Web API call, whichever way they were encoded; what a method is; long answers in pages."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias, TypeVar

from bot.sandbox.slack.model import Json, SlackError
from bot.sandbox.slack.site import Site


class Args:
    """A form's strings and a JSON body's values, read alike. `sent` is what the ledger keeps."""

    def __init__(self, sent: Json) -> None:
        self.sent = {name: _decoded(name, value) for name, value in sent.items() if name != "token"}

    def text(self, name: str, default: str = "") -> str:
        value = self.sent.get(name)
        return default if value is None else str(value)

    def required(self, name: str) -> str:
        """A string that must be there."""
        if not (value := self.text(name)):
            words = f"missing required field: {name}"
            raise SlackError("invalid_arguments", response_metadata={"messages": [f"[ERROR] {words}"]})
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self.sent.get(name)
        return default if value is None else str(value).lower() in {"1", "true"}

    def number(self, name: str, default: int) -> int:
        try:
            return int(self.sent.get(name, default))
        except (TypeError, ValueError):
            raise SlackError("invalid_limit") from None

    def structure(self, name: str) -> Any:
        """A list or object, None if it is not there."""
        return self.sent.get(name)


_STRUCTURED = frozenset({"blocks", "metadata", "view"})


def _decoded(name: str, value: Any) -> Any:
    """Forms carry structures as JSON text."""
    if name not in _STRUCTURED or not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise SlackError("invalid_json" if name == "view" else f"invalid_{name}_format") from None


Run: TypeAlias = Callable[[Site, Args], Json]


class Token(StrEnum):
    """Which token a method takes."""

    BOT = "bot"
    APP = "app"


@dataclass(frozen=True, kw_only=True, slots=True)
class Method:
    """A method, the token it takes and the scope it needs; some scopes depend on the arguments."""

    run: Run
    token: Token = Token.BOT
    scope: str | Callable[[Site, Args], str | None] | None = None

    def needed_scope(self, site: Site, args: Args) -> str | None:
        """The scope that this very call needs."""
        return self.scope(site, args) if callable(self.scope) else self.scope


LARGEST_PAGE = 999

_Item = TypeVar("_Item")


def page(items: Sequence[_Item], args: Args, *, default: int = 100) -> tuple[list[_Item], str]:
    """One page, and the cursor of the next (empty at the end)."""
    limit = args.number("limit", default) or default
    if not 0 < limit <= LARGEST_PAGE:
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
