"""Instants as days and seconds of the day in one zone, and back; and which day of the calendar a day is.

A day is its number since 1970-01-01 in the zone; instants are Unix seconds.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache

DAY = 86_400
HOUR = 3_600
_QUARTER = 900  # zones change their offset only at full quarters of an hour
_EPOCH = date(1970, 1, 1).toordinal()
_EPOCH_WEEKDAY = date(1970, 1, 1).weekday()


class LocalTime:
    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._offset = lru_cache(maxsize=4096)(self._offset_in_quarter)
        self._offsets = lru_cache(maxsize=2048)(self._offsets_around)

    def split(self, instant: float) -> tuple[int, float]:
        """The local day, and the wall-clock seconds since its midnight."""
        local = instant + self._offset(int(instant // _QUARTER))
        day = int(local // DAY)
        return day, local - day * DAY

    def instant(self, day: int, second: float) -> float:
        """When wall clocks show `second` on `day`, for the first time if they do so twice.

        A time that clocks skip is read with the offset before the gap (like `fold=0` of PEP 495), so it comes as
        long after the gap as the wall-clock time is past the gap's beginning.
        """
        return self.readings(day, second)[0]

    def readings(self, day: int, second: float) -> tuple[float, float]:
        """The first and the last instant at which wall clocks show `second` on `day`; rarely two different ones."""
        before, after = self._offsets(day)
        first = last = day * DAY + second - before
        if before == after:
            return first, first
        last += before - after
        is_first = self._offset(int(first // _QUARTER)) == before
        is_last = self._offset(int(last // _QUARTER)) == after
        if is_first == is_last:  # both: shown twice; neither: skipped
            return first, max(first, last)
        return (first, first) if is_first else (last, last)

    def _offsets_around(self, day: int) -> tuple[float, float]:
        """The offsets well before the day and well after it."""
        quarter = (day * DAY - int(self._offset(day * DAY // _QUARTER))) // _QUARTER
        return self._offset(quarter - DAY // _QUARTER), self._offset(quarter + 2 * DAY // _QUARTER)

    def _offset_in_quarter(self, quarter: int) -> float:
        offset = datetime.fromtimestamp(quarter * _QUARTER, UTC).astimezone(self._zone).utcoffset()
        return offset.total_seconds() if offset else 0.0


def weekday(day: int) -> int:
    """Monday is 0."""
    return (day + _EPOCH_WEEKDAY) % 7


@lru_cache(maxsize=4096)
def calendar_date(day: int) -> date:
    return date.fromordinal(day + _EPOCH)
