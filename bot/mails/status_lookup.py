"""Answers a person: within the budget, one call for all who ask the same, never a stale answer without saying so."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from bot.aio import finish
from bot.domain import Observation, Throttled

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from bot.domain import MailRef, QuickBIError
    from bot.domain.ports import CallBudget, QuickBI
    from bot.mails.status_cache import StatusCache

FRESH_FOR = 5.0  # seconds in which an observation is an answer
PATIENCE = 1.5  # seconds that a person waits before the last known state is shown
_ATTEMPTS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """The call is still to be made. `ready_in` is the estimate in seconds, `last` what was known before."""

    ready_in: float
    last: Observation | None
    answer: Awaitable[Observation]


@dataclass(kw_only=True, slots=True)
class _Call:
    task: asyncio.Task[Observation]
    slot: asyncio.Future[float]  # on the monotonic clock, when this call is sent


class StatusLookup:
    """Asks Quick BI on behalf of people.

    `observed` is awaited with everything that was learned, so that a person's look is the poller's too.
    """

    def __init__(
        self,
        quickbi: QuickBI,
        budget: CallBudget,
        sightings: StatusCache,
        *,
        now: Callable[[], datetime],
        observed: Callable[[MailRef, Observation], Awaitable[None]],
    ) -> None:
        self._quickbi = quickbi
        self._budget = budget
        self._sightings = sightings
        self._now = now
        self._observed = observed
        self._calls: dict[MailRef, _Call] = {}

    async def ask(self, ref: MailRef, *, fresh_for: float = FRESH_FOR) -> Observation | Waiting:
        """The truth about a mail or a run, or a promise of it where that takes longer than a person's patience.

        Raises QuickBIError; so does `Waiting.answer`.
        """
        last = self._sightings.last(ref)
        if last is not None and self._is_fresh(last, fresh_for):
            return last
        call = self._calls.get(ref) or self._begin(ref)
        patience = monotonic() + PATIENCE
        sent_at = await asyncio.shield(call.slot)
        if sent_at <= patience:
            done, _ = await asyncio.wait({call.task}, timeout=max(0.0, patience - monotonic()))
            if done:
                return call.task.result()
        ready_in = max(0.0, sent_at - monotonic())
        return Waiting(ready_in=ready_in, last=last, answer=asyncio.shield(call.task))

    async def ask_patiently(self, ref: MailRef, *, fresh_for: float = FRESH_FOR) -> Observation:
        """Like `ask`, but for whoever can wait: takes a call only when no person wants one. Raises QuickBIError."""
        while True:
            last, call = self._sightings.last(ref), self._calls.get(ref)
            if last is not None and self._is_fresh(last, fresh_for):
                return last
            if call is not None:
                return await asyncio.shield(call.task)
            wait = await self._budget.take_for_poller()
            if wait <= 0:
                call = self._calls.get(ref) or self._begin(ref, is_paid=True)
                return await asyncio.shield(call.task)
            await asyncio.sleep(wait)

    def last_known(self, ref: MailRef) -> Observation | None:
        return self._sightings.last(ref)

    async def drain(self, patience: float) -> None:
        """Let the calls under way come to their end, for what they see is recorded; cancel them behind `patience`."""
        await finish([call.task for call in self._calls.values()], patience)

    def _is_fresh(self, last: Observation, fresh_for: float) -> bool:
        """What was seen at a time yet to come is of unknown age: the machine's clock was set back."""
        return 0 <= (self._now() - last.seen_at).total_seconds() <= fresh_for

    async def _slow_down(self, error: QuickBIError) -> None:
        """Every call of everybody's slows down at once, not only when this one has given up."""
        if isinstance(error, Throttled):
            await self._budget.throttled(error.retry_after)

    def _begin(self, ref: MailRef, *, is_paid: bool = False) -> _Call:
        slot: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        if is_paid:
            slot.set_result(monotonic())
        call = _Call(task=asyncio.create_task(self._call(ref, slot)), slot=slot)
        self._calls[ref] = call
        call.task.add_done_callback(lambda task: self._end(ref, task, slot))
        return call

    def _end(self, ref: MailRef, task: asyncio.Task[Observation], slot: asyncio.Future[float]) -> None:
        del self._calls[ref]
        if not slot.done():  # the budget itself failed: whoever waits for the slot must hear of it
            slot.set_result(monotonic())
        if not task.cancelled():
            task.exception()  # seen here too, so that nobody's leaving makes a warning of it

    async def _call(self, ref: MailRef, slot: asyncio.Future[float]) -> Observation:
        is_paid = slot.done()

        async def pay() -> None:
            nonlocal is_paid
            wait = 0.0 if is_paid else await self._budget.reserve_for_person()
            is_paid = False  # only the first attempt
            if not slot.done():
                slot.set_result(monotonic() + wait)
            await asyncio.sleep(wait)
            await self._budget.my_turn()

        answer = await self._quickbi.get_task_status(
            ref.mail_id,
            ref.task_id,
            attempts=_ATTEMPTS,
            before_attempt=pay,
            after_failure=self._slow_down,
        )
        self._budget.went_well()
        observation = Observation(answer=answer, seen_at=self._now())
        self._sightings.remember(ref, observation)
        await self._observed(ref, observation)
        return observation
