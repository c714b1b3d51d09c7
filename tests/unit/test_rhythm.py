"""What starts, days and durations teach: rhythms from hourly to monthly, changed plans, other zones."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import exp, log
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.monitoring.schedule.days import learn_days
from bot.monitoring.schedule.durations import Durations, FleetDurations
from bot.monitoring.schedule.failures import Failures, FleetFailures
from bot.monitoring.schedule.localtime import DAY, HOUR, LocalTime
from bot.monitoring.schedule.rhythm import Expected, Rhythm

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
    rule = learn_days(sorted(hits), range(20_000, 20_042), beside_others=beside)
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


def test_durations_are_learned_from_intervals() -> None:
    """Looks every few seconds are enough to learn a mail's own law."""
    random, fleet, durations = Random(1), FleetDurations(), Durations()
    for _ in range(30):
        lasts = exp(random.gauss(4, 0.2))
        durations.learn(max(0.0, lasts - random.uniform(0, 8)), lasts + random.uniform(0, 4), fleet)
    law = durations.law(fleet)
    assert law.typical() == pytest.approx(exp(4), rel=0.2)
    assert law.ended_by(exp(4) * 1.6) > 0.9
    assert law.ended_by(exp(4) / 1.6) < 0.1


def test_runs_that_were_over_before_anyone_looked_are_not_taken_for_long() -> None:
    """Looks that come after a minute at the soonest: half the runs were over by then, and count as much."""
    random, fleet, durations = Random(2), FleetDurations(), Durations()
    for _ in range(60):
        lasts, looked = exp(random.gauss(4, 0.3)), 60.0 + random.uniform(0, 5)
        if lasts < looked:
            durations.learn(0.0, looked, fleet)
        else:
            durations.learn(lasts - random.uniform(0, 4), lasts + random.uniform(0, 4), fleet)
    assert durations.law(fleet).typical() == pytest.approx(exp(4), rel=0.12)


def test_one_odd_run_changes_little_and_a_changed_report_is_learned_in_a_few() -> None:
    """Thirty seconds for weeks, four minutes once; then a minute and a half from some day on."""
    random, fleet, durations = Random(3), FleetDurations(), Durations()

    def lasts(seconds: float) -> float:
        took = seconds * exp(random.gauss(0, 0.15))
        durations.learn(max(0.0, took - random.uniform(0, 8)), took + random.uniform(0, 8), fleet)
        return durations.law(fleet).typical()

    for _ in range(20):
        lasts(30)
    assert lasts(240) < 45
    assert [lasts(30) for _ in range(4)][-1] == pytest.approx(30, rel=0.2)
    assert [lasts(90) for _ in range(6)][-1] == pytest.approx(90, rel=0.25)


def test_no_kind_of_mail_is_ever_ruled_out() -> None:
    """However steady a mail was: its chances add up, and what a memory rounds off does not bind it for ever."""
    fleet, durations = FleetDurations(), Durations()
    for _ in range(300):
        durations.learn(59, 60, fleet)
    weights = [belief.weight for belief in durations.beliefs]
    assert min(weights) >= 0.001
    assert sum(weights) == pytest.approx(1)


def test_the_fleet_is_the_sum_of_its_mails() -> None:
    """Mails that come and go leave no trace; those that stay make the first guess about a new one."""
    fleet, mails = FleetDurations(), [Durations() for _ in range(60)]
    for number, mail in enumerate(mails):
        for _ in range(5):
            mail.learn(200 + number, 204 + number, fleet)
    assert fleet.mails == 80
    assert 100 < exp(fleet.median) < 260
    assert Durations().law(fleet).typical() == pytest.approx(exp(fleet.median))
    for mail in mails:
        fleet.add(mail, -1)
    assert (fleet.mails, fleet.median, fleet.between) == pytest.approx((20, log(60), 1.0))


def test_a_look_much_too_late_teaches_little() -> None:
    """That a run of a minute was over after an hour is no news."""
    fleet, durations = FleetDurations(), Durations()
    for _ in range(10):
        durations.learn(50, 60, fleet)
    before = durations.law(fleet).typical()
    durations.learn(0, 3600, fleet)
    assert durations.law(fleet).typical() == pytest.approx(before, rel=0.05)


@given(
    looks=st.lists(st.tuples(st.floats(0, 2000), st.floats(0.1, 2000)), max_size=30), age=st.floats(0, 1e6)
)
def test_a_law_is_a_law(looks: list[tuple[float, float]], age: float) -> None:
    """Whatever was seen, the chance to have ended grows with age, between nought and one."""
    fleet, durations = FleetDurations(), Durations()
    for low, more in looks:
        durations.learn(low, low + more, fleet)
    law = durations.law(fleet)
    assert 0 <= law.ended_by(age) <= law.ended_by(age * 1.1 + 1) <= 1


def a_fleet(rates: list[float], *, runs: int = 60) -> tuple[FleetFailures, list[Failures]]:
    """Mails that fail at these rates, after as many runs each."""
    random, fleet, mails = Random(5), FleetFailures(), [Failures() for _ in rates]
    for _ in range(runs):
        for mail, rate in zip(mails, rates, strict=True):
            mail.learn(fleet, failed=random.random() < rate)
    return fleet, mails


def test_a_mail_that_keeps_failing_is_worth_more() -> None:
    """Where failures cling to some mails, those are told from the others, and near their true rates."""
    fleet, mails = a_fleet([0.3] * 10 + [0.01] * 90)
    assert fleet.rate == pytest.approx(0.039, rel=0.2)
    clinging, others = mails[:10], mails[10:]
    assert min(mail.stake(fleet) for mail in clinging) > 3
    assert max(mail.stake(fleet) for mail in others) < 2
    assert sum(mail.stake(fleet) for mail in others) / 90 < 0.6


def test_failures_that_strike_evenly_tell_nothing_of_a_mail() -> None:
    """Where each run fails with the same chance, one mail's bad luck is not held against it."""
    fleet, mails = a_fleet([0.1] * 300)
    assert all(0.7 < mail.stake(fleet) < 1.5 for mail in mails)


def test_a_mail_that_was_mended_is_forgiven() -> None:
    """What was long ago counts less."""
    fleet, mails = a_fleet([0.4] * 5 + [0.02] * 95)
    before = mails[0].stake(fleet)
    for _ in range(150):
        mails[0].learn(fleet, failed=False)
    assert mails[0].stake(fleet) < before / 4


@given(st.lists(st.booleans(), max_size=80), st.lists(st.booleans(), max_size=80))
def test_a_stake_is_within_bounds(one: list[bool], other: list[bool]) -> None:
    """Whatever happened, no mail is worth nothing, and none everything."""
    fleet, mail, beside = FleetFailures(), Failures(), Failures()
    for failed in one:
        mail.learn(fleet, failed=failed)
    for failed in other:
        beside.learn(fleet, failed=failed)
    assert 0.3 <= mail.stake(fleet) <= 8
