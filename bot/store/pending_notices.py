"""The states of a message, what is owed to a channel, and which of its messages show that already: reads only."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, literal_column, or_, select

from bot.domain import ChannelId, IncidentState, MailId, NotifyReason, PostId, PostKind
from bot.domain.grouping import PendingNotice, PostedMessage
from bot.store.notices import OWED
from bot.store.tables import channels, incidents, notices, post_items, posts

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection

    from bot.domain import IncidentId

MOST_AT_ONCE = 1_000  # notices of one channel that are looked at for its next message
IN_FLIGHT = timedelta(seconds=15)  # longer than any request to Slack: then it can be looked for


class PostState(StrEnum):
    SENDING = "sending"
    SENT = "sent"
    UNSURE = "unsure"  # it may be there or not
    GONE = "gone"  # somebody deleted it
    REFUSED = "refused"  # Slack will never take it


IS_STALE = and_(posts.c.wanted > posts.c.shown, posts.c.state == literal_column("'sent'"))
IS_SENDING = posts.c.state == literal_column("'sending'")
IS_UNSURE = posts.c.state == literal_column("'unsure'")


def is_open(channel_id: ColumnElement[str]) -> ColumnElement[bool]:
    """The channel is not closed to us."""
    return channel_id.not_in(select(channels.c.channel_id))


def is_due(now: datetime) -> ColumnElement[bool]:
    """It is not held back, as by a snooze."""
    return or_(notices.c.not_before.is_(None), notices.c.not_before <= now)


def is_settled(now: datetime) -> ColumnElement[bool]:
    """Also where the clock was set back: `settle_at` is never far ahead of a right clock."""
    return or_(posts.c.settle_at <= now, posts.c.settle_at > now + 2 * IN_FLIGHT)


async def owed_to(connection: AsyncConnection, channel_id: ChannelId, now: datetime) -> list[PendingNotice]:
    """What is owed to the channel by now, oldest first. Nobody else takes it meanwhile."""
    found = await connection.execute(
        select(notices, incidents.c.state, incidents.c.mail_id)
        .join(incidents, incidents.c.incident_id == notices.c.incident_id, isouter=True)
        .where(OWED, notices.c.channel_id == channel_id, is_due(now))
        .order_by(notices.c.notice_id)
        .limit(MOST_AT_ONCE)
        .with_for_update(of=notices)
    )
    return [
        PendingNotice(
            notice_id=row["notice_id"],
            reason=NotifyReason(row["reason"]),
            created_at=row["created_at"],
            incident_id=row["incident_id"],
            mail_id=row["mail_id"],
            is_firing=row["state"] == IncidentState.FIRING,
            was_snoozed=row["not_before"] is not None,
        )
        for row in found.mappings()
    ]


async def roots_of(connection: AsyncConnection, channel_id: ChannelId) -> dict[IncidentId, PostedMessage]:
    """The living message of each incident that something is owed about."""
    counted = post_items.alias()
    size = (
        select(func.count())
        .select_from(counted)
        .where(counted.c.post_id == posts.c.post_id)
        .scalar_subquery()
    )
    wanted = select(notices.c.incident_id).where(OWED, notices.c.channel_id == channel_id)
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
            post_id=PostId(row["post_id"]),
            is_settled=row["state"] == PostState.SENT and row["shown"] >= row["wanted"],
            item_count=row["item_count"],
            sent_at=row["sent_at"],
        )
        for row in found.mappings()
    }


async def newest_about_many(connection: AsyncConnection, channel_id: ChannelId) -> PostedMessage | None:
    """The channel's newest message, if that is one about several mails."""
    newest = await connection.execute(
        select(posts)
        .where(posts.c.channel_id == channel_id, posts.c.kind == PostKind.ROOT)
        .order_by(posts.c.sent_at.desc().nulls_last(), posts.c.claimed_at.desc())
        .limit(1)
    )
    row = newest.mappings().one_or_none()
    if row is None or row["state"] != PostState.SENT:
        return None
    named = await connection.execute(
        select(incidents.c.mail_id)
        .join(post_items, post_items.c.incident_id == incidents.c.incident_id)
        .where(post_items.c.post_id == row["post_id"])
    )
    mail_ids = named.scalars().all()
    if len(mail_ids) < 2:  # noqa: PLR2004 (several)
        return None
    return PostedMessage(
        post_id=PostId(row["post_id"]),
        is_settled=True,
        item_count=len(mail_ids),
        sent_at=row["sent_at"],
        mail_ids=frozenset(map(MailId, mail_ids)),
    )
