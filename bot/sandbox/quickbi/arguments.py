"""Reads the arguments of the control API. What makes no sense is a `WrongArgument` with a sentence. Pure."""

from __future__ import annotations

import json
import math
from datetime import timedelta
from typing import Any

from bot.sandbox.quickbi.faults import Mode
from bot.sandbox.world.mail import Group


class WrongArgument(ValueError):
    """Its text is for the caller."""


class Arguments:
    """A JSON object, or a query string, of which single values are asked by name and type."""

    def __init__(self, given: dict[str, Any]) -> None:
        self._given = given

    @classmethod
    def parse(cls, body: bytes) -> Arguments:
        """No body is no arguments."""
        try:
            given = json.loads(body) if body.strip() else {}
        except ValueError:
            raise WrongArgument("the body is not JSON") from None
        if not isinstance(given, dict):
            raise WrongArgument("the body is not a JSON object")
        return cls(given)

    def text(self, name: str, default: str | None = None) -> str:
        value = self._given.get(name, default)
        if not isinstance(value, str):
            raise WrongArgument(f"{name} must be a text")
        return value

    def texts(self, name: str) -> list[str]:
        values = self._given.get(name, [])
        if not (isinstance(values, list) and all(isinstance(value, str) for value in values)):
            raise WrongArgument(f"{name} must be a list of texts")
        return list(values)

    def whole(self, name: str, default: int) -> int:
        """Also as a text: a task ID does not survive a trip through JavaScript as a number."""
        value = self._given.get(name, default)
        try:
            number = int(value) if isinstance(value, (int, str)) else -1
        except ValueError:
            number = -1
        if number < 0:
            raise WrongArgument(f"{name} must be a whole number")
        return number

    def number(self, name: str, default: float) -> float:
        value = self._given.get(name, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise WrongArgument(f"{name} must be a number")
        return float(value)

    def seconds(self, name: str) -> timedelta | None:
        """None if it was not given."""
        return timedelta(seconds=self.number(name, 0.0)) if name in self._given else None

    def flag(self, name: str) -> bool:
        value = self._given.get(name, False)
        if not isinstance(value, bool):
            raise WrongArgument(f"{name} must be true or false")
        return value

    def mode(self) -> Mode:
        try:
            return Mode(self.text("mode"))
        except ValueError:
            raise WrongArgument(f"mode is one of {', '.join(Mode)}") from None

    def group(self, default: Group) -> Group:
        try:
            return Group(self.text("group", default))
        except ValueError:
            raise WrongArgument(f"group is one of {', '.join(Group)}") from None
