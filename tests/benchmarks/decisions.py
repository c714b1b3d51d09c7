"""What a decision costs, with few mails and with many: CPU time of choosing a call and learning its answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import process_time
from typing import TYPE_CHECKING

from bot.domain import MailId
from bot.monitoring.schedule import Ask, Schedule
from tests.benchmarks import simulation, workloads

if TYPE_CHECKING:
    from bot.domain import StatusAnswer
    from tests.benchmarks.workloads import Workload

TAUGHT_DAYS = 3
BUSY_FROM, BUSY_HOURS = 8.0, 3.0  # local hours of the day that is measured: the rush
AT_ONCE = 5  # decisions between two readings of the clock


@dataclass(frozen=True, kw_only=True, slots=True)
class CpuReport:
    ms_a_decision_at_3000: float
    ms_a_decision_at_100000: float
    ratio: float


def measure_decisions(*, seed: int) -> CpuReport:
    few, many = (_milliseconds(mails, seed=seed) for mails in (3_000, 100_000))
    return CpuReport(
        ms_a_decision_at_3000=round(few, 4),
        ms_a_decision_at_100000=round(many, 4),
        ratio=round(many / few, 2),
    )


def _milliseconds(mails: int, *, seed: int) -> float:
    """CPU time of one decision in the rush, while every run of the days before was seen."""
    workload = workloads.generate(mails=mails, mix="clustered", days=TAUGHT_DAYS + 1, seed=seed)
    schedule = Schedule(calls_per_second=1, check_interval=timedelta(seconds=300), timezone=workloads.ZONE)
    midnight = datetime.combine(workloads.FIRST_DAY, datetime.min.time(), workloads.ZONE).timestamp()
    begin = midnight + TAUGHT_DAYS * 86_400 + BUSY_FROM * 3600
    api = simulation.SimulatedAPI(workload)
    _teach(schedule, workload, api, midnight, begin)
    return _busy_hours(schedule, api, begin)


def _teach(
    schedule: Schedule, workload: Workload, api: simulation.SimulatedAPI, begin: float, until: float
) -> None:
    """Let the schedule make its calls, and see every run's end besides, as if people had asked."""
    for mail_id in workload.mail_ids:
        schedule.watch(MailId(mail_id), _moment(begin))
    runs = iter(sorted((run for run in workload.runs if run.end < until), key=lambda run: run.end))
    run = next(runs, None)
    t = begin
    while t < until:
        while run is not None and run.end <= t:
            asked = Ask(mail_id=MailId(run.mail_id))
            schedule.answered(asked, simulation.answer(run, run.end), _moment(t))
            run = next(runs, None)
        ask = schedule.next(_moment(t))
        if isinstance(ask, Ask):
            schedule.answered(ask, _told(api, ask, t), _moment(t))
        t += 1


def _busy_hours(schedule: Schedule, api: simulation.SimulatedAPI, begin: float) -> float:
    t, spent, decisions = begin, 0.0, 0
    while t < begin + BUSY_HOURS * 3600:
        asks = []
        began = process_time()
        for late in range(AT_ONCE):
            ask = schedule.next(_moment(t + late))
            if isinstance(ask, Ask):
                asks.append((t + late, ask))
        spent += process_time() - began
        told = [(ask, _told(api, ask, at), _moment(at)) for at, ask in asks]
        began = process_time()
        for ask, answer, at_moment in told:
            schedule.answered(ask, answer, at_moment)
        spent += process_time() - began
        decisions += AT_ONCE
        t += AT_ONCE
    return 1000 * spent / decisions


def _told(api: simulation.SimulatedAPI, ask: Ask, t: float) -> StatusAnswer:
    return simulation.answer(api.find(simulation.Call(t, ask.mail_id, ask.task_id)), t)


def _moment(t: float) -> datetime:
    return datetime.fromtimestamp(t, UTC)
