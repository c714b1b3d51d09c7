"""Calls people once more where nobody has taken what fails: a pending notice that is due later.

It is claimed and sent as any other notice. Steps of larger transactions.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain import ChannelId, Incident, NotifyReason, Subscription
from bot.domain.responders import reminder_due
from bot.store.notices import PENDING, add_notice
from bot.store.rows import read_all
from bot.store.tables import notices, subscriptions, to_micros


async def add_reminder(
    connection: AsyncConnection, subscription: Subscription, incident: Incident, now: datetime
) -> None:
    """Unless nobody is to be called again."""
    due = reminder_due(subscription, incident, now)
    if due is None:
        return
    await add_notice(
        connection,
        dedupe_key=f"{subscription.channel_id}:{incident.incident_id}:nobody:{to_micros(now)}",
        channel_id=subscription.channel_id,
        reason=NotifyReason.NOBODY_ON_IT,
        created_at=now,
        incident=incident,
        not_before=due,
    )


async def restart_reminders(
    connection: AsyncConnection,
    incident: Incident | None,
    now: datetime,
    channel_id: ChannelId | None = None,
) -> None:
    """Whoever waits for the reminders waits from now on; there are none where somebody took it, or it is over.

    Of one channel, or of all that were notified of the incident.
    """
    if incident is None:
        return
    about_it = notices.c.incident_id == incident.incident_id
    is_reminder = notices.c.reason == NotifyReason.NOBODY_ON_IT
    where = notices.c.channel_id == channel_id if channel_id else notices.c.channel_id.is_not(None)
    await connection.execute(delete(notices).where(PENDING, about_it, is_reminder, where))
    was_notified = exists().where(about_it, notices.c.channel_id == subscriptions.c.channel_id)
    to_call = select(subscriptions).where(
        subscriptions.c.mail_id == incident.mail_id, subscriptions.c.on_call.is_not(None), was_notified
    )
    if channel_id is not None:
        to_call = to_call.where(subscriptions.c.channel_id == channel_id)
    for each in await read_all(connection, to_call, Subscription):
        await add_reminder(connection, each, incident, now)
