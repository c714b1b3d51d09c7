"""The leader's loop: spends the free calls where the schedule says, and has recorded what was seen."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING

from bot.aio import finish, until_stored
from bot.domain import (
    LeaseLost,
    MailRef,
    NotifyReason,
    Observation,
    QuickBIError,
    Throttled,
)
from bot.domain.mail_refusals import RefusalClock, denial_of, is_riddle
from bot.monitoring.outages import OutageMonitor
from bot.monitoring.probes import Probes
from bot.monitoring.recorder import Look, Recorder
from bot.monitoring.schedule import Ask, Sleep
from bot.monitoring.watchlist import Watchlist

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import tzinfo

    from bot.domain import ChannelId, MailId, StatusAnswer
    from bot.domain.ports import CallBudget, QuickBI
    from bot.domain.repositories import Observations, OutageRepository, WatchList
    from bot.monitoring.schedule import Schedule

MOST_AT_ONCE = 12  # calls under way: a slow answer must not keep the next call from being made
LOOK_FOR_CHANGES = 2.0  # seconds
WAITED_FOR = 1.0  # seconds that a person's answer waits to be written down before it is shown
_LONGEST_BACK_OFF = 30.0  # seconds without a call where several in a row were not answered
_DRAIN_LIMIT = 5.0  # seconds for the looks under way when the term ends
_log = logging.getLogger(__name__)


@dataclass(kw_only=True, slots=True)
class PollerStats:
    """How the poller is doing, for `/healthz` and `/metrics`."""

    watched: int = 0
    calls: int = 0
    last_answer_at: datetime | None = None
    outage_since: datetime | None = None
    news: dict[NotifyReason, int] = field(default_factory=dict)


class Poller:
    """`lead` is a duty of the leader; `observed` takes what people's commands saw, on any replica.

    `new_schedule` makes an empty schedule: each term begins with what the store knows. `news` is called
    after something was recorded that channels are owed, `seen` with every answer: people ask about it, too.
    `is_paused` is asked before a mail is called late: that it was paused may not be known here yet.
    """

    def __init__(
        self,
        *,
        watches: WatchList,
        observations: Observations,
        outages: OutageRepository,
        quickbi: QuickBI,
        budget: CallBudget,
        new_schedule: Callable[[], Schedule],
        timezone: tzinfo,
        news: Callable[[], None],
        seen: Callable[[MailRef, Observation], None],
        is_paused: Callable[[MailId], Awaitable[bool]],
        operator_channel: ChannelId | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._observations = observations
        self._quickbi = quickbi
        self._budget = budget
        self._news = news
        self._seen = seen
        self._now = now
        self._watching = Watchlist(watches, new_schedule=new_schedule, timezone=timezone, is_paused=is_paused)
        self._outages = OutageMonitor(
            outages, operator_channel=operator_channel, noted=self._note_outage, news=news
        )
        self._probing = Probes()
        self._recorder = Recorder(observations, noted=self._note)
        self._refusals = RefusalClock()
        self._failures = 0
        self._free_at = 0.0
        self.pulse = PollerStats()

    async def lead(self, term: int) -> None:
        """Poll until cancelled. What was fetched by then is still recorded. Raises LeaseLost."""
        self._watching.begin_term()
        self._probing = Probes()
        self._refusals = RefusalClock()  # whoever led meanwhile may have had answers
        await self._outages.begin_term()
        await self._take_over_changes()
        outage, any_mail = self._outages.current, self._watching.any_mail()
        if outage is not None and any_mail is not None:
            self._probing.unanswered(Ask(mail_id=any_mail), outage.began_at)
        _log.info("polling", extra={"term": term})
        looks: set[asyncio.Task[None]] = set()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._follow_changes())
                group.create_task(self._look_around(term, looks))
        finally:
            self._watching.end_term()
            await finish(looks, _DRAIN_LIMIT)  # the next process would have to make them again

    async def drain(self, patience: float) -> None:
        """At the end of the process: the answers that are in hand are written, or given up."""
        await self._recorder.drain(patience)

    async def observed(self, ref: MailRef, observation: Observation) -> None:
        """Take what a person's command saw for a look of the poller's. Never raises: the person has the answer.

        While the database refuses they do not wait for it; what was seen is written when it can be.
        """
        self._refusals.forget(ref.mail_id)
        ask = Ask(mail_id=ref.mail_id, task_id=ref.task_id)
        look = await self._understood(ask, observation.answer, observation.seen_at, term=None)
        await asyncio.wait({self._recorder.take(look, term=None)}, timeout=WAITED_FOR)

    async def _follow_changes(self) -> None:
        """The first time that nothing is left, all that is watched is known."""
        while await self._take_over_changes():
            pass
        _log.info("watching", extra={"mails": self._watching.count})
        while True:
            if not await self._take_over_changes():
                await asyncio.sleep(LOOK_FOR_CHANGES)

    async def _take_over_changes(self) -> bool:
        """Returns whether there were any: then there may be more."""
        changes = await self._watching.take_over_changes(self._now)
        for watch in changes:
            if not watch.is_watched:
                self._probing.forget(watch.mail_id)
                self._refusals.forget(watch.mail_id)
        self.pulse.watched = self._watching.count
        return bool(changes)

    async def _look_around(self, term: int, looks: set[asyncio.Task[None]]) -> None:
        """Make one call after the other as they become free; answers may overlap."""
        room = asyncio.Semaphore(MOST_AT_ONCE)
        while True:
            await room.acquire()
            ask = await self._next_ask()
            look = asyncio.create_task(self._look(ask, term))
            looks.add(look)
            look.add_done_callback(lambda _: room.release())
            for done in [each for each in looks if each.done()]:
                looks.discard(done)
                done.result()  # LeaseLost ends the term; nothing else comes out of a look

    async def _next_ask(self) -> Ask:
        while True:
            await asyncio.sleep(max(0.0, self._free_at - monotonic()))
            schedule, now = self._watching.schedule, self._now()
            if schedule is None:
                raise LeaseLost("the term is over")
            decision = self._probing.due(now, self._outages.current) or schedule.next(now)
            if isinstance(decision, Sleep):
                seconds = (decision.until - now).total_seconds()
                await asyncio.sleep(min(max(0.01, seconds), LOOK_FOR_CHANGES))
                continue
            await self._take_call()
            return decision

    async def _take_call(self) -> None:
        """Wait until nobody else needs the next call. Only the row in the store knows, so it is asked again."""
        while wait := await until_stored(self._budget.take_for_poller):  # noqa: ASYNC110
            await asyncio.sleep(wait)
        self._free_at = monotonic() + self._budget.interval

    async def _look(self, ask: Ask, term: int) -> None:
        try:
            await self._budget.my_turn()
            self.pulse.calls += 1
            answer = await self._quickbi.get_task_status(ask.mail_id, ask.task_id)
        except QuickBIError as error:
            await self._no_answer(ask, error, term)
            return
        except Exception:  # noqa: BLE001 (the boundary of one look: the others go on)
            _log.exception("look_failed", extra={"mail_id": ask.mail_id})
            return
        self._failures = 0
        self._probing.answered(ask)
        self._budget.went_well()
        await self._answered(ask, answer, term)

    async def _answered(self, ask: Ask, answer: StatusAnswer, term: int) -> None:
        now = self._now()
        self.pulse.last_answer_at = now
        ref = MailRef(mail_id=ask.mail_id, task_id=ask.task_id)
        self._seen(ref, Observation(answer=answer, seen_at=now))
        self._refusals.forget(ask.mail_id)
        await self._recorder.keep(await self._understood(ask, answer, now, term=term), term=term)
        await self._outages.answered(now=now, term=term)

    async def _understood(self, ask: Ask, answer: StatusAnswer, at: datetime, *, term: int | None) -> Look:
        """Teach the schedule. An answer in hand is written, too, where this is cancelled: at the end of the term.

        What is missing the next leader finds out by itself.
        """
        look = Look(mail_id=ask.mail_id, answer=answer, at=at)
        try:
            memory, missed = await self._watching.learn(ask, answer, at)
        except asyncio.CancelledError:
            self._recorder.take(look, term=term)
            raise
        return replace(look, memory=memory, missed=missed)

    async def _no_answer(self, ask: Ask, error: QuickBIError, term: int) -> None:
        now = self._now()
        _log.info(
            "no_answer", extra={"mail_id": ask.mail_id, "error": type(error).__name__, "code": error.code}
        )
        if self._watching.schedule is not None:
            self._watching.schedule.failed(ask, error, now)
        since = self._refused_since(ask, error, now)
        if since is not None or error.is_about_the_mail:
            await self._denied(ask, error, since=since, now=now, term=term)
        else:
            await self._unanswered(ask, error, now=now, term=term)

    async def _denied(
        self, ask: Ask, error: QuickBIError, *, since: datetime | None, now: datetime, term: int
    ) -> None:
        """Quick BI can be asked, only not about this mail."""
        cause = denial_of(error)
        reason = await until_stored(
            lambda: self._observations.record_denied(
                ask.mail_id, cause=cause, since=since, now=now, term=term
            )
        )
        self._probing.denied(ask, now, is_confirmed=reason is not NotifyReason.UNCONFIRMED)
        self._note(ask.mail_id, (reason,))
        self._failures = 0
        await self._outages.answered(now=now, term=term)

    async def _unanswered(self, ask: Ask, error: QuickBIError, *, now: datetime, term: int) -> None:
        """Quick BI cannot be asked: the longer it goes on the fewer calls are spent on it."""
        self._failures += 1
        # Another mail tells whether Quick BI is back, also where the trouble is with this mail alone.
        self._probing.unanswered(Ask(mail_id=self._watching.another_than(ask.mail_id)), now)
        self._free_at = monotonic() + min(_LONGEST_BACK_OFF, 2.0 ** min(self._failures, 10) / 2)
        if isinstance(error, Throttled):
            await until_stored(lambda: self._budget.throttled(error.retry_after))
        await self._outages.no_answer(error, now=now, term=term)

    def _refused_since(self, ask: Ask, error: QuickBIError, now: datetime) -> datetime | None:
        """Where a refusal says nothing, time must: since when is it this mail alone that is refused?"""
        if ask.task_id is not None or not is_riddle(error):
            return None
        return self._refusals.refused(ask.mail_id, now=now, others_answered_at=self.pulse.last_answer_at)

    def _note(self, mail_id: MailId, reasons: tuple[NotifyReason, ...]) -> None:
        for reason in reasons:
            self.pulse.news[reason] = self.pulse.news.get(reason, 0) + 1
            if reason.is_shown:
                _log.info("news", extra={"mail_id": mail_id, "reason": reason.value})
                self._news()

    def _note_outage(self, since: datetime | None) -> None:
        self.pulse.outage_since = since
