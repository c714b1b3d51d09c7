"""Deletes what is older than it must be kept, in small steps. Every table has a rule here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Table, and_, delete, exists, func, or_, select, tuple_

from bot.domain import IncidentState
from bot.store.database import Database
from bot.store.runs import BEGAN
from bot.store.tables import (
    audit,
    channels,
    holds,
    incidents,
    mails,
    manual_runs,
    notices,
    open_answers,
    outages,
    post_items,
    posts,
    runs,
    subscriptions,
    watches,
)

STEP = 500  # rows deleted in one transaction: nobody waits for long
_STEP_LIMIT = 60.0  # seconds
BOUNDED = {
    "subscriptions": "people end them",
    "subscription_rules": "people end them",
    "rule_exceptions": "people end them; one for each mail that they unsubscribed from",
    "roll_calls": "people end them; one for each channel",
    "counters": "one row for each name in the code",
    "lease": "one row",
    "call_slots": "one row",
}


@dataclass(slots=True)
class Retention:
    _database: Database

    async def prune(self, *, before: datetime, audit_before: datetime) -> None:
        """Delete what ended before, except what is still needed. May be interrupted and run on many replicas."""
        for table, condition in rules(before, audit_before):
            key = tuple_(*table.primary_key)
            some = select(*table.primary_key).where(condition).limit(STEP)
            deleted = STEP
            while deleted == STEP:
                async with self._database.writing(limit=_STEP_LIMIT) as connection:
                    deleted = (await connection.execute(delete(table).where(key.in_(some)))).rowcount


def rules(before: datetime, audit_before: datetime) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    """Which rows of each table are deleted, in this order."""
    is_closed = and_(incidents.c.closed_at < before, incidents.c.state != IncidentState.FIRING)
    closed = select(incidents.c.incident_id).where(is_closed)
    used = select(post_items.c.post_id).union(select(notices.c.post_id).where(notices.c.post_id.is_not(None)))
    subscribed_mails = select(subscriptions.c.mail_id)
    subscribed_channels = select(subscriptions.c.channel_id)
    yield notices, notices.c.incident_id.in_(closed)
    yield post_items, post_items.c.incident_id.in_(closed)
    yield incidents, is_closed
    yield runs, and_(runs.c.first_seen_at < before, _is_done_with())
    yield posts, and_(posts.c.claimed_at < before, posts.c.post_id.not_in(used))
    yield notices, and_(notices.c.incident_id.is_(None), notices.c.created_at < before)
    yield manual_runs, manual_runs.c.ended_at < before
    yield outages, outages.c.ended_at < before
    yield mails, and_(mails.c.gone_at < before, mails.c.mail_id.not_in(subscribed_mails))
    was_left = or_(watches.c.looked_at < before, watches.c.looked_at.is_(None))
    yield watches, and_(~watches.c.is_watched, was_left)
    yield channels, and_(channels.c.paused_at < before, channels.c.channel_id.not_in(subscribed_channels))
    yield holds, holds.c.until < before
    yield open_answers, open_answers.c.alive_at < before
    yield audit, audit.c.at < audit_before


def _is_done_with() -> ColumnElement[bool]:
    """Of a watched mail the newest run stays, and so do the failures that a firing incident counts.

    Quick BI may list them again, and they would be taken for new ones.
    """
    newer = runs.alias()
    newer_began = func.coalesce(newer.c.exec_at, newer.c.first_seen_at)
    is_overtaken = exists().where(newer.c.mail_id == runs.c.mail_id, newer_began > BEGAN)
    is_unwatched = runs.c.mail_id.not_in(select(watches.c.mail_id).where(watches.c.is_watched))
    firing = select(incidents.c.incident_id).where(incidents.c.state == IncidentState.FIRING)
    is_uncounted = or_(runs.c.counted_in.is_(None), runs.c.counted_in.not_in(firing))
    return and_(or_(is_overtaken, is_unwatched), is_uncounted)
