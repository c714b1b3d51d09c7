"""One replica leads: it polls and posts. Holds the lease, runs the leader's duties, stops them when it is lost.

What is authoritative is the lease's row. This process believes that it leads only until the beginning of
its last successful attempt plus the lease's length, less a margin; after that another may lead. Whatever it
writes as the leader names its term, and the database refuses it if the term is over.

Where the database belongs to this process alone (SQLite) nobody else can lead: there a lease that cannot be
renewed is kept, and with it every answer that waits to be written down.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain import LeaseLost, StoreError
from bot.domain.clock import uptime

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from bot.domain import Lease
    from bot.domain.repositories import LeaseKeeper

TTL = timedelta(seconds=15)
MARGIN = 2.0  # seconds by which two clocks may run apart during one lease
_RENEW_EVERY = TTL.total_seconds() / 3  # two may be lost
_TRY_EVERY = 2.0  # seconds between two tries to lead
_log = logging.getLogger(__name__)


class Leadership:
    """`duties` are run with the term for as long as this replica leads; each ends only by cancellation."""

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
        """Nobody else can lead at this moment, even if this process has just stood still for a minute."""
        return self._lease is not None and (self._is_alone or self._clock() < self._trusted_until)

    async def run(self) -> None:
        """Lead whenever it can be had, until cancelled; then let the next one begin at once."""
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
        except StoreError as error:
            _log.warning("lease_not_asked", extra={"error": str(error)})
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
        """Renew in time. Raises LeaseLost when this replica can no longer be sure to be the only one."""
        while True:
            await asyncio.sleep(min(_RENEW_EVERY, max(0.0, self._trusted_until - self._clock())))
            begun = self._clock()
            patience = TTL.total_seconds() if self._is_alone else self._trusted_until - begun
            try:
                async with asyncio.timeout(max(0.1, patience)):
                    await self._leases.renew(lease, TTL)
            except (StoreError, TimeoutError) as error:
                _log.warning("lease_not_renewed", extra={"error": type(error).__name__})
                if not self._is_alone and self._clock() >= self._trusted_until:
                    raise LeaseLost("could not renew in time") from error
                await asyncio.sleep(1.0)
            else:
                self._trusted_until = begun + TTL.total_seconds() - MARGIN

    async def _give_back(self) -> None:
        if self._lease is not None:
            with suppress(StoreError, TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._leases.release(self._lease)
            self._lease = None


async def _run(duty: Callable[[int], Awaitable[None]], term: int) -> None:
    await duty(term)
