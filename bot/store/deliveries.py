"""What became of the messages: sent, unsure, refused, deleted, to be drawn anew. One small step each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, func, or_, select, update

from bot.domain import ChannelId, MailId, PostId, PostKind
from bot.domain.notices import Redraw, Unsure
from bot.store.lease import fence
from bot.store.message_contents import items_of_root, ts_of
from bot.store.notices import drop_unwanted, firing_incident, touch_posts
from bot.store.pending_notices import IS_SENDING, IS_STALE, IS_UNSURE, PostState, is_settled
from bot.store.tables import notices, post_items, posts, subscriptions

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection

    from bot.store.database import Database


class Deliveries:
    """Marking does not ask for the lease: what Slack said is so, whoever leads by now."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def give_up_sending(self, *, term: int, in_flight: Collection[PostId], now: datetime) -> int:
        """What an earlier leader was sending is unsure, and what this one no longer knows of, too.

        Returns how many messages that are. Raises LeaseLost.
        """
        forgotten = and_(is_settled(now), posts.c.post_id.not_in(in_flight))
        async with self._database.writing() as connection:
            await fence(connection, term)
            found = await connection.execute(
                update(posts)
                .where(IS_SENDING, or_(posts.c.term < term, forgotten))
                .values(state=PostState.UNSURE)
            )
            return found.rowcount

    async def end_snoozes(self, *, now: datetime, term: int) -> int:
        """Have the messages drawn anew whose snooze is over: they still say that it lasts. Raises LeaseLost.

        Returns how many snoozes that are. Mostly there are none: then nothing is written.
        """
        is_over = subscriptions.c.snoozed_until <= now
        async with self._database.reading() as connection:
            found = await connection.execute(select(subscriptions.c.mail_id).where(is_over).limit(1))
            if found.first() is None:
                return 0
        async with self._database.writing() as connection:
            await fence(connection, term)
            ended = await connection.execute(
                update(subscriptions)
                .where(is_over)
                .values(snoozed_until=None)
                .returning(subscriptions.c.channel_id, subscriptions.c.mail_id)
            )
            woken = ended.all()
            for channel_id, mail_id in woken:
                incident = await firing_incident(connection, MailId(mail_id))
                if incident is not None:
                    await touch_posts(connection, incident, ChannelId(channel_id))
        return len(woken)

    async def mark_sent(self, post_id: PostId, *, ts: str, now: datetime) -> None:
        async with self._database.writing() as connection:
            await connection.execute(
                update(posts)
                .where(posts.c.post_id == post_id)
                .values(state=PostState.SENT, ts=ts, sent_at=now)
            )

    async def mark_unsure(self, post_id: PostId, *, settle_at: datetime) -> None:
        """The answer was lost. From `settle_at` on nothing of it can be under way any more."""
        async with self._database.writing() as connection:
            await connection.execute(
                update(posts)
                .where(posts.c.post_id == post_id)
                .values(state=PostState.UNSURE, settle_at=settle_at)
            )

    async def mark_refused(self, post_id: PostId) -> None:
        """Slack will never take it. Nothing is owed for it any more."""
        async with self._database.writing() as connection:
            await connection.execute(
                update(posts).where(posts.c.post_id == post_id).values(state=PostState.REFUSED)
            )

    async def release(self, post_id: PostId, *, may_repeat: bool = False) -> None:
        """It is not there: its news are owed again, to be put into messages as it suits by then.

        `may_repeat`: nobody could look whether it is there. One that is known to be there by now stays.
        """
        async with self._database.writing() as connection:
            released = await connection.execute(
                delete(posts)
                .where(posts.c.post_id == post_id, posts.c.state.in_([PostState.SENDING, PostState.UNSURE]))
                .returning(posts.c.channel_id)
            )
            channel_id = released.scalar_one_or_none()
            if channel_id is None:
                return
            await _owe_again(connection, post_id, may_repeat=may_repeat)
            await drop_unwanted(connection, ChannelId(channel_id))

    async def unsure(self, channel_id: ChannelId, *, now: datetime) -> Unsure | None:
        """The channel's oldest message of which it can now be found out whether it is there."""
        async with self._database.reading() as connection:
            found = await connection.execute(
                select(posts)
                .where(posts.c.channel_id == channel_id, IS_UNSURE, is_settled(now))
                .order_by(posts.c.claimed_at)
                .limit(1)
            )
            row = found.mappings().one_or_none()
            if row is None:
                return None
            return Unsure(
                post_id=PostId(row["post_id"]),
                channel_id=ChannelId(row["channel_id"]),
                claimed_at=row["claimed_at"],
                thread_ts=await ts_of(connection, row["root_id"]),
            )

    async def stale(self, channel_id: ChannelId) -> tuple[PostId, ...]:
        """The channel's messages that must be drawn anew, newest first: those are the ones people look at."""
        async with self._database.reading() as connection:
            found = await connection.execute(
                select(posts.c.post_id)
                .where(posts.c.channel_id == channel_id, IS_STALE)
                .order_by(posts.c.sent_at.desc())
            )
            return tuple(PostId(post_id) for post_id in found.scalars())

    async def redraw(self, post_id: PostId) -> Redraw | None:
        """What the message must show now; None if it needs no drawing after all."""
        async with self._database.reading() as connection:
            found = await connection.execute(select(posts).where(posts.c.post_id == post_id))
            row = found.mappings().one_or_none()
            if row is None or not _is_stale(row):
                return None
            return Redraw(
                post_id=post_id,
                channel_id=ChannelId(row["channel_id"]),
                ts=row["ts"],
                wanted=row["wanted"],
                items=await items_of_root(connection, post_id),
                may_repeat=row["may_repeat"],
            )

    async def mark_shown(self, post_id: PostId, *, wanted: int) -> None:
        async with self._database.writing() as connection:
            await connection.execute(
                update(posts).where(posts.c.post_id == post_id, posts.c.shown < wanted).values(shown=wanted)
            )

    async def mark_gone(self, channel_id: ChannelId, ts: str) -> None:
        """Somebody deleted this message. What it was about to show for the first time is owed again."""
        it = and_(posts.c.channel_id == channel_id, posts.c.ts == ts)
        await self._end(it, PostState.GONE)

    async def mark_undrawable(self, post_id: PostId) -> None:
        """Slack will never take what this message should show. What it has not shown yet is owed again.

        Nothing joins it any more, and further news about what it shows get a message of their own.
        """
        await self._end(posts.c.post_id == post_id, PostState.REFUSED)

    async def _end(self, which: ColumnElement[bool], state: PostState) -> None:
        async with self._database.writing() as connection:
            found = await connection.execute(
                update(posts)
                .where(which, posts.c.state == PostState.SENT)
                .values(state=state)
                .returning(posts.c.post_id, posts.c.channel_id, posts.c.shown)
            )
            for post_id, channel_id, shown in found.all():
                never_shown = select(post_items.c.incident_id).where(
                    post_items.c.post_id == post_id, post_items.c.since > shown
                )
                await connection.execute(
                    update(notices)
                    .where(notices.c.post_id == post_id, notices.c.incident_id.in_(never_shown))
                    .values(post_id=None)
                )
                await drop_unwanted(connection, channel_id)

    async def recent(self, *, since: datetime) -> tuple[tuple[ChannelId, datetime], ...]:
        """When messages were sent, to which channel: a restart must not forget the pace."""
        sent_at = func.coalesce(posts.c.sent_at, posts.c.claimed_at, type_=posts.c.sent_at.type)
        async with self._database.reading() as connection:
            found = await connection.execute(
                select(posts.c.channel_id, sent_at).where(posts.c.claimed_at >= since).order_by(sent_at)
            )
            return tuple((ChannelId(channel_id), at) for channel_id, at in found)


def _is_stale(row: RowMapping) -> bool:
    return bool(
        row["kind"] == PostKind.ROOT
        and row["state"] == PostState.SENT
        and row["ts"]
        and row["wanted"] > row["shown"]
    )


async def _owe_again(connection: AsyncConnection, post_id: PostId, *, may_repeat: bool) -> None:
    values: dict[str, object] = {"post_id": None}
    if may_repeat:
        values["may_repeat"] = True
    await connection.execute(update(notices).where(notices.c.post_id == post_id).values(values))
