"""Which channel wants to be told of which mail. Every change is told to the leader through the mail's watch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, func, select, true, update

from bot.audience import UNTIL_RECOVERED
from bot.domain import IncidentState, MailId, NotifyReason, SubscribeOutcome
from bot.store.news import drop_owed, firing_incident, hold_back, notice_row, touch_posts
from bot.store.rows import due_to, events_to, subscription_from, subscription_to
from bot.store.states import read_states
from bot.store.tables import incidents, notices, subscriptions
from bot.store.turns import insert_if_absent
from bot.store.watches import drop_watch, note_change, record_baseline, start_watch

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection

    from bot.domain import (
        ChannelId,
        DueTime,
        Event,
        StatusAnswer,
        Subscription,
        SubscriptionState,
        UserId,
    )
    from bot.store.database import Database


class Subscriptions:
    """Subscribing twice is once; leaving twice, too."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def subscribe(
        self, wish: Subscription, *, baseline: StatusAnswer | None
    ) -> tuple[SubscribeOutcome, SubscriptionState]:
        """Subscribe a channel. `baseline` is the mail's state as the person is shown it: no news any more.

        Without one (Quick BI could not be asked) what the first look finds is old if it began long enough before
        `wish.created_at`. Where the subscription is there already, only a declared due time is taken over.
        """
        async with self._database.writing() as connection:
            added = await connection.execute(
                insert_if_absent(self._database, subscriptions, subscription_to(wish))
            )
            outcome = SubscribeOutcome.CREATED
            if not added.rowcount:
                outcome = await self._take_over_due(connection, wish)
            if await start_watch(self._database, connection, wish.mail_id) and baseline is not None:
                await record_baseline(self._database, connection, wish.mail_id, baseline, wish.created_at)
            if outcome is SubscribeOutcome.CREATED:
                await self._join_incident(connection, wish)
            state = await _state(connection, wish.channel_id, wish.mail_id)
        if state is None:
            raise AssertionError("the row was written in this transaction")
        return outcome, state

    async def unsubscribe(
        self, channel_id: ChannelId, mail_ids: Collection[MailId] | None, *, now: datetime
    ) -> tuple[MailId, ...]:
        """Leave these mails, or (None) all. Returns those that were subscribed.

        What is owed to the channel about them is dropped; the last channel's leaving ends the incident.
        """
        async with self._database.writing() as connection:
            left = await connection.execute(
                delete(subscriptions)
                .where(
                    subscriptions.c.channel_id == channel_id,
                    true() if mail_ids is None else subscriptions.c.mail_id.in_(mail_ids),
                )
                .returning(subscriptions.c.mail_id)
            )
            gone = tuple(MailId(mail_id) for mail_id in left.scalars())
            for mail_id in gone:
                await drop_owed(connection, channel_id, mail_id)
                await self._leave(connection, mail_id, now)
        return gone

    async def get(self, channel_id: ChannelId, mail_id: MailId) -> SubscriptionState | None:
        async with self._database.reading() as connection:
            return await _state(connection, channel_id, mail_id)

    async def of_channels(self, channel_ids: Collection[ChannelId]) -> tuple[SubscriptionState, ...]:
        """Everything that these channels are told of, oldest first."""
        return await self._states(subscriptions.c.channel_id.in_(channel_ids))

    async def of_person(self, user_id: UserId) -> tuple[SubscriptionState, ...]:
        """Everything that this person subscribed channels to."""
        return await self._states(subscriptions.c.created_by == user_id)

    async def channels_of(self, mail_id: MailId) -> tuple[Subscription, ...]:
        async with self._database.reading() as connection:
            found = await connection.execute(select(subscriptions).where(subscriptions.c.mail_id == mail_id))
            return tuple(map(subscription_from, found.mappings()))

    async def count(self) -> int:
        async with self._database.reading() as connection:
            found = await connection.execute(select(func.count()).select_from(subscriptions))
            return int(found.scalar_one())

    async def snooze(
        self,
        channel_id: ChannelId,
        mail_ids: Collection[MailId],
        *,
        until: datetime | None,
        until_recovered: bool = False,
    ) -> tuple[MailId, ...]:
        """No new messages until then; `until=None` without `until_recovered` wakes it. Returns whom it concerned.

        The messages that are there show the snooze: their change is noted.
        """
        values = {"snoozed_until": until, "snoozed_until_recovered": until_recovered}
        return await self._change(channel_id, mail_ids, values)

    async def choose(
        self,
        channel_id: ChannelId,
        mail_ids: Collection[MailId],
        *,
        events: frozenset[Event],
        late_learned: bool,
        due: DueTime | None,
    ) -> tuple[MailId, ...]:
        """Set what the channel wants to be told of, as a form gives it: all of it."""
        values = {"events": events_to(events), "late_learned": late_learned, "due": due_to(due)}
        return await self._change(channel_id, mail_ids, values)

    async def _change(
        self, channel_id: ChannelId, mail_ids: Collection[MailId], values: Any
    ) -> tuple[MailId, ...]:
        async with self._database.writing() as connection:
            changed = await connection.execute(
                update(subscriptions)
                .where(subscriptions.c.channel_id == channel_id, subscriptions.c.mail_id.in_(mail_ids))
                .values(values)
                .returning(subscriptions.c.mail_id)
            )
            touched = tuple(MailId(mail_id) for mail_id in changed.scalars())
            for mail_id in touched:
                await note_change(self._database, connection, mail_id)
                incident = await firing_incident(connection, mail_id)
                if incident is not None:
                    await touch_posts(connection, incident, channel_id)
                    if "snoozed_until" in values:
                        await hold_back(connection, incident, channel_id, _not_before(values))
        return touched

    async def _take_over_due(self, connection: AsyncConnection, wish: Subscription) -> SubscribeOutcome:
        if wish.due is None:
            return SubscribeOutcome.ALREADY
        changed = await connection.execute(
            update(subscriptions)
            .where(
                subscriptions.c.channel_id == wish.channel_id,
                subscriptions.c.mail_id == wish.mail_id,
                subscriptions.c.due.is_distinct_from(due_to(wish.due)),
            )
            .values(due=due_to(wish.due))
        )
        if not changed.rowcount:
            return SubscribeOutcome.ALREADY
        await note_change(self._database, connection, wish.mail_id)
        return SubscribeOutcome.UPDATED

    async def _join_incident(self, connection: AsyncConnection, wish: Subscription) -> None:
        """Who subscribes while it fails was told by the confirmation, and is owed the end of it."""
        incident = await firing_incident(connection, wish.mail_id)
        if incident is None:
            return
        key = f"{wish.channel_id}:{incident.incident_id}:joined:{int(wish.created_at.timestamp() * 1e6)}"
        values = notice_row(
            dedupe_key=key,
            channel_id=wish.channel_id,
            reason=NotifyReason.JOINED,
            created_at=wish.created_at,
            incident=incident,
            is_folded=True,
        )
        await connection.execute(insert_if_absent(self._database, notices, values))

    async def _leave(self, connection: AsyncConnection, mail_id: MailId, now: datetime) -> None:
        others = await connection.execute(
            select(subscriptions.c.channel_id).where(subscriptions.c.mail_id == mail_id).limit(1)
        )
        if others.first() is not None:
            await note_change(self._database, connection, mail_id)
            return
        await drop_watch(self._database, connection, mail_id)
        incident = await firing_incident(connection, mail_id)
        if incident is None:
            return
        await connection.execute(
            update(incidents)
            .where(incidents.c.incident_id == incident.incident_id)
            .values(state=IncidentState.UNWATCHED, closed_at=now, version=incidents.c.version + 1)
        )
        await touch_posts(connection, incident)

    async def _states(self, condition: ColumnElement[bool]) -> tuple[SubscriptionState, ...]:
        async with self._database.reading() as connection:
            return await read_states(connection, condition)


def _not_before(snooze: Mapping[str, Any]) -> datetime | None:
    until: datetime | None = snooze["snoozed_until"]
    return UNTIL_RECOVERED if snooze["snoozed_until_recovered"] else until


async def _state(
    connection: AsyncConnection, channel_id: ChannelId, mail_id: MailId
) -> SubscriptionState | None:
    found = await read_states(
        connection, and_(subscriptions.c.channel_id == channel_id, subscriptions.c.mail_id == mail_id)
    )
    return found[0] if found else None
