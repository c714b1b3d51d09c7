"""The run's own record of when no bot could lead: none held the lease, was running, and reached the database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

_EVERY = 0.05  # seconds between two samples


@dataclass(kw_only=True)
class Gaps:
    """Instants are seconds on the monotonic clock. A gap that lasts has no end yet."""

    _past: list[tuple[float, float]] = field(default_factory=list)
    _began: float | None = None

    async def watch(self, anybody_leads: Callable[[], bool]) -> None:
        """Sample until cancelled."""
        while True:
            self.note(monotonic(), leads=anybody_leads())
            await asyncio.sleep(_EVERY)

    def note(self, at: float, *, leads: bool) -> None:
        if self._began is None and not leads:
            self._began = at
        elif self._began is not None and leads:
            self._past.append((self._began, at))
            self._began = None

    def seconds(self, began: float, ended: float) -> float:
        """How much of that time lies in gaps."""
        return sum(max(0.0, min(last, ended) - max(first, began)) for first, last in self._all(ended))

    def count(self, began: float, ended: float) -> int:
        """How many gaps there were in that time."""
        return sum(first < ended and last > began for first, last in self._all(ended))

    def began_after(self, at: float, *, within: float) -> bool:
        """Was somebody hit so soon after `at` that what it was doing may be lost?"""
        return any(at <= first <= at + within for first, _ in self._all(at))

    def longest(self, ended: float) -> float:
        return max((last - first for first, last in self._all(ended)), default=0.0)

    def _all(self, now: float) -> list[tuple[float, float]]:
        return self._past if self._began is None else [*self._past, (self._began, max(now, self._began))]
