"""Passes the watched mails and what was seen of them to the schedule, and asks it for missed runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic

from bot.aio import until_stored
from bot.domain import MailId, StatusAnswer, Watch
from bot.domain.incident_rules import MissedRun
from bot.domain.repositories import WatchList
from bot.monitoring.schedule import Ask, LateRun, MailMemory, Schedule

BREAK_AFTER = 0.01  # seconds of uninterrupted work, after which other tasks get their turn
MANUAL_RUN_STARTS_WITHIN = timedelta(minutes=5)


@dataclass(kw_only=True, slots=True)
class Watchlist:
    """`schedule` is None between terms: each begins with an empty one and what is stored.

    `is_paused` is asked before a mail is reported as late: the stored list may not show a recent pause.
    """

    watches: WatchList
    new_schedule: Callable[[], Schedule]
    is_paused: Callable[[MailId], Awaitable[bool]]
    schedule: Schedule | None = field(init=False, default=None)
    _mails: dict[MailId, None] = field(init=False, default_factory=dict)
    _change_no: int = field(init=False, default=0)

    @property
    def count(self) -> int:
        """How many mails are watched."""
        return len(self._mails)

    def begin_term(self) -> None:
        self.schedule, self._mails, self._change_no = self.new_schedule(), {}, 0

    def end_term(self) -> None:
        self.schedule = None

    def any_mail(self, *, other_than: MailId | None = None) -> MailId | None:
        """Any watched mail, another than this one if there is another."""
        return next((each for each in self._mails if each != other_than), other_than)

    async def take_over_changes(self, now: Callable[[], datetime]) -> tuple[Watch, ...]:
        """Take over one page of changed subscriptions; there may be more as long as this returns any.

        Reading the memories of ten thousand mails takes seconds; other tasks run in between.
        """
        changes = await until_stored(lambda: self.watches.changed_since(self._change_no))
        since = monotonic()
        for watch in changes:
            if self.schedule is not None:
                self._take_over(self.schedule, watch, now())
            self._change_no = watch.change_no
            if monotonic() - since > BREAK_AFTER:
                await asyncio.sleep(0)
                since = monotonic()
        return changes

    def _take_over(self, schedule: Schedule, watch: Watch, now: datetime) -> None:
        if not watch.is_watched:
            schedule.forget(watch.mail_id)
            self._mails.pop(watch.mail_id, None)
            return
        if watch.mail_id not in self._mails:
            self._mails[watch.mail_id] = None
            schedule.watch(
                watch.mail_id,
                now,
                memory=None if watch.memory is None else MailMemory(watch.memory),
                dues=watch.dues,
                paused=watch.is_paused,
                looked_at=watch.looked_at,
            )
        else:
            schedule.set_dues(watch.mail_id, watch.dues, now)
            schedule.set_paused(watch.mail_id, now, paused=watch.is_paused)
        for run in watch.open_runs:
            schedule.follow(watch.mail_id, run, now)
        if watch.expects_run_at is not None and now - watch.expects_run_at < MANUAL_RUN_STARTS_WITHIN:
            schedule.run_expected(watch.mail_id, watch.expects_run_at)

    async def learn(
        self, ask: Ask, answer: StatusAnswer, now: datetime
    ) -> tuple[str | None, tuple[MissedRun, ...]]:
        """Teach the schedule. Returns the mail's memory if it is worth saving, and the runs found missing."""
        schedule = self.schedule
        if schedule is None or not schedule.answered(ask, answer, now):
            return None, ()
        late = schedule.late()
        return schedule.memory(ask.mail_id), await self._missed(late)

    async def _missed(self, late: Sequence[LateRun]) -> tuple[MissedRun, ...]:
        """The late runs of mails that are not paused. May take a while, so it is asked before anything is stored."""
        return tuple(
            [
                MissedRun(expected_at=each.expected_at, declared=each.declared)
                for each in late
                if not await self.is_paused(each.mail_id)
            ]
        )
