"""Instants as days and seconds of the day in one zone, and back. Knows daylight saving, owns no clock."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import tzinfo

DAY = 86_400
HOUR = 3_600
_EPOCH = date(1970, 1, 1).toordinal()
_EPOCH_WEEKDAY = date(1970, 1, 1).weekday()


class LocalTime:
    """A day is its number since 1970-01-01 in the zone; instants are Unix seconds."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._offset = lru_cache(maxsize=4096)(self._offset_in_quarter)

    def split(self, instant: float) -> tuple[int, float]:
        """The local day, and the seconds since its midnight by the clock on the wall."""
        local = instant + self._offset(int(instant // 900))
        day = int(local // DAY)
        return day, local - day * DAY

    def instant(self, day: int, second: float) -> float:
        """When the clock on the wall shows `second` on `day`; of two such times the later offset's."""
        local = day * DAY + second
        guess = local - self._offset(int(local // 900))
        return local - self._offset(int(guess // 900))

    def _offset_in_quarter(self, quarter: int) -> float:
        # Zones change their offset only at full quarters of an hour.
        offset = datetime.fromtimestamp(quarter * 900, UTC).astimezone(self._zone).utcoffset()
        return offset.total_seconds() if offset else 0.0


def weekday(day: int) -> int:
    """Monday is 0."""
    return (day + _EPOCH_WEEKDAY) % 7


@lru_cache(maxsize=2048)
def day_of_month(day: int) -> int:
    return date.fromordinal(day + _EPOCH).day


def is_last_of_month(day: int) -> bool:
    return day_of_month(day + 1) == 1
