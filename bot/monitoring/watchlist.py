"""What the leader polls: hands the watched mails to the schedule, teaches it, and puts a name to what it misses."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING

from bot.aio import until_stored
from bot.domain.incident_rules import MissedRun
from bot.monitoring.schedule import Ask, Due, MailMemory

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime, tzinfo

    from bot.domain import DueTime, MailId, StatusAnswer, Watch
    from bot.domain.repositories import WatchList
    from bot.monitoring.schedule import LateRun, Schedule

BREATH = 0.01  # seconds after which whatever else is to be done has its turn
EXPECTED_LATELY = timedelta(minutes=5)  # a run by hand that did not begin by then is not waited for
SATURDAY = 5


class Watchlist:
    """`schedule` is None between the terms: each begins with an empty one and with what the store knows.

    `is_paused` is asked before a mail is called late: that it was paused may not be known here yet.
    """

    def __init__(
        self,
        watches: WatchList,
        *,
        new_schedule: Callable[[], Schedule],
        timezone: tzinfo,
        is_paused: Callable[[MailId], Awaitable[bool]],
    ) -> None:
        self._watches = watches
        self._new_schedule = new_schedule
        self._timezone = timezone
        self._is_paused = is_paused
        self._dues: dict[MailId, frozenset[DueTime]] = {}
        self._change_no = 0
        self.schedule: Schedule | None = None

    @property
    def count(self) -> int:
        """How many mails are watched."""
        return len(self._dues)

    def begin_term(self) -> None:
        self.schedule, self._dues, self._change_no = self._new_schedule(), {}, 0

    def end_term(self) -> None:
        self.schedule = None

    def any_mail(self) -> MailId | None:
        return next(iter(self._dues), None)

    def another_than(self, mail_id: MailId) -> MailId:
        """This one only if there is no other."""
        return next((each for each in self._dues if each != mail_id), mail_id)

    async def take_over_changes(self, now: Callable[[], datetime]) -> tuple[Watch, ...]:
        """Follow the subscriptions, some at a time: there may be more as long as this returns any.

        Recalling what was learned of ten thousand mails takes seconds; people are answered in between.
        """
        changes = await until_stored(lambda: self._watches.changed_since(self._change_no))
        since = monotonic()
        for watch in changes:
            self._take_over(watch, now())
            self._change_no = watch.change_no
            if monotonic() - since > BREATH:
                await asyncio.sleep(0)
                since = monotonic()
        return changes

    def _take_over(self, watch: Watch, now: datetime) -> None:
        schedule = self.schedule
        if schedule is None:
            return
        if not watch.is_watched:
            schedule.forget(watch.mail_id)
            self._dues.pop(watch.mail_id, None)
            return
        dues = {_for_schedule(due) for due in watch.dues}
        if watch.mail_id not in self._dues:
            memory = None if watch.memory is None else MailMemory(watch.memory)
            schedule.watch(
                watch.mail_id,
                now,
                memory=memory,
                dues=dues,
                paused=watch.is_paused,
                looked_at=watch.looked_at,
            )
        else:
            schedule.set_dues(watch.mail_id, dues, now)
            schedule.set_paused(watch.mail_id, now, paused=watch.is_paused)
        for run in watch.open_runs:
            schedule.follow(watch.mail_id, run, now)
        if watch.expects_run_at is not None and now - watch.expects_run_at < EXPECTED_LATELY:
            schedule.run_expected(watch.mail_id, watch.expects_run_at)
        self._dues[watch.mail_id] = watch.dues

    async def learn(
        self, ask: Ask, answer: StatusAnswer, now: datetime
    ) -> tuple[str | None, tuple[MissedRun, ...]]:
        """Teach the schedule. Returns the mail's memory where it is worth keeping, and the runs found missing."""
        schedule = self.schedule
        if schedule is None or not schedule.answered(ask, answer, now):
            return None, ()
        late = schedule.late()
        return schedule.memory(ask.mail_id), await self._missed(late)

    async def _missed(self, late: Sequence[LateRun]) -> tuple[MissedRun, ...]:
        """Those of the late runs that somebody is to hear of. Asked before anything is written: it may take a while."""
        missed = []
        for each in late:
            declared = self._declared(each)
            if each.declared is not None and declared is None:
                continue  # not on this weekday
            if not await self._is_paused(each.mail_id):
                missed.append(MissedRun(expected_at=each.expected_at, declared=declared))
        return tuple(missed)

    def _declared(self, late: LateRun) -> DueTime | None:
        """The due time that somebody typed: the schedule knows of its weekdays only whether a weekend is among them."""
        weekday = late.expected_at.astimezone(self._timezone).weekday()
        return next(
            (
                due
                for due in self._dues.get(late.mail_id, ())
                if _for_schedule(due) == late.declared and weekday in due.weekdays
            ),
            None,
        )


def _for_schedule(due: DueTime) -> Due:
    return Due(at=due.at, weekdays_only=max(due.weekdays) < SATURDAY, grace=due.grace)
