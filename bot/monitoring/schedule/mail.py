"""One watched mail: what was observed of it, what follows from that, and when a call about it is worth making."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from bot.domain import DueTime, MailId, RunStatus, TaskId, TaskRun
from bot.monitoring.schedule.lateness import due_deadlines, expected_by_due, missed_dues, overdue
from bot.monitoring.schedule.localtime import DAY, HOUR
from bot.monitoring.schedule.outcomes import DurationLaw, Durations, Failures, Fleet
from bot.monitoring.schedule.outlook import Clock, Expected, Outlook, level_changes
from bot.monitoring.schedule.queues import Candidate
from bot.monitoring.schedule.rhythm import Rhythm

NEW_LEVEL = 7  # of a mail that was never looked at: above routine looks, below likely news
_AFTER_EXPECTED = HOUR / 2  # how long after an expected run the list of expected runs is made anew
_DECIDED = 60.0  # seconds after its grace, by which a look has shown whether a run is missed
_FLIPS = {RunStatus.FAILED: 0.003, RunStatus.SENT: 0.0005}  # how often a final status changes after all
_FLIPS_AFTER = 60.0
_FOLLOWED_FOR = 7 * DAY
_MANUAL_LOOKS = (2.0, 10.0, 30.0, 90.0)  # seconds after somebody started a run, until it is seen
_MANUAL_STARTS = ((1.0, 0.3), (4.0, 0.3), (10.0, 0.2), (30.0, 0.1), (90.0, 0.1))


@dataclass(frozen=True, kw_only=True, slots=True)
class SeenRun:
    """A run at the last look at it. `age` is in seconds; `flip` is the chance that its final status changes."""

    key: str
    task_id: TaskId | None
    start: float
    age: float
    status: RunStatus
    flip: float = 0.0

    @property
    def is_over(self) -> bool:
        return self.status in _FLIPS


def seen(run: TaskRun, now: float) -> SeenRun:
    start = min(now, run.exec_at.timestamp()) if run.exec_at else now
    return SeenRun(key=run.key, task_id=run.task_id, start=start, age=now - start, status=run.status)


@dataclass(eq=False, slots=True)
class Overtaken(Candidate):
    """A run that was still going when a newer one began: only its task ID leads to its end."""

    mail: WatchedMail
    run: SeenRun

    def level_changes(self, begin: float, price: float, clock: Clock) -> Iterator[tuple[float, int]]:
        outlook = Outlook(
            looked_at=self.run.start + self.run.age,
            law=self.mail.law,
            relative_failure_risk=self.mail.relative_failure_risk,
            running=self.run.start,
        )
        return level_changes(outlook, begin, begin + _FOLLOWED_FOR, price, clock)


@dataclass(eq=False, slots=True)
class WatchedMail(Candidate):
    """What the schedule knows of one mail. Instants are Unix seconds."""

    mail_id: MailId
    rhythm: Rhythm
    fleet: Fleet
    durations: Durations = field(default_factory=Durations)
    failures: Failures = field(default_factory=Failures)
    latest: SeenRun | None = None
    looked_at: float | None = None
    asked_at: float = 0.0  # also if the call was not answered
    is_in_rounds: bool = False  # calls are short: only the rounds look for unexpected runs
    judged_at: float | None = None  # the last look after which missed runs were reported
    overtaken: dict[TaskId, Overtaken] = field(default_factory=dict)
    manual_run_at: float | None = None  # when somebody started a run that was not seen yet
    late_reported: float | None = None  # the latest expected time whose run was reported as late
    dues: tuple[DueTime, ...] = ()
    paused: bool = False
    unreadable: bool = False
    unanswered: int = 0  # calls in a row
    _next: list[Expected] = field(default_factory=list)
    _next_until: float = 0.0

    def limit_times(self, now: float) -> None:
        """Cap all times at `now`: where one lies in the future, the clock was wrong then or is now."""
        if self.looked_at is not None and self.looked_at > now:
            self.looked_at = now
            self._next_until = 0.0
        for name in ("judged_at", "late_reported", "manual_run_at"):
            if (at := getattr(self, name)) is not None:
                setattr(self, name, min(at, now))

    def set_looked_at(self, at: float) -> None:
        """Another term looked at the mail later than its memory says. Runs missed since then are still to be judged.

        Without a memory the mail is looked at anew, at once.
        """
        if self.looked_at is not None and at > self.looked_at:
            self.looked_at = at

    @property
    def law(self) -> DurationLaw:
        """Of how long its next run takes."""
        return self.durations.law(self.fleet.durations)

    @property
    def relative_failure_risk(self) -> float:
        return self.failures.relative_risk(self.fleet.failures)

    @property
    def dormant(self) -> bool:
        """Hardly ever worth a look: nothing will run, or Quick BI refuses to answer."""
        return self.paused or self.unreadable

    def level_changes(self, begin: float, price: float, clock: Clock) -> Iterator[tuple[float, int]]:
        """The levels of this mail from `begin` on, if nobody looks again."""
        if self.looked_at is None and not self.dormant:
            yield begin, NEW_LEVEL
            return
        while True:
            expected = self.expected(begin)
            until = begin + DAY if self.dormant else max(begin + HOUR, self._next_until)
            yield from level_changes(self._outlook(expected), begin, until, price, clock)
            yield until, self.level  # to be asked for what follows then, not now
            begin = max(until, clock())

    def expected(self, now: float) -> list[Expected]:
        """The runs that may start next, or may have started since the last look."""
        if self.dormant or self.looked_at is None:
            return []
        if now >= self._next_until:
            back = self.rhythm.grace + _DECIDED
            since = self.looked_at if self.judged_at is None else min(self.judged_at, self.looked_at)
            self._next = self.rhythm.expected(since - back, self.looked_at)
            first = self._next[0].at + _AFTER_EXPECTED if self._next else now + DAY
            self._next_until = min(now + DAY, max(now + HOUR, first))
            for one in self._next:  # whether a run is missed is judged by what was known before its time
                if one.at <= self._next_until <= one.at + one.grace + _DECIDED:
                    self._next_until = one.at + one.grace + 2 * _DECIDED
        return self._next

    def learn_latest(self, runs: tuple[TaskRun, ...], now: float) -> bool:
        """Learn from an answer about the latest run (and perhaps earlier ones, newest first). Was anything new?"""
        before, looked_at = self.latest, self.looked_at
        self.looked_at = self.judged_at = now
        self.unreadable = False
        self.unanswered = 0
        if not runs:
            return looked_at is None
        run = seen(runs[0], now)
        if before is None or run.key != before.key:
            self._began(run, looked_at)
            self.latest = run
            if run.is_over:
                self._ended(run, 0.0)
            return True
        return self._seen_again(before, run)

    def late(self, looked_at: float | None, now: float) -> list[tuple[float, float, DueTime | None]]:
        """What the look at `now`, after one at `looked_at`, shows to be missing: expected at, grace, declared."""
        if self.dormant or looked_at is None:
            return []
        start = self.latest.start if self.latest is not None else None
        late: list[tuple[float, float, DueTime | None]] = [
            (at, due.grace.total_seconds(), due)
            for due, at in missed_dues(self.dues, self.rhythm, start, looked_at, now)
        ]
        for one in overdue(self._next, start, self.rhythm.tolerance, now):
            if self.late_reported is None or one.at > self.late_reported + HOUR / 2:
                self.late_reported = one.at
                late.append((one.at, one.grace, None))
        return late

    def learn_overtaken(self, run: TaskRun, now: float) -> bool:
        """Learn from an answer about a run that was asked for by its task ID. Was anything new?"""
        if run.task_id is None or run.task_id not in self.overtaken:
            return False
        self.unanswered = 0
        followed = self.overtaken[run.task_id]
        before, followed.run = followed.run, seen(run, now)
        if followed.run.is_over:
            del self.overtaken[run.task_id]
            self._learn(followed.run, before.age)
        return followed.run.is_over

    def follow(self, run: TaskRun, now: float) -> bool:
        """Another replica saw this run in progress. Was it new here?

        When it was last seen going is unknown; taken as its beginning, so that it is asked about soon.
        """
        going = replace(seen(run, now), age=0.0)
        if going.is_over or going.task_id is None or going.task_id in self.overtaken:
            return False
        if self.latest is not None and self.latest.key == going.key:
            return False
        if self.latest is None or self.latest.start <= going.start:
            self._began(going, self.looked_at)
            self.latest = going
        else:
            self.overtaken[going.task_id] = Overtaken(self, going)
        return True

    def _began(self, run: SeenRun, looked_at: float | None) -> None:
        before = self.latest
        if before is not None and not before.is_over and before.task_id is not None:
            self.overtaken[before.task_id] = Overtaken(self, before)
        if before is not None and self.late_reported is not None and before.start < self.late_reported:
            self.rhythm.rested(self.late_reported, run.start)
        self.rhythm.started(run.start, looked_at)
        self.manual_run_at = None
        self._next_until = 0.0

    def _learn(self, ended: SeenRun, last_going: float) -> None:
        self.durations.learn(last_going, ended.age, self.fleet.durations)
        self.failures.learn(self.fleet.failures, failed=ended.status is RunStatus.FAILED)

    def _ended(self, run: SeenRun, last_going: float) -> None:
        self._learn(run, last_going)
        self.latest = replace(run, flip=_FLIPS[run.status])

    def _seen_again(self, before: SeenRun, run: SeenRun) -> bool:
        if run.is_over and not before.is_over:
            self._ended(run, before.age)
            return True
        if run.is_over:
            if before.flip or run.status is not before.status:
                self.latest = replace(run, flip=0.0 if run.status is before.status else _FLIPS[run.status])
            return run.status is not before.status
        self.latest = run
        return before.is_over

    def _outlook(self, expected: list[Expected]) -> Outlook:
        latest, looked_at = self.latest, self.looked_at or 0.0
        if self.unreadable:  # whatever may be going on, no call would show it
            return Outlook(looked_at=looked_at, law=self.law)
        if self.manual_run_at is not None:
            starts = tuple((self.manual_run_at + wait, share) for wait, share in _MANUAL_STARTS)
            expected = [Expected(at=self.manual_run_at, chance=0.95, starts=starts), *expected]
        dues = () if self.dormant else self.dues
        if dues and not self.rhythm.offsets:
            expected = [*expected, *expected_by_due(dues, self.rhythm.local, looked_at)]
        return Outlook(
            looked_at=looked_at,
            deadlines=[
                *(self.manual_run_at + wait for wait in _MANUAL_LOOKS if self.manual_run_at is not None),
                *(one.at + one.grace for one in expected if one.clear),
                *due_deadlines(dues, self.rhythm.local, looked_at),
            ],
            law=self.law,
            relative_failure_risk=self.relative_failure_risk,
            unexpected=0.0 if self.dormant else self.rhythm.unexpected_rate(looked_at),
            running=latest.start if latest is not None and not latest.is_over else None,
            expected=expected,
            flip=latest.flip if latest is not None else 0.0,
            flips_at=looked_at + _FLIPS_AFTER,
            idle_weight=0.0 if self.is_in_rounds else 1.0,
        )
