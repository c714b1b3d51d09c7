"""Decides which mail to ask about next, and when. Pure: it is told the time, and never asks by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.monitoring.schedule.fleet import Fleet
from bot.monitoring.schedule.localtime import HOUR, LocalTime
from bot.monitoring.schedule.mail import Overtaken, WatchedMail
from bot.monitoring.schedule.memory import recall, remember
from bot.monitoring.schedule.priority_levels import PriorityLevels
from bot.monitoring.schedule.rounds import Rounds
from bot.monitoring.schedule.values import Ask, Due, LateRun, MailMemory, Sleep

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import tzinfo

    from bot.domain import MailId, QuickBIError, StatusAnswer, TaskRun

PRICE = 0.15  # seconds of delay that a call must save to be made, at one call a second
_ROUNDS = 10  # a mail unlooked-at for as long as so many rounds in turn would take goes before all others
_SOON = 1.1  # of the interval: a rush may delay a look that much where the calls suffice for all
_REST = 12  # resting mails are looked at so many times more seldom than others
_MANY = 30  # calls without an answer: more make no difference
_SET_BACK = 5.0  # seconds; the clock is held to have been set back where it shows that much less than before


class Schedule:
    """Spends the account's calls where a finished run is most likely to be unseen.

    The caller's loop: when a call is free, `next`; make that call; tell `answered` or `failed`. Several
    asks may be under way at once; one that nobody ever answers comes round again.
    """

    def __init__(self, *, calls_per_second: float, check_interval: timedelta, timezone: tzinfo) -> None:
        """`timezone` is the zone in which Quick BI schedules mails."""
        self._calls_per_second = calls_per_second
        self._price = PRICE / calls_per_second
        self._check_interval = check_interval.total_seconds()
        self._local = LocalTime(timezone)
        self._fleet = Fleet()
        self._mails: dict[MailId, WatchedMail] = {}
        self._ladder: PriorityLevels[WatchedMail | Overtaken] = PriorityLevels()
        self._late: list[LateRun] = []
        self._rounds = Rounds()
        self._resting = Rounds()
        self._latest_now = float("-inf")

    def watch(
        self,
        mail_id: MailId,
        now: datetime,
        *,
        memory: MailMemory | None = None,
        dues: Iterable[Due] = (),
        paused: bool = False,
        looked_at: datetime | None = None,
    ) -> None:
        """Begin to look at a mail, with what was learned of it before. Watching twice is once.

        `looked_at` is when its latest run was last asked about, by whichever replica, or when it was subscribed
        if nobody has asked yet: the round goes on from there.
        """
        if mail_id in self._mails:
            return
        mail = self._mails[mail_id] = recall(memory, mail_id, self._local, self._fleet)
        self._fleet.add(mail.durations, mail.failures)
        mail.paused, mail.dues = paused, tuple(dues)
        if looked_at is not None:
            mail.was_looked_at(looked_at.timestamp())
        mail.clock_shows(now.timestamp())
        self._queue(mail, now.timestamp(), asked_at=looked_at.timestamp() if looked_at else mail.looked_at)
        self._follow_overtaken(mail, now.timestamp())

    def forget(self, mail_id: MailId) -> None:
        """Look at this mail no more. An answer that still comes for it is passed over."""
        mail = self._mails.pop(mail_id, None)
        if mail is None:
            return
        self._fleet.add(mail.durations, mail.failures, -1)
        self._rounds.remove(mail)
        self._resting.remove(mail)
        self._ladder.remove(mail)
        for run in mail.overtaken.values():
            self._ladder.remove(run)

    def set_paused(self, mail_id: MailId, now: datetime, *, paused: bool) -> None:
        """Quick BI's list says that the mail is paused, or no longer: hardly ever asked, never late."""
        mail = self._mails.get(mail_id)
        if mail is not None and mail.paused != paused:
            mail.paused = paused
            self._queue(mail, now.timestamp())

    def set_dues(self, mail_id: MailId, dues: Iterable[Due], now: datetime) -> None:
        """Replace what people declared about this mail (every channel's `due`)."""
        mail = self._mails.get(mail_id)
        if mail is not None:
            mail.dues = tuple(dues)
            self._queue(mail, now.timestamp())

    def run_expected(self, mail_id: MailId, now: datetime) -> None:
        """Someone pressed Run: a run begins about now, follow it closely."""
        mail = self._mails.get(mail_id)
        if mail is not None:
            mail.by_hand_at = now.timestamp()
            self._ladder.place(mail, mail.ascent(now.timestamp(), self._price, self._clock))

    def follow(self, mail_id: MailId, run: TaskRun, now: datetime) -> None:
        """Another replica saw this run in progress: it is followed to its end, whatever begins after it."""
        mail = self._mails.get(mail_id)
        if mail is None or not mail.heard_of(run, now.timestamp()):
            return
        self._queue(mail, now.timestamp())
        self._follow_overtaken(mail, now.timestamp())

    def next(self, now: datetime) -> Ask | Sleep:
        """The call to make now, or how long there is nothing worth a call."""
        at = self._clock_shows(now)
        one_round = len(self._rounds) / self._calls_per_second
        if one_round <= self._check_interval / 2:
            starving = self._check_interval * _SOON  # the budget allows it, whatever else is hot
        else:
            starving = max(self._check_interval, _ROUNDS * one_round)
        chosen: WatchedMail | Overtaken | None = (
            _longest_ago(self._rounds, at - starving)
            or self._ladder.best(at)
            or _longest_ago(self._rounds, at - self._check_interval)
            or _longest_ago(self._resting, at - self._check_interval * _REST)
        )
        if chosen is None:
            return Sleep(until=self._wake_at(at))
        return self._ask(chosen, at)

    def answered(self, ask: Ask, answer: StatusAnswer, now: datetime) -> bool:
        """Learn from an answer, also from one that a person's command fetched.

        Returns True if the mail's memory is worth saving.
        """
        mail = self._mails.get(ask.mail_id)
        if mail is None:
            return False
        at = self._clock_shows(now)
        if ask.task_id is None:
            looked_at = mail.judged_at
            news = mail.saw_latest(answer.runs, at) | self._missing(mail, looked_at, at)
            self._queue(mail, at)
        else:
            news = sum(mail.saw_overtaken(run, at) for run in answer.runs) > 0
        self._follow_overtaken(mail, at)
        return news

    def failed(self, ask: Ask, error: QuickBIError, now: datetime) -> None:
        """Learn from a call that got no answer: leave an unreadable mail be, and let others go between the tries."""
        mail = self._mails.get(ask.mail_id)
        if mail is None:
            return
        at = now.timestamp()
        mail.unanswered += 1
        mail.unreadable = mail.unreadable or (error.is_about_the_mail and ask.task_id is None)
        # At once after the first, then after 2, 6, 14 … seconds.
        again = at + min(self._check_interval, 2.0 ** min(mail.unanswered, _MANY) - 2)
        self._queue(mail, at, again)
        if ask.task_id in mail.overtaken and not error.is_about_the_mail:
            run = mail.overtaken[ask.task_id]
            self._ladder.place(run, run.ascent(again, self._price, self._clock))

    def memory(self, mail_id: MailId) -> MailMemory | None:
        """What to keep of this mail over a restart; None if it is not watched."""
        mail = self._mails.get(mail_id)
        return None if mail is None else remember(mail)

    def late(self) -> tuple[LateRun, ...]:
        """The runs found missing since the last call of this method, each told once."""
        late, self._late = tuple(self._late), []
        return late

    def _clock_shows(self, now: datetime) -> float:
        """Where the clock was set back, what was planned might lie days ahead: then all mails are planned anew."""
        at, before = now.timestamp(), self._latest_now
        self._latest_now = at
        if at >= before - _SET_BACK:
            return at
        for mail in self._mails.values():
            mail.clock_shows(at)
            self._queue(mail, at)
            self._follow_overtaken(mail, at)
        return at

    def _clock(self) -> float:
        """The time as the caller told it last."""
        return self._latest_now

    def _missing(self, mail: WatchedMail, looked_at: float | None, at: float) -> bool:
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
            self._ladder.place(chosen, iter([(at + HOUR, 0)]))
            return Ask(mail_id=chosen.mail.mail_id, task_id=chosen.run.task_id)
        self._ladder.remove(chosen)
        self._to_the_end_of_its_round(chosen, at)
        return Ask(mail_id=chosen.mail_id)

    def _queue(
        self, mail: WatchedMail, at: float, begin: float | None = None, *, asked_at: float | None = None
    ) -> None:
        """Plan the mail anew: from `begin` on, where it is not to be asked about before.

        `asked_at` is its place in the round where that is earlier than `at`.
        """
        self._ladder.place(mail, mail.ascent(at if begin is None else begin, self._price, self._clock))
        self._to_the_end_of_its_round(mail, at if asked_at is None else min(at, asked_at))

    def _follow_overtaken(self, mail: WatchedMail, at: float) -> None:
        for run in mail.overtaken.values():
            self._ladder.place(run, run.ascent(at, self._price, self._clock))

    def _to_the_end_of_its_round(self, mail: WatchedMail, at: float) -> None:
        self._rounds.remove(mail)
        self._resting.remove(mail)
        (self._resting if mail.resting else self._rounds).put(mail, at)

    def _wake_at(self, at: float) -> datetime:
        moments = [self._ladder.next_step_at(), at + HOUR]
        for rounds, interval in (
            (self._rounds, self._check_interval),
            (self._resting, self._check_interval * _REST),
        ):
            if (first := rounds.longest_ago()) is not None:
                moments.append(first[1] + interval)
        return datetime.fromtimestamp(max(at, min(moments)), UTC)


def _longest_ago(rounds: Rounds, before: float) -> WatchedMail | None:
    """The mail that was asked about longest ago, if that was before `before`."""
    first = rounds.longest_ago()
    return first[0] if first is not None and first[1] <= before else None
