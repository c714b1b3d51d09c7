"""What follows for the incidents, messages and watch of a mail when a channel joins or leaves: single steps."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain import ChannelId, IncidentState, MailId, NotifyReason, Subscription
from bot.store.notices import add_notice, firing_incident, redraw_posts
from bot.store.reminders import restart_reminders
from bot.store.tables import incidents, subscriptions, to_micros
from bot.store.watches import drop_watch, note_change


async def join_incident(connection: AsyncConnection, wish: Subscription) -> None:
    """A channel that subscribes while the mail fails read so in the confirmation, and is notified of the end."""
    incident = await firing_incident(connection, wish.mail_id)
    if incident is None:
        return
    await add_notice(
        connection,
        dedupe_key=f"{wish.channel_id}:{incident.incident_id}:joined:{to_micros(wish.created_at)}",
        channel_id=wish.channel_id,
        reason=NotifyReason.JOINED,
        created_at=wish.created_at,
        incident=incident,
        is_folded=True,
    )
    await restart_reminders(connection, incident, wish.created_at, wish.channel_id)
    await redraw_posts(connection, incident, wish.channel_id)


async def leave(connection: AsyncConnection, channel_id: ChannelId, mail_id: MailId, now: datetime) -> None:
    """Redraw the channel's messages, which say so; stop watching the mail if nobody else is subscribed."""
    incident = await firing_incident(connection, mail_id)
    others = await connection.execute(
        select(subscriptions.c.channel_id).where(subscriptions.c.mail_id == mail_id).limit(1)
    )
    if others.first() is not None:
        await note_change(connection, mail_id)
        await redraw_posts(connection, incident, channel_id)
        return
    await drop_watch(connection, mail_id, now)
    if incident is None:
        return
    await connection.execute(
        update(incidents)
        .where(incidents.c.incident_id == incident.incident_id)
        .values(state=IncidentState.UNWATCHED, closed_at=now, version=incidents.c.version + 1)
    )
    await redraw_posts(connection, incident)
