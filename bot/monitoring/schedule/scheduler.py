"""Decides which mail to ask about next, and when. The caller passes in the time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from bot.domain import DueTime, MailId, QuickBIError, StatusAnswer, TaskId, TaskRun
from bot.monitoring.schedule.lateness import LateRun
from bot.monitoring.schedule.localtime import HOUR, LocalTime
from bot.monitoring.schedule.mail import Overtaken, WatchedMail
from bot.monitoring.schedule.memory import MailMemory, recall, remember
from bot.monitoring.schedule.outcomes import Fleet
from bot.monitoring.schedule.queues import Deadlines, PriorityLevels

PRICE = 0.15  # seconds of delay that a call must save to be made, at one call a second
_OVERDUE = 1.5  # of a round, by which urgent calls may delay a look:
_OVERDUE_CALLS = 6  # after that it gets every sixth call
_RUSH = 0.1  # of the interval, likewise where the calls suffice for all
_RESIZED = 1.25  # rounds are planned anew when the number of mails has changed by this factor
_USUAL_RATE = 5e-7  # unexpected runs a second
_SHARES = (0.45, 1.1)  # the shortest and the longest round of one mail, in rounds of all in turn
_DORMANT = 12  # dormant mails are looked at so many times less often than others
_MOST_UNANSWERED = 30  # further calls without an answer make no difference
_SET_BACK = 5.0  # seconds; the clock was set back if it shows that much less than before


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """Make this call next. Without `task_id` it asks for the mail's latest run."""

    mail_id: MailId
    task_id: TaskId | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sleep:
    """No call is worth making before `until`, unless the schedule learns something new."""

    until: datetime


class Schedule:
    """Spends the account's calls where a finished run is most likely to be unseen.

    The caller's loop: when a call is free, `next`; make that call; then `answered` or `failed`. Several calls
    may be under way at once; one that is never answered is made again later.
    """

    def __init__(self, *, calls_per_second: float, check_interval: timedelta, timezone: tzinfo) -> None:
        """`timezone` is the zone in which Quick BI schedules mails."""
        self._calls_per_second = calls_per_second
        self._price = PRICE / calls_per_second
        self._check_interval = check_interval.total_seconds()
        self._local = LocalTime(timezone)
        self._fleet = Fleet()
        self._mails: dict[MailId, WatchedMail] = {}
        self._levels: PriorityLevels[WatchedMail | Overtaken] = PriorityLevels()
        self._late: list[LateRun] = []
        self._active: Deadlines[WatchedMail] = Deadlines()
        self._dormant: Deadlines[WatchedMail] = Deadlines()
        self._planned_mails = 0.0  # the number of mails for which the rounds were planned
        self._urgent_calls = 0  # since the latest one for a mail that had waited for too long
        self._latest_now = float("-inf")

    def watch(
        self,
        mail_id: MailId,
        now: datetime,
        *,
        memory: MailMemory | None = None,
        dues: Iterable[DueTime] = (),
        paused: bool = False,
        looked_at: datetime | None = None,
    ) -> None:
        """Start to watch a mail, with what was learned of it before. Does nothing for a watched mail.

        `looked_at` is when any replica last asked about its latest run, or when it was subscribed if none has:
        the round continues from there.
        """
        if mail_id in self._mails:
            return
        mail = self._mails[mail_id] = recall(memory, mail_id, self._local, self._fleet)
        self._fleet.add(mail.durations, mail.failures)
        mail.paused, mail.dues = paused, tuple(dues)
        if looked_at is not None:
            mail.set_looked_at(looked_at.timestamp())
        mail.limit_times(now.timestamp())
        self._queue(mail, now.timestamp(), asked_at=looked_at.timestamp() if looked_at else mail.looked_at)
        self._queue_overtaken(mail, now.timestamp())

    def forget(self, mail_id: MailId) -> None:
        """Stop watching this mail. An answer that still comes for it is ignored."""
        mail = self._mails.pop(mail_id, None)
        if mail is None:
            return
        self._fleet.add(mail.durations, mail.failures, -1)
        self._active.remove(mail)
        self._dormant.remove(mail)
        self._levels.remove(mail)
        for run in mail.overtaken.values():
            self._levels.remove(run)

    def set_paused(self, mail_id: MailId, now: datetime, *, paused: bool) -> None:
        """Whether Quick BI's list says that the mail is paused: then it is hardly ever asked about, and never late."""
        mail = self._mails.get(mail_id)
        if mail is not None and mail.paused != paused:
            mail.paused = paused
            self._queue(mail, now.timestamp())

    def set_dues(self, mail_id: MailId, dues: Iterable[DueTime], now: datetime) -> None:
        """Replace the due times that channels declared for this mail."""
        mail = self._mails.get(mail_id)
        if mail is not None:
            mail.dues = tuple(dues)
            self._queue(mail, now.timestamp())

    def run_expected(self, mail_id: MailId, now: datetime) -> None:
        """Someone pressed Run: a run starts about now and is followed closely."""
        mail = self._mails.get(mail_id)
        if mail is not None:
            mail.manual_run_at = now.timestamp()
            self._place(mail, now.timestamp())

    def follow(self, mail_id: MailId, run: TaskRun, now: datetime) -> None:
        """Another replica saw this run in progress: follow it to its end, whatever starts after it."""
        mail = self._mails.get(mail_id)
        if mail is None or not mail.follow(run, now.timestamp()):
            return
        self._queue(mail, now.timestamp())
        self._queue_overtaken(mail, now.timestamp())

    def next(self, now: datetime) -> Ask | Sleep:
        """The call to make now, or until when no call is worth making."""
        at = self._advance_clock(now)
        if not self._planned_mails / _RESIZED <= len(self._active) <= self._planned_mails * _RESIZED:
            self._plan_rounds()
        chosen: WatchedMail | Overtaken | None = (
            self._overdue(at) or self._levels.best(at) or self._active.first(at) or self._dormant.first(at)
        )
        if chosen is None:
            return Sleep(until=self._wake_at(at))
        return self._ask(chosen, at)

    def _overdue(self, at: float) -> WatchedMail | None:
        """A mail that has waited for too long, whatever else is urgent."""
        if self._planned_round <= self._check_interval / 2:
            return self._active.first(at - _RUSH * self._check_interval)
        late = self._active.first(at - _OVERDUE * self._planned_round)
        self._urgent_calls += 1
        if late is None or self._urgent_calls < _OVERDUE_CALLS:
            return None
        self._urgent_calls = 0
        return late

    def answered(self, ask: Ask, answer: StatusAnswer, now: datetime) -> bool:
        """Learn from an answer, also from one that a person's command fetched.

        Returns True if the mail's memory is worth saving.
        """
        mail = self._mails.get(ask.mail_id)
        if mail is None:
            return False
        at = self._advance_clock(now)
        if ask.task_id is None:
            looked_at = mail.judged_at
            is_new = mail.learn_latest(answer.runs, at) | self._report_late(mail, looked_at, at)
            self._queue(mail, at)
        else:
            is_new = sum(mail.learn_overtaken(run, at) for run in answer.runs) > 0
        self._queue_overtaken(mail, at)
        return is_new

    def failed(self, ask: Ask, error: QuickBIError, now: datetime) -> None:
        """Learn from a call without an answer: try later, or hardly ever if Quick BI refuses to answer for the mail."""
        mail = self._mails.get(ask.mail_id)
        if mail is None:
            return
        at = now.timestamp()
        mail.unanswered += 1
        mail.unreadable = mail.unreadable or (error.is_about_the_mail and ask.task_id is None)
        # At once after the first, then after 2, 6, 14 … seconds.
        again = at + min(self._check_interval, 2.0 ** min(mail.unanswered, _MOST_UNANSWERED) - 2)
        self._queue(mail, at, again)
        if ask.task_id in mail.overtaken and not error.is_about_the_mail:
            self._place(mail.overtaken[ask.task_id], again)

    def looked_at(self, ask: Ask) -> datetime | None:
        """When this mail, or this run of it, was last seen."""
        mail = self._mails.get(ask.mail_id)
        if mail is None:
            return None
        older = mail.overtaken.get(ask.task_id) if ask.task_id else None
        at = older.run.start + older.run.age if older else mail.looked_at
        return None if at is None else datetime.fromtimestamp(at, UTC)

    def memory(self, mail_id: MailId) -> MailMemory | None:
        """What to keep of this mail over a restart; None if it is not watched."""
        mail = self._mails.get(mail_id)
        return None if mail is None else remember(mail)

    def late(self) -> tuple[LateRun, ...]:
        """The runs found missing since the last call of this method."""
        late, self._late = tuple(self._late), []
        return late

    def _advance_clock(self, now: datetime) -> float:
        """Where the clock was set back, what was planned might lie days ahead: all mails are planned anew."""
        at, before = now.timestamp(), self._latest_now
        self._latest_now = at
        if at >= before - _SET_BACK:
            return at
        for mail in self._mails.values():
            mail.limit_times(at)
            self._queue(mail, at)
            self._queue_overtaken(mail, at)
        return at

    def _report_late(self, mail: WatchedMail, looked_at: float | None, at: float) -> bool:
        late = mail.late(looked_at, at)
        self._late += [
            LateRun(
                mail_id=mail.mail_id,
                expected_at=datetime.fromtimestamp(expected_at, UTC),
                grace=timedelta(seconds=grace),
                declared=declared,
            )
            for expected_at, grace, declared in late
        ]
        return bool(late)

    def _ask(self, chosen: WatchedMail | Overtaken, at: float) -> Ask:
        if isinstance(chosen, Overtaken):
            self._levels.place(chosen, iter([(at + HOUR, 0)]))
            return Ask(mail_id=chosen.mail.mail_id, task_id=chosen.run.task_id)
        self._levels.remove(chosen)
        self._begin_round(chosen, at)
        return Ask(mail_id=chosen.mail_id)

    def _queue(
        self, mail: WatchedMail, at: float, begin: float | None = None, *, asked_at: float | None = None
    ) -> None:
        """Plan the mail anew, not to be asked about before `begin`.

        `asked_at` is its place in the round if that is earlier than `at`.
        """
        self._begin_round(mail, at if asked_at is None else min(at, asked_at))
        self._place(mail, at if begin is None else begin)

    def _queue_overtaken(self, mail: WatchedMail, at: float) -> None:
        for run in mail.overtaken.values():
            self._place(run, at)

    def _place(self, candidate: WatchedMail | Overtaken, begin: float) -> None:
        changes = candidate.level_changes(begin, self._price, lambda: self._latest_now)
        self._levels.place(candidate, changes)

    @property
    def _planned_round(self) -> float:
        """Seconds that it takes to ask about all mails in turn."""
        return self._planned_mails / self._calls_per_second

    def _plan_rounds(self) -> None:
        self._planned_mails = float(len(self._active))
        for mail in sorted(self._active, key=lambda mail: mail.asked_at):
            self._begin_round(mail, mail.asked_at)

    def _begin_round(self, mail: WatchedMail, asked_at: float) -> None:
        """Where the budget does not allow the check interval, a mail's rounds are the shorter the more it may lose.

        The expected loss is least if they are proportional to the inverse root of the rate of unexpected failures.
        """
        mail.asked_at = asked_at
        self._active.remove(mail)
        self._dormant.remove(mail)
        if mail.dormant:
            self._dormant.put(mail, asked_at + self._check_interval * _DORMANT)
            return
        longest, share = self._planned_round, 1.0
        mail.is_in_rounds = longest > self._check_interval / 2
        if mail.is_in_rounds:
            risk = mail.relative_failure_risk * mail.rhythm.unexpected_rate(asked_at) / _USUAL_RATE
            share = min(_SHARES[1], max(_SHARES[0], risk**-0.5))
        if longest <= self._check_interval:
            share = min(1.0, share)
        self._active.put(mail, asked_at + share * max(self._check_interval, longest))

    def _wake_at(self, at: float) -> datetime:
        moment = min(
            self._levels.next_change_at(), self._active.first_at(), self._dormant.first_at(), at + HOUR
        )
        return datetime.fromtimestamp(max(at, moment), UTC)
