"""The account's status calls, shared by all replicas: one row, the time at which the next call is free."""

from __future__ import annotations

import asyncio
from math import inf

from sqlalchemy import BigInteger, case, cast, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.database import Database
from bot.store.rows import insert_if_absent
from bot.store.tables import Instant, call_slots, from_micros

LEAD = 0.03  # seconds: the poller's slot is taken so much earlier, so that the database costs no time between calls
_MICROS = 1_000_000
_FARTHEST = 600 * _MICROS  # nobody waits that long: the clock was set back


class CallSlotRow:
    """The account's status calls as a virtual schedule: the row is the time at which the next one is free.

    A call moves it on by one interval from where it is, or from now if that is later: no bursts, ever.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reserve_call(self, *, interval: float) -> float:
        return await self._move(round(interval * _MICROS))

    async def take_call_if_free(self, *, interval: float) -> float:
        wait = await self._move(round(interval * _MICROS), if_within=LEAD)
        if wait > LEAD:
            return wait - LEAD
        await asyncio.sleep(wait)
        return 0.0

    async def hold_calls(self, seconds: float) -> None:
        now = self._database.clock()
        until = cast(now + round(seconds * _MICROS), BigInteger)
        free_at = cast(call_slots.c.free_at, BigInteger)
        async with self._database.writing() as connection:
            await self._ensure_row(connection)
            later = case((free_at > until, free_at), else_=until)
            await connection.execute(update(call_slots).values(free_at=cast(later, Instant)))

    async def _move(self, interval: int, *, if_within: float = inf) -> float:
        """Take the slot if it begins within so many seconds. Returns the seconds until it begins."""
        now = self._database.clock()
        free_at = cast(call_slots.c.free_at, BigInteger)
        async with self._database.writing() as connection:
            await self._ensure_row(connection)
            row = await connection.execute(select(free_at, now).with_for_update())
            free, clock = row.one()
            if free > clock + _FARTHEST:
                free = clock
            begins = max(free, clock)
            wait = float(begins - clock) / _MICROS
            if wait <= if_within:
                await connection.execute(update(call_slots).values(free_at=from_micros(begins + interval)))
            return wait

    async def _ensure_row(self, connection: AsyncConnection) -> None:
        values = {"name": "bot", "free_at": from_micros(0)}
        await insert_if_absent(connection, call_slots, values)
