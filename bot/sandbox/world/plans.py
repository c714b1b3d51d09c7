"""When mails are scheduled: a plan lists its starts between two instants and keeps no state."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

EVERY_DAY = frozenset(range(7))
WORKDAYS = frozenset(range(5))
_EPOCH = datetime(2000, 1, 3, tzinfo=UTC)  # a Monday
_FARTHEST = timedelta(days=40)


class Plan(Protocol):
    def starts(self, after: datetime, until: datetime) -> Iterator[datetime]:
        """The starts in (after, until], in order."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Every:
    """A start every `interval`, `offset` after the round hour, day, …"""

    interval: timedelta
    offset: timedelta = timedelta(0)

    def starts(self, after: datetime, until: datetime) -> Iterator[datetime]:
        base = _EPOCH + self.offset
        start = base + ((after - base) // self.interval + 1) * self.interval
        while start <= until:
            yield start
            start += self.interval


@dataclass(frozen=True, kw_only=True, slots=True)
class Daily:
    """A start at each of these wall-clock times of a zone, on some weekdays (Monday is 0)."""

    times: tuple[time, ...]
    zone: ZoneInfo
    weekdays: frozenset[int] = EVERY_DAY

    def starts(self, after: datetime, until: datetime) -> Iterator[datetime]:
        day = after.astimezone(self.zone).date()
        last = until.astimezone(self.zone).date()
        while day <= last:
            if day.weekday() in self.weekdays:
                for at in sorted(self.times):
                    start = datetime.combine(day, at, tzinfo=self.zone).astimezone(UTC)
                    if after < start <= until:
                        yield start
            day += timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Compressed:
    """Another plan, `speed` times as fast from `origin` on: at 60 a day's mails come within 24 minutes.

    The plan is compressed and not the clock, so that every `execTime` stays a time that the bot's own
    clock agrees with.
    """

    plan: Plan
    origin: datetime
    speed: float

    def starts(self, after: datetime, until: datetime) -> Iterator[datetime]:
        for start in self.plan.starts(self._planned(after), self._planned(until)):
            yield self.origin + (start - self.origin) / self.speed

    def _planned(self, real: datetime) -> datetime:
        return self.origin + (real - self.origin) * self.speed


def next_start(plan: Plan, after: datetime) -> datetime | None:
    """The first start after this instant, if there is one within 40 days."""
    return next(plan.starts(after, after + _FARTHEST), None)
