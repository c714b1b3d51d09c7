"""One mail inside one transaction: reads what is known of it, and stores what was seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain import ChannelId, DueTime, Incident, MailId, NotifyReason, RunStatus, Subscription, TaskRun
from bot.domain.incident_rules import Decision
from bot.domain.recipients import audience
from bot.domain.run_context import RunContext, is_older_than_the_watch
from bot.store.notices import add_notice, firing_incident, redraw_posts
from bot.store.reminders import add_reminder, restart_reminders
from bot.store.roll_calls import redraw_roll_calls
from bot.store.rows import columns_of, read_all, read_one, upsert
from bot.store.runs import BEGAN, baseline_began_at, known_run, newest_exec_at, write_baseline, write_run
from bot.store.tables import incidents, mails, notices, runs, subscriptions, watches
from bot.store.watches import note_change


class MailTransaction:
    """Everything is read under the lock of the mail's watch: no other transaction changes it meanwhile."""

    def __init__(self, connection: AsyncConnection, mail_id: MailId, watch: Any | None) -> None:
        self._connection = connection
        self.mail_id = mail_id
        self.is_watched = bool(watch and watch["is_watched"])
        self.denied_at: datetime | None = watch["denied_at"] if watch else None
        self.incident: Incident | None = None
        self._has_baseline = bool(watch and watch["has_baseline"])
        self._subscriptions: tuple[Subscription, ...] = ()
        self._notified: set[ChannelId] = set()  # of the firing incident
        self._is_changed = False  # as a roll-call shows it

    async def load(self) -> None:
        self.incident = await firing_incident(self._connection, self.mail_id)
        of_mail = select(subscriptions).where(subscriptions.c.mail_id == self.mail_id)
        self._subscriptions = await read_all(self._connection, of_mail, Subscription)
        if self.incident is not None:
            about_it = notices.c.incident_id == self.incident.incident_id
            found = await self._connection.execute(select(notices.c.channel_id).where(about_it).distinct())
            self._notified = set(found.scalars())

    async def context(self, run: TaskRun, *, latest_at: datetime | None) -> RunContext:
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
            and not await self._has_run_since(past.first_seen_at if past else latest_at, but=run.key),
        )

    async def newest(self, *, over: bool = False, but: str = "") -> TaskRun | None:
        statement = select(runs).where(runs.c.mail_id == self.mail_id, runs.c.run_key != but)
        if over:
            statement = statement.where(runs.c.status.in_([RunStatus.SENT, RunStatus.FAILED]))
        return await read_one(self._connection, statement.order_by(BEGAN.desc()).limit(1), TaskRun)

    async def _has_run_since(self, at: datetime, *, but: str) -> bool:
        """Whether another run was first seen after `at`: an answer can be stored after a later one."""
        is_later = (runs.c.mail_id == self.mail_id) & (runs.c.run_key != but) & (runs.c.first_seen_at > at)
        return (
            await self._connection.execute(select(runs.c.run_key).where(is_later).limit(1))
        ).first() is not None

    async def last_sent_at(self) -> datetime | None:
        was_sent = (runs.c.mail_id == self.mail_id) & (runs.c.status == RunStatus.SENT)
        return await newest_exec_at(self._connection, was_sent)

    async def is_paused(self) -> bool:
        """Whether the mail is paused in Quick BI, by the list as last read."""
        found = await self._connection.execute(select(mails.c.paused).where(mails.c.mail_id == self.mail_id))
        return bool(found.scalar_one_or_none())

    async def keep_run(
        self, run: TaskRun, context: RunContext, decision: Decision, *, now: datetime, request_id: str
    ) -> None:
        """Store the run, and the incident that counts it as a failure."""
        past = context.past
        self._is_changed |= past is None or past.run != run
        await write_run(
            self._connection,
            run,
            past,
            now=now,
            request_id=request_id,
            is_baseline=past.is_baseline if past else is_older_than_the_watch(run, context),
            counted_in=decision.incident.incident_id if decision.counts and decision.incident else None,
        )

    async def keep_as_baseline(self, runs: Sequence[TaskRun], request_id: str, now: datetime) -> None:
        """Nobody is subscribed: the runs are history, which is not announced to whoever subscribes later."""
        await write_baseline(self._connection, runs, request_id, now)

    async def keep(self, decision: Decision, now: datetime, *, declared: DueTime | None = None) -> None:
        """Store the incident, add the notices about it and have its messages redrawn."""
        incident = decision.incident
        if incident is None or not decision.reason.is_shown:
            return
        self._is_changed = True
        await upsert(self._connection, incidents, columns_of(incident))
        recipients = self.recipients(decision.reason, now, declared)
        await self._notify(decision.reason, incident, recipients, now)
        await redraw_posts(self._connection, incident)
        if incident.is_firing:
            self.incident = incident
        elif self.incident is not None and self.incident.incident_id == incident.incident_id:
            self.incident, self._notified = None, set()
            await restart_reminders(self._connection, incident, now)
            await self._end_snoozes(incident)

    def recipients(
        self, reason: NotifyReason, now: datetime, declared: DueTime | None
    ) -> Mapping[ChannelId, datetime | None]:
        return audience(reason, self._subscriptions, told=self._notified, now=now, declared=declared)

    async def notify_others(self, now: datetime, declared: DueTime | None) -> None:
        """The mail is known to be late: notify the channels with another rule for that, which were not notified."""
        if self.incident is None:
            return
        recipients = self.recipients(NotifyReason.LATE, now, declared)
        others = {channel_id: recipients[channel_id] for channel_id in recipients.keys() - self._notified}
        await self._notify(NotifyReason.LATE, self.incident, others, now)

    async def hand_to_leader(self) -> None:
        """Have the leader, perhaps another replica, follow what was seen here."""
        await note_change(self._connection, self.mail_id)

    async def finish(self) -> None:
        if self._is_changed:
            await redraw_roll_calls(self._connection, self.mail_id)

    async def set_denied(self, at: datetime | None) -> None:
        await self._update_watch(denied_at=at)

    async def looked(self, now: datetime, memory: str | None, *, is_latest: bool) -> None:
        """An answer about an earlier run alone (`is_latest` False) says nothing of the newest one."""
        values: dict[str, Any] = {"looked_at": now} if is_latest else {}
        if memory is not None:
            values["memory"] = memory
        await self._update_watch(has_baseline=True, **values)

    async def _update_watch(self, **values: Any) -> None:
        await self._connection.execute(
            update(watches).where(watches.c.mail_id == self.mail_id).values(values)
        )

    async def _notify(
        self,
        reason: NotifyReason,
        incident: Incident,
        recipients: Mapping[ChannelId, datetime | None],
        now: datetime,
    ) -> None:
        for channel_id, not_before in recipients.items():
            await add_notice(
                self._connection,
                dedupe_key=f"{channel_id}:{incident.incident_id}:{incident.version}",
                channel_id=channel_id,
                reason=reason,
                created_at=now,
                incident=incident,
                not_before=not_before,
            )
            if channel_id not in self._notified:
                self._notified.add(channel_id)
                (told,) = (each for each in self._subscriptions if each.channel_id == channel_id)
                await add_reminder(self._connection, told, incident, now)

    async def _end_snoozes(self, incident: Incident) -> None:
        """Of channels that snoozed it until it recovers: what was held back is sent together with the recovery."""
        waiting = [each.channel_id for each in self._subscriptions if each.snoozed_until_recovered]
        if not waiting:
            return
        await self._connection.execute(
            update(subscriptions)
            .where(subscriptions.c.mail_id == self.mail_id, subscriptions.c.channel_id.in_(waiting))
            .values(snoozed_until_recovered=False)
        )
        await self._connection.execute(
            update(notices)
            .where(
                notices.c.incident_id == incident.incident_id,
                notices.c.channel_id.in_(waiting),
                notices.c.post_id.is_(None),
            )
            .values(not_before=None)
        )
        self._subscriptions = tuple(
            replace(each, snoozed_until_recovered=False) for each in self._subscriptions
        )

    async def _incident(self, incident_id: str) -> Incident | None:
        is_it = incidents.c.incident_id == incident_id
        return await read_one(self._connection, select(incidents).where(is_it), Incident)
