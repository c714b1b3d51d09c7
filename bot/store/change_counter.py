"""Numbers that put the changes of all replicas in one order."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.rows import insert_if_absent
from bot.store.tables import counters


async def next_number(connection: AsyncConnection, name: str, *, count: int = 1) -> int:
    """Count on and return the number. The row's lock makes transactions of all replicas commit in this order."""
    await insert_if_absent(connection, counters, {"name": name, "value": 0})
    moved = await connection.execute(
        update(counters)
        .where(counters.c.name == name)
        .values(value=counters.c.value + count)
        .returning(counters.c.value)
    )
    return int(moved.scalar_one())


async def advance(connection: AsyncConnection, name: str, value: int) -> bool:
    """Set the counter, unless it is as high already. Its row stays locked: transactions come one after the other."""
    await insert_if_absent(connection, counters, {"name": name, "value": 0})
    is_lower = (counters.c.name == name) & (counters.c.value < value)
    return bool((await connection.execute(update(counters).where(is_lower).values(value=value))).rowcount)
