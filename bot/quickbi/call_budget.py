"""The one call a second that Quick BI allows, and who gets it: people in their order, the poller if nobody waits.

The slots themselves are a row that all replicas share (`CallSlots`). A person takes the next slot however
far away it is, so the queue of people *is* the row's future; the poller takes a slot only when the row is in
the past, so it never stands before anyone.
"""

from __future__ import annotations

import asyncio
import logging
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

from bot.domain import StoreError
from bot.quickbi.backoff import Pace

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.domain.repositories import CallSlots

# Of the interval: two calls sent exactly a second apart can arrive a little closer, each delayed differently.
ARRIVAL_MARGIN = 0.02
LONGEST_HOLD = 30.0  # seconds that a call which has its slot is kept waiting: then Quick BI may say so itself
_log = logging.getLogger(__name__)
T = TypeVar("T")


class CallBudget:
    """Hands out status calls. One for each process; the row behind it is the account's.

    When Quick BI throttles all the same (someone else uses the account too), the pace drops and creeps back
    with each call that goes well.
    """

    def __init__(self, slots: CallSlots, *, calls_per_second: float) -> None:
        self._slots = slots
        self._pace = Pace(fastest=(1 + ARRIVAL_MARGIN) / calls_per_second)
        self._sent_at = float("-inf")
        self._slowed_at = float("-inf")
        self._held_until = float("-inf")
        self._turn = asyncio.Lock()

    @property
    def interval(self) -> float:
        """Seconds between two calls at the present pace."""
        return self._pace.interval

    async def reserve_for_person(self) -> float:
        """Take the next slot. Returns the seconds until it; then call `my_turn` and send."""
        return await self._slots.reserve_call(interval=self.interval)

    async def take_for_poller(self) -> float:
        """Take a slot only if nobody waits: 0.0 when taken, else the seconds until it is worth asking again."""
        return await self._slots.take_call_if_free(interval=self.interval)

    async def my_turn(self) -> None:
        """Hold this process's calls apart by when they are really sent: a late waker must not crowd the next.

        A slot that was given out before Quick BI throttled does not count any more.
        """
        async with self._turn:
            while (wait := self._next_at() - monotonic()) > 0:  # noqa: ASYNC110 (`sent` and `throttled` move it)
                await asyncio.sleep(wait)
            self._sent_at = monotonic()

    def _next_at(self) -> float:
        return max(self._sent_at + self.interval, self._held_until)

    def sent(self) -> None:
        """A call is on the wire only now: it needed a connection first. The next keeps its distance from here."""
        self._sent_at = monotonic()

    async def throttled(self, retry_after: float | None) -> None:
        """Quick BI said that we were too fast: pause, then go on more slowly.

        Calls that were under way together and are refused together are one piece of news about the pace.
        """
        if self._sent_at >= self._slowed_at:
            self._pace = self._pace.throttled()
            self._slowed_at = monotonic()
        hold = max(retry_after or 0.0, self.interval)
        self._held_until = max(self._held_until, monotonic() + min(hold, LONGEST_HOLD))
        await self._slots.hold_calls(hold)

    def went_well(self) -> None:
        self._pace = self._pace.went_well()


class SteadySlots:
    """`CallSlots` that go on while the shared row is out of reach: a full disk must not silence the bot.

    For as long as that lasts each replica keeps the limit by itself.
    """

    def __init__(self, shared: CallSlots) -> None:
        self._shared = shared
        self._own = LocalSlots()
        self._is_shared = True

    async def reserve_call(self, *, interval: float) -> float:
        return await self._either(lambda slots: slots.reserve_call(interval=interval))

    async def take_call_if_free(self, *, interval: float) -> float:
        return await self._either(lambda slots: slots.take_call_if_free(interval=interval))

    async def hold_calls(self, seconds: float) -> None:
        await self._either(lambda slots: slots.hold_calls(seconds))

    async def _either(self, call: Callable[[CallSlots], Awaitable[T]]) -> T:
        try:
            done = await call(self._shared)
        except StoreError as error:
            if self._is_shared:
                _log.warning("call_slots_out_of_reach", extra={"error": str(error)})
            self._is_shared = False
            return await call(self._own)
        if not self._is_shared:
            _log.info("call_slots_back")
        self._is_shared = True
        return done


class LocalSlots:
    """`CallSlots` of this process alone."""

    def __init__(self) -> None:
        self._free_at = float("-inf")

    async def reserve_call(self, *, interval: float) -> float:
        now = monotonic()
        slot = max(self._free_at, now)
        self._free_at = slot + interval
        return slot - now

    async def take_call_if_free(self, *, interval: float) -> float:
        now = monotonic()
        if self._free_at > now:
            return self._free_at - now
        self._free_at = now + interval
        return 0.0

    async def hold_calls(self, seconds: float) -> None:
        self._free_at = max(self._free_at, monotonic() + seconds)
