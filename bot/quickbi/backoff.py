"""How fast calls may follow each other: slower when Quick BI throttles, then feeling its way back up."""

from __future__ import annotations

from dataclasses import dataclass, replace

SLOWEST = 32.0  # times the interval that the account's limit would allow
BACK_OFF = 2.0
CALLS_PER_STEP_UP = 30  # unthrottled calls before a faster pace is tried
STEP_UP = 0.8


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """The seconds between two calls. Every call's outcome gives the next pace."""

    fastest: float
    slowness: float = 1.0
    calm_calls: int = 0

    @property
    def interval(self) -> float:
        return self.fastest * self.slowness

    def throttled(self) -> Pace:
        return replace(self, slowness=min(SLOWEST, self.slowness * BACK_OFF), calm_calls=0)

    def went_well(self) -> Pace:
        if self.slowness <= 1.0:
            return self
        if self.calm_calls + 1 < CALLS_PER_STEP_UP:
            return replace(self, calm_calls=self.calm_calls + 1)
        return replace(self, slowness=max(1.0, self.slowness * STEP_UP), calm_calls=0)
