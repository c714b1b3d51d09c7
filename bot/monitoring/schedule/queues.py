"""The scheduler's two queues: candidates by the worth of a call, and mails by when their round is over."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from itertools import count
from math import inf
from typing import Generic, TypeVar

LEVELS = 64
BELOW = -1  # the level of what is not worth a call
# Level changes that one decision may process on average: 3,000 mails need 14 at their busiest hours.
_CHANGES = 16
_CHANGES_SAVED = 20_000  # unused ones, kept for a rush; 4,000 delay 9 o'clock at 3,000 mails
_SLACK = 64  # outdated heap entries that are tolerated before a clean-up


@dataclass(eq=False, slots=True)
class Candidate:
    """Something that may be asked about. `stamp` tells its pending level change from outdated ones."""

    level: int = field(default=BELOW, init=False)
    stamp: int = field(default=0, init=False)
    changes: Iterator[tuple[float, int]] = field(default_factory=lambda: iter(()), init=False)


C = TypeVar("C", bound=Candidate)


class PriorityLevels(Generic[C]):
    """Orders candidates by worth without evaluating all of them: a queue for each level, a constant factor apart.

    Each candidate provides the times at which its worth reaches another level; in between nothing is computed.
    The work of one decision is bounded: if too many levels change at once, the changes wait, oldest first.
    """

    def __init__(self) -> None:
        self._levels: list[OrderedDict[C, None]] = [OrderedDict() for _ in range(LEVELS)]
        self._top = BELOW  # no candidate is on a higher level
        self._pending: list[tuple[float, int, int, int, C]] = []  # time, arrival, stamp, level, candidate
        self._arrivals = count()
        self._changes_left = _CHANGES_SAVED
        self._clean_up_at = _SLACK

    def place(self, candidate: C, changes: Iterator[tuple[float, int]]) -> None:
        """Let the candidate's level follow these changes `(time, level)`, in order of time, instead of earlier ones."""
        self.remove(candidate)
        candidate.changes = changes
        self._await_change(candidate)

    def remove(self, candidate: C) -> None:
        candidate.stamp += 1
        candidate.changes = iter(())
        self._move(candidate, BELOW)

    def best(self, now: float) -> C | None:
        """The candidate on the highest level, the longest there among equals. Call once for each decision."""
        self._changes_left = min(self._changes_left + _CHANGES, _CHANGES_SAVED)
        while self._changes_left and self._pending and self._pending[0][0] <= now:
            _, _, stamp, level, candidate = heappop(self._pending)
            if stamp == candidate.stamp:
                self._changes_left -= 1
                self._move(candidate, min(level, LEVELS - 1))
                self._await_change(candidate)
        while self._top > BELOW and not self._levels[self._top]:
            self._top -= 1
        return next(iter(self._levels[self._top])) if self._top > BELOW else None

    def next_change_at(self) -> float:
        """When the next level changes; infinity if none will."""
        while self._pending and self._pending[0][2] != self._pending[0][4].stamp:
            heappop(self._pending)
        return self._pending[0][0] if self._pending else inf

    def _move(self, candidate: C, level: int) -> None:
        if candidate.level > BELOW:
            del self._levels[candidate.level][candidate]
        candidate.level = level
        if level > BELOW:
            self._levels[level][candidate] = None
            self._top = max(self._top, level)

    def _await_change(self, candidate: C) -> None:
        change = next(candidate.changes, None)
        if change is None:
            return
        at, level = change
        heappush(self._pending, (at, next(self._arrivals), candidate.stamp, level, candidate))
        if len(self._pending) > self._clean_up_at:
            self._pending = [entry for entry in self._pending if entry[2] == entry[4].stamp]
            heapify(self._pending)
            self._clean_up_at = _SLACK + 2 * len(self._pending)


class Deadlines(Generic[C]):
    """Mails in the order in which they should be asked about. An entry can be moved to any instant."""

    def __init__(self) -> None:
        self._due_at: dict[C, tuple[float, int]] = {}
        self._heap: list[tuple[float, int, C]] = []
        self._arrivals = count()

    def __len__(self) -> int:
        return len(self._due_at)

    def __iter__(self) -> Iterator[C]:
        return iter(self._due_at)

    def put(self, mail: C, due_at: float) -> None:
        """Add a mail, or move it. Among equal instants the first that was put is first."""
        entry = self._due_at[mail] = (due_at, next(self._arrivals))
        heappush(self._heap, (*entry, mail))
        if len(self._heap) > 2 * len(self._due_at) + _SLACK:
            self._heap = sorted((*entry, mail) for mail, entry in self._due_at.items())

    def remove(self, mail: C) -> None:
        self._due_at.pop(mail, None)

    def first_at(self) -> float:
        """When the first mail is due; infinity if there is none."""
        while self._heap:
            due_at, arrival, mail = self._heap[0]
            if self._due_at.get(mail) == (due_at, arrival):
                return due_at
            heappop(self._heap)
        return inf

    def first(self, until: float) -> C | None:
        """The mail that is due first, if that is not after `until`."""
        return self._heap[0][2] if self.first_at() <= until else None
