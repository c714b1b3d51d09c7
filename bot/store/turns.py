"""Who may act, and when: the leader's lease, the account's call slots, the order of changes. One row each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, case, cast, select, true, update

from bot.domain import Lease, LeaseLost
from bot.store.database import insert_if_absent
from bot.store.tables import Instant, call_slots, counters, from_micros, lease

if TYPE_CHECKING:
    from datetime import timedelta
    from typing import Any

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection

    from bot.store.database import Database

_THE_ONE = "bot"
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
        values = {"name": _THE_ONE, "free_at": from_micros(0)}
        await connection.execute(insert_if_absent(self._database, call_slots, values))


class LeaseRow:
    """The lease: whoever holds it leads until it expires. Each new holder gets a higher term.

    On SQLite one process has the file, so what an earlier process held is void at once.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def acquire(self, holder: str, ttl: timedelta) -> Lease | None:
        """Take the lease if it is free, expired, or (as after a restart) nobody else can hold it."""
        now = self._database.clock()
        expired = cast(lease.c.expires_at, BigInteger) <= now
        free = true() if self._database.is_exclusive else expired
        first = {
            "name": _THE_ONE,
            "holder": "",
            "term": 0,
            "expires_at": cast(now - 1, Instant),
        }
        async with self._database.writing() as connection:
            await connection.execute(insert_if_absent(self._database, lease, first))
            taken = await connection.execute(
                update(lease)
                .where(free)
                .values(holder=holder, term=lease.c.term + 1, expires_at=self._from_now(ttl))
                .returning(*lease.c)
            )
            row = taken.mappings().one_or_none()
        if row is None:
            return None
        return Lease(holder=row["holder"], term=row["term"], expires_at=row["expires_at"])

    async def renew(self, held: Lease, ttl: timedelta) -> Lease:
        """Raises LeaseLost where another replica has taken it meanwhile."""
        async with self._database.writing() as connection:
            renewed = await connection.execute(
                update(lease)
                .where(lease.c.term == held.term, lease.c.holder == held.holder)
                .values(expires_at=self._from_now(ttl))
                .returning(lease.c.expires_at)
            )
            row = renewed.one_or_none()
        if row is None:
            raise LeaseLost("another replica leads")
        return Lease(holder=held.holder, term=held.term, expires_at=row[0])

    async def release(self, held: Lease) -> None:
        """Let another replica begin at once."""
        expired = cast(self._database.clock() - 1, Instant)
        async with self._database.writing() as connection:
            await connection.execute(
                update(lease)
                .where(lease.c.term == held.term, lease.c.holder == held.holder)
                .values(expires_at=expired)
            )

    def _from_now(self, ttl: timedelta) -> ColumnElement[Any]:
        return cast(self._database.clock() + round(ttl.total_seconds() * _MICROS), Instant)


async def in_turn(database: Database, connection: AsyncConnection, name: str) -> int:
    """The next number of that counter. Its row lock puts the transactions of all replicas in one order."""
    await connection.execute(insert_if_absent(database, counters, {"name": name, "value": 0}))
    moved = await connection.execute(
        update(counters)
        .where(counters.c.name == name)
        .values(value=counters.c.value + 1)
        .returning(counters.c.value)
    )
    return int(moved.scalar_one())


async def fence(connection: AsyncConnection, term: int | None) -> None:
    """Hold this transaction to its term: it commits only if nobody took the lease meanwhile.

    The shared row lock keeps a new leader from beginning until the transaction is over. `None` is for writes
    that any replica may make. Raises LeaseLost.
    """
    if term is None:
        return
    found = await connection.execute(
        select(lease.c.term).where(lease.c.name == _THE_ONE).with_for_update(read=True)
    )
    if found.scalar_one_or_none() != term:
        raise LeaseLost("another replica leads")
