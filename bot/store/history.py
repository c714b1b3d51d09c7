"""What happened: the runs that the bot has seen, past incidents, and who changed what. Old rows are forgotten."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, exists, func, or_, select

from bot.domain import IncidentState
from bot.domain.incidents import Standing
from bot.store.audit import note_action
from bot.store.change_counter import next_number
from bot.store.rows import incident_from, known_run_from
from bot.store.runs import BEGAN
from bot.store.subscription_views import firing_incidents, newest_runs
from bot.store.tables import audit, incidents, notices, post_items, posts, runs

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement

    from bot.domain import ChannelId, Incident, KnownRun, MailId, UserId
    from bot.store.database import Database

_TWICE_WITHIN = timedelta(hours=1)  # two clicks on one message; nobody has it in front of them longer


class History:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def runs_of(self, mail_id: MailId, *, limit: int = 30, offset: int = 0) -> tuple[KnownRun, ...]:
        """The mail's runs, newest first."""
        async with self._database.reading() as connection:
            found = await connection.execute(
                select(runs)
                .where(runs.c.mail_id == mail_id)
                .order_by(BEGAN.desc())
                .limit(limit)
                .offset(offset)
            )
            return tuple(map(known_run_from, found.mappings()))

    async def count_runs(self, mail_id: MailId) -> int:
        async with self._database.reading() as connection:
            found = await connection.execute(
                select(func.count()).select_from(runs).where(runs.c.mail_id == mail_id)
            )
            return int(found.scalar_one())

    async def incidents_of(
        self, mail_ids: Collection[MailId], *, limit: int = 10, over_since: datetime | None = None
    ) -> tuple[Incident, ...]:
        """The newest incidents of these mails, newest first; or only those that ended well after `over_since`."""
        wanted: ColumnElement[bool] = incidents.c.mail_id.in_(mail_ids)
        if over_since is not None:
            ended_well = incidents.c.state.in_([IncidentState.RECOVERED, IncidentState.CORRECTED])
            wanted = and_(wanted, ended_well, incidents.c.closed_at >= over_since)
        async with self._database.reading() as connection:
            found = await connection.execute(
                select(incidents).where(wanted).order_by(incidents.c.opened_at.desc()).limit(limit)
            )
            return tuple(map(incident_from, found.mappings()))

    async def standings(self, mail_ids: Collection[MailId]) -> Mapping[MailId, Standing]:
        """How these mails are doing, as far as it was recorded. Those of which nothing is known are left out."""
        async with self._database.reading() as connection:
            latest = await newest_runs(connection, runs.c.mail_id.in_(mail_ids))
            firing = await firing_incidents(connection, incidents.c.mail_id.in_(mail_ids))
        return {
            mail_id: Standing(latest=latest.get(mail_id), incident=firing.get(mail_id))
            for mail_id in latest.keys() | firing.keys()
        }

    async def record_action(
        self,
        *,
        at: datetime,
        user_id: UserId,
        action: str,
        channel_id: ChannelId | None = None,
        mail_id: MailId | None = None,
        detail: str = "",
        once: bool = False,
    ) -> None:
        """Who changed what, when and from where. `once`: not a second time for the same deed."""
        the_same = (
            (audit.c.at == at)
            & (audit.c.user_id == user_id)
            & (audit.c.action == action)
            & (audit.c.mail_id == (mail_id or ""))
        )
        async with self._database.writing() as connection:
            if once and (await connection.execute(select(audit.c.audit_id).where(the_same))).first():
                return
            await note_action(
                connection,
                at=at,
                user_id=user_id,
                action=action,
                channel_id=channel_id,
                mail_id=mail_id,
                detail=detail,
            )

    async def record_once(
        self,
        *,
        at: datetime,
        user_id: UserId,
        action: str,
        channel_id: ChannelId,
        mail_id: MailId,
        detail: str,
    ) -> bool:
        """False where the very same was recorded within the hour: a click that came twice.

        A counter's row lock puts the clicks of all replicas in one order.
        """
        same = and_(
            audit.c.at > at - _TWICE_WITHIN,
            audit.c.user_id == user_id,
            audit.c.action == action,
            audit.c.channel_id == channel_id,
            audit.c.mail_id == mail_id,
            audit.c.detail == detail,
        )
        async with self._database.writing() as connection:
            await next_number(self._database, connection, "clicks")
            found = await connection.execute(select(audit.c.audit_id).where(same).limit(1))
            if found.first() is not None:
                return False
            await note_action(
                connection,
                at=at,
                user_id=user_id,
                action=action,
                channel_id=channel_id,
                mail_id=mail_id,
                detail=detail,
            )
        return True

    async def actions(self, *, limit: int = 100) -> tuple[tuple[datetime, str, str, str, str, str], ...]:
        """(at, user, action, channel, mail, detail), newest first."""
        async with self._database.reading() as connection:
            found = await connection.execute(
                select(
                    audit.c.at,
                    audit.c.user_id,
                    audit.c.action,
                    audit.c.channel_id,
                    audit.c.mail_id,
                    audit.c.detail,
                )
                .order_by(audit.c.audit_id.desc())
                .limit(limit)
            )
            return tuple((row[0], row[1], row[2], row[3], row[4], row[5]) for row in found)

    async def forget(self, *, before: datetime) -> None:
        """Drop runs, closed incidents and their messages that are older. The audit stays.

        So do a mail's newest run and the failures of what fires: Quick BI may tell of them again any time, and
        they would be taken for news.
        """
        closed = select(incidents.c.incident_id).where(
            incidents.c.closed_at < before, incidents.c.state != IncidentState.FIRING
        )
        async with self._database.writing() as connection:
            await connection.execute(delete(notices).where(notices.c.incident_id.in_(closed)))
            await connection.execute(delete(post_items).where(post_items.c.incident_id.in_(closed)))
            await connection.execute(delete(incidents).where(incidents.c.incident_id.in_(closed)))
            await connection.execute(delete(runs).where(runs.c.first_seen_at < before, _is_over_with()))
            still_used = select(post_items.c.post_id).union(
                select(notices.c.post_id).where(notices.c.post_id.is_not(None))
            )
            await connection.execute(
                delete(posts).where(posts.c.claimed_at < before, posts.c.post_id.not_in(still_used))
            )
            await connection.execute(
                delete(notices).where(notices.c.incident_id.is_(None), notices.c.created_at < before)
            )


def _is_over_with() -> ColumnElement[bool]:
    """A newer run of the mail is known, and no incident that fires counts this one."""
    newer = runs.alias()
    newer_began = func.coalesce(newer.c.exec_at, newer.c.first_seen_at)
    is_overtaken = exists().where(newer.c.mail_id == runs.c.mail_id, newer_began > BEGAN)
    firing = select(incidents.c.incident_id).where(incidents.c.state == IncidentState.FIRING)
    return and_(is_overtaken, or_(runs.c.counted_in.is_(None), runs.c.counted_in.not_in(firing)))
