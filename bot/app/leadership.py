"""Holds the lease and runs the leader's duties, polling and posting, for as long as this replica has it.

The lease's row is authoritative. A replica trusts its lease until the start of its last successful attempt plus
TTL - MARGIN; then another may lead. Every write of a leader names its term, and the database refuses an old one.

On SQLite nobody else can lead: there a lease that cannot be renewed is kept, with the answers still to be stored.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta

from bot.domain import Lease, LeaseLost, StoreError
from bot.domain.clock import uptime
from bot.domain.repositories import LeaseKeeper

# Another leads within 10 s of a leader's end: its lease is over after TTL, the next try is _TRY_EVERY later.
TTL = timedelta(seconds=8)
MARGIN = 2.0  # seconds by which two clocks may run apart during one lease
_RENEW_EVERY = 2.0  # seconds; a renewal that meets a dead connection takes less than 4
_TRY_EVERY = 1.0  # seconds between two tries to lead, or to renew after a failure
_log = logging.getLogger(__name__)


class Leadership:
    """`duties` get the term; each ends only by cancellation."""

    def __init__(
        self,
        leases: LeaseKeeper,
        *,
        holder: str,
        duties: Sequence[Callable[[int], Awaitable[None]]],
        is_alone: bool = False,
        clock: Callable[[], float] = uptime,
    ) -> None:
        self._leases = leases
        self._is_alone = is_alone
        self._clock = clock
        self._holder = holder
        self._duties = duties
        self._lease: Lease | None = None
        self._trusted_until = 0.0

    @property
    def is_leader(self) -> bool:
        return self._lease is not None

    @property
    def is_sure(self) -> bool:
        """Can no other replica lead now, even if this process has just been suspended?"""
        return self._lease is not None and (self._is_alone or self._clock() < self._trusted_until)

    async def run(self) -> None:
        """Lead whenever the lease can be had, until cancelled; then let another replica lead at once."""
        try:
            while True:
                if await self._acquired():
                    await self._lead()
                else:
                    await asyncio.sleep(_TRY_EVERY)
        finally:
            await self._give_back()

    async def _acquired(self) -> bool:
        begun = self._clock()
        try:
            self._lease = await self._leases.acquire(self._holder, TTL)
        except StoreError:
            return False
        self._trusted_until = begun + TTL.total_seconds() - MARGIN
        return self._lease is not None

    async def _lead(self) -> None:
        lease = self._lease
        if lease is None:
            return
        _log.info("leading", extra={"term": lease.term})
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep(lease))
                for duty in self._duties:
                    group.create_task(_run(duty, lease.term))
        except* LeaseLost:
            _log.warning("lease_lost", extra={"term": lease.term})
            self._lease = None

    async def _keep(self, lease: Lease) -> None:
        """Renew in time. Raises LeaseLost when another replica may lead. The database limits each wait itself."""
        pause = _RENEW_EVERY
        while True:
            await asyncio.sleep(pause)
            begun = self._clock()
            try:
                await self._leases.renew(lease, TTL)
            except StoreError as error:
                if not self._is_alone and self._clock() >= self._trusted_until:
                    raise LeaseLost("could not renew in time") from error
                pause = _TRY_EVERY
            else:
                self._trusted_until = begun + TTL.total_seconds() - MARGIN
                pause = _RENEW_EVERY

    async def _give_back(self) -> None:
        if self._lease is not None:
            with suppress(StoreError, TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._leases.release(self._lease)
            self._lease = None


async def _run(duty: Callable[[int], Awaitable[None]], term: int) -> None:
    await duty(term)
