"""Incidents, the notices about them and the messages that show them: single steps of larger transactions."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, literal_column, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain import ChannelId, Incident, IncidentState, MailId, NotifyReason, PostKind
from bot.store.rows import insert_if_absent, read_one
from bot.store.tables import incidents, notices, post_items, posts, subscriptions, watches

IN_FLIGHT = timedelta(seconds=15)  # longer than any request to Slack: then the message can be looked for
PENDING = notices.c.post_id.is_(None) & ~notices.c.is_folded
IS_STALE = (posts.c.wanted > posts.c.shown) & (posts.c.state == literal_column("'sent'"))
IS_SENDING = posts.c.state == literal_column("'sending'")
IS_UNSURE = posts.c.state == literal_column("'unsure'")


def is_settled(now: datetime) -> ColumnElement[bool]:
    """Also where the clock was set back: `settle_at` is never far ahead of a right clock."""
    return or_(posts.c.settle_at <= now, posts.c.settle_at > now + 2 * IN_FLIGHT)


async def add_notice(
    connection: AsyncConnection,
    *,
    dedupe_key: str,
    channel_id: str,
    reason: NotifyReason,
    created_at: datetime,
    incident: Incident | None = None,
    subject_id: str = "",
    detail: str = "",
    since: datetime | None = None,
    not_before: datetime | None = None,
    is_folded: bool = False,
) -> None:
    """Make a notice pending, unless one with this key was added before. `is_folded`: it needs no message."""
    values: dict[str, Any] = {
        "dedupe_key": dedupe_key,
        "channel_id": channel_id,
        "reason": reason,
        "incident_id": incident.incident_id if incident else None,
        "version": incident.version if incident else 0,
        "subject_id": subject_id,
        "detail": detail,
        "since": since,
        "created_at": created_at,
        "not_before": not_before,
        "post_id": None,
        "is_folded": is_folded,
        "may_repeat": False,
    }
    await insert_if_absent(connection, notices, values)


async def firing_incident(connection: AsyncConnection, mail_id: MailId) -> Incident | None:
    is_firing = (incidents.c.mail_id == mail_id) & (incidents.c.state == IncidentState.FIRING)
    return await read_one(connection, select(incidents).where(is_firing), Incident)


async def firing_under_lock(connection: AsyncConnection, mail_id: MailId) -> Incident | None:
    """The mail's firing incident, which no other transaction can end before this one is over."""
    await connection.execute(select(watches.c.mail_id).where(watches.c.mail_id == mail_id).with_for_update())
    return await firing_incident(connection, mail_id)


async def redraw_posts(
    connection: AsyncConnection, incident: Incident | None, channel_id: ChannelId | None = None
) -> None:
    """The messages that show this incident (in one channel, or everywhere) must be redrawn."""
    if incident is None:
        return
    shows_it = select(post_items.c.post_id).where(post_items.c.incident_id == incident.incident_id)
    statement = update(posts).where(posts.c.post_id.in_(shows_it), posts.c.kind == PostKind.ROOT)
    if channel_id is not None:
        statement = statement.where(posts.c.channel_id == channel_id)
    await connection.execute(statement.values(wanted=posts.c.wanted + 1))


async def drop_unwanted(connection: AsyncConnection, channel_id: ChannelId) -> None:
    """Delete the channel's pending notices about mails that it left while they were being sent.

    The channel's subscriptions are locked meanwhile: a later unsubscription finds the pending notices, and
    deletes them.
    """
    found = await connection.execute(
        select(subscriptions.c.mail_id)
        .where(subscriptions.c.channel_id == channel_id)
        .with_for_update(read=True)
    )
    wanted = found.scalars().all()
    left = select(incidents.c.incident_id).where(incidents.c.mail_id.not_in(wanted))
    about_a_mail = notices.c.reason.in_([NotifyReason.MAIL_PAUSED, NotifyReason.MAIL_UNPAUSED])
    await connection.execute(
        delete(notices).where(
            PENDING,
            notices.c.channel_id == channel_id,
            notices.c.incident_id.in_(left) | (about_a_mail & notices.c.subject_id.not_in(wanted)),
        )
    )


async def drop_pending(connection: AsyncConnection, channel_id: ChannelId, mail_id: MailId) -> None:
    """Delete the channel's pending notices about this mail: it unsubscribed."""
    of_mail = select(incidents.c.incident_id).where(incidents.c.mail_id == mail_id)
    await connection.execute(
        delete(notices).where(
            PENDING,
            notices.c.channel_id == channel_id,
            notices.c.incident_id.in_(of_mail) | (notices.c.subject_id == mail_id),
        )
    )
