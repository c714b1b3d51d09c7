"""What the page can make go wrong, on whose side, and what the bot does about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


@dataclass(frozen=True, kw_only=True, slots=True)
class Where:
    """Who pressed, and which channel was open on the page."""

    user: str
    channel: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """One control. With `is_on` it is a switch, and a second press heals."""

    key: str
    side: str
    title: str
    effect: str
    press: Callable[[Where], Awaitable[object]]
    is_on: Callable[[], bool] | None = None
    title_on: str = ""
    progress: Callable[[], str] | None = None
    """How far it is, while it takes its time; else nothing."""

    def as_json(self) -> dict[str, Any]:
        on = self.is_on is not None and self.is_on()
        return {
            "key": self.key,
            "side": self.side,
            "title": self.title,
            "title_on": self.title_on or f"{self.title}: on",
            "effect": self.effect,
            "is_switch": self.is_on is not None,
            "is_on": on,
            "progress": self.progress() if self.progress else "",
        }
