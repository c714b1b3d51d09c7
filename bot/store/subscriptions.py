"""Which channel is subscribed to which mail. The leader learns of every change through the mail's watch."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import and_, bindparam, delete, exists, func, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain import (
    ChannelId,
    IncidentState,
    MailId,
    SnoozeOutcome,
    StatusAnswer,
    SubscribeOutcome,
    Subscription,
    SubscriptionState,
    UserId,
)
from bot.domain.recipients import UNTIL_RECOVERED
from bot.store.audit import add_to_audit, details_of
from bot.store.database import Database
from bot.store.joining import join_incident, leave
from bot.store.notices import (
    PENDING,
    drop_pending,
    firing_incident,
    firing_under_lock,
    redraw_posts,
)
from bot.store.reminders import restart_reminders
from bot.store.rows import columns_of, insert_if_absent, read_all, value_from
from bot.store.subscription_rules import end_exception, end_rules, except_from_rules
from bot.store.subscription_views import read_states
from bot.store.tables import (
    channels,
    incidents,
    mails,
    notices,
    runs,
    subscriptions,
)
from bot.store.watches import note_change, record_baseline, start_watch

_HERE = select(
    subscriptions,
    exists()
    .where(incidents.c.mail_id == subscriptions.c.mail_id, incidents.c.state == IncidentState.FIRING)
    .label("is_firing"),
).where(
    subscriptions.c.channel_id == bindparam("channel", type_=subscriptions.c.channel_id.type),
    subscriptions.c.mail_id == bindparam("mail", type_=subscriptions.c.mail_id.type),
)


@dataclass(slots=True)
class Subscriptions:
    """Subscribing is idempotent, and so is unsubscribing."""

    _database: Database

    async def subscribe(
        self, wish: Subscription, *, baseline: StatusAnswer | None, with_events: bool = False
    ) -> tuple[SubscribeOutcome, SubscriptionState]:
        """Subscribe a channel. `baseline` is the mail's state as the person is shown it: it is not announced.

        Without one (Quick BI could not be asked) what the first look finds is old if it began long enough before
        `wish.created_at`. Where the channel is subscribed already, a declared due time replaces the old one, and
        so do the events `with_events`: they were chosen, as in a form.
        """
        async with self._database.writing() as connection:
            added = await insert_if_absent(connection, subscriptions, columns_of(wish))
            await end_exception(connection, wish)
            outcome = SubscribeOutcome.CREATED
            if not added:
                outcome = await self._update(connection, wish, with_events=with_events)
            if await start_watch(connection, wish.mail_id) and baseline is not None:
                await record_baseline(connection, wish.mail_id, baseline, wish.created_at)
            if outcome is SubscribeOutcome.CREATED:
                await join_incident(connection, wish)
            if outcome is not SubscribeOutcome.ALREADY:
                await add_to_audit(
                    connection,
                    at=wish.created_at,
                    user_id=wish.created_by,
                    action="subscribe" if outcome is SubscribeOutcome.CREATED else "change",
                    channel_id=wish.channel_id,
                    mail_id=wish.mail_id,
                    detail=details_of(wish),
                )
            state = await _state(connection, wish.channel_id, wish.mail_id)
        if state is None:
            raise AssertionError("the row was written in this transaction")
        return outcome, state

    async def unsubscribe(
        self, channel_id: ChannelId, mail_ids: Collection[MailId] | None, *, by: UserId, now: datetime
    ) -> tuple[MailId, ...]:
        """Unsubscribe from these mails, or (None) all. Returns those that were subscribed.

        The channel's pending notices about them are deleted; with the last channel the incident ends.
        """
        async with self._database.writing() as connection:
            if mail_ids is None:
                await end_rules(connection, channel_id)
            left = await connection.execute(
                delete(subscriptions)
                .where(
                    subscriptions.c.channel_id == channel_id,
                    true() if mail_ids is None else subscriptions.c.mail_id.in_(mail_ids),
                )
                .returning(subscriptions.c.mail_id, subscriptions.c.rule)
            )
            rows = left.all()
            gone: tuple[MailId, ...] = tuple(row[0] for row in rows)
            if mail_ids is not None:
                await except_from_rules(
                    connection, channel_id, [row[0] for row in rows if row[1] is not None]
                )
            for mail_id in gone:
                await drop_pending(connection, channel_id, mail_id)
                await leave(connection, channel_id, mail_id, now)
                await add_to_audit(
                    connection,
                    at=now,
                    user_id=by,
                    action="unsubscribe",
                    channel_id=channel_id,
                    mail_id=mail_id,
                )
        return gone

    async def get(self, channel_id: ChannelId, mail_id: MailId) -> SubscriptionState | None:
        async with self._database.reading() as connection:
            return await _state(connection, channel_id, mail_id)

    async def here(self, channel_id: ChannelId, mail_id: MailId) -> tuple[Subscription, bool] | None:
        """The channel's subscription, and whether something is wrong with the mail at present."""

        async def read(connection: AsyncConnection) -> tuple[Subscription, bool] | None:
            found = await connection.execute(_HERE, {"channel": channel_id, "mail": mail_id})
            row = found.mappings().one_or_none()
            return None if row is None else (value_from(Subscription, row), bool(row["is_firing"]))

        key = ("subscription", channel_id, mail_id)
        return await self._database.remembered(key, (subscriptions, incidents), read)

    async def of_channels(self, channel_ids: Collection[ChannelId]) -> tuple[SubscriptionState, ...]:
        """All subscriptions of these channels, oldest first."""
        where = subscriptions.c.channel_id.in_(channel_ids)
        return await self._database.remembered(
            ("subscriptions", frozenset(channel_ids)),
            (subscriptions, mails, incidents, channels, runs),
            partial(read_states, condition=where),
        )

    async def mail_ids_of(self, channel_id: ChannelId) -> frozenset[MailId]:
        """The mails that the channel is subscribed to."""

        async def read(connection: AsyncConnection) -> frozenset[MailId]:
            here = subscriptions.c.channel_id == channel_id
            return frozenset(
                (await connection.execute(select(subscriptions.c.mail_id).where(here))).scalars()
            )

        return await self._database.remembered(("mail IDs", channel_id), (subscriptions,), read)

    async def of_person(self, user_id: UserId) -> tuple[SubscriptionState, ...]:
        """All subscriptions that this person made."""
        async with self._database.reading() as connection:
            return await read_states(connection, subscriptions.c.created_by == user_id)

    async def channels_of(self, mail_id: MailId) -> tuple[Subscription, ...]:
        of_mail = select(subscriptions).where(subscriptions.c.mail_id == mail_id)
        return await self._database.remembered(
            ("channels", mail_id), (subscriptions,), partial(read_all, statement=of_mail, kind=Subscription)
        )

    async def count(self) -> int:
        async with self._database.reading() as connection:
            found = await connection.execute(select(func.count()).select_from(subscriptions))
            return int(found.scalar_one())

    async def snooze(
        self,
        channel_id: ChannelId,
        mail_id: MailId,
        *,
        until: datetime | None,
        until_recovered: bool = False,
        by: UserId,
        now: datetime,
    ) -> SnoozeOutcome:
        """No new messages until then; `until=None` without `until_recovered` ends the snooze.

        Only what is failing can be snoozed: a click on an old notice must not hide a failure that is yet to come.
        The channel's messages are redrawn to show the snooze.
        """
        is_snooze = until is not None or until_recovered
        async with self._database.writing() as connection:
            incident = await firing_under_lock(connection, mail_id)
            if is_snooze and incident is None:
                is_there = await _state(connection, channel_id, mail_id) is not None
                return SnoozeOutcome.NOTHING_WRONG if is_there else SnoozeOutcome.NOT_SUBSCRIBED
            changed = await connection.execute(
                update(subscriptions)
                .where(subscriptions.c.channel_id == channel_id, subscriptions.c.mail_id == mail_id)
                .values(snoozed_until=until, snoozed_until_recovered=until_recovered)
            )
            if not changed.rowcount:
                return SnoozeOutcome.NOT_SUBSCRIBED
            await note_change(connection, mail_id)
            await redraw_posts(connection, incident, channel_id)
            if incident is not None:
                is_about_it = notices.c.incident_id == incident.incident_id
                await connection.execute(
                    update(notices)
                    .where(PENDING, notices.c.channel_id == channel_id, is_about_it)
                    .values(not_before=UNTIL_RECOVERED if until_recovered else until)
                )
                await restart_reminders(connection, incident, now, channel_id)
            await add_to_audit(
                connection,
                at=now,
                user_id=by,
                action="snooze" if is_snooze else "wake",
                channel_id=channel_id,
                mail_id=mail_id,
                detail="until it recovers" if until_recovered else until.isoformat() if until else "",
            )
        return SnoozeOutcome.DONE

    async def _update(
        self, connection: AsyncConnection, wish: Subscription, *, with_events: bool
    ) -> SubscribeOutcome:
        """Change the due time and the events of an existing subscription: only what was said."""
        said: dict[str, Any] = {"due": wish.due} if wish.due else {}
        if with_events:
            said["events"] = wish.events
        if wish.on_call:
            said["on_call"] = wish.on_call if wish.on_call.mentions else None
        if not said:
            return SubscribeOutcome.ALREADY
        changed = await connection.execute(
            update(subscriptions)
            .where(
                subscriptions.c.channel_id == wish.channel_id,
                subscriptions.c.mail_id == wish.mail_id,
                or_(*(subscriptions.c[key].is_distinct_from(value) for key, value in said.items())),
            )
            .values(said)
        )
        if not changed.rowcount:
            return SubscribeOutcome.ALREADY
        if wish.on_call:
            incident = await firing_incident(connection, wish.mail_id)
            await restart_reminders(connection, incident, wish.created_at, wish.channel_id)
            await redraw_posts(connection, incident, wish.channel_id)
        return SubscribeOutcome.UPDATED


async def _state(
    connection: AsyncConnection, channel_id: ChannelId, mail_id: MailId
) -> SubscriptionState | None:
    found = await read_states(
        connection, and_(subscriptions.c.channel_id == channel_id, subscriptions.c.mail_id == mail_id)
    )
    return found[0] if found else None
