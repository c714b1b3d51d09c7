"""Mails in the order of when each was last asked about."""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.monitoring.schedule.mail import WatchedMail


class Rounds:
    """A queue whose entries can be moved to any instant: a new term continues the round of the term before."""

    def __init__(self) -> None:
        self._asked_at: dict[WatchedMail, tuple[float, int]] = {}
        self._heap: list[tuple[float, int, WatchedMail]] = []
        self._arrivals = count()

    def __len__(self) -> int:
        return len(self._asked_at)

    def put(self, mail: WatchedMail, asked_at: float) -> None:
        """Add a mail, or move it. Among equal instants the first that came is first."""
        entry = self._asked_at[mail] = (asked_at, next(self._arrivals))
        heappush(self._heap, (*entry, mail))
        if len(self._heap) > 2 * len(self._asked_at) + 64:
            self._heap = sorted((*entry, mail) for mail, entry in self._asked_at.items())

    def remove(self, mail: WatchedMail) -> None:
        self._asked_at.pop(mail, None)

    def longest_ago(self) -> tuple[WatchedMail, float] | None:
        """The mail that was asked about longest ago, and when; None where there is none."""
        while self._heap:
            asked_at, arrival, mail = self._heap[0]
            if self._asked_at.get(mail) == (asked_at, arrival):
                return mail, asked_at
            heappop(self._heap)
        return None
