"""What tests of the schedule share: one mail and its runs, a clock that begins on a Monday, what is asked."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from bot.domain import (
    MailId,
    RunStatus,
    StatusAnswer,
    TaskId,
    TaskRun,
)
from bot.monitoring.schedule import Ask, Schedule, Sleep
from bot.quickbi.backoff import Pace
from tests.benchmarks import simulation
from tests.benchmarks.workloads import Run, Workload

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2025, 3, 3, tzinfo=SHANGHAI)
MAIL = MailId("mail")
NOTHING = StatusAnswer(runs=(), request_id="")


def a_schedule(*, check_interval: float = 300.0, calls_per_second: float = 1.0) -> Schedule:
    return Schedule(
        calls_per_second=calls_per_second,
        check_interval=timedelta(seconds=check_interval),
        timezone=SHANGHAI,
    )


def a_run(started: datetime, status: RunStatus, task_id: int = 1) -> StatusAnswer:
    run = TaskRun(
        mail_id=MAIL, task_id=TaskId(task_id), exec_at=started, status=status, status_word=status.value
    )
    return StatusAnswer(runs=(run,), request_id="")


def daily_runs(days: int, *, hour: float = 9, lasts: float = 30, skip: tuple[int, ...] = ()) -> Workload:
    starts = [
        MONDAY.timestamp() + day * 86_400 + hour * 3600 + Random(day).uniform(0, 5)
        for day in range(days)
        if day not in skip
    ]
    runs = [
        Run(mail_id=MAIL, task_id=number + 1, start=start, end=start + lasts, status="FAILED")
        for number, start in enumerate(starts)
    ]
    return Workload(runs=runs, mail_ids=[MAIL], planned_until=MONDAY.timestamp() + days * 86_400)


def slots(people: float = 0.0) -> simulation.Slots:
    return simulation.Slots(pace=Pace(fastest=1.0), people=people, random=Random(1))


def delays(workload: Workload, outcome: simulation.Outcome) -> list[float]:
    return [outcome.seen_at[run.task_id] - run.end for run in workload.runs]


def going(task_id: int, started: datetime) -> TaskRun:
    (run,) = a_run(started, RunStatus.PROCESSING, task_id).runs
    return run


def asked_within(schedule: Schedule, now: datetime, *, seconds: float, answer: StatusAnswer) -> list[Ask]:
    """What is asked within `seconds`, when every answer about the latest run is the same."""
    until, asks = now + timedelta(seconds=seconds), []
    while now < until:
        decision = schedule.next(now)
        if isinstance(decision, Sleep):
            now = max(decision.until, now + timedelta(seconds=1))
            continue
        asks.append(decision)
        if decision.task_id is None:
            schedule.answered(decision, answer, now)
        now += timedelta(seconds=1)
    return asks
