"""What decides a channel's next message: its pending notices, and the messages that it has."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain import ChannelId, IncidentId, IncidentState, OnCall, PostKind
from bot.domain.grouping import PendingNotice, PostedMessage
from bot.store.notices import PENDING
from bot.store.rows import read_row
from bot.store.tables import PostState, incidents, notices, post_items, posts, subscriptions

MOST_AT_ONCE = 1_000  # notices of one channel that are looked at for its next message
_IN_CHANNEL = subscriptions.c.mail_id == incidents.c.mail_id


def is_due(now: datetime) -> ColumnElement[bool]:
    """It is not held back, as by a snooze."""
    return or_(notices.c.not_before.is_(None), notices.c.not_before <= now)


async def pending_notices(
    connection: AsyncConnection, channel_id: ChannelId, now: datetime
) -> list[PendingNotice]:
    """The channel's pending notices, oldest first, locked."""
    found = await connection.execute(
        select(
            notices, incidents.c.state, incidents.c.mail_id, incidents.c.responder, subscriptions.c.on_call
        )
        .join(incidents, incidents.c.incident_id == notices.c.incident_id, isouter=True)
        .join(subscriptions, _IN_CHANNEL & (subscriptions.c.channel_id == channel_id), isouter=True)
        .where(PENDING, notices.c.channel_id == channel_id, is_due(now))
        .order_by(notices.c.notice_id)
        .limit(MOST_AT_ONCE)
        .with_for_update(of=notices)
    )
    return [
        PendingNotice(
            notice_id=row["notice_id"],
            reason=row["reason"],
            created_at=row["created_at"],
            incident_id=row["incident_id"],
            mail_id=row["mail_id"],
            is_firing=row["state"] is IncidentState.FIRING,
            is_taken=row["responder"] is not None,
            mentions=_mentions(row["on_call"]),
            was_snoozed=row["not_before"] is not None,
        )
        for row in found.mappings()
    ]


async def roots(connection: AsyncConnection, channel_id: ChannelId) -> dict[IncidentId, PostedMessage]:
    """The message in the channel that shows each incident with pending notices."""
    counted = post_items.alias()
    size = (
        select(func.count())
        .select_from(counted)
        .where(counted.c.post_id == posts.c.post_id)
        .scalar_subquery()
    )
    wanted = select(notices.c.incident_id).where(PENDING, notices.c.channel_id == channel_id)
    found = await connection.execute(
        select(post_items.c.incident_id, posts, size.label("item_count"))
        .join(posts, posts.c.post_id == post_items.c.post_id)
        .where(
            posts.c.channel_id == channel_id,
            posts.c.kind == PostKind.ROOT,
            posts.c.state.in_([PostState.SENDING, PostState.UNSURE, PostState.SENT]),
            post_items.c.incident_id.in_(wanted),
        )
    )
    return {
        row["incident_id"]: PostedMessage(
            post_id=row["post_id"],
            is_settled=row["state"] is PostState.SENT and row["shown"] >= row["wanted"],
            item_count=row["item_count"],
            sent_at=row["sent_at"],
        )
        for row in found.mappings()
    }


async def newest_about_many(connection: AsyncConnection, channel_id: ChannelId) -> PostedMessage | None:
    """The channel's newest message, if that is one about several mails."""
    row = await read_row(
        connection,
        select(posts)
        .where(posts.c.channel_id == channel_id, posts.c.kind == PostKind.ROOT)
        .order_by(posts.c.sent_at.desc().nulls_last(), posts.c.claimed_at.desc())
        .limit(1),
    )
    if row is None or row["state"] is not PostState.SENT:
        return None
    found = await connection.execute(
        select(incidents.c.mail_id, subscriptions.c.on_call)
        .join(post_items, post_items.c.incident_id == incidents.c.incident_id)
        .join(subscriptions, _IN_CHANNEL & (subscriptions.c.channel_id == channel_id), isouter=True)
        .where(post_items.c.post_id == row["post_id"])
    )
    shown = found.all()
    if len(shown) < 2:  # noqa: PLR2004 (several)
        return None
    return PostedMessage(
        post_id=row["post_id"],
        is_settled=True,
        item_count=len(shown),
        sent_at=row["sent_at"],
        mail_ids=frozenset(mail_id for mail_id, _ in shown),
        mentions=frozenset[str]().union(*(_mentions(on_call) for _, on_call in shown)),
    )


def _mentions(on_call: OnCall | None) -> frozenset[str]:
    return frozenset(on_call.mentions) if on_call else frozenset()
