"""Answers people's questions about a mail: within the call budget, and with one call for all who ask the same."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import datetime
from time import monotonic

from bot.aio import finish
from bot.domain import MailRef, Observation, QuickBIError, Throttled
from bot.domain.ports import CallBudget, QuickBI

FRESH_FOR = 5.0  # seconds in which an observation is an answer
PATIENCE = 1.5  # seconds that a person waits before the last known state is shown
MOST_KEPT = 5_000  # observations
_ATTEMPTS = 3


class StatusCache:
    """The newest observation of each mail and of each run; the oldest are dropped."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._seen: OrderedDict[MailRef, Observation] = OrderedDict()

    def remember(self, ref: MailRef, observation: Observation) -> None:
        """An answer about one run updates that run in its mail's observation, too."""
        self._keep(ref, observation)
        mail = MailRef(mail_id=ref.mail_id)
        known = self._seen.get(mail)
        if ref != mail and known is not None and observation.seen_at >= known.seen_at:
            newer = {run.key: run for run in observation.answer.runs}
            runs = tuple(newer.get(run.key, run) for run in known.answer.runs)
            self._keep(mail, replace(known, answer=replace(known.answer, runs=runs)))

    def _keep(self, ref: MailRef, observation: Observation) -> None:
        self._seen[ref] = observation
        self._seen.move_to_end(ref)
        while len(self._seen) > self._most:
            self._seen.popitem(last=False)

    def last(self, ref: MailRef) -> Observation | None:
        return self._seen.get(ref)


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """The call is still to be made. `ready_in` is the estimate in seconds, `last` the last known state."""

    ready_in: float
    last: Observation | None
    answer: asyncio.Future[Observation]


@dataclass(kw_only=True, slots=True)
class _Call:
    task: asyncio.Task[Observation]
    slot: asyncio.Future[float]  # when this call is sent, on the monotonic clock


@dataclass(eq=False)
class StatusLookup:
    """`observed` is awaited with every answer, so that the poller records it, too."""

    quickbi: QuickBI
    budget: CallBudget
    cache: StatusCache
    _: KW_ONLY
    now: Callable[[], datetime]
    observed: Callable[[MailRef, Observation], Awaitable[None]]
    _calls: dict[MailRef, _Call] = field(default_factory=dict, init=False)

    async def ask(self, ref: MailRef, *, fresh_for: float = FRESH_FOR) -> Observation | Waiting:
        """The state of a mail or a run; Waiting where that takes longer than PATIENCE.

        Raises QuickBIError; so does `Waiting.answer`.
        """
        last = self.cache.last(ref)
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
        """Like `ask`, but takes a call only when no person wants one. Raises QuickBIError."""
        while True:
            last, call = self.cache.last(ref), self._calls.get(ref)
            if last is not None and self._is_fresh(last, fresh_for):
                return last
            if call is not None:
                return await asyncio.shield(call.task)
            wait = await self.budget.take_for_poller()
            if wait <= 0:
                call = self._calls.get(ref) or self._begin(ref, is_paid=True)
                return await asyncio.shield(call.task)
            await asyncio.sleep(wait)

    def last_known(self, ref: MailRef) -> Observation | None:
        return self.cache.last(ref)

    async def drain(self, patience: float) -> None:
        """Let the calls under way finish, for up to `patience` seconds: their answers are recorded."""
        await finish([call.task for call in self._calls.values()], patience)

    def _is_fresh(self, last: Observation, fresh_for: float) -> bool:
        """An observation from the future is not fresh: the machine's clock was set back."""
        return 0 <= (self.now() - last.seen_at).total_seconds() <= fresh_for

    async def _slow_down(self, error: QuickBIError) -> None:
        """All calls slow down at once, not only when this one gives up."""
        if isinstance(error, Throttled):
            await self.budget.throttled(error.retry_after)

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
        if not slot.done():  # the budget failed: release whoever waits for the slot
            slot.set_result(monotonic())
        if not task.cancelled():
            task.exception()  # retrieved, or asyncio warns where every caller has left

    async def _call(self, ref: MailRef, slot: asyncio.Future[float]) -> Observation:
        is_paid = slot.done()

        async def pay() -> None:
            nonlocal is_paid
            wait = 0.0 if is_paid else await self.budget.reserve_for_person()
            is_paid = False  # only the first attempt
            if not slot.done():
                slot.set_result(monotonic() + wait)
            await asyncio.sleep(wait)
            await self.budget.my_turn()

        answer = await self.quickbi.get_task_status(
            ref.mail_id,
            ref.task_id,
            attempts=_ATTEMPTS,
            before_attempt=pay,
            after_failure=self._slow_down,
        )
        self.budget.went_well()
        observation = Observation(answer=answer, seen_at=self.now())
        self.cache.remember(ref, observation)
        await self.observed(ref, observation)
        return observation
