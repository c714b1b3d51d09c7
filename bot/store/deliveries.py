"""The outcome of each message: sent, unsure, refused, deleted, to be redrawn."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update

from bot.domain import ChannelId, PostId, PostKind
from bot.domain.notices import Redraw, Unsure
from bot.store.database import Database
from bot.store.lease import fence
from bot.store.message_contents import items_of_root, ts_of
from bot.store.notices import (
    IS_SENDING,
    IS_STALE,
    IS_UNSURE,
    drop_unwanted,
    firing_incident,
    is_settled,
    redraw_posts,
)
from bot.store.reminders import restart_reminders
from bot.store.roll_calls import roll_call_in
from bot.store.rows import read_row
from bot.store.tables import PostState, notices, post_items, posts, subscriptions


@dataclass(slots=True)
class Deliveries:
    """What Slack answered is stored whoever leads by now, but only while the message's outcome is open.

    The leader's own decisions are fenced.
    """

    _database: Database

    async def give_up_sending(self, *, term: int, in_flight: Collection[PostId], now: datetime) -> int:
        """Mark as unsure what an earlier leader was sending, and what this one no longer knows of.

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
        """Have the messages redrawn that show a snooze which is over. Returns how many snoozes ended.

        Mostly there are none: then nothing is written. Raises LeaseLost.
        """
        is_over = subscriptions.c.snoozed_until <= now
        async with self._database.reading() as connection:
            if await read_row(connection, select(subscriptions.c.mail_id).where(is_over).limit(1)) is None:
                return 0
        async with self._database.writing() as connection:
            await fence(connection, term)
            ended = await connection.execute(
                update(subscriptions)
                .where(is_over)
                .values(snoozed_until=None)
                .returning(subscriptions.c.channel_id, subscriptions.c.mail_id)
            )
            pairs = ended.all()
            for channel_id, mail_id in pairs:
                incident = await firing_incident(connection, mail_id)
                await redraw_posts(connection, incident, channel_id)
                await restart_reminders(connection, incident, now, channel_id)
        return len(pairs)

    async def mark_sent(self, post_id: PostId, *, ts: str, now: datetime) -> None:
        await self._update(_is_open(post_id), state=PostState.SENT, ts=ts, sent_at=now)

    async def mark_unsure(self, post_id: PostId, *, settle_at: datetime) -> None:
        """The answer was lost. From `settle_at` on the message can be looked for."""
        await self._update(_is_open(post_id), state=PostState.UNSURE, settle_at=settle_at)

    async def mark_refused(self, post_id: PostId) -> None:
        """Slack will never take it. Its notices are done with."""
        await self._update(_is_open(post_id), state=PostState.REFUSED)

    async def mark_shown(self, post_id: PostId, *, wanted: int) -> None:
        await self._update((posts.c.post_id == post_id) & (posts.c.shown < wanted), shown=wanted)

    async def release(self, post_id: PostId, *, may_repeat: bool = False) -> None:
        """The message is not in Slack: its notices are pending again.

        `may_repeat`: nobody could look whether it is there. One that is known to be there by now stays.
        """
        async with self._database.writing() as connection:
            released = await connection.execute(
                delete(posts).where(_is_open(post_id)).returning(posts.c.channel_id)
            )
            channel_id = released.scalar_one_or_none()
            if channel_id is None:
                return
            await connection.execute(
                update(notices)
                .where(notices.c.post_id == post_id)
                .values({"post_id": None} | ({"may_repeat": True} if may_repeat else {}))
            )
            await drop_unwanted(connection, channel_id)

    async def unsure(self, channel_id: ChannelId, *, now: datetime) -> Unsure | None:
        """The channel's oldest message of which it can now be found out whether it is there."""
        async with self._database.reading() as connection:
            row = await read_row(
                connection,
                select(posts)
                .where(posts.c.channel_id == channel_id, IS_UNSURE, is_settled(now))
                .order_by(posts.c.claimed_at)
                .limit(1),
            )
            if row is None:
                return None
            return Unsure(
                post_id=row["post_id"],
                channel_id=row["channel_id"],
                claimed_at=row["claimed_at"],
                thread_ts=await ts_of(connection, row["root_id"]),
            )

    async def stale(self, channel_id: ChannelId) -> tuple[PostId, ...]:
        """The channel's messages that must be redrawn, newest first: those are the ones people look at."""
        async with self._database.reading() as connection:
            found = await connection.execute(
                select(posts.c.post_id)
                .where(posts.c.channel_id == channel_id, IS_STALE)
                .order_by(posts.c.sent_at.desc())
            )
            return tuple(found.scalars())

    async def redraw(self, post_id: PostId) -> Redraw | None:
        """What the message must show now; None if it shows it already."""
        is_edited = posts.c.kind.in_([PostKind.ROOT, PostKind.ROLL_CALL])
        is_it = and_(posts.c.post_id == post_id, IS_STALE, is_edited, posts.c.ts != "")
        async with self._database.reading() as connection:
            row = await read_row(connection, select(posts).where(is_it))
            if row is None:
                return None
            roll_call = None
            if row["kind"] is PostKind.ROLL_CALL:
                roll_call = await roll_call_in(connection, post_id, row["channel_id"])
                if roll_call is None:
                    return None
            return Redraw(
                post_id=post_id,
                channel_id=row["channel_id"],
                ts=row["ts"],
                wanted=row["wanted"],
                items=() if roll_call else await items_of_root(connection, post_id),
                roll_call=roll_call,
                may_repeat=row["may_repeat"],
            )

    async def mark_gone(self, channel_id: ChannelId, ts: str) -> None:
        """Somebody deleted this message. The notices that it has not shown yet are pending again."""
        await self._end(and_(posts.c.channel_id == channel_id, posts.c.ts == ts), PostState.GONE)

    async def mark_undrawable(self, post_id: PostId) -> None:
        """Slack will never take what this message should show. What it has not shown yet is pending again.

        Nothing is appended to it any more, and further notices about its incidents get a message of their own.
        """
        await self._end(posts.c.post_id == post_id, PostState.REFUSED)

    async def recent(self, *, since: datetime) -> tuple[tuple[ChannelId, datetime], ...]:
        """When messages were sent, to which channel: a restart must not forget the pace."""
        sent_at = func.coalesce(posts.c.sent_at, posts.c.claimed_at, type_=posts.c.sent_at.type)
        async with self._database.reading() as connection:
            found = await connection.execute(
                select(posts.c.channel_id, sent_at).where(posts.c.claimed_at >= since).order_by(sent_at)
            )
            return tuple((channel_id, at) for channel_id, at in found)

    async def _update(self, which: ColumnElement[bool], **values: object) -> None:
        async with self._database.writing() as connection:
            await connection.execute(update(posts).where(which).values(values))

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


def _is_open(post_id: PostId) -> ColumnElement[bool]:
    """Nobody has found out yet whether the message is in Slack."""
    return and_(posts.c.post_id == post_id, posts.c.state.in_([PostState.SENDING, PostState.UNSURE]))
