"""The news that are owed: which channels have any, and claiming a message before it is sent.

A claim is one transaction: the message's row and its notices' link to it. Whoever crashes behind it
leaves a row that says what may have been sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import and_, func, insert, select, update

from bot.domain import ChannelId, Notice, PostId, PostKind
from bot.domain.grouping import (
    Absorb,
    AppendToMessage,
    NewMessage,
    PostPlainNotices,
    ReplyTo,
    Wait,
    next_step,
)
from bot.domain.notices import Backlog, Nothing
from bot.store.lease import fence
from bot.store.message_contents import items_of_news, lines_of, ts_of
from bot.store.notices import OWED
from bot.store.pending_notices import (
    IN_FLIGHT,
    IS_STALE,
    IS_UNSURE,
    PostState,
    is_due,
    is_open,
    is_settled,
    newest_about_many,
    owed_to,
    roots_of,
)
from bot.store.tables import notices, post_items, posts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection

    from bot.domain.grouping import Load
    from bot.store.database import Database

_NONE: tuple[int, None] = (0, None)


class Outbox:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def backlog(self, *, now: datetime) -> tuple[Backlog, ...]:
        """The channels for which something can be done now. Closed channels are left out."""
        async with self._database.reading() as connection:
            owed = await connection.execute(
                select(
                    notices.c.channel_id,
                    func.count(),
                    func.max(notices.c.created_at, type_=notices.c.created_at.type),
                )
                .where(OWED, is_due(now), is_open(notices.c.channel_id))
                .group_by(notices.c.channel_id)
            )
            counts: dict[str, tuple[int, datetime | None]] = {row[0]: (row[1], row[2]) for row in owed}
            stale = await connection.execute(
                select(posts.c.channel_id).where(IS_STALE, is_open(posts.c.channel_id)).distinct()
            )
            stale_in = set(stale.scalars())
            unsure = await connection.execute(
                select(posts.c.channel_id)
                .where(IS_UNSURE, is_settled(now), is_open(posts.c.channel_id))
                .distinct()
            )
            unsure_in = set(unsure.scalars())
        return tuple(
            Backlog(
                channel_id=ChannelId(channel_id),
                owed=counts.get(channel_id, _NONE)[0],
                newest_at=counts.get(channel_id, _NONE)[1],
                has_stale=channel_id in stale_in,
                has_unsure=channel_id in unsure_in,
            )
            for channel_id in counts.keys() | stale_in | unsure_in
        )

    async def claim(self, channel_id: ChannelId, *, load: Load, now: datetime, term: int) -> Notice | Nothing:
        """Take the channel's next message. Raises LeaseLost.

        The notice shows everything as it is in this transaction: what changes later is told later.
        """
        async with self._database.writing() as connection:
            await fence(connection, term)
            while True:
                owed = await owed_to(connection, channel_id, now)
                step = next_step(
                    owed,
                    await roots_of(connection, channel_id),
                    load=load,
                    joinable=await newest_about_many(connection, channel_id),
                    now=now,
                )
                match step:
                    case Wait(at=at):
                        return Nothing(at=at)
                    case Absorb(notice_ids=notice_ids):
                        await _fold(connection, notice_ids)
                    case AppendToMessage(post_id=post_id, notice_ids=notice_ids):
                        await _join(connection, post_id, notice_ids)
                        return Nothing(at=now)
                    case NewMessage() | ReplyTo() | PostPlainNotices():
                        return await _write_claim(connection, channel_id, step, now=now, term=term)


async def _fold(connection: AsyncConnection, notice_ids: Sequence[int]) -> None:
    await connection.execute(
        update(notices).where(notices.c.notice_id.in_(notice_ids)).values(is_folded=True)
    )


async def _join(connection: AsyncConnection, post_id: PostId, notice_ids: Sequence[int]) -> None:
    """Add incidents to a message that is there. Should it turn out to be deleted, they are owed again."""
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
    post_id, kind = PostId(uuid4().hex), _kind(step)
    root_id = step.root_id if isinstance(step, ReplyTo) else None
    repeats = await _may_repeat(connection, step.notice_ids)
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
            may_repeat=repeats,
        )
    )
    await _link(connection, post_id, step.notice_ids)
    if kind is PostKind.ROOT:
        await _add_items(connection, post_id, since=1)
    return Notice(
        post_id=post_id,
        channel_id=channel_id,
        kind=kind,
        claimed_at=now,
        items=await items_of_news(connection, post_id) if kind is not PostKind.LINE else (),
        lines=await lines_of(connection, post_id) if kind is PostKind.LINE else (),
        thread_ts=await ts_of(connection, root_id),
        may_repeat=repeats,
    )


async def _may_repeat(connection: AsyncConnection, notice_ids: Sequence[int]) -> bool:
    """One of them may have been in a message that nobody could look for."""
    found = await connection.execute(
        select(func.count())
        .select_from(notices)
        .where(notices.c.notice_id.in_(notice_ids), notices.c.may_repeat)
    )
    return bool(found.scalar_one())


async def _link(connection: AsyncConnection, post_id: PostId, notice_ids: Sequence[int]) -> None:
    """Give the notices to this message. Each must still be nobody's."""
    linked = await connection.execute(
        update(notices).where(notices.c.notice_id.in_(notice_ids), OWED).values(post_id=post_id)
    )
    if linked.rowcount != len(notice_ids):
        raise AssertionError("a notice that was locked for this claim is somebody else's")


async def _add_items(
    connection: AsyncConnection, post_id: PostId, *, since: int | ColumnElement[int]
) -> None:
    there = select(post_items.c.incident_id).where(post_items.c.post_id == post_id)
    found = await connection.execute(
        select(notices.c.incident_id)
        .where(
            and_(
                notices.c.post_id == post_id,
                notices.c.incident_id.is_not(None),
                notices.c.incident_id.not_in(there),
            )
        )
        .distinct()
    )
    for incident_id in found.scalars().all():
        await connection.execute(
            insert(post_items).values(post_id=post_id, incident_id=incident_id, since=since)
        )


def _kind(step: NewMessage | ReplyTo | PostPlainNotices) -> PostKind:
    match step:
        case NewMessage():
            return PostKind.ROOT
        case ReplyTo():
            return PostKind.REPLY
        case PostPlainNotices():
            return PostKind.LINE
