"""What happened: the runs that the bot has seen, and past incidents."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain import Incident, IncidentState, KnownRun, MailId
from bot.domain.incidents import Standing
from bot.store.database import Database
from bot.store.rows import known_run_from, read_all
from bot.store.runs import BEGAN
from bot.store.subscription_views import firing_incidents, newest_runs
from bot.store.tables import incidents, runs, watches


@dataclass(slots=True)
class History:
    _database: Database

    async def runs_of(self, mail_id: MailId, *, limit: int = 30, offset: int = 0) -> tuple[KnownRun, ...]:
        """The mail's runs, newest first."""
        newest_first = select(runs).where(runs.c.mail_id == mail_id).order_by(BEGAN.desc())

        async def read(connection: AsyncConnection) -> tuple[KnownRun, ...]:
            found = await connection.execute(newest_first.limit(limit).offset(offset))
            return tuple(map(known_run_from, found.mappings()))

        return await self._database.remembered(("runs", mail_id, limit, offset), (runs,), read)

    async def count_runs(self, mail_id: MailId) -> int:
        of_mail = select(func.count()).select_from(runs).where(runs.c.mail_id == mail_id)

        async def read(connection: AsyncConnection) -> int:
            return int((await connection.execute(of_mail)).scalar_one())

        return await self._database.remembered(("run count", mail_id), (runs,), read)

    async def last_answer_at(self) -> datetime | None:
        """When Quick BI last answered about any mail that is watched, as far as it was recorded."""
        async with self._database.reading() as connection:
            found = await connection.execute(
                select(func.max(watches.c.looked_at)).where(watches.c.is_watched)
            )
            at: datetime | None = found.scalar_one_or_none()
        return at

    async def incidents_of(
        self, mail_ids: Collection[MailId], *, limit: int = 10, over_since: datetime | None = None
    ) -> tuple[Incident, ...]:
        """The newest incidents of these mails, newest first; or only those that ended well after `over_since`."""
        wanted: ColumnElement[bool] = incidents.c.mail_id.in_(mail_ids)
        if over_since is not None:
            ended_well = incidents.c.state.in_([IncidentState.RECOVERED, IncidentState.CORRECTED])
            wanted = and_(wanted, ended_well, incidents.c.closed_at >= over_since)
        newest_first = select(incidents).where(wanted).order_by(incidents.c.opened_at.desc())
        return await self._database.remembered(
            ("incidents", frozenset(mail_ids), limit, over_since),
            (incidents,),
            partial(read_all, statement=newest_first.limit(limit), kind=Incident),
        )

    async def standings(self, mail_ids: Collection[MailId]) -> Mapping[MailId, Standing]:
        """The recorded state of these mails. Those of which nothing is known are left out."""

        async def read(connection: AsyncConnection) -> Mapping[MailId, Standing]:
            latest = await newest_runs(connection, runs.c.mail_id.in_(mail_ids))
            firing = await firing_incidents(connection, incidents.c.mail_id.in_(mail_ids))
            return {
                mail_id: Standing(latest=latest.get(mail_id), incident=firing.get(mail_id))
                for mail_id in latest.keys() | firing.keys()
            }

        return await self._database.remembered(("standings", frozenset(mail_ids)), (runs, incidents), read)
