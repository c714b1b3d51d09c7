"""One watched mail: what was seen of it, what that teaches, and so how soon to look at it again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.domain import RunStatus
from bot.monitoring.schedule.durations import Durations
from bot.monitoring.schedule.failures import Failures
from bot.monitoring.schedule.lateness import due_deadlines, expected_by_due, missed_dues, overdue
from bot.monitoring.schedule.localtime import DAY, HOUR
from bot.monitoring.schedule.outlook import Outlook, climb
from bot.monitoring.schedule.priority_levels import Candidate
from bot.monitoring.schedule.rhythm import Expected, Rhythm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.domain import MailId, TaskId, TaskRun
    from bot.monitoring.schedule.durations import DurationLaw
    from bot.monitoring.schedule.fleet import Fleet
    from bot.monitoring.schedule.localtime import LocalTime
    from bot.monitoring.schedule.outlook import Clock
    from bot.monitoring.schedule.values import Due

NEW_LEVEL = 7  # where a mail stands that was never looked at: before sweeps, behind sure news
_AFTER_EXPECTED = HOUR / 2  # how long after a run was expected the list of what comes next is made anew
_DECIDED = 60.0  # seconds after its grace, by which a look has shown whether a run is missed
_FLIPS = {RunStatus.FAILED: 0.003, RunStatus.SENT: 0.0005}  # how often an end is taken back
_FLIPS_AFTER = 60.0
_FOLLOWED_FOR = 7 * DAY
_BY_HAND_STARTS = ((1.0, 0.3), (4.0, 0.3), (10.0, 0.2), (30.0, 0.1), (90.0, 0.1))


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """A run at the last look at it. `age` is in seconds."""

    key: str
    task_id: TaskId | None
    start: float
    age: float
    status: RunStatus
    flip: float = 0.0  # the chance that its end is not its last word

    @property
    def over(self) -> bool:
        return self.status in _FLIPS


def seen(run: TaskRun, now: float) -> Seen:
    start = min(now, run.exec_at.timestamp()) if run.exec_at else now
    return Seen(key=run.key, task_id=run.task_id, start=start, age=now - start, status=run.status)


class Overtaken(Candidate):
    """A run that was still going when a newer one began: only its task ID leads to its end."""

    __slots__ = ("mail", "run")

    def __init__(self, mail: WatchedMail, run: Seen) -> None:
        super().__init__()
        self.mail = mail
        self.run = run

    def ascent(self, begin: float, price: float, clock: Clock) -> Iterator[tuple[float, int]]:
        """The levels of this run from `begin` on; see `climb`."""
        outlook = Outlook(
            looked_at=self.run.start + self.run.age,
            law=self.mail.law,
            stake=self.mail.stake,
            running=self.run.start,
        )
        return climb(outlook, begin, begin + _FOLLOWED_FOR, price, clock)


class WatchedMail(Candidate):
    """What the schedule knows of one mail."""

    __slots__ = (
        "_next",
        "_next_until",
        "by_hand_at",
        "dues",
        "durations",
        "failures",
        "fleet",
        "judged_at",
        "late_told",
        "latest",
        "looked_at",
        "mail_id",
        "overtaken",
        "paused",
        "rhythm",
        "unanswered",
        "unreadable",
    )

    def __init__(self, mail_id: MailId, local: LocalTime, fleet: Fleet) -> None:
        super().__init__()
        self.mail_id = mail_id
        self.fleet = fleet
        self.rhythm = Rhythm(local)
        self.durations = Durations()
        self.failures = Failures()
        self.latest: Seen | None = None
        self.looked_at: float | None = None
        self.judged_at: float | None = None  # the last look whose missed runs were judged
        self.overtaken: dict[TaskId, Overtaken] = {}
        self.by_hand_at: float | None = None
        self.late_told: float | None = None  # the latest expected time whose run was told to be late
        self.dues: tuple[Due, ...] = ()
        self.paused = False
        self.unreadable = False
        self.unanswered = 0  # calls in a row
        self._next: list[Expected] = []
        self._next_until = 0.0

    def clock_shows(self, now: float) -> None:
        """Nothing was seen in the future: where it looks so, the clock was wrong then or is now."""
        if self.looked_at is not None and self.looked_at > now:
            self.looked_at = now
            self._next_until = 0.0
        if self.judged_at is not None:
            self.judged_at = min(self.judged_at, now)
        if self.late_told is not None:
            self.late_told = min(self.late_told, now)
        if self.by_hand_at is not None:
            self.by_hand_at = min(self.by_hand_at, now)

    def was_looked_at(self, at: float) -> None:
        """Another term looked at the mail later than its memory says. Runs missed since then are still to be judged.

        Without a memory it is looked at anew, at once.
        """
        if self.looked_at is not None and at > self.looked_at:
            self.looked_at = at

    @property
    def law(self) -> DurationLaw:
        """Of how long its next run takes."""
        return self.durations.law(self.fleet.durations)

    @property
    def stake(self) -> float:
        """How many times as likely as an ordinary run its next one is to fail."""
        return self.failures.stake(self.fleet.failures)

    @property
    def resting(self) -> bool:
        """Hardly ever worth a look: nothing will run, or Quick BI will not tell."""
        return self.paused or self.unreadable

    def ascent(self, begin: float, price: float, clock: Clock) -> Iterator[tuple[float, int]]:
        """The levels of this mail from `begin` on, as if nobody looked again; see `climb`."""
        if self.looked_at is None and not self.resting:
            yield begin, NEW_LEVEL
            return
        while True:
            expected = self.expected(begin)
            until = begin + DAY if self.resting else max(begin + HOUR, self._next_until)
            yield from climb(self._outlook(expected), begin, until, price, clock)
            yield until, self.level  # come back then, not now, to see what follows
            begin = max(until, clock())

    def expected(self, now: float) -> list[Expected]:
        """The runs that may start next, or may have started since the last look."""
        if self.resting or self.looked_at is None:
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

    def saw_latest(self, runs: tuple[TaskRun, ...], now: float) -> bool:
        """An answer about the latest run (and perhaps earlier ones), newest first. Was anything new?"""
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
            if run.over:
                self._ended(run, 0.0)
            return True
        return self._saw_again(before, run)

    def late(self, looked_at: float | None, now: float) -> list[tuple[float, float, Due | None]]:
        """What the look at `now`, after one at `looked_at`, shows to be missing: expected at, grace, declared."""
        if self.resting or looked_at is None:
            return []
        start = self.latest.start if self.latest is not None else None
        late: list[tuple[float, float, Due | None]] = [
            (at, due.grace.total_seconds(), due)
            for due, at in missed_dues(self.dues, self.rhythm.local, start, looked_at, now)
        ]
        for one in overdue(self._next, start, self.rhythm.tolerance, now):
            if self.late_told is None or one.at > self.late_told + HOUR / 2:
                self.late_told = one.at
                late.append((one.at, one.grace, None))
        return late

    def saw_overtaken(self, run: TaskRun, now: float) -> bool:
        """An answer about a run that was asked for by its task ID. Was anything new?"""
        if run.task_id is None or run.task_id not in self.overtaken:
            return False
        self.unanswered = 0
        followed = self.overtaken[run.task_id]
        state = seen(run, now)
        before, followed.run = followed.run, state
        if state.over:
            del self.overtaken[run.task_id]
            self._learn(state, before.age)
        return state.over

    def heard_of(self, run: TaskRun, now: float) -> bool:
        """A run in progress that was not seen from here. Was it anything new?

        When it was last seen going is not told: as if that had been at its beginning, so it is asked about soon.
        """
        going = replace(seen(run, now), age=0.0)
        if going.over or going.task_id is None or going.task_id in self.overtaken:
            return False
        if self.latest is not None and self.latest.key == going.key:
            return False
        if self.latest is None or self.latest.start <= going.start:
            self._began(going, self.looked_at)
            self.latest = going
        else:
            self.overtaken[going.task_id] = Overtaken(self, going)
        return True

    def _began(self, run: Seen, looked_at: float | None) -> None:
        before = self.latest
        if before is not None and not before.over and before.task_id is not None:
            self.overtaken[before.task_id] = Overtaken(self, before)
        self.rhythm.started(run.start, looked_at)
        self.by_hand_at = None
        self._next_until = 0.0

    def _learn(self, ended: Seen, last_going: float) -> None:
        self.durations.learn(last_going, ended.age, self.fleet.durations)
        self.failures.learn(self.fleet.failures, failed=ended.status is RunStatus.FAILED)

    def _ended(self, run: Seen, last_going: float) -> None:
        self._learn(run, last_going)
        self.latest = replace(run, flip=_FLIPS[run.status])

    def _saw_again(self, before: Seen, run: Seen) -> bool:
        if run.over and not before.over:
            self._ended(run, before.age)
            return True
        if run.over:
            if before.flip or run.status is not before.status:
                self.latest = replace(run, flip=0.0 if run.status is before.status else _FLIPS[run.status])
            return run.status is not before.status
        self.latest = run
        return before.over

    def _outlook(self, expected: list[Expected]) -> Outlook:
        latest, looked_at = self.latest, self.looked_at or 0.0
        if self.unreadable:  # whatever may be going on, no call would show it
            return Outlook(looked_at=looked_at, law=self.law)
        if self.by_hand_at is not None:
            starts = tuple((self.by_hand_at + wait, share) for wait, share in _BY_HAND_STARTS)
            expected = [Expected(at=self.by_hand_at, chance=0.95, starts=starts), *expected]
        dues = () if self.resting else self.dues
        if dues and not self.rhythm.offsets:
            expected = [*expected, *expected_by_due(dues, self.rhythm.local, looked_at)]
        return Outlook(
            looked_at=looked_at,
            deadlines=[
                *(one.at + one.grace for one in expected if one.clear),
                *due_deadlines(dues, self.rhythm.local, looked_at),
            ],
            law=self.law,
            stake=self.stake,
            surprises=0.0 if self.resting else self.rhythm.surprise_rate(looked_at),
            running=latest.start if latest is not None and not latest.over else None,
            expected=expected,
            flip=latest.flip if latest is not None else 0.0,
            flips_at=looked_at + _FLIPS_AFTER,
        )
