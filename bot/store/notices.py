"""Incidents, the notices owed about them and the messages that show them: single steps of larger transactions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update

from bot.domain import IncidentState, NotifyReason, PostKind
from bot.store.rows import incident_from
from bot.store.tables import incidents, notices, post_items, posts, subscriptions

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from bot.domain import ChannelId, Incident, MailId

OWED = notices.c.post_id.is_(None) & ~notices.c.is_folded


def notice_row(
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
) -> dict[str, Any]:
    """A notice as it is inserted: not yet in any message."""
    return {
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


async def firing_incident(connection: AsyncConnection, mail_id: MailId) -> Incident | None:
    found = await connection.execute(
        select(incidents).where(incidents.c.mail_id == mail_id, incidents.c.state == IncidentState.FIRING)
    )
    row = found.mappings().one_or_none()
    return None if row is None else incident_from(row)


async def touch_posts(
    connection: AsyncConnection, incident: Incident, channel_id: ChannelId | None = None
) -> None:
    """The messages that show this incident (in one channel, or everywhere) must be drawn anew."""
    shows_it = select(post_items.c.post_id).where(post_items.c.incident_id == incident.incident_id)
    statement = update(posts).where(posts.c.post_id.in_(shows_it), posts.c.kind == PostKind.ROOT)
    if channel_id is not None:
        statement = statement.where(posts.c.channel_id == channel_id)
    await connection.execute(statement.values(wanted=posts.c.wanted + 1))


async def hold_back(
    connection: AsyncConnection, incident: Incident, channel_id: ChannelId, until: datetime | None
) -> None:
    """What is owed to the channel about this incident goes out then, not before (None: now)."""
    await connection.execute(
        update(notices)
        .where(OWED, notices.c.channel_id == channel_id, notices.c.incident_id == incident.incident_id)
        .values(not_before=until)
    )


async def drop_unwanted(connection: AsyncConnection, channel_id: ChannelId) -> None:
    """Forget what is owed to the channel about mails that it left while it was being told of them.

    The channel's subscriptions are held meanwhile: whoever leaves now finds what is owed, and drops it.
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
            OWED,
            notices.c.channel_id == channel_id,
            notices.c.incident_id.in_(left) | (about_a_mail & notices.c.subject_id.not_in(wanted)),
        )
    )


async def drop_owed(connection: AsyncConnection, channel_id: ChannelId, mail_id: MailId) -> None:
    """Forget what the channel has not been told yet about this mail: it does not want to know any more."""
    of_mail = select(incidents.c.incident_id).where(incidents.c.mail_id == mail_id)
    await connection.execute(
        delete(notices).where(
            OWED,
            notices.c.channel_id == channel_id,
            notices.c.incident_id.in_(of_mail) | (notices.c.subject_id == mail_id),
        )
    )
