"""Reads what a message shows: its incidents with their mails and snoozes, or plain notices about none."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain import ByHand, Incident, IncidentView, Mail, NotifyReason, PlainNotice, PostId
from bot.store.manual_runs import IS_GOING
from bot.store.rows import value_from
from bot.store.tables import incidents, mails, manual_runs, notices, post_items, posts, subscriptions

_MAIL = (mails.c.name, mails.c.owner_name, mails.c.paused)
_VIEW = (
    incidents,
    *_MAIL,
    subscriptions.c.snoozed_until,
    subscriptions.c.snoozed_until_recovered,
    subscriptions.c.on_call,
    subscriptions.c.mail_id.is_not(None).label("is_subscribed"),
    manual_runs.c.user_id.label("run_by"),
    manual_runs.c.claimed_at.label("run_asked_at"),
)


async def items_of_root(connection: AsyncConnection, post_id: PostId) -> tuple[IncidentView, ...]:
    """Every incident that the message shows, the oldest first."""
    shown = (
        select(*_VIEW)
        .join(post_items, post_items.c.incident_id == incidents.c.incident_id)
        .join(posts, posts.c.post_id == post_items.c.post_id)
    )
    found = await connection.execute(
        _joined(shown, posts.c.channel_id)
        .where(post_items.c.post_id == post_id)
        .order_by(incidents.c.opened_at, incidents.c.incident_id)
    )
    return tuple(_view(row, ()) for row in found.mappings())


async def items_of_notices(connection: AsyncConnection, post_id: PostId) -> tuple[IncidentView, ...]:
    """The incidents that the message's notices are about, each with the reasons, oldest first."""
    noticed = select(*_VIEW, notices.c.reason).join(notices, notices.c.incident_id == incidents.c.incident_id)
    found = await connection.execute(
        _joined(noticed, notices.c.channel_id)
        .where(notices.c.post_id == post_id)
        .order_by(notices.c.notice_id)
    )
    rows: dict[str, RowMapping] = {}
    reasons: dict[str, list[NotifyReason]] = {}
    for row in found.mappings():
        rows[row["incident_id"]] = row
        reasons.setdefault(row["incident_id"], []).append(row["reason"])
    return tuple(_view(row, tuple(reasons[incident_id])) for incident_id, row in rows.items())


async def plain_notices(connection: AsyncConnection, post_id: PostId) -> tuple[PlainNotice, ...]:
    found = await connection.execute(
        select(notices, *_MAIL, mails.c.mail_id)
        .join(mails, mails.c.mail_id == notices.c.subject_id, isouter=True)
        .where(notices.c.post_id == post_id)
        .order_by(notices.c.notice_id)
    )
    return tuple(
        PlainNotice(
            reason=row["reason"],
            at=row["created_at"],
            subject_id=row["subject_id"],
            mail=value_from(Mail, row) if row["mail_id"] is not None else None,
            detail=row["detail"],
            since=row["since"],
        )
        for row in found.mappings()
    )


async def ts_of(connection: AsyncConnection, post_id: PostId | None) -> str | None:
    found = await connection.execute(select(posts.c.ts).where(posts.c.post_id == post_id))
    ts: str | None = found.scalar_one_or_none()
    return ts


def _joined(statement: Select[Any], channel_id: ColumnElement[str]) -> Select[Any]:
    """With each incident's mail, the channel's subscription to it, and its open run by hand, where there are any."""
    subscribed = and_(
        subscriptions.c.channel_id == channel_id, subscriptions.c.mail_id == incidents.c.mail_id
    )
    running = and_(manual_runs.c.mail_id == incidents.c.mail_id, IS_GOING)
    return (
        statement.join(mails, mails.c.mail_id == incidents.c.mail_id, isouter=True)
        .join(subscriptions, subscribed, isouter=True)
        .join(manual_runs, running, isouter=True)
    )


def _view(row: RowMapping, reasons: tuple[NotifyReason, ...]) -> IncidentView:
    return IncidentView(
        incident=value_from(Incident, row),
        mail=value_from(Mail, row) if row["name"] is not None else None,
        reasons=reasons,
        snoozed_until=row["snoozed_until"],
        snoozed_until_recovered=bool(row["snoozed_until_recovered"]),
        on_call=row["on_call"],
        is_subscribed=bool(row["is_subscribed"]),
        by_hand=ByHand(user_id=row["run_by"], asked_at=row["run_asked_at"]) if row["run_by"] else None,
    )
