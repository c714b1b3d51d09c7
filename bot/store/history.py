"""What happened: the runs that the bot has seen, and past incidents. Old rows are deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, exists, func, or_, select

from bot.domain import Incident, IncidentState
from bot.domain.incidents import Standing
from bot.store.rows import known_run_from, read_all
from bot.store.runs import BEGAN
from bot.store.subscription_views import firing_incidents, newest_runs
from bot.store.tables import incidents, notices, post_items, posts, runs, watches

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement

    from bot.domain import KnownRun, MailId
    from bot.store.database import Database

_FORGET_LIMIT = 60.0  # seconds for one deletion of what is old


@dataclass(slots=True)
class History:
    _database: Database

    async def runs_of(self, mail_id: MailId, *, limit: int = 30, offset: int = 0) -> tuple[KnownRun, ...]:
        """The mail's runs, newest first."""
        newest_first = select(runs).where(runs.c.mail_id == mail_id).order_by(BEGAN.desc())
        async with self._database.reading() as connection:
            found = await connection.execute(newest_first.limit(limit).offset(offset))
            return tuple(map(known_run_from, found.mappings()))

    async def count_runs(self, mail_id: MailId) -> int:
        async with self._database.reading() as connection:
            found = await connection.execute(
                select(func.count()).select_from(runs).where(runs.c.mail_id == mail_id)
            )
            return int(found.scalar_one())

    async def last_answer_at(self) -> datetime | None:
        """When Quick BI last answered about any mail that is watched, as far as it was recorded."""
        async with self._database.reading() as connection:
            found = await connection.execute(select(func.max(watches.c.looked_at)))
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
        async with self._database.reading() as connection:
            return await read_all(connection, newest_first.limit(limit), Incident)

    async def standings(self, mail_ids: Collection[MailId]) -> Mapping[MailId, Standing]:
        """The recorded state of these mails. Those of which nothing is known are left out."""
        async with self._database.reading() as connection:
            latest = await newest_runs(connection, runs.c.mail_id.in_(mail_ids))
            firing = await firing_incidents(connection, incidents.c.mail_id.in_(mail_ids))
        return {
            mail_id: Standing(latest=latest.get(mail_id), incident=firing.get(mail_id))
            for mail_id in latest.keys() | firing.keys()
        }

    async def forget(self, *, before: datetime) -> None:
        """Delete runs, closed incidents and their messages that are older. The audit stays.

        A mail's newest run and the failures of what fires stay, too: Quick BI may list them again, and they
        would be taken for new ones.
        """
        closed = select(incidents.c.incident_id).where(
            incidents.c.closed_at < before, incidents.c.state != IncidentState.FIRING
        )
        still_used = select(post_items.c.post_id).union(
            select(notices.c.post_id).where(notices.c.post_id.is_not(None))
        )
        steps = (
            delete(notices).where(notices.c.incident_id.in_(closed)),
            delete(post_items).where(post_items.c.incident_id.in_(closed)),
            delete(incidents).where(incidents.c.incident_id.in_(closed)),
            delete(runs).where(runs.c.first_seen_at < before, _is_done_with()),
            delete(posts).where(posts.c.claimed_at < before, posts.c.post_id.not_in(still_used)),
            delete(notices).where(notices.c.incident_id.is_(None), notices.c.created_at < before),
        )
        async with self._database.writing(limit=_FORGET_LIMIT) as connection:
            for step in steps:
                await connection.execute(step)


def _is_done_with() -> ColumnElement[bool]:
    """A newer run of the mail is known, and no incident that fires counts this one."""
    newer = runs.alias()
    newer_began = func.coalesce(newer.c.exec_at, newer.c.first_seen_at)
    is_overtaken = exists().where(newer.c.mail_id == runs.c.mail_id, newer_began > BEGAN)
    firing = select(incidents.c.incident_id).where(incidents.c.state == IncidentState.FIRING)
    return and_(is_overtaken, or_(runs.c.counted_in.is_(None), runs.c.counted_in.not_in(firing)))
