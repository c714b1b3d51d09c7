"""Keeps whatever may be asked about in order of its worth, without looking at all of it: a queue of levels.

Each climber brings the times at which its worth will reach the next level (levels are a constant factor
apart). Between two such times nothing need be computed, so a decision costs what changes, not what exists.
Nor may it cost what no call could follow: where too much changes at once, steps wait their turn, oldest first.
"""

from __future__ import annotations

from collections import OrderedDict
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

LEVELS = 64
BELOW = -1  # the level of what is not worth a call
_STEPS = 16  # that one decision may take, on average: 3,000 mails need 14 at their busiest hours
_STEPS_SAVED = 20_000  # for a rush, from decisions that needed fewer; 4,000 delay 9 o'clock at 3,000 mails
_ROOM = 64  # outdated steps that are kept before anyone tidies up


class Candidate:
    """Something that may be asked about. `stamp` tells its steps from those of an earlier placing."""

    __slots__ = ("level", "stamp", "steps")

    def __init__(self) -> None:
        self.level = BELOW
        self.stamp = 0
        self.steps: Iterator[tuple[float, int]] = iter(())


C = TypeVar("C", bound=Candidate)


class PriorityLevels(Generic[C]):
    """Climbers, by level now and by the time of their next step."""

    def __init__(self) -> None:
        self._levels: list[OrderedDict[C, None]] = [OrderedDict() for _ in range(LEVELS)]
        self._top = BELOW  # no climber stands higher
        self._coming: list[tuple[float, int, int, int, C]] = []  # time, arrival, stamp, level, climber
        self._arrivals = 0
        self._steps_left = _STEPS_SAVED
        self._tidy_at = _ROOM

    def place(self, climber: C, steps: Iterator[tuple[float, int]]) -> None:
        """Let a climber go by these steps `(time, level)`, in order of time; its earlier ones are void."""
        self.remove(climber)
        climber.steps = steps
        self._await_step(climber)

    def remove(self, climber: C) -> None:
        climber.stamp += 1
        climber.steps = iter(())
        self._move(climber, BELOW)

    def best(self, now: float) -> C | None:
        """For one decision: the climber on the highest level; of several the one that has been there longest."""
        self._steps_left = min(self._steps_left + _STEPS, _STEPS_SAVED)
        while self._steps_left and self._coming and self._coming[0][0] <= now:
            _, _, stamp, level, climber = heappop(self._coming)
            if stamp == climber.stamp:
                self._steps_left -= 1
                self._move(climber, min(level, LEVELS - 1))
                self._await_step(climber)
        while self._top > BELOW and not self._levels[self._top]:
            self._top -= 1
        return next(iter(self._levels[self._top])) if self._top > BELOW else None

    def next_step_at(self) -> float:
        """When anything next changes its level; infinity if nothing will."""
        while self._coming and self._coming[0][2] != self._coming[0][4].stamp:
            heappop(self._coming)
        return self._coming[0][0] if self._coming else float("inf")

    def _move(self, climber: C, level: int) -> None:
        if climber.level > BELOW:
            del self._levels[climber.level][climber]
        climber.level = level
        if level > BELOW:
            self._levels[level][climber] = None
            self._top = max(self._top, level)

    def _await_step(self, climber: C) -> None:
        step = next(climber.steps, None)
        if step is None:
            return
        at, level = step
        self._arrivals += 1
        heappush(self._coming, (at, self._arrivals, climber.stamp, level, climber))
        if len(self._coming) > self._tidy_at:
            self._coming = [entry for entry in self._coming if entry[2] == entry[4].stamp]
            heapify(self._coming)
            self._tidy_at = _ROOM + 2 * len(self._coming)
