"""The leader's loop: makes the calls that the schedule chooses, and has the answers recorded."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from time import monotonic

from bot.aio import correlated, finish, until_stored
from bot.domain import (
    ChannelId,
    LeaseLost,
    MailId,
    MailRef,
    NotifyReason,
    Observation,
    QuickBIError,
    StatusAnswer,
    Throttled,
)
from bot.domain.outage_rules import RefusalClock, denial_of, is_ambiguous
from bot.domain.ports import CallBudget, QuickBI
from bot.domain.repositories import Observations, OutageRepository, WatchList
from bot.monitoring.outages import OutageMonitor, Probes
from bot.monitoring.recorder import Look, Recorder
from bot.monitoring.schedule import Ask, Schedule, Sleep
from bot.monitoring.watchlist import Watchlist

MOST_AT_ONCE = 12  # calls under way: a slow answer must not delay the next call
LOOK_FOR_CHANGES = 2.0  # seconds
STORED_WITHIN = 1.0  # seconds that a person's answer waits to be stored before it is shown
_LONGEST_PAUSE = 30.0  # seconds without a call after several in a row without an answer
_DRAIN_LIMIT = 5.0  # seconds for the calls under way when the term ends
_FAILURES = {NotifyReason.FIRST_FAILURE, NotifyReason.STILL_FAILING, NotifyReason.OVERTAKEN_FAILURE}
_log = logging.getLogger(__name__)


@dataclass(kw_only=True, slots=True)
class PollerStats:
    """For `/healthz` and `/metrics`."""

    watched: int = 0
    calls: int = 0
    last_answer_at: datetime | None = None
    outage_since: datetime | None = None
    outcomes: dict[NotifyReason, int] = field(default_factory=dict)


def pause_after(failures: int, interval: float) -> float:
    """Seconds without a call after so many failed calls in a row: none after the first, longer while it lasts."""
    return min(_LONGEST_PAUSE, interval * (2.0 ** min(failures - 1, 20) - 1))


class Poller:
    """`lead` is a duty of the leader; `observed` takes what people's commands saw, on any replica.

    `new_schedule` makes an empty schedule for each term. `on_pending` is called after notices were stored,
    `on_answer` with every answer, so that people's commands can reuse it. `is_paused` is asked before a mail is
    reported as late: the stored list may not show a recent pause. `on_failure` is called with the longest time for
    which a newly found failure may have gone unseen.
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
        on_pending: Callable[[], None],
        on_answer: Callable[[MailRef, Observation], None],
        is_paused: Callable[[MailId], Awaitable[bool]],
        on_failure: Callable[[timedelta], None] = lambda _: None,
        operator_channel: ChannelId | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._observations = observations
        self._quickbi = quickbi
        self._budget = budget
        self._on_pending = on_pending
        self._on_answer = on_answer
        self._on_failure = on_failure
        self._now = now
        self._watchlist = Watchlist(watches=watches, new_schedule=new_schedule, is_paused=is_paused)
        self._outages = OutageMonitor(
            repository=outages,
            operator_channel=operator_channel,
            on_changed=self._count_outage,
            on_pending=on_pending,
        )
        self._probes = Probes()
        self._recorder = Recorder(observations, self._recorded)
        self._refusals = RefusalClock()
        self._failures = 0
        self._failed_at = 0.0
        self._free_at = 0.0
        self._term: int | None = None
        self.stats = PollerStats()

    async def lead(self, term: int) -> None:
        """Poll until cancelled; answers fetched by then are still recorded. Raises LeaseLost."""
        self._term = term
        self._watchlist.begin_term()
        self._probes = Probes()
        self._refusals = RefusalClock()  # another leader may have had answers meanwhile
        await self._outages.begin_term()
        await self._take_over_changes()
        outage, any_mail = self._outages.current, self._watchlist.any_mail()
        if outage is not None and any_mail is not None:
            self._probes.unanswered(Ask(mail_id=any_mail), outage.began_at)
        _log.info("polling", extra={"term": term})
        calls: set[asyncio.Task[None]] = set()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._follow_changes())
                group.create_task(self._make_calls(term, calls))
        finally:
            self._watchlist.end_term()
            self._term = None
            await finish(calls, _DRAIN_LIMIT)  # the next leader would have to make them again

    async def drain(self, patience: float) -> None:
        """At the end of the process: wait up to `patience` seconds until the answers are stored."""
        await self._recorder.drain(patience)

    async def observed(self, ref: MailRef, observation: Observation) -> None:
        """Learn and record what a person's command saw. Never raises: the person has the answer.

        While the database is away they do not wait for it; what was seen is stored when it is back.
        """
        self._refusals.forget(ref.mail_id)
        ask, term = Ask(mail_id=ref.mail_id, task_id=ref.task_id), self._term
        look = await self._learn(ask, observation.answer, observation.seen_at, term=term)
        await asyncio.wait({self._recorder.start(look, term=term)}, timeout=STORED_WITHIN)

    async def _follow_changes(self) -> None:
        while await self._take_over_changes():
            pass
        _log.info("watching", extra={"mails": self._watchlist.count})
        while True:
            if not await self._take_over_changes():
                await asyncio.sleep(LOOK_FOR_CHANGES)

    async def _take_over_changes(self) -> bool:
        """Returns whether there were any: then there may be more."""
        changes = await self._watchlist.take_over_changes(self._now)
        for watch in changes:
            if not watch.is_watched:
                self._probes.forget(watch.mail_id)
                self._refusals.forget(watch.mail_id)
        self.stats.watched = self._watchlist.count
        return bool(changes)

    async def _make_calls(self, term: int, calls: set[asyncio.Task[None]]) -> None:
        """Make one call after the other as they become free; they may overlap."""
        free = asyncio.Semaphore(MOST_AT_ONCE)
        while True:
            await free.acquire()
            ask = await self._next_ask()
            with correlated():
                call = asyncio.create_task(self._call(ask, term))
            calls.add(call)
            call.add_done_callback(lambda _: free.release())
            for done in [each for each in calls if each.done()]:
                calls.discard(done)
                done.result()  # LeaseLost ends the term; a call raises nothing else

    async def _next_ask(self) -> Ask:
        while True:
            await asyncio.sleep(max(0.0, self._free_at - monotonic()))
            schedule, now = self._watchlist.schedule, self._now()
            if schedule is None:
                raise LeaseLost("the term is over")
            decision = self._probes.due(now, self._outages.current) or schedule.next(now)
            if isinstance(decision, Sleep):
                seconds = (decision.until - now).total_seconds()
                await asyncio.sleep(min(max(0.01, seconds), LOOK_FOR_CHANGES))
                continue
            await self._take_slot()
            return decision

    async def _take_slot(self) -> None:
        """Wait until no person needs the next call. Only the stored row tells, so it is asked repeatedly."""
        while wait := await until_stored(self._budget.take_for_poller):  # noqa: ASYNC110
            await asyncio.sleep(wait)
        self._free_at = monotonic() + self._budget.interval

    async def _call(self, ask: Ask, term: int) -> None:
        began = monotonic()
        try:
            await self._budget.my_turn()
            began = monotonic()
            self.stats.calls += 1
            answer = await self._quickbi.get_task_status(ask.mail_id, ask.task_id)
        except QuickBIError as error:
            await self._no_answer(ask, error, term, began=began)
            return
        except Exception:  # noqa: BLE001 (the boundary of one call: the others go on)
            _log.exception("look_failed", extra={"mail_id": ask.mail_id})
            return
        self._failures = 0
        self._probes.answered(ask)
        self._budget.went_well()
        await self._answered(ask, answer, term)

    async def _answered(self, ask: Ask, answer: StatusAnswer, term: int) -> None:
        now = self._now()
        self.stats.last_answer_at = now
        ref = MailRef(mail_id=ask.mail_id, task_id=ask.task_id)
        self._on_answer(ref, Observation(answer=answer, seen_at=now))
        self._refusals.forget(ask.mail_id)
        await self._recorder.store(await self._learn(ask, answer, now, term=term), term=term)
        await self._outages.answered(now=now, term=term)

    async def _learn(self, ask: Ask, answer: StatusAnswer, at: datetime, *, term: int | None) -> Look:
        """Teach the schedule. If this is cancelled at the end of the term, the answer is recorded all the same.

        The next leader finds out by itself what is missing from it then.
        """
        schedule = self._watchlist.schedule
        since = schedule.looked_at(ask) if schedule else None
        look = Look(mail_id=ask.mail_id, answer=answer, at=at, since=since)
        try:
            memory, missed = await self._watchlist.learn(ask, answer, at)
        except asyncio.CancelledError:
            self._recorder.start(look, term=term)
            raise
        return replace(look, memory=memory, missed=missed)

    async def _no_answer(self, ask: Ask, error: QuickBIError, term: int, *, began: float) -> None:
        now = self._now()
        _log.info(
            "no_answer", extra={"mail_id": ask.mail_id, "error": type(error).__name__, "code": error.code}
        )
        if self._watchlist.schedule is not None:
            self._watchlist.schedule.failed(ask, error, now)
        since = self._refused_since(ask, error, now)
        if since is not None or error.is_about_the_mail:
            await self._denied(ask, error, since=since, now=now, term=term)
        else:
            self._pause(began)
            await self._unanswered(ask, error, now=now, term=term)

    async def _denied(
        self, ask: Ask, error: QuickBIError, *, since: datetime | None, now: datetime, term: int
    ) -> None:
        """Quick BI answers, but refuses to for this mail."""
        cause = denial_of(error)
        reason = await until_stored(
            lambda: self._observations.record_denied(
                ask.mail_id, cause=cause, since=since, now=now, term=term
            )
        )
        self._probes.denied(ask, now, is_confirmed=reason is not NotifyReason.UNCONFIRMED)
        self._count(ask.mail_id, (reason,))
        self._failures = 0
        await self._outages.answered(now=now, term=term)

    async def _unanswered(self, ask: Ask, error: QuickBIError, *, now: datetime, term: int) -> None:
        """Quick BI cannot be asked."""
        # Probe with another mail, in case the trouble is with this one.
        other = self._watchlist.any_mail(other_than=ask.mail_id) or ask.mail_id
        self._probes.unanswered(Ask(mail_id=other), now)
        if isinstance(error, Throttled):
            await until_stored(lambda: self._budget.throttled(error.retry_after))
        await self._outages.no_answer(error, now=now, term=term)

    def _pause(self, began: float) -> None:
        """After a call that `began` then. Calls that were under way together and fail together count once."""
        if began >= self._failed_at:
            self._failures += 1
            self._failed_at = monotonic()
        pause = pause_after(self._failures, self._budget.interval)
        self._free_at = max(self._free_at, self._failed_at + pause)

    def _refused_since(self, ask: Ask, error: QuickBIError, now: datetime) -> datetime | None:
        """For a refusal without a clear reason: since when this mail alone has been refused, if for long enough."""
        if ask.task_id is not None or not is_ambiguous(error):
            return None
        return self._refusals.refused(ask.mail_id, now=now, others_answered_at=self.stats.last_answer_at)

    def _recorded(self, look: Look, reasons: tuple[NotifyReason, ...]) -> None:
        self._count(look.mail_id, reasons)
        if _FAILURES.intersection(reasons) and (unseen_for := look.unseen_for()) is not None:
            self._on_failure(unseen_for)

    def _count(self, mail_id: MailId, reasons: tuple[NotifyReason, ...]) -> None:
        for reason in reasons:
            self.stats.outcomes[reason] = self.stats.outcomes.get(reason, 0) + 1
            if reason.is_shown:
                _log.info("news", extra={"mail_id": mail_id, "reason": reason.value})
                self._on_pending()

    def _count_outage(self, since: datetime | None) -> None:
        self.stats.outage_since = since
