"""Reads what a message shows: its incidents with their mails and snoozes, or the lines that are about none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, select

from bot.domain import ByHand, IncidentView, NotifyReason, PlainNotice
from bot.store.manual_runs import IS_GOING
from bot.store.rows import incident_from, mail_from
from bot.store.tables import incidents, mails, manual_runs, notices, post_items, posts, subscriptions

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.engine import RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection

    from bot.domain import PostId

_MAIL = (mails.c.name, mails.c.owner_name, mails.c.paused)
_SNOOZE = (
    subscriptions.c.snoozed_until,
    subscriptions.c.snoozed_until_recovered,
    subscriptions.c.mail_id.is_not(None).label("is_subscribed"),
)
_BY_HAND = (manual_runs.c.user_id.label("run_by"), manual_runs.c.claimed_at.label("run_asked_at"))


async def items_of_root(connection: AsyncConnection, post_id: PostId) -> tuple[IncidentView, ...]:
    """Every incident that the message shows, the one that began first first."""
    shown = (
        select(incidents, *_MAIL, *_SNOOZE, *_BY_HAND)
        .join(post_items, post_items.c.incident_id == incidents.c.incident_id)
        .join(posts, posts.c.post_id == post_items.c.post_id)
    )
    found = await connection.execute(
        _with_the_mails_state(shown, posts.c.channel_id)
        .where(post_items.c.post_id == post_id)
        .order_by(incidents.c.opened_at, incidents.c.incident_id)
    )
    return tuple(_told(row, ()) for row in found.mappings())


async def items_of_news(connection: AsyncConnection, post_id: PostId) -> tuple[IncidentView, ...]:
    """The incidents that the message's notices are about, each with the reasons, oldest first."""
    told = select(incidents, *_MAIL, *_SNOOZE, *_BY_HAND, notices.c.reason).join(
        notices, notices.c.incident_id == incidents.c.incident_id
    )
    found = await connection.execute(
        _with_the_mails_state(told, notices.c.channel_id)
        .where(notices.c.post_id == post_id)
        .order_by(notices.c.notice_id)
    )
    rows: dict[str, RowMapping] = {}
    reasons: dict[str, list[NotifyReason]] = {}
    for row in found.mappings():
        rows[row["incident_id"]] = row
        reasons.setdefault(row["incident_id"], []).append(NotifyReason(row["reason"]))
    return tuple(_told(row, tuple(reasons[incident_id])) for incident_id, row in rows.items())


async def lines_of(connection: AsyncConnection, post_id: PostId) -> tuple[PlainNotice, ...]:
    found = await connection.execute(
        select(notices, *_MAIL, mails.c.mail_id)
        .join(mails, mails.c.mail_id == notices.c.subject_id, isouter=True)
        .where(notices.c.post_id == post_id)
        .order_by(notices.c.notice_id)
    )
    return tuple(
        PlainNotice(
            reason=NotifyReason(row["reason"]),
            at=row["created_at"],
            subject_id=row["subject_id"],
            mail=mail_from(row) if row["mail_id"] is not None else None,
            detail=row["detail"],
            since=row["since"],
        )
        for row in found.mappings()
    )


async def ts_of(connection: AsyncConnection, post_id: PostId | None) -> str | None:
    if post_id is None:
        return None
    found = await connection.execute(select(posts.c.ts).where(posts.c.post_id == post_id))
    ts: str | None = found.scalar_one_or_none()
    return ts


def _with_the_mails_state(statement: Select[Any], channel_id: ColumnElement[str]) -> Select[Any]:
    """Of each incident its mail, how the channel is subscribed to that, and its run by hand: where there is one."""
    theirs = and_(subscriptions.c.channel_id == channel_id, subscriptions.c.mail_id == incidents.c.mail_id)
    going = and_(manual_runs.c.mail_id == incidents.c.mail_id, IS_GOING)
    return (
        statement.join(mails, mails.c.mail_id == incidents.c.mail_id, isouter=True)
        .join(subscriptions, theirs, isouter=True)
        .join(manual_runs, going, isouter=True)
    )


def _told(row: RowMapping, reasons: tuple[NotifyReason, ...]) -> IncidentView:
    return IncidentView(
        incident=incident_from(row),
        mail=mail_from(row) if row["name"] is not None else None,
        reasons=reasons,
        snoozed_until=row["snoozed_until"],
        snoozed_until_recovered=bool(row["snoozed_until_recovered"]),
        is_subscribed=bool(row["is_subscribed"]),
        by_hand=ByHand(user_id=row["run_by"], asked_at=row["run_asked_at"]) if row["run_by"] else None,
    )
