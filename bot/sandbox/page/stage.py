"""What stands on the sandbox's stage: the simulated Slack, the simulated Quick BI, and the bot between them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from secrets import token_hex
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import timedelta

    from bot.sandbox.quickbi import SimulatedQuickBI
    from bot.sandbox.slack import SimulatedSlack

LINES_KEPT = 400


class BotState(StrEnum):
    """The bot's process, as the sandbox sees it from outside."""

    STARTING = "starting"
    RUNNING = "running"
    STOPPED = "stopped"


class Bot(Protocol):
    """The bot's process, or what stands in for it."""

    @property
    def state(self) -> BotState: ...

    @property
    def words(self) -> str:
        """Why it stopped, when it did."""
        ...

    @property
    def lines(self) -> Sequence[str]:
        """The last lines of its own log."""
        ...

    def watch(self, on_line: Callable[[str], None], on_state: Callable[[], None]) -> None:
        """Tell of every line of its log and every change of its state from now on."""
        ...

    def kill(self) -> None:
        """End it at once, as a crash would."""
        ...


@dataclass(kw_only=True, slots=True)
class NoBot:
    """For a bot that somebody else runs, pointed at these servers: there is nothing to kill or to read."""

    state: BotState = BotState.RUNNING
    words: str = ""
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=LINES_KEPT))

    def watch(self, on_line: Callable[[str], None], on_state: Callable[[], None]) -> None:
        """It never changes."""

    def kill(self) -> None:
        """It is not ours."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """Everything that the page shows and moves. `speed`: how many planned seconds pass in a real one."""

    slack: SimulatedSlack
    quickbi: SimulatedQuickBI
    bot: Bot
    speed: float
    session: str = field(default_factory=lambda: token_hex(8))
    """Tells a browser that comes back whether this is still the sandbox that it saw before."""

    def planned(self, span: timedelta) -> timedelta:
        """How long a span of Quick BI's plans lasts here."""
        return span / self.speed
