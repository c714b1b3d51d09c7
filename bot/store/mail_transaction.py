"""One mail inside one transaction: what is known of it, and how to write down what was seen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, update

from bot.domain import ChannelId, NotifyReason, RunStatus
from bot.domain.recipients import audience
from bot.domain.run_context import RunContext, is_older_than_the_watch
from bot.store.database import insert_if_absent
from bot.store.notices import firing_incident, notice_row, touch_posts
from bot.store.rows import incident_from, incident_to, run_from, subscription_from
from bot.store.runs import BEGAN, baseline_began_at, known_run, write_run
from bot.store.tables import incidents, mails, notices, runs, subscriptions, watches
from bot.store.watches import note_change

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from bot.domain import DueTime, Incident, IncidentId, MailId, TaskRun
    from bot.domain.incident_rules import Decision
    from bot.store.database import Database


class MailTransaction:
    """Everything is read under the lock of the mail's watch, so nobody judges from what is no longer so."""

    def __init__(
        self, database: Database, connection: AsyncConnection, mail_id: MailId, watch: Any | None
    ) -> None:
        self._database = database
        self._connection = connection
        self.mail_id = mail_id
        self.is_watched = bool(watch and watch["is_watched"])
        self.denied_at: datetime | None = watch["denied_at"] if watch else None
        self.incident: Incident | None = None
        self._has_baseline = bool(watch and watch["has_baseline"])

    async def load(self) -> None:
        self.incident = await firing_incident(self._connection, self.mail_id)
        found = await self._connection.execute(
            select(subscriptions).where(subscriptions.c.mail_id == self.mail_id)
        )
        self._subscriptions = tuple(map(subscription_from, found.mappings()))
        self._told = await self._channels_that_know()

    async def situation(self, run: TaskRun, *, latest_at: datetime | None) -> RunContext:
        """`latest_at` is when Quick BI named this run as the mail's latest, None if it did not."""
        past = await known_run(self._connection, run)
        return RunContext(
            incident=self.incident,
            counted=await self._incident(past.counted_in) if past and past.counted_in else None,
            past=past,
            newest_over=await self.newest(over=True, but=run.key),
            last_sent_at=await self.last_sent_at(),
            watched_since=min((each.created_at for each in self._subscriptions), default=None),
            baseline_at=await baseline_began_at(self._connection, self.mail_id),
            is_first_look=not self._has_baseline,
            is_latest=latest_at is not None
            and not await self._has_news_since(past.first_seen_at if past else latest_at, but=run.key),
        )

    async def newest(self, *, over: bool = False, but: str = "") -> TaskRun | None:
        statement = select(runs).where(runs.c.mail_id == self.mail_id, runs.c.run_key != but)
        if over:
            statement = statement.where(runs.c.status.in_([RunStatus.SENT, RunStatus.FAILED]))
        found = await self._connection.execute(statement.order_by(BEGAN.desc()).limit(1))
        row = found.mappings().one_or_none()
        return None if row is None else run_from(row)

    async def _has_news_since(self, at: datetime, *, but: str) -> bool:
        """Whether another run was first seen after `at`: an answer can be written after a later one."""
        found = await self._connection.execute(
            select(runs.c.run_key)
            .where(
                runs.c.mail_id == self.mail_id,
                runs.c.run_key != but,
                runs.c.first_seen_at > at,
            )
            .limit(1)
        )
        return found.first() is not None

    async def last_sent_at(self) -> datetime | None:
        found = await self._connection.execute(
            select(func.max(runs.c.exec_at, type_=runs.c.exec_at.type)).where(
                runs.c.mail_id == self.mail_id, runs.c.status == RunStatus.SENT
            )
        )
        newest: datetime | None = found.scalar_one_or_none()
        return newest

    async def is_paused(self) -> bool:
        """As the directory knows it: in Quick BI, by somebody's hand."""
        found = await self._connection.execute(select(mails.c.paused).where(mails.c.mail_id == self.mail_id))
        return bool(found.scalar_one_or_none())

    async def keep_run(
        self, run: TaskRun, situation: RunContext, verdict: Decision, *, now: datetime, request_id: str
    ) -> None:
        """Write the run as it is now seen, and whether it counts as a failure."""
        past = situation.past
        await write_run(
            self._database,
            self._connection,
            run,
            past,
            now=now,
            request_id=request_id,
            is_baseline=past.is_baseline if past else is_older_than_the_watch(run, situation),
            counted_in=verdict.incident.incident_id if verdict.counts and verdict.incident else None,
        )

    async def keep_unwatched(self, run: TaskRun, *, now: datetime, request_id: str) -> None:
        """Nobody is subscribed: the run is history. Whoever subscribes later is shown it, not told."""
        past = await known_run(self._connection, run)
        await write_run(
            self._database, self._connection, run, past, now=now, request_id=request_id, is_baseline=True
        )

    async def keep(self, verdict: Decision, now: datetime, *, declared: DueTime | None = None) -> None:
        """Write the incident, owe the notices, have the messages drawn anew: all that the news is about."""
        incident = verdict.incident
        if incident is None or not verdict.reason.is_shown:
            return
        await self._write(incident)
        await self._owe(verdict.reason, incident, self.audience(verdict.reason, now, declared), now)
        await touch_posts(self._connection, incident)
        if incident.is_firing:
            self.incident = incident
        elif self.incident is not None and self.incident.incident_id == incident.incident_id:
            self.incident, self._told = None, set()
            await self._wake_who_waited(incident)

    def audience(
        self, reason: NotifyReason, now: datetime, declared: DueTime | None
    ) -> Mapping[ChannelId, datetime | None]:
        return audience(reason, self._subscriptions, told=self._told, now=now, declared=declared)

    async def owe_to_untold(self, now: datetime, declared: DueTime | None) -> None:
        """The mail is known to be late; some channels wanted to hear it by another rule, and have not yet."""
        if self.incident is None:
            return
        owed = self.audience(NotifyReason.LATE, now, declared)
        untold = {channel_id: owed[channel_id] for channel_id in owed.keys() - self._told}
        await self._owe(NotifyReason.LATE, self.incident, untold, now)

    async def hand_to_the_leader(self) -> None:
        """What was seen here must be followed there: this may be another replica."""
        await note_change(self._database, self._connection, self.mail_id)

    async def set_denied(self, at: datetime | None) -> None:
        await self._connection.execute(
            update(watches).where(watches.c.mail_id == self.mail_id).values(denied_at=at)
        )

    async def looked(self, now: datetime, memory: str | None, *, is_latest: bool) -> None:
        """An answer about an earlier run alone (`is_latest` False) says nothing of the newest one."""
        values: dict[str, Any] = {"has_baseline": True}
        if is_latest:
            values["looked_at"] = now
        if memory is not None:
            values["memory"] = memory
        await self._connection.execute(
            update(watches).where(watches.c.mail_id == self.mail_id).values(values)
        )

    async def _owe(
        self,
        reason: NotifyReason,
        incident: Incident,
        owed: Mapping[ChannelId, datetime | None],
        now: datetime,
    ) -> None:
        for channel_id, not_before in owed.items():
            values = notice_row(
                dedupe_key=f"{channel_id}:{incident.incident_id}:{incident.version}",
                channel_id=channel_id,
                reason=reason,
                created_at=now,
                incident=incident,
                not_before=not_before,
            )
            await self._connection.execute(insert_if_absent(self._database, notices, values))
            self._told.add(channel_id)

    async def _write(self, incident: Incident) -> None:
        values = incident_to(incident)
        changed = await self._connection.execute(
            update(incidents).where(incidents.c.incident_id == incident.incident_id).values(values)
        )
        if not changed.rowcount:
            await self._connection.execute(insert(incidents).values(values))

    async def _wake_who_waited(self, incident: Incident) -> None:
        """Snoozed until it recovers: it has. What was held back is told together with the recovery."""
        waiting = [each for each in self._subscriptions if each.snoozed_until_recovered]
        if not waiting:
            return
        channel_ids = [each.channel_id for each in waiting]
        await self._connection.execute(
            update(subscriptions)
            .where(subscriptions.c.mail_id == self.mail_id, subscriptions.c.channel_id.in_(channel_ids))
            .values(snoozed_until_recovered=False)
        )
        await self._connection.execute(
            update(notices)
            .where(
                notices.c.incident_id == incident.incident_id,
                notices.c.channel_id.in_(channel_ids),
                notices.c.post_id.is_(None),
            )
            .values(not_before=None)
        )
        self._subscriptions = tuple(
            replace(each, snoozed_until_recovered=False) for each in self._subscriptions
        )

    async def _incident(self, incident_id: IncidentId) -> Incident | None:
        found = await self._connection.execute(
            select(incidents).where(incidents.c.incident_id == incident_id)
        )
        row = found.mappings().one_or_none()
        return None if row is None else incident_from(row)

    async def _channels_that_know(self) -> set[ChannelId]:
        if self.incident is None:
            return set()
        found = await self._connection.execute(
            select(notices.c.channel_id).where(notices.c.incident_id == self.incident.incident_id).distinct()
        )
        return {ChannelId(channel_id) for channel_id in found.scalars()}
