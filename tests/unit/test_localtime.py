"""Wall-clock times as instants: in all zones, also where clocks skip a time or show it twice."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

import pytest

from bot.monitoring.schedule.localtime import DAY, HOUR, LocalTime

if TYPE_CHECKING:
    from collections.abc import Iterator

EPOCH = date(1970, 1, 1)
QUARTER = HOUR // 4


@pytest.mark.parametrize(
    ("zone", "asked", "read"),
    [
        pytest.param("America/New_York", "2025-03-09T02:30", "2025-03-09T03:30-04:00", id="west of UTC"),
        pytest.param("America/Santiago", "2025-09-07T00:10", "2025-09-07T01:10-03:00", id="at midnight"),
        pytest.param("Europe/Berlin", "2025-03-30T02:30", "2025-03-30T03:30+02:00", id="east of UTC"),
        pytest.param(
            "Europe/Berlin", "2025-10-26T02:30", "2025-10-26T02:30+02:00", id="shown twice: the first"
        ),
    ],
)
def test_a_time_that_clocks_skip_is_as_long_after_the_gap(zone: str, asked: str, read: str) -> None:
    """The offset before the gap counts: nothing is expected before its day, or before its time."""
    at = datetime.fromisoformat(asked)
    second = at.hour * HOUR + at.minute * 60
    instant = LocalTime(ZoneInfo(zone)).instant((at.date() - EPOCH).days, second)
    assert instant == datetime.fromisoformat(read).timestamp()


def changes(zone: ZoneInfo) -> Iterator[tuple[datetime, timedelta, timedelta]]:
    """When the zone's offset changed in ten years, to the quarter of an hour, and from what to what."""
    early, last = datetime(2016, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    while early < last:
        late = early + timedelta(days=6)
        if offset(zone, early) != offset(zone, late):
            while late - early > timedelta(seconds=QUARTER):
                middle = early + (late - early) // (2 * timedelta(seconds=QUARTER)) * timedelta(
                    seconds=QUARTER
                )
                if offset(zone, middle) == offset(zone, early):
                    early = middle
                else:
                    late = middle
            yield late, offset(zone, early), offset(zone, late)
        early = late


def offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta(0)


def test_every_quarter_of_an_hour_of_every_change_of_ten_years_is_one_instant() -> None:
    """All zones of tzdata. As PEP 495 reads it with `fold=0`, and never before its day."""
    zones = {
        change: ZoneInfo(name) for name in sorted(available_timezones()) for change in changes(ZoneInfo(name))
    }
    assert len(zones) > 700
    for (at, *_), zone in zones.items():  # one zone for each change
        local, changed = LocalTime(zone), at.astimezone(zone).date()
        for day in (changed - timedelta(days=1), changed):
            midnight, number = datetime.combine(day, datetime.min.time(), zone), (day - EPOCH).days
            for quarter in range(DAY // QUARTER):
                instant = local.instant(number, quarter * QUARTER)
                wall = midnight + timedelta(seconds=quarter * QUARTER)  # by the clock on the wall
                assert instant == wall.timestamp(), (zone, wall)
                assert local.split(instant)[0] >= number, (zone, wall)
