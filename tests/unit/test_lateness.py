"""Runs that did not begin: learned or declared, told once and in time, and never without reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from bot.domain import WORKDAYS, DueTime, RunStatus
from bot.monitoring.schedule import Ask, Sleep
from tests.benchmarks import simulation
from tests.benchmarks.workloads import Workload
from tests.support.schedule_stage import (
    MAIL,
    MONDAY,
    NOTHING,
    a_run,
    a_schedule,
    asked_within,
    daily_runs,
    slots,
)


def test_a_skipped_run_of_a_learned_mail_is_late_once() -> None:
    """The absence of a run that has always been there is news, told once, soon after its grace."""
    workload = daily_runs(14, skip=(10,))
    outcome = simulation.ours(workload, a_schedule(), slots())
    ((told_at, late),) = outcome.late
    expected = MONDAY + timedelta(days=10, hours=9)
    assert abs(late.expected_at - expected) < timedelta(minutes=1)
    assert told_at - (late.expected_at + late.grace).timestamp() < 10
    assert late.declared is None


def test_a_run_skipped_on_the_same_weekday_twice_is_late_both_times() -> None:
    """Whether a run is missed is judged by what was known before its time, not by its absence."""
    outcome = simulation.ours(daily_runs(14, skip=(4, 11), lasts=200), a_schedule(), slots())
    told = [late.expected_at.timestamp() for _, late in outcome.late]
    expected = [(MONDAY + timedelta(days=day, hours=9)).timestamp() for day in (4, 11)]
    assert told == pytest.approx(expected, abs=60)


def test_a_run_skipped_soon_after_its_time_was_changed_is_late() -> None:
    """Sunday to Thursday at the new time, nothing on Friday: the days before the change are no sign of a plan."""
    before = daily_runs(13, hour=9).runs
    moved = [
        replace(run, task_id=run.task_id + 100, start=run.start + 600, end=run.end + 600)
        for run in daily_runs(24, hour=9).runs[13:]
    ]
    skipped = MONDAY + timedelta(days=18, hours=9, minutes=10)  # a Friday
    runs = [run for run in [*before, *moved] if abs(run.start - skipped.timestamp()) > 60]
    workload = Workload(runs=runs, mail_ids=[MAIL], planned_until=(MONDAY + timedelta(days=24)).timestamp())
    outcome = simulation.ours(workload, a_schedule(), slots())
    assert any(abs(late.expected_at - skipped) < timedelta(minutes=1) for _, late in outcome.late)


@pytest.mark.parametrize("days", [1, 2, 3])
def test_a_young_mail_is_never_late(days: int) -> None:
    """What was seen a few times only promises nothing."""
    workload = daily_runs(7, skip=tuple(range(days, 6)))
    assert not simulation.ours(workload, a_schedule(), slots()).late


def test_a_paused_mail_is_never_late() -> None:
    """Nobody waits for a mail that was paused on purpose."""
    schedule = a_schedule()
    workload = daily_runs(8)
    simulation.ours(workload, schedule, slots())
    now = MONDAY + timedelta(days=8, hours=2)
    schedule.set_paused(MAIL, now, paused=True)
    last = a_run(datetime.fromtimestamp(int(workload.runs[-1].start), UTC), RunStatus.SENT, 8)
    asked_within(schedule, now, seconds=86_400, answer=last)
    assert not schedule.late()


@pytest.mark.parametrize("weekdays", [WORKDAYS, frozenset({0}), frozenset({2, 5})])
def test_a_declared_time_is_missed_after_its_grace(weekdays: frozenset[int]) -> None:
    """A person's `due` needs no learning, and counts on its own weekdays only."""
    schedule = a_schedule()
    due = DueTime(at=time(9, 30), weekdays=weekdays, grace=timedelta(minutes=15))
    schedule.watch(MAIL, MONDAY, dues=[due])
    now, told = MONDAY, []
    while now < MONDAY + timedelta(days=7):
        decision = schedule.next(now)
        if isinstance(decision, Sleep):
            now = max(decision.until, now + timedelta(seconds=1))
            continue
        schedule.answered(decision, NOTHING, now)
        told += [(now, late) for late in schedule.late()]
        now += timedelta(seconds=1)
    assert [late.expected_at for _, late in told] == [
        MONDAY + timedelta(days=day, hours=9, minutes=30) for day in sorted(weekdays)
    ]
    assert all(late.declared == due for _, late in told)
    assert all(at - late.expected_at < timedelta(minutes=15, seconds=5) for at, late in told)


def missed_due(
    hours: list[float],
    due: DueTime,
    *,
    days: int = 10,
    stop: tuple[int, float] = (99, 0.0),
    by_hand: float = -1.0,
) -> list[datetime]:
    """When `due` was missed: planned runs at these hours each day; from `stop` on the runs of that hour fail to come.

    `by_hand` is the hour of a manual run on the day before the last.
    """
    schedule, answer, number = a_schedule(), NOTHING, 0
    schedule.watch(MAIL, MONDAY, dues=[due])
    moments = sorted(
        (day * 24 + hour, hour)
        for day in range(days)
        for hour in [*hours, *([by_hand] if day == days - 2 and by_hand >= 0 else [])]
    )
    missed = []
    for quarter in range(1, days * 96):
        now = MONDAY + timedelta(hours=quarter / 4)
        while moments and moments[0][0] <= quarter / 4:
            hour_number, hour = moments.pop(0)
            if hour_number < stop[0] * 24 or hour != stop[1]:
                number += 1
                answer = a_run(MONDAY + timedelta(hours=hour_number), RunStatus.SENT, number)
        schedule.answered(Ask(mail_id=MAIL), answer, now)
        missed += [late.expected_at for late in schedule.late() if late.declared == due]
    return missed


@pytest.mark.parametrize(
    ("hours", "at", "stop", "by_hand", "days"),
    [
        pytest.param([8, 18], time(18, 15), (8, 18), -1, [8, 9], id="the evening run of two fails to come"),
        pytest.param([9], time(9, 30), (9, 9), 22, [9], id="run by hand the evening before"),
        pytest.param([9], time(9, 30), (9, 9), 20.5, [9], id="run by hand earlier that evening"),
        pytest.param(
            list(range(24)), time(9, 15), (9, 9), -1, [9], id="of an hourly mail one run fails to come"
        ),
        pytest.param([8, 18], time(18, 15), (99, 0), -1, [], id="both run"),
        pytest.param([8], time(23, 0), (99, 0), -1, [], id="due long after the run"),
        pytest.param([9], time(9, 0), (99, 0), -1, [], id="due at the very time"),
        pytest.param(list(range(24)), time(9, 15), (99, 0), -1, [], id="hourly"),
        pytest.param([9], time(9, 30), (99, 0), 22, [], id="run by hand besides"),
    ],
)
def test_a_due_time_is_kept_by_its_own_run_only(
    hours: list[float], at: time, stop: tuple[int, float], by_hand: float, days: list[int]
) -> None:
    """Neither an earlier planned run of the same day nor a manual run keeps it."""
    due = DueTime(at=at, grace=timedelta(minutes=15))
    missed = missed_due(hours, due, stop=stop, by_hand=by_hand)
    expected = [MONDAY + timedelta(days=day, hours=at.hour, minutes=at.minute) for day in days]
    assert [one for one in missed if one > MONDAY + timedelta(days=5)] == expected


def test_a_mail_that_now_runs_earlier_keeps_its_due_time() -> None:
    """From nine to half past eight: at most the first day is in doubt."""
    due = DueTime(at=time(9, 30), grace=timedelta(minutes=15))
    schedule = a_schedule()
    schedule.watch(MAIL, MONDAY, dues=[due])
    missed, answer = 0, NOTHING
    for day in range(24):
        hour = 9 if day < 12 else 8.5
        for look in (8.4, 8.9, 9.4, 10):
            if look > hour:
                answer = a_run(MONDAY + timedelta(days=day, hours=hour), RunStatus.SENT, day + 1)
            schedule.answered(Ask(mail_id=MAIL), answer, MONDAY + timedelta(days=day, hours=look))
        missed += sum(late.declared == due for late in schedule.late())
    assert missed <= 1
