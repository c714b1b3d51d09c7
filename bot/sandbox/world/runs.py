"""A run of a mail: when it began, when it ends, and how. Its status is a function of the time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from random import Random


class Status(StrEnum):
    """The words of the API's page. A run's outcome may be any other word, too."""

    SENT = "SENT"
    FAILED = "FAILED"
    PROCESSING = "PROCESSING"


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """`ends_at` None: it hangs. `revised_to` is what the API says from `revised_at` on: status is live."""

    task_id: int
    exec_at: datetime
    ends_at: datetime | None
    outcome: str
    by_hand: bool = False
    revised_at: datetime | None = None
    revised_to: str | None = None

    def status_at(self, now: datetime) -> str:
        if self.revised_to is not None and self.revised_at is not None and now >= self.revised_at:
            return self.revised_to
        return self.outcome if self.is_over_at(now) else Status.PROCESSING

    def is_over_at(self, now: datetime) -> bool:
        return self.ends_at is not None and now >= self.ends_at


@dataclass(frozen=True, kw_only=True, slots=True)
class Law:
    """What a mail's runs are like: how long they take, how often they fail, whether failures mend."""

    takes: timedelta = timedelta(seconds=20)
    spread: float = 0.2
    failure_rate: float = 0.0
    mends_after: timedelta | None = None
    """A failed run turns SENT this long after its end."""

    def draw_takes(self, luck: Random) -> timedelta:
        return self.takes * luck.lognormvariate(0.0, self.spread) if self.spread else self.takes

    def draw_outcome(self, luck: Random) -> str:
        return Status.FAILED if luck.random() < self.failure_rate else Status.SENT
