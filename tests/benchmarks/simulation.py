"""Quick BI's status API and its callers over a virtual clock: ours, in turn, and one who knows the ends."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from heapq import heappop, heappush
from math import floor
from time import process_time
from typing import TYPE_CHECKING, TypeAlias

from bot.domain import (
    MailId,
    QuickBIError,
    QuickBIUnavailable,
    RunStatus,
    StatusAnswer,
    TaskId,
    TaskRun,
    Throttled,
)
from bot.monitoring.poller import pause_after
from bot.monitoring.schedule import Ask, Schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    from bot.monitoring.schedule import LateRun
    from bot.quickbi.backoff import Pace
    from tests.benchmarks.workloads import Run, Workload

Progress: TypeAlias = "Callable[[float], None]"

TIMED = 211  # one decision in so many is timed: reading the clock costs more than a decision
AFTERWARDS = 3_600.0  # seconds that the simulation goes on after the last run's end


@dataclass(frozen=True, slots=True)
class Call:
    """One call that was made."""

    t: float
    mail_id: str
    task_id: int | None


@dataclass(kw_only=True, slots=True)
class Outcome:
    """What a caller achieved: when each run's end was first seen, by task ID, and at what cost."""

    seen_at: dict[int, float] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    cpu: float = 0.0
    decisions: int = 0
    late: list[tuple[float, LateRun]] = field(default_factory=list)


class SimulatedAPI:
    """Answers as Quick BI would at a time: the latest run, or one by its task ID; PROCESSING before its end."""

    def __init__(self, workload: Workload) -> None:
        self._runs: dict[str, list[Run]] = {mail_id: [] for mail_id in workload.mail_ids}
        for run in workload.runs:
            self._runs[run.mail_id].append(run)
        self._starts = {mail_id: [run.start for run in runs] for mail_id, runs in self._runs.items()}
        self._by_task = {(run.mail_id, run.task_id): run for run in workload.runs}

    def find(self, call: Call) -> Run | None:
        if call.task_id is not None:
            run = self._by_task.get((call.mail_id, call.task_id))
            return run if run is not None and run.start <= call.t else None
        place = bisect_right(self._starts[call.mail_id], call.t)
        return self._runs[call.mail_id][place - 1] if place else None


def answer(run: Run | None, t: float) -> StatusAnswer:
    """The run as the API's client would hand it on: its time has seconds, no fractions."""
    if run is None:
        return StatusAnswer(runs=(), request_id="")
    status = RunStatus(run.status) if run.end <= t else RunStatus.PROCESSING
    told = TaskRun(
        mail_id=MailId(run.mail_id),
        task_id=TaskId(run.task_id),
        exec_at=datetime.fromtimestamp(floor(run.start), UTC),
        status=status,
        status_word=status.value,
    )
    return StatusAnswer(runs=(told,), request_id="")


@dataclass(kw_only=True, slots=True)
class Slots:
    """The moments at which a call may be made; people take some of them first."""

    pace: Pace
    people: float  # the share of calls that people take
    random: Random
    free_at: float = float("-inf")

    def take(self, t: float) -> float:
        """The first moment from `t` on that is ours."""
        t = max(t, self.free_at)
        while self.people and self.random.random() < self.people:
            t += self.pace.interval
        self.free_at = t + self.pace.interval
        return t


@dataclass(kw_only=True, slots=True)
class Faults:
    """Calls that Quick BI throttles or does not answer, at random; and what the bot does about it."""

    throttled: float  # share of the calls
    errors: float  # likewise
    random: Random
    failures: int = 0

    def happen(self, slots: Slots, t: float) -> QuickBIError | None:
        """Does the call at `t` fail? Sets the pace and the pause as the poller does."""
        luck = self.random.random()
        if luck >= self.throttled + self.errors:
            self.failures = 0
            slots.pace = slots.pace.went_well()
            return None
        self.failures += 1
        slots.free_at = max(slots.free_at, t + pause_after(self.failures, slots.pace.interval))
        if luck >= self.throttled:
            return QuickBIUnavailable(outcome_unknown=False)
        slots.pace = slots.pace.throttled()
        slots.free_at = max(slots.free_at, t + slots.pace.interval)
        return Throttled(retry_after=None)


def ours(
    workload: Workload,
    schedule: Schedule,
    slots: Slots,
    *,
    faults: Faults | None = None,
    begin: float | None = None,
    until: float | None = None,
    api: SimulatedAPI | None = None,
    progress: Progress = lambda _: None,
) -> Outcome:
    """Let the bot's own schedule make the calls, from `begin` to `until` or over the whole workload."""
    outcome, api = Outcome(), api or SimulatedAPI(workload)
    t = workload.begins if begin is None else begin
    until = _last_moment(workload, slots) if until is None else until
    began = process_time()
    for mail_id in workload.mail_ids:
        schedule.watch(MailId(mail_id), datetime.fromtimestamp(t, UTC))
    outcome.cpu += process_time() - began
    while t < until:
        t = slots.take(t)
        now = datetime.fromtimestamp(t, UTC)
        timed = outcome.decisions % TIMED == 0
        began = process_time() if timed else 0.0
        ask = schedule.next(now)
        outcome.cpu += TIMED * (process_time() - began) if timed else 0.0
        outcome.decisions += 1
        if not isinstance(ask, Ask):
            slots.free_at = t
            t = max(ask.until.timestamp(), t + 0.001)
            continue
        call = Call(t, ask.mail_id, ask.task_id)
        outcome.calls.append(call)
        if faults is not None and (error := faults.happen(slots, t)) is not None:
            schedule.failed(ask, error, now)
            continue
        run = api.find(call)
        told = answer(run, t)
        began = process_time() if timed else 0.0
        schedule.answered(ask, told, now)
        late = schedule.late()
        outcome.cpu += TIMED * (process_time() - began) if timed else 0.0
        outcome.late += [(t, one) for one in late]
        if run is not None and run.end <= t:
            outcome.seen_at.setdefault(run.task_id, t)
        progress(t)
    return outcome


def in_turn(workload: Workload, slots: Slots) -> Outcome:
    """Ask mail after mail, for ever; follow a run that was overtaken while it was going."""
    outcome, api = Outcome(), SimulatedAPI(workload)
    going: dict[str, int] = {}
    follow: deque[tuple[str, int]] = deque()
    mails = _for_ever(workload.mail_ids)
    t, until = workload.begins, _last_moment(workload, slots)
    while t < until:
        t = slots.take(t)
        call = Call(t, *follow.popleft()) if follow else Call(t, next(mails), None)
        outcome.calls.append(call)
        run = api.find(call)
        if run is None:
            continue
        if run.end <= t:
            outcome.seen_at.setdefault(run.task_id, t)
        elif call.task_id is not None:
            follow.append((call.mail_id, call.task_id))
        if call.task_id is None:
            before = going.pop(run.mail_id, run.task_id)
            if before != run.task_id:
                follow.append((run.mail_id, before))
            if run.end > t:
                going[run.mail_id] = run.task_id
    return outcome


def clairvoyant(workload: Workload, slots: Slots) -> Outcome:
    """Know when runs end, not how, and make one call for each, by its task ID: the first to end first."""
    outcome = Outcome()
    ends: list[tuple[float, int, str]] = []
    for run in workload.runs:
        heappush(ends, (run.end, run.task_id, run.mail_id))
    while ends:
        end, task_id, mail_id = heappop(ends)
        t = slots.take(end)
        outcome.calls.append(Call(t, mail_id, task_id))
        outcome.seen_at[task_id] = t
    return outcome


def _last_moment(workload: Workload, slots: Slots) -> float:
    """Late enough for whoever asks in turn to see the last run."""
    return workload.ends + max(AFTERWARDS, 2 * slots.pace.interval * len(workload.mail_ids))


def _for_ever(mail_ids: list[str]) -> Iterator[str]:
    while True:
        yield from mail_ids
