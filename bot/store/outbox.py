"""The news that are owed: which channels have any, and claiming a message before it is sent.

A claim is one transaction: the message's row and its notices' link to it. Whoever crashes behind it
leaves a row that says what may have been sent.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import and_, func, insert, literal_column, or_, select, update

from bot.bundling import Fold, Join, Later, NewRoot, Owed, ReplyTo, Root, SayLines, next_step
from bot.domain import ChannelId, IncidentState, MailId, Notice, NotifyReason, PostId, PostKind
from bot.outgoing import Backlog, Nothing
from bot.store.letters import items_of_news, lines_of, ts_of
from bot.store.news import OWED
from bot.store.tables import channels, incidents, notices, post_items, posts
from bot.store.turns import fence

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection

    from bot.bundling import Rhythm
    from bot.domain import IncidentId
    from bot.store.database import Database

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
                .where(OWED, _is_due(now), _is_open(notices.c.channel_id))
                .group_by(notices.c.channel_id)
            )
            counts: dict[str, tuple[int, datetime | None]] = {row[0]: (row[1], row[2]) for row in owed}
            stale = await connection.execute(
                select(posts.c.channel_id).where(IS_STALE, _is_open(posts.c.channel_id)).distinct()
            )
            stale_in = set(stale.scalars())
            unsure = await connection.execute(
                select(posts.c.channel_id)
                .where(IS_UNSURE, is_settled(now), _is_open(posts.c.channel_id))
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

    async def claim(
        self, channel_id: ChannelId, *, rhythm: Rhythm, now: datetime, term: int
    ) -> Notice | Nothing:
        """Take the channel's next message. Raises LeaseLost.

        The notice shows everything as it is in this transaction: what changes later is told later.
        """
        async with self._database.writing() as connection:
            await fence(connection, term)
            while True:
                owed = await _owed(connection, channel_id, now)
                step = next_step(
                    owed,
                    await _roots(connection, channel_id),
                    rhythm=rhythm,
                    joinable=await _newest_about_many(connection, channel_id),
                    now=now,
                )
                match step:
                    case Later(at=at):
                        return Nothing(at=at)
                    case Fold(notice_ids=notice_ids):
                        await _fold(connection, notice_ids)
                    case Join(post_id=post_id, notice_ids=notice_ids):
                        await _join(connection, post_id, notice_ids)
                        return Nothing(at=now)
                    case NewRoot() | ReplyTo() | SayLines():
                        return await _write_claim(connection, channel_id, step, now=now, term=term)


def _is_open(channel_id: ColumnElement[str]) -> ColumnElement[bool]:
    """The channel is not closed to us."""
    return channel_id.not_in(select(channels.c.channel_id))


def _is_due(now: datetime) -> ColumnElement[bool]:
    return or_(notices.c.not_before.is_(None), notices.c.not_before <= now)


def is_settled(now: datetime) -> ColumnElement[bool]:
    """Also where the clock was set back: `settle_at` is never far ahead of a right clock."""
    return or_(posts.c.settle_at <= now, posts.c.settle_at > now + 2 * IN_FLIGHT)


async def _owed(connection: AsyncConnection, channel_id: ChannelId, now: datetime) -> list[Owed]:
    found = await connection.execute(
        select(notices, incidents.c.state, incidents.c.mail_id)
        .join(incidents, incidents.c.incident_id == notices.c.incident_id, isouter=True)
        .where(OWED, notices.c.channel_id == channel_id, _is_due(now))
        .order_by(notices.c.notice_id)
        .limit(MOST_AT_ONCE)
        .with_for_update(of=notices)
    )
    return [
        Owed(
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


async def _roots(connection: AsyncConnection, channel_id: ChannelId) -> dict[IncidentId, Root]:
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
        row["incident_id"]: Root(
            post_id=PostId(row["post_id"]),
            is_settled=row["state"] == PostState.SENT and row["shown"] >= row["wanted"],
            item_count=row["item_count"],
            sent_at=row["sent_at"],
        )
        for row in found.mappings()
    }


async def _newest_about_many(connection: AsyncConnection, channel_id: ChannelId) -> Root | None:
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
    return Root(
        post_id=PostId(row["post_id"]),
        is_settled=True,
        item_count=len(mail_ids),
        sent_at=row["sent_at"],
        mail_ids=frozenset(map(MailId, mail_ids)),
    )


async def _fold(connection: AsyncConnection, notice_ids: Sequence[int]) -> None:
    await connection.execute(
        update(notices).where(notices.c.notice_id.in_(notice_ids)).values(is_folded=True)
    )


async def _join(connection: AsyncConnection, post_id: PostId, notice_ids: Sequence[int]) -> None:
    """Add incidents to a message that is there. Should it turn out to be deleted, they are owed again."""
    await connection.execute(
        update(posts).where(posts.c.post_id == post_id).values(wanted=posts.c.wanted + 1)
    )
    await _link(connection, post_id, notice_ids)
    wanted = select(posts.c.wanted).where(posts.c.post_id == post_id).scalar_subquery()
    await _add_items(connection, post_id, since=wanted)


async def _write_claim(
    connection: AsyncConnection,
    channel_id: ChannelId,
    step: NewRoot | ReplyTo | SayLines,
    *,
    now: datetime,
    term: int,
) -> Notice:
    post_id, kind = PostId(uuid4().hex), _kind(step)
    root_id = step.root_id if isinstance(step, ReplyTo) else None
    may_repeat = await connection.execute(
        select(func.count())
        .select_from(notices)
        .where(notices.c.notice_id.in_(step.notice_ids), notices.c.may_repeat)
    )
    repeats = bool(may_repeat.scalar_one())
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


def _kind(step: NewRoot | ReplyTo | SayLines) -> PostKind:
    match step:
        case NewRoot():
            return PostKind.ROOT
        case ReplyTo():
            return PostKind.REPLY
        case SayLines():
            return PostKind.LINE
