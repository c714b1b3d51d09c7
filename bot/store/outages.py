"""Times in which Quick BI could not be asked, and the operators' notices about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from bot.domain import ChannelId, NotifyReason, Outage
from bot.domain.outage_rules import OutageDecision
from bot.store.database import Database
from bot.store.lease import fence
from bot.store.notices import add_notice
from bot.store.rows import columns_of, read_one, upsert
from bot.store.tables import outages


@dataclass(slots=True)
class Outages:
    _database: Database

    async def current(self) -> Outage | None:
        """The one that is not over, also one too short to report: a restart does not begin anew."""
        going_on = select(outages).where(outages.c.ended_at.is_(None)).order_by(outages.c.began_at)
        async with self._database.reading() as connection:
            return await read_one(connection, going_on.limit(1), Outage)

    async def keep(
        self, verdict: OutageDecision, *, now: datetime, operator_channel: ChannelId | None, term: int
    ) -> None:
        """Store it and add the operators' notice. One that ended before it was reported is deleted."""
        outage = verdict.outage
        if outage is None:
            return
        async with self._database.writing() as connection:
            await fence(connection, term)
            if outage.ended_at is not None and outage.told_at is None:
                await connection.execute(delete(outages).where(outages.c.outage_id == outage.outage_id))
            else:
                await upsert(connection, outages, columns_of(outage))
            if operator_channel is not None and verdict.reason is not NotifyReason.AS_BEFORE:
                await add_notice(
                    connection,
                    dedupe_key=f"{operator_channel}:{outage.outage_id}:{verdict.reason}",
                    channel_id=operator_channel,
                    reason=verdict.reason,
                    created_at=now,
                    detail=outage.cause,
                    since=outage.began_at,
                )
