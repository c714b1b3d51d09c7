"""Block Kit parts as JSON, with slack_sdk's checks, which its own `to_dict` searches for anew in each object."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from slack_sdk.models.basic_objects import JsonObject
from slack_sdk.models.blocks import Option


def as_json(value: Any) -> Any:
    """What `to_dict` returns. Raises SlackObjectFormationError for what Slack would refuse."""
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple):
        return [as_json(each) for each in value]
    return _checked(value) if isinstance(value, JsonObject) else value


def _checked(part: JsonObject) -> dict[str, Any]:
    attributes, checks = _kind(type(part))
    for check in checks:
        check(part)
    if isinstance(part, Option) and not (part.description or part.url):
        return {"text": as_json(part._text), "value": part.value}  # noqa: SLF001 (`text` is without its type)
    if type(part).to_dict is not JsonObject.to_dict:
        return part.to_dict()
    values = ((name, getattr(part, name, None)) for name in attributes)
    return {name: as_json(value) for name, value in values if value or not _is_nothing(value)}


def _is_nothing(value: object) -> bool:
    return value is None or hasattr(value, "__len__")


@cache
def _kind(kind: type[JsonObject]) -> tuple[tuple[str, ...], tuple[Callable[[JsonObject], None], ...]]:
    """Which attributes Slack takes of such a part, and how they are checked."""
    named = (getattr(kind, name) for name in sorted(dir(kind)) if name != "attributes")
    checks = tuple(each for each in named if hasattr(each, "validator"))
    return tuple(sorted(kind.__new__(kind).attributes)), checks
