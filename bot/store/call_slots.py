"""The account's status calls, shared by all replicas: one row, the time at which the next call is free."""

from __future__ import annotations

from sqlalchemy import BigInteger, case, cast, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.database import Database
from bot.store.rows import insert_if_absent
from bot.store.tables import Instant, call_slots, from_micros

_MICROS = 1_000_000
_FARTHEST = 600 * _MICROS  # nobody waits that long: the clock was set back


class CallSlotRow:
    """The account's status calls as a virtual schedule: the row is the time at which the next one is free.

    A call moves it on by one interval from where it is, or from now if that is later: no bursts, ever.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reserve_call(self, *, interval: float) -> float:
        return await self._move(round(interval * _MICROS), only_if_free=False)

    async def take_call_if_free(self, *, interval: float) -> float:
        wait = await self._move(round(interval * _MICROS), only_if_free=True)
        return max(0.0, wait)

    async def hold_calls(self, seconds: float) -> None:
        now = self._database.clock()
        until = cast(now + round(seconds * _MICROS), BigInteger)
        free_at = cast(call_slots.c.free_at, BigInteger)
        async with self._database.writing() as connection:
            await self._ensure_row(connection)
            later = case((free_at > until, free_at), else_=until)
            await connection.execute(update(call_slots).values(free_at=cast(later, Instant)))

    async def _move(self, interval: int, *, only_if_free: bool) -> float:
        """Take the slot and return the seconds until it begins."""
        now = self._database.clock()
        free_at = cast(call_slots.c.free_at, BigInteger)
        async with self._database.writing() as connection:
            await self._ensure_row(connection)
            row = await connection.execute(select(free_at, now).with_for_update())
            free, clock = row.one()
            if free > clock + _FARTHEST:
                free = clock
            if only_if_free and free > clock:
                return float(free - clock) / _MICROS
            begins = max(free, clock)
            await connection.execute(update(call_slots).values(free_at=from_micros(begins + interval)))
            return float(begins - clock) / _MICROS

    async def _ensure_row(self, connection: AsyncConnection) -> None:
        values = {"name": "bot", "free_at": from_micros(0)}
        await insert_if_absent(connection, call_slots, values)
