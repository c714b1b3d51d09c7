"""Pending notices: which channels have any, and claiming a message before it is sent.

A claim is one transaction: the message's row and its notices' link to it. After a crash the row says what may
have been sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, and_, case, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain import ChannelId, IncidentState, Notice, NotifyReason, PostId, PostKind
from bot.domain.grouping import (
    Absorb,
    AppendToMessage,
    Load,
    NewMessage,
    PostPlainNotices,
    ReplyTo,
    Wait,
    next_step,
)
from bot.domain.notices import Backlog, Nothing
from bot.store.database import Database
from bot.store.lease import fence
from bot.store.message_contents import items_of_notices, plain_notices, ts_of
from bot.store.notices import IN_FLIGHT, IS_STALE, IS_UNSURE, PENDING, is_settled
from bot.store.pending import is_due, newest_about_many, pending_notices, roots
from bot.store.roll_calls import has_roll_call, roll_call_in, show_in
from bot.store.tables import PostState, channels, incidents, notices, post_items, posts


@dataclass(slots=True)
class Outbox:
    _database: Database

    async def backlog(self, *, now: datetime) -> tuple[Backlog, ...]:
        """The channels for which something can be done now. Closed channels are left out."""
        kind = notices.c.created_at.type
        newest_at = func.max(notices.c.created_at, type_=kind)
        oldest_at = func.min(func.coalesce(notices.c.not_before, notices.c.created_at), type_=kind)
        firing = case((incidents.c.state == IncidentState.FIRING, 1))
        async with self._database.reading() as connection:
            pending = await connection.execute(
                select(notices.c.channel_id, func.count(), func.count(firing), oldest_at, newest_at)
                .join(incidents, incidents.c.incident_id == notices.c.incident_id, isouter=True)
                .where(PENDING, is_due(now), _is_open(notices.c.channel_id))
                .group_by(notices.c.channel_id)
            )
            waiting = {
                row[0]: Backlog(
                    channel_id=row[0], owed=row[1], is_failing=row[2] > 0, oldest_at=row[3], newest_at=row[4]
                )
                for row in pending
            }
            stale_in = await _channels_with(connection, IS_STALE)
            unsure_in = await _channels_with(connection, IS_UNSURE & is_settled(now))
        return tuple(
            replace(
                waiting.get(channel_id, Backlog(channel_id=channel_id)),
                has_stale=channel_id in stale_in,
                has_unsure=channel_id in unsure_in,
            )
            for channel_id in waiting.keys() | stale_in | unsure_in
        )

    async def claim(self, channel_id: ChannelId, *, load: Load, now: datetime, term: int) -> Notice | Nothing:
        """Take the channel's next message. Raises LeaseLost.

        The notice shows everything as it is in this transaction; a later change is another notice.
        """
        async with self._database.writing() as connection:
            await fence(connection, term)
            while True:
                step = next_step(
                    await pending_notices(connection, channel_id, now),
                    await roots(connection, channel_id),
                    load=load,
                    joinable=await newest_about_many(connection, channel_id),
                    now=now,
                )
                match step:
                    case Wait(at=at):
                        return Nothing(at=at)
                    case PostPlainNotices(reason=NotifyReason.ROLL_CALL, notice_ids=notice_ids) if (
                        not await has_roll_call(connection, channel_id)
                    ):
                        await _fold(connection, notice_ids)  # it was turned off meanwhile
                    case Absorb(notice_ids=notice_ids):
                        await _fold(connection, notice_ids)
                    case AppendToMessage(post_id=post_id, notice_ids=notice_ids):
                        await _append(connection, post_id, notice_ids)
                        return Nothing(at=now)
                    case NewMessage() | ReplyTo() | PostPlainNotices():
                        return await _write_claim(connection, channel_id, step, now=now, term=term)


async def _channels_with(connection: AsyncConnection, condition: ColumnElement[bool]) -> set[ChannelId]:
    found = await connection.execute(
        select(posts.c.channel_id).where(condition, _is_open(posts.c.channel_id)).distinct()
    )
    return set(found.scalars())


def _is_open(channel_id: ColumnElement[str]) -> ColumnElement[bool]:
    """The bot can post to the channel, as far as is known."""
    return channel_id.not_in(select(channels.c.channel_id))


async def _fold(connection: AsyncConnection, notice_ids: Sequence[int]) -> None:
    """They need no message of their own any more."""
    await connection.execute(
        update(notices).where(notices.c.notice_id.in_(notice_ids)).values(is_folded=True)
    )


async def _append(connection: AsyncConnection, post_id: PostId, notice_ids: Sequence[int]) -> None:
    """Add incidents to a message that was sent. If it turns out to be deleted, their notices are pending again."""
    values: dict[str, Any] = {"wanted": posts.c.wanted + 1}
    if await _may_repeat(connection, notice_ids):
        values["may_repeat"] = True
    await connection.execute(update(posts).where(posts.c.post_id == post_id).values(values))
    await _link(connection, post_id, notice_ids)
    wanted = select(posts.c.wanted).where(posts.c.post_id == post_id).scalar_subquery()
    await _add_items(connection, post_id, since=wanted)


async def _write_claim(
    connection: AsyncConnection,
    channel_id: ChannelId,
    step: NewMessage | ReplyTo | PostPlainNotices,
    *,
    now: datetime,
    term: int,
) -> Notice:
    is_roll_call = isinstance(step, PostPlainNotices) and step.reason is NotifyReason.ROLL_CALL
    post_id, kind = PostId(uuid4().hex), PostKind.ROLL_CALL if is_roll_call else _KINDS[type(step)]
    root_id = step.root_id if isinstance(step, ReplyTo) else None
    may_repeat = await _may_repeat(connection, step.notice_ids)
    await connection.execute(
        insert(posts).values(
            post_id=post_id,
            channel_id=channel_id,
            kind=kind,
            state=PostState.SENDING,
            root_id=root_id,
            wanted=1,
            shown=1,
            claimed_at=now,
            settle_at=now + IN_FLIGHT,
            term=term,
            may_repeat=may_repeat,
        )
    )
    await _link(connection, post_id, step.notice_ids)
    if kind is PostKind.ROOT:
        await _add_items(connection, post_id, since=1)
    if is_roll_call:
        await show_in(connection, channel_id, post_id)
    is_about_incidents = kind in {PostKind.ROOT, PostKind.REPLY}
    return Notice(
        post_id=post_id,
        channel_id=channel_id,
        kind=kind,
        claimed_at=now,
        items=await items_of_notices(connection, post_id) if is_about_incidents else (),
        lines=await plain_notices(connection, post_id) if kind is PostKind.LINE else (),
        roll_call=await roll_call_in(connection, post_id, channel_id) if is_roll_call else None,
        thread_ts=await ts_of(connection, root_id),
        may_repeat=may_repeat,
    )


_KINDS = {NewMessage: PostKind.ROOT, ReplyTo: PostKind.REPLY, PostPlainNotices: PostKind.LINE}


async def _may_repeat(connection: AsyncConnection, notice_ids: Sequence[int]) -> bool:
    """One of them may have been in a message whose delivery could not be checked."""
    repeated = notices.c.notice_id.in_(notice_ids) & notices.c.may_repeat
    return (
        await connection.execute(select(notices.c.notice_id).where(repeated).limit(1))
    ).first() is not None


async def _link(connection: AsyncConnection, post_id: PostId, notice_ids: Sequence[int]) -> None:
    """Give the notices to this message. Each must still be pending."""
    linked = await connection.execute(
        update(notices).where(notices.c.notice_id.in_(notice_ids), PENDING).values(post_id=post_id)
    )
    if linked.rowcount != len(notice_ids):
        raise AssertionError("a notice that was locked for this claim was claimed by another")


async def _add_items(
    connection: AsyncConnection, post_id: PostId, *, since: int | ColumnElement[int]
) -> None:
    shown = select(post_items.c.incident_id).where(post_items.c.post_id == post_id)
    is_new = and_(notices.c.post_id == post_id, notices.c.incident_id.is_not(None))
    found = await connection.execute(
        select(notices.c.incident_id).where(is_new, notices.c.incident_id.not_in(shown)).distinct()
    )
    for incident_id in found.scalars().all():
        await connection.execute(
            insert(post_items).values(post_id=post_id, incident_id=incident_id, since=since)
        )
