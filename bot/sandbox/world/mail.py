"""One mail: its master data, its runs up to now, and the switches that shape the next ones.

Its runs follow from plan, law and seed alone, however often or seldom someone looks.
"""

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random

from bot.sandbox.world.behaviour import Behaviour, OnRun, Truth
from bot.sandbox.world.plans import Plan, next_start

RUNS_KEPT = 300
_SMALLEST_TASK_ID = 2**53 + 1  # none survives a trip through a float
_TASK_IDS_END = 2**63


class Status(StrEnum):
    """The words of the API's page. A run's outcome may be any other word, too."""

    SENT = "SENT"
    FAILED = "FAILED"
    PROCESSING = "PROCESSING"


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """`ends_at` None: it hangs. `revised_to` is what the API says from `revised_at` on: status is live."""

    task_id: int
    exec_at: datetime
    ends_at: datetime | None
    outcome: str
    by_hand: bool = False
    revised_at: datetime | None = None
    revised_to: str | None = None

    def status_at(self, now: datetime) -> str:
        if self.revised_to is not None and self.revised_at is not None and now >= self.revised_at:
            return self.revised_to
        return self.outcome if self.is_over_at(now) else Status.PROCESSING

    def is_over_at(self, now: datetime) -> bool:
        return self.ends_at is not None and now >= self.ends_at


@dataclass(frozen=True, kw_only=True, slots=True)
class Law:
    """What a mail's runs are like: how long they take, how often they fail, whether failures mend."""

    takes: timedelta = timedelta(seconds=20)
    spread: float = 0.2
    failure_rate: float = 0.0
    mends_after: timedelta | None = None
    """A failed run turns SENT this long after its end."""

    def draw_takes(self, luck: Random) -> timedelta:
        return self.takes * luck.lognormvariate(0.0, self.spread) if self.spread else self.takes

    def draw_outcome(self, luck: Random) -> str:
        return Status.FAILED if luck.random() < self.failure_rate else Status.SENT


class Group(StrEnum):
    """What a mail is there for."""

    STATES = "states"
    REFUSALS = "refusals"
    MALFORMED = "malformed"
    LIVELY = "lively"
    STORM = "storm"
    ADDED = "added"


@dataclass(kw_only=True, slots=True)
class Mail:
    """`shows` is a sentence for people: what this mail is an example of.

    `fail_next`, `hang_next` and `skip_next` count runs to come. Call `advance` before reading `runs`.
    """

    mail_id: str
    name: str
    owner_name: str
    owner_id: str
    seed: int
    seen_until: datetime
    group: Group = Group.ADDED
    shows: str = ""
    plan: Plan | None = None
    law: Law = field(default_factory=Law)
    on_status: Behaviour = field(default_factory=Truth)
    on_run: OnRun = None
    paused: bool = False
    permitted: bool = True
    fail_next: int = 0
    hang_next: int = 0
    skip_next: int = 0
    failing_until: datetime | None = None
    runs: deque[Run] = field(default_factory=lambda: deque(maxlen=RUNS_KEPT))
    """Oldest first. Holds runs by hand that are accepted but have not begun."""
    _begun: int = 0

    def advance(self, now: datetime) -> None:
        """Let everything happen that was planned until `now`."""
        if now <= self.seen_until:
            return
        if self.plan and not self.paused:
            for start in self.plan.starts(self.seen_until, now):
                self._start_as_planned(start)
        self.seen_until = now

    def begin(
        self,
        exec_at: datetime,
        *,
        takes: timedelta | None = None,
        outcome: str | None = None,
        by_hand: bool = False,
    ) -> Run:
        """One run more; what is not given is drawn from the mail's law."""
        luck = Random(f"{self.seed}/{self.mail_id}/{self._begun}")
        self._begun += 1
        task_id = luck.randrange(_SMALLEST_TASK_ID, _TASK_IDS_END)
        drawn_takes = self.law.draw_takes(luck)
        run = Run(
            task_id=task_id,
            exec_at=exec_at,
            ends_at=None if self._spend_hang() else exec_at + (drawn_takes if takes is None else takes),
            outcome=self._outcome(exec_at, self.law.draw_outcome(luck), outcome),
            by_hand=by_hand,
        )
        self.runs.append(self._mending(run))
        return self.runs[-1]

    def run(self, task_id: int) -> Run | None:
        return next((run for run in self.runs if run.task_id == task_id), None)

    def put(self, changed: Run) -> Run:
        """In the place of the run with the same task ID; `KeyError` if there is none."""
        for index, run in enumerate(self.runs):
            if run.task_id == changed.task_id:
                self.runs[index] = changed
                return changed
        raise KeyError(changed.task_id)

    def visible(self, now: datetime) -> list[Run]:
        """Those that have begun, newest first; of two that began at one instant the later one first."""
        begun = [run for run in reversed(self.runs) if run.exec_at <= now]
        return sorted(begun, key=lambda run: run.exec_at, reverse=True)

    def latest(self, now: datetime) -> Run | None:
        begun = (run for run in reversed(self.runs) if run.exec_at <= now)
        return max(begun, key=lambda run: run.exec_at, default=None)

    def is_running(self, now: datetime) -> bool:
        """Also while a run by hand is accepted but has not begun."""
        return any(run.status_at(now) == Status.PROCESSING for run in self.runs)

    def next_start(self, now: datetime) -> datetime | None:
        return None if self.plan is None or self.paused else next_start(self.plan, now)

    def _start_as_planned(self, start: datetime) -> None:
        if self.skip_next:
            self.skip_next -= 1
        else:
            self.begin(start)

    def _spend_hang(self) -> bool:
        hangs = self.hang_next > 0
        self.hang_next -= hangs
        return hangs

    def _outcome(self, exec_at: datetime, drawn: str, wanted: str | None) -> str:
        if wanted is not None:
            return wanted
        if self.fail_next:
            self.fail_next -= 1
            return Status.FAILED
        if self.failing_until and exec_at < self.failing_until:
            return Status.FAILED
        return drawn

    def _mending(self, run: Run) -> Run:
        if self.law.mends_after is None or run.ends_at is None or run.outcome != Status.FAILED:
            return run
        return replace(run, revised_at=run.ends_at + self.law.mends_after, revised_to=Status.SENT)
