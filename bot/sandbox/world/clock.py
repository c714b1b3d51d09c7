"""Clocks for the World. It never sleeps: whoever holds the clock decides how time passes."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
"""Tells the time as an aware `datetime`."""


def utc_now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)


class SteppedClock:
    """Stands still until a test moves it."""

    def __init__(self, start: datetime = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)) -> None:
        self._now = start

    def __call__(self) -> datetime:
        return self._now

    def advance(self, step: timedelta | None = None, *, seconds: float = 0.0) -> datetime:
        """Move on by `step` plus `seconds`; the new time."""
        self._now += (step or timedelta(0)) + timedelta(seconds=seconds)
        return self._now
