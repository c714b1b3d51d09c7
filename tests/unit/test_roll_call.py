"""When a roll-call begins, which day it shows, and how each mail of that day counts."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import (
    EVERY_DAY,
    WORKDAYS,
    DueTime,
    Incident,
    IncidentId,
    IncidentKind,
    IncidentState,
    Mail,
    RunStatus,
    SubscriptionState,
    TeamId,
)
from bot.domain.roll_call import Day, MailDayState, RollCall, RollCallPlan, mail_days
from tests.support.sample_values import ADA, MAIL, REPORTS, run, subscription

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")


def plan(at: str, weekdays: frozenset[int] = EVERY_DAY, zone: str = "Europe/Berlin") -> RollCallPlan:
    return RollCallPlan(
        team_id=TeamId("T0"),
        channel_id=REPORTS,
        created_by=ADA,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        at=time.fromisoformat(at),
        weekdays=weekdays,
        zone=zone,
    )


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("wanted", "now", "expected"),
    [
        pytest.param(plan("09:15"), "2026-11-23T08:00", "2026-11-23T08:15", id="later today"),
        pytest.param(plan("09:15"), "2026-11-23T08:15", "2026-11-24T08:15", id="now is not after now"),
        pytest.param(plan("09:15", WORKDAYS), "2026-11-27T09:00", "2026-11-30T08:15", id="over the weekend"),
        pytest.param(plan("09:15", frozenset({0})), "2026-11-23T09:00", "2026-11-30T08:15", id="in a week"),
        pytest.param(plan("02:30"), "2026-03-29T00:00", "2026-03-29T01:30", id="a time that the clocks skip"),
        pytest.param(plan("02:30"), "2026-10-24T22:00", "2026-10-25T00:30", id="a time that comes twice"),
        pytest.param(
            plan("09:15", zone="America/New_York"), "2026-11-23T08:30", "2026-11-23T14:15", id="New York"
        ),
        pytest.param(
            plan("00:05", zone="Asia/Shanghai"), "2026-11-23T15:00", "2026-11-23T16:05", id="Shanghai"
        ),
    ],
)
def test_the_next_time(wanted: RollCallPlan, now: str, expected: str) -> None:
    assert wanted.next_after(utc(now)) == utc(expected)


@given(
    now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    at=st.times().map(lambda each: f"{each:%H:%M}"),
    weekdays=st.frozensets(st.integers(0, 6), min_size=1),
    zone=st.sampled_from(["Europe/Berlin", "America/Santiago", "Asia/Shanghai", "Australia/Lord_Howe"]),
)
def test_every_day_of_the_plan_has_one_roll_call(
    now: datetime, at: str, weekdays: frozenset[int], zone: str
) -> None:
    """One after the other, each on a wanted day, none left out: over every change of the clocks."""
    wanted = plan(at, weekdays, zone)
    starts = []
    for _ in range(8):
        now = wanted.next_after(now)
        starts.append(now.astimezone(ZoneInfo(zone)).date())
    assert len(set(starts)) == len(starts)
    wanted_days = [
        day
        for ahead in range((starts[-1] - starts[0]).days + 1)
        if (day := starts[0] + timedelta(days=ahead)).weekday() in weekdays
    ]
    assert starts == wanted_days


def test_a_day_is_as_long_as_its_clocks_say() -> None:
    spring = Day.of(utc("2026-03-29T12:00"), BERLIN)
    assert spring.ends_at - spring.began_at == timedelta(hours=23)
    assert spring.began_at == utc("2026-03-28T23:00")


TODAY = Day.of(utc("2026-11-23T04:00"), SHANGHAI)  # a Monday
MORNING = TODAY.began_at + timedelta(hours=9)


def state_today(
    *,
    status: RunStatus | None = None,
    began: datetime = MORNING,
    firing: bool = False,
    paused: bool = False,
    due: DueTime | None = None,
    weeks: tuple[int, ...] = (),
) -> tuple[MailDayState, datetime | None]:
    incident = Incident(
        incident_id=IncidentId("i"),
        mail_id=MAIL,
        kind=IncidentKind.LATE,
        state=IncidentState.FIRING if firing else IncidentState.RECOVERED,
        opened_at=began,
        began_at=began,
    )
    minutes = (began - utc("2026-11-23T12:00")).total_seconds() / 60
    state = SubscriptionState(
        subscription=subscription(due=due),
        mail=Mail(mail_id=MAIL, name="Daily Sales", owner_name="", paused=paused),
        latest=run(1, status, minutes=minutes) if status else None,
        incident=incident,
    )
    starts = [MORNING - timedelta(weeks=back) for back in weeks]
    (found,) = mail_days(
        RollCall(day=TODAY, zone="Asia/Shanghai", states=(state,), starts={MAIL: starts}), SHANGHAI
    )
    return found.state, found.expected_at


NINE = DueTime(at=time(9, 30), weekdays=frozenset({0}))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(state_today(status=RunStatus.SENT), MailDayState.SENT, id="sent"),
        pytest.param(state_today(status=RunStatus.PROCESSING), MailDayState.RUNNING, id="running"),
        pytest.param(state_today(status=RunStatus.UNKNOWN), MailDayState.RUNNING, id="a word that is new"),
        pytest.param(state_today(status=RunStatus.FAILED), MailDayState.TROUBLE, id="failed"),
        pytest.param(
            state_today(status=RunStatus.SENT, firing=True), MailDayState.TROUBLE, id="late behind it"
        ),
        pytest.param(
            state_today(status=RunStatus.SENT, began=TODAY.began_at - timedelta(minutes=1)),
            MailDayState.NOT_TODAY,
            id="sent yesterday",
        ),
        pytest.param(state_today(), MailDayState.NOT_TODAY, id="nothing known"),
        pytest.param(state_today(weeks=(1,)), MailDayState.NOT_TODAY, id="one Monday is no habit"),
        pytest.param(state_today(weeks=(1, 3)), MailDayState.EXPECTED, id="two Mondays are"),
        pytest.param(state_today(due=NINE), MailDayState.EXPECTED, id="due today"),
        pytest.param(state_today(due=NINE, paused=True), MailDayState.NOT_TODAY, id="paused"),
        pytest.param(
            state_today(due=DueTime(at=time(9), weekdays=frozenset({1})), weeks=(1, 2, 3)),
            MailDayState.NOT_TODAY,
            id="due on another day",
        ),
    ],
)
def test_how_a_mail_is_doing(found: tuple[MailDayState, datetime | None], expected: MailDayState) -> None:
    assert found[0] is expected


def test_when_a_mail_is_expected() -> None:
    """By the time that was declared, else by the median of the first starts on this weekday."""
    assert state_today(due=NINE)[1] == TODAY.began_at + timedelta(hours=9, minutes=30)
    assert state_today(weeks=(1, 2, 4))[1] == MORNING
