"""The leader's lease: one row, which says who leads, in which term, and until when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, cast, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain import Lease, LeaseLost
from bot.store.database import Database
from bot.store.rows import insert_if_absent
from bot.store.tables import Instant, lease

_NAME = "bot"
_MICROS = 1_000_000


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
            "name": _NAME,
            "holder": "",
            "term": 0,
            "expires_at": cast(now - 1, Instant),
        }
        async with self._database.writing() as connection:
            await insert_if_absent(connection, lease, first)
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


async def fence(connection: AsyncConnection, term: int | None) -> None:
    """Hold this transaction to its term: it commits only if nobody took the lease meanwhile.

    The shared row lock keeps a new leader from beginning until the transaction is over. `None` is for writes
    that any replica may make. Raises LeaseLost.
    """
    if term is None:
        return
    found = await connection.execute(
        select(lease.c.term).where(lease.c.name == _NAME).with_for_update(read=True)
    )
    if found.scalar_one_or_none() != term:
        raise LeaseLost("another replica leads")
