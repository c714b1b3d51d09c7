"""Runs that did not begin: learned or declared, told once and in time, and never without reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from bot.domain import WORKDAYS, DueTime, RunStatus
from bot.monitoring.schedule import Sleep
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
