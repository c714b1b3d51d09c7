"""Shares out the status calls that Quick BI allows: people in their order, the poller when nobody waits.

The slots are a row that all replicas share (`CallSlots`): the time at which the next one is free. A person takes
it, however far away; the poller takes it only if that time is over, so it never delays a person.
"""

from __future__ import annotations

import asyncio
from time import monotonic

from bot.domain import StoreError
from bot.domain.repositories import CallSlots
from bot.quickbi.backoff import Pace

# Share of the interval: two calls sent a second apart can arrive closer, each delayed differently.
ARRIVAL_MARGIN = 0.02
LONGEST_HOLD = 30.0  # seconds that a call with a slot is delayed after throttling


class CallBudget:
    """One for each process. Slows down when Quick BI throttles (others may use the account), and recovers."""

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
        """Wait until this process's last call is an interval ago and no throttling delays the next."""
        async with self._turn:
            while (wait := self._next_at() - monotonic()) > 0:  # noqa: ASYNC110 (`sent` and `throttled` move it)
                await asyncio.sleep(wait)
            self._sent_at = monotonic()

    def _next_at(self) -> float:
        return max(self._sent_at + self.interval, self._held_until)

    def sent(self) -> None:
        """The call leaves only now, as it needed a connection first: the interval begins here."""
        self._sent_at = monotonic()

    async def throttled(self, retry_after: float | None) -> None:
        """Pause, then go on more slowly. Of calls that were under way together only the first slows down."""
        if self._sent_at >= self._slowed_at:
            self._pace = self._pace.throttled()
            self._slowed_at = monotonic()
        hold = max(retry_after or 0.0, self.interval)
        self._held_until = max(self._held_until, monotonic() + min(hold, LONGEST_HOLD))
        await self._slots.hold_calls(hold)

    def went_well(self) -> None:
        self._pace = self._pace.went_well()


class FallbackSlots:
    """`CallSlots` for one process alone, which goes on by its own clock where the row cannot be written.

    Several replicas cannot: none knows what the others do, and a limit of one call has no shares. With them
    nobody calls until the row is back; people are told so at once.
    """

    def __init__(self, row: CallSlots) -> None:
        self._row = row
        self._own = LocalSlots()

    async def reserve_call(self, *, interval: float) -> float:
        try:
            return await self._row.reserve_call(interval=interval)
        except StoreError:
            return await self._own.reserve_call(interval=interval)

    async def take_call_if_free(self, *, interval: float) -> float:
        try:
            return await self._row.take_call_if_free(interval=interval)
        except StoreError:
            return await self._own.take_call_if_free(interval=interval)

    async def hold_calls(self, seconds: float) -> None:
        try:
            await self._row.hold_calls(seconds)
        except StoreError:
            await self._own.hold_calls(seconds)


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
