"""A clock for the simulated Quick BI that stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class SteppedClock:
    def __init__(self, start: datetime = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)) -> None:
        self._now = start

    def __call__(self) -> datetime:
        return self._now

    def advance(self, step: timedelta | None = None, *, seconds: float = 0.0) -> datetime:
        """Move on by `step` plus `seconds`; the new time."""
        self._now += (step or timedelta(0)) + timedelta(seconds=seconds)
        return self._now
