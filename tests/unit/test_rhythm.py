"""What starts, days and durations teach: rhythms from hourly to monthly, changed plans, other zones."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.monitoring.schedule.days import learn_days
from bot.monitoring.schedule.localtime import DAY, HOUR, LocalTime
from bot.monitoring.schedule.rhythm import Rhythm

if TYPE_CHECKING:
    from bot.monitoring.schedule.outlook import Expected

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")


def learned(starts: list[datetime], zone: ZoneInfo = SHANGHAI) -> Rhythm:
    rhythm = Rhythm(LocalTime(zone))
    for start in starts:
        rhythm.started(start.timestamp(), None)
    return rhythm


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def every_day(
    first: str, days: int, *, zone: ZoneInfo = SHANGHAI, weekdays: str = "0123456"
) -> list[datetime]:
    start = at(first, zone)
    dates = [start + timedelta(days=day) for day in range(days)]
    return [date for date in dates if str(date.weekday()) in weekdays]


def next_run(rhythm: Rhythm, now: datetime) -> Expected | None:
    after = now.timestamp()
    likely = [one for one in rhythm.expected(after, after) if one.chance > 0.3]
    return likely[0] if likely else None


@pytest.mark.parametrize(
    ("starts", "now", "expected"),
    [
        pytest.param(
            [at("2025-03-03T00:20") + timedelta(hours=hour) for hour in range(72)],
            at("2025-03-06T00:00"),
            at("2025-03-06T00:20"),
            id="hourly",
        ),
        pytest.param(
            [at("2025-03-03T01:00") + timedelta(hours=6 * n) for n in range(12)],
            at("2025-03-06T00:00"),
            at("2025-03-06T01:00"),
            id="every six hours",
        ),
        pytest.param(
            every_day("2025-03-03T09:00", 10), at("2025-03-13T00:00"), at("2025-03-13T09:00"), id="daily"
        ),
        pytest.param(
            every_day("2025-03-03T09:00", 12, weekdays="01234"),
            at("2025-03-14T10:00"),
            at("2025-03-17T09:00"),
            id="workdays: not on Saturday",
        ),
        pytest.param(
            every_day("2025-03-02T09:00", 14, weekdays="60123"),
            at("2025-03-13T10:00"),
            at("2025-03-16T09:00"),
            id="Sunday to Thursday",
        ),
        pytest.param(
            every_day("2025-03-03T09:00", 22, weekdays="0"),
            at("2025-03-24T10:00"),
            at("2025-03-31T09:00"),
            id="weekly",
        ),
        pytest.param(
            [at(f"2025-{month:02}-05T09:00") for month in (1, 2, 3)],
            at("2025-03-05T10:00"),
            at("2025-04-05T09:00"),
            id="monthly",
        ),
        pytest.param(
            [at(f"2025-{date}T09:00") for date in ("01-31", "02-28", "03-31")],
            at("2025-03-31T10:00"),
            at("2025-04-30T09:00"),
            id="the last day of the month",
        ),
        pytest.param(
            sorted(every_day("2025-03-03T09:00", 8) + every_day("2025-03-03T17:30", 8)),
            at("2025-03-11T12:00"),
            at("2025-03-11T17:30"),
            id="twice a day",
        ),
        pytest.param(
            every_day("2025-03-03T09:00", 8)[:5] + every_day("2025-03-03T09:00", 8)[6:],
            at("2025-03-11T00:00"),
            at("2025-03-11T09:00"),
            id="a skipped run changes nothing",
        ),
        pytest.param(
            sorted([*every_day("2025-03-03T09:00", 8), at("2025-03-10T11:11")]),
            at("2025-03-11T00:00"),
            at("2025-03-11T09:00"),
            id="nor does one by hand",
        ),
        pytest.param(
            sorted(every_day("2025-03-03T23:59:58", 4) + every_day("2025-03-08T00:00:03", 4)),
            at("2025-03-12T00:00:00"),
            at("2025-03-12T00:00:03"),
            id="around midnight",
        ),
    ],
)
def test_the_next_run_is_known(starts: list[datetime], now: datetime, expected: datetime) -> None:
    """Each rhythm is recognised from the starts alone."""
    found = next_run(learned(starts), now)
    assert found is not None
    assert abs(found.at - expected.timestamp()) < 60
    assert found.chance > 0.5


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        pytest.param("2025-03-26T09:00", "2025-03-31T09:00", id="clocks go forward"),
        pytest.param("2025-10-22T09:00", "2025-10-27T09:00", id="clocks go back"),
    ],
)
def test_summer_time_moves_no_mail(first: str, expected: str) -> None:
    """A mail planned for nine runs at nine, whatever the clocks have done in the night."""
    rhythm = learned(every_day(first, 5, zone=BERLIN), BERLIN)
    found = next_run(rhythm, at(expected, BERLIN) - timedelta(hours=3))
    assert found is not None
    assert abs(found.at - at(expected, BERLIN).timestamp()) < 60


def test_after_two_runs_there_is_a_guess() -> None:
    """Two runs a day apart suggest a third; two an hour apart as well."""
    daily = next_run(learned(every_day("2025-03-03T09:00", 2)), at("2025-03-04T10:00"))
    assert daily is not None
    assert daily.at == at("2025-03-05T09:00").timestamp()
    hourly = next_run(learned([at("2025-03-03T09:00"), at("2025-03-03T10:00")]), at("2025-03-03T10:30"))
    assert hourly is not None
    assert hourly.at == at("2025-03-03T11:00").timestamp()


def test_a_changed_time_is_followed_after_a_day_or_two() -> None:
    """The new time is expected at once, the old one fades with each day that it is missed."""
    rhythm = learned(every_day("2025-03-03T09:00", 10) + every_day("2025-03-13T10:00", 3))
    now = at("2025-03-16T00:00").timestamp()
    chances = {one.at: one.chance for one in rhythm.expected(now, now)}
    assert chances[at("2025-03-16T10:00").timestamp()] > 0.5
    assert chances.get(at("2025-03-16T09:00").timestamp(), 0.0) < 0.1


def test_a_slot_that_fell_silent_is_forgotten() -> None:
    """What was not seen for months takes no room."""
    rhythm = learned([at("2025-01-03T04:00"), *every_day("2025-01-03T09:00", 150), at("2025-06-05T17:00")])
    assert all(abs(slot.centre - 4 * HOUR) > 60 for slot in rhythm.slots)


def test_days_that_nobody_watched_count_as_neither() -> None:
    """A gap in the bot's own attention is not a change of the mail's plan."""
    starts = every_day("2025-03-03T09:00", 8)
    rhythm = learned(starts)
    back = at("2025-03-20T09:00")
    rhythm.started(back.timestamp(), (starts[-1] + timedelta(hours=1)).timestamp())
    found = next_run(rhythm, back + timedelta(hours=1))
    assert found is not None
    assert found.at == at("2025-03-21T09:00").timestamp()
    assert found.chance > 0.8


@given(hits=st.sets(st.integers(20_000, 20_041), min_size=1), beside=st.booleans())
def test_chances_are_chances(hits: set[int], beside: bool) -> None:  # noqa: FBT001
    """Whatever the history, every day's chance is a probability."""
    rule = learn_days(tuple(sorted(hits)), tuple(range(20_000, 20_042)), beside_others=beside)
    assert all(0 <= rule.chance(day) <= 1 for day in range(20_042, 20_120))


@given(
    instant=st.floats(0, 4e9),
    zone=st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/St_Johns", "UTC", "Asia/Kathmandu"]),
)
def test_local_time_goes_both_ways(instant: float, zone: str) -> None:
    """A day and its second lead back to the instant, but for the hour that clocks show twice."""
    local = LocalTime(ZoneInfo(zone))
    day, second = local.split(instant)
    assert 0 <= second < DAY
    assert abs(local.instant(day, second) - instant) in (pytest.approx(0, abs=1e-3), pytest.approx(HOUR))
