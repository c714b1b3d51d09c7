"""What the page shows and controls: the simulated Slack, the simulated Quick BI, and the bot between them."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from secrets import token_hex

from bot.sandbox.quickbi import SimulatedQuickBI
from bot.sandbox.slack import SimulatedSlack

LINES_KEPT = 400


class BotState(StrEnum):
    """The bot's process, as the sandbox sees it from outside."""

    STARTING = "starting"
    RUNNING = "running"
    STOPPED = "stopped"


class Bot:
    """The bot as the page sees it. This one runs elsewhere, pointed at these servers: its log cannot be read."""

    def __init__(self) -> None:
        self.state = BotState.RUNNING
        self.words = ""
        """Why it stopped, when it did."""
        self.lines: deque[str] = deque(maxlen=LINES_KEPT)
        """The last lines of its own log."""
        self._on_line: list[Callable[[str], None]] = []
        self._on_state: list[Callable[[], None]] = []

    def watch(self, on_line: Callable[[str], None], on_state: Callable[[], None]) -> None:
        """Call these for every line of its log and every change of its state from now on."""
        self._on_line.append(on_line)
        self._on_state.append(on_state)

    def kill(self) -> None:
        """End it at once, as a crash would, if it is ours."""


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
