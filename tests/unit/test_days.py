"""Three years of mails that run by the calendar: at most one false alarm each, and then the plan is understood."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain import RunStatus
from bot.monitoring.schedule.localtime import LocalTime, calendar_date
from bot.monitoring.schedule.mail import WatchedMail
from bot.monitoring.schedule.outcomes import Fleet
from bot.monitoring.schedule.rhythm import Rhythm
from tests.support.schedule_stage import MAIL, NOTHING, SHANGHAI, a_run

if TYPE_CHECKING:
    from collections.abc import Callable


FIRST, DAYS = date(2025, 3, 3), 3 * 365
HOLIDAYS = {(1, 1), (5, 1), (5, 2), *((10, day) for day in range(1, 8)), (12, 25), (12, 26)}
BEGINNINGS = {(1, 1), (5, 1), (10, 1), (12, 25)}


def last_of_month(day: date) -> int:
    return monthrange(day.year, day.month)[1]


def is_last(day: date) -> bool:
    return day.day == last_of_month(day)


def is_workday(day: date) -> bool:
    return day.weekday() < 5


def is_next_workday(day: date, target: int) -> bool:
    """The date itself if it is a workday, else the Monday after it."""
    return is_workday(day) and (day.day == target or (day.weekday() == 0 and 0 < day.day - target < 3))


def number(day: date) -> int:
    return (day - FIRST).days


PLANS: dict[str, Callable[[date], bool]] = {
    "every day": lambda _: True,
    "workdays": is_workday,
    "Sunday to Thursday": lambda day: day.weekday() in (6, 0, 1, 2, 3),
    "Mondays, Wednesdays and Fridays": lambda day: day.weekday() in (0, 2, 4),
    "Fridays": lambda day: day.weekday() == 4,
    "every second day": lambda day: number(day) % 2 == 0,
    "every third day": lambda day: number(day) % 3 == 0,
    "every second Monday": lambda day: number(day) % 14 == 0,
    "every fourth Thursday": lambda day: number(day) % 28 == 3,
    "the 1st": lambda day: day.day == 1,
    "the 1st and the 15th": lambda day: day.day in (1, 15),
    "the 28th": lambda day: day.day == 28,
    "the 29th": lambda day: day.day == 29,
    "the 30th": lambda day: day.day == 30,
    "the 31st": lambda day: day.day == 31,
    "the 30th or the last": lambda day: day.day == min(30, last_of_month(day)),
    "the last day": is_last,
    "the last workday": lambda day: (
        is_workday(day) and day.day + (3 if day.weekday() == 4 else 1) > last_of_month(day)
    ),
    "the first workday": lambda day: is_next_workday(day, 1),
    "the 15th or the next workday": lambda day: is_next_workday(day, 15),
    "the first Monday": lambda day: day.weekday() == 0 and day.day <= 7,
    "the third Wednesday": lambda day: day.weekday() == 2 and 15 <= day.day <= 21,
    "the last Friday": lambda day: day.weekday() == 4 and day.day + 7 > last_of_month(day),
    "the end of each quarter": lambda day: is_last(day) and day.month % 3 == 0,
    "the first day of each quarter": lambda day: day.day == 1 and day.month % 3 == 1,
}


def false_alarms(plan: Callable[[date], bool], *, days: int = DAYS) -> list[date]:
    """The days of late notices, with a look before nine and one after eleven each day."""
    local = LocalTime(SHANGHAI)
    mail, alarms = WatchedMail(MAIL, Rhythm(local), Fleet()), []
    answer = NOTHING
    for day in range(days):
        mail.learn_latest(answer.runs, look_at(day, 8.9).timestamp())
        mail.expected(look_at(day, 8.9).timestamp())
        if plan(FIRST + timedelta(days=day)):
            answer = a_run(look_at(day, 9), RunStatus.SENT, day + 1)
        before, now = mail.judged_at, look_at(day, 11).timestamp()
        mail.learn_latest(answer.runs, now)
        alarms += [calendar_date(local.split(at)[0]) for at, _, _ in mail.late(before, now)]
    return alarms


def look_at(day: int, hour: float) -> datetime:
    midnight = datetime.combine(FIRST, datetime.min.time(), SHANGHAI)
    return midnight + timedelta(days=day, hours=hour)


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_of_the_calendar_gives_no_false_alarm_after_the_first(name: str) -> None:
    alarms = false_alarms(PLANS[name])
    assert len(alarms) <= 1, alarms


@pytest.mark.parametrize("name", ["every day", "workdays"])
def test_a_holiday_is_reported_once_and_known_the_next_year(name: str) -> None:
    """The mail rests on the same dates each year."""
    plan = PLANS[name]
    alarms = false_alarms(lambda day: plan(day) and (day.month, day.day) not in HOLIDAYS)
    assert len(alarms) <= len(BEGINNINGS), alarms
