"""Times in which Quick BI could not be asked, and the lines owed to the operators about them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from bot.domain import NotifyReason, Outage
from bot.store.database import insert_if_absent
from bot.store.lease import fence
from bot.store.notices import notice_row
from bot.store.tables import notices, outages

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from bot.domain import ChannelId
    from bot.domain.outage_rules import OutageDecision
    from bot.store.database import Database


class Outages:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def current(self) -> Outage | None:
        """The one that is not over: also one too short to speak of, so that a restart does not begin anew."""
        async with self._database.reading() as connection:
            found = await connection.execute(
                select(outages).where(outages.c.ended_at.is_(None)).order_by(outages.c.began_at).limit(1)
            )
            row = found.mappings().one_or_none()
        return None if row is None else Outage(**row)

    async def keep(
        self, verdict: OutageDecision, *, now: datetime, operator_channel: ChannelId | None, term: int
    ) -> None:
        """Write it and owe the operators its line. What ended before it was told of is forgotten."""
        outage = verdict.outage
        if outage is None:
            return
        async with self._database.writing() as connection:
            await fence(connection, term)
            await _write(connection, outage)
            if operator_channel is not None and verdict.reason is not NotifyReason.AS_BEFORE:
                line = notice_row(
                    dedupe_key=f"{operator_channel}:{outage.outage_id}:{verdict.reason}",
                    channel_id=operator_channel,
                    reason=verdict.reason,
                    created_at=now,
                    detail=outage.cause,
                    since=outage.began_at,
                )
                await connection.execute(insert_if_absent(self._database, notices, line))


async def _write(connection: AsyncConnection, outage: Outage) -> None:
    same = outages.c.outage_id == outage.outage_id
    if outage.ended_at is not None and outage.told_at is None:
        await connection.execute(delete(outages).where(same))
        return
    changed = await connection.execute(update(outages).where(same).values(asdict(outage)))
    if not changed.rowcount:
        await connection.execute(insert(outages).values(asdict(outage)))
