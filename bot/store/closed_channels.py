"""What keeps messages from going out: channels that are closed to us, methods that Slack holds back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select, update

from bot.domain import ChannelId, NotifyReason
from bot.store.database import insert_if_absent
from bot.store.notices import notice_row
from bot.store.tables import channels, holds, notices, subscriptions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from bot.domain import PostId
    from bot.store.database import Database


class ClosedChannels:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def close_channel(
        self, channel_id: ChannelId, *, reason: str, now: datetime, operator_channel: ChannelId | None
    ) -> bool:
        """Pause the channel's subscriptions. Who subscribed it and the operators are owed a word.

        Closed again for the same reason within the hour, they know it already. What is owed to the channel
        itself stays so. Returns whether that is new.
        """
        async with self._database.writing() as connection:
            values = {"channel_id": channel_id, "paused_reason": reason, "paused_at": now}
            closed = await connection.execute(insert_if_absent(self._database, channels, values))
            if not closed.rowcount:
                return False
            found = await connection.execute(
                select(subscriptions.c.created_by, func.count())
                .where(subscriptions.c.channel_id == channel_id)
                .group_by(subscriptions.c.created_by)
            )
            people: dict[str, int] = {row[0]: row[1] for row in found}
            targets: dict[str, int] = dict(people)
            if operator_channel and people and operator_channel != channel_id:
                targets[operator_channel] = sum(people.values())
            for target, count in targets.items():
                word = notice_row(
                    dedupe_key=f"{target}:{channel_id}:closed:{reason}:{now:%Y-%m-%dT%H}",
                    channel_id=target,
                    reason=NotifyReason.CHANNEL_LOST,
                    created_at=now,
                    subject_id=channel_id,
                    detail=f"{reason} {count}",
                )
                await connection.execute(insert_if_absent(self._database, notices, word))
        return True

    async def report_refusal(
        self,
        post_id: PostId,
        channel_id: ChannelId,
        *,
        detail: str,
        now: datetime,
        operator_channel: ChannelId,
    ) -> None:
        """Add a notice for the operators: Slack takes no form of this message. Once for each message."""
        notice = notice_row(
            dedupe_key=f"{operator_channel}:{post_id}:refused",
            channel_id=operator_channel,
            reason=NotifyReason.MESSAGE_REFUSED,
            created_at=now,
            subject_id=channel_id,
            detail=detail,
        )
        async with self._database.writing() as connection:
            await connection.execute(insert_if_absent(self._database, notices, notice))

    async def reopen_channel(self, channel_id: ChannelId) -> bool:
        """The bot may post there again: what was missed is told. Returns whether it was closed."""
        async with self._database.writing() as connection:
            opened = await connection.execute(delete(channels).where(channels.c.channel_id == channel_id))
            return bool(opened.rowcount)

    async def closed_reason(self, channel_id: ChannelId) -> str | None:
        return (await self._reasons()).get(channel_id)

    async def closed_channels(self) -> Mapping[ChannelId, str]:
        """The closed channels, each with Slack's word for why; the one closed last comes first."""
        return await self._reasons()

    async def _reasons(self) -> Mapping[ChannelId, str]:
        async def read(connection: AsyncConnection) -> Mapping[ChannelId, str]:
            found = await connection.execute(
                select(channels.c.channel_id, channels.c.paused_reason).order_by(channels.c.paused_at.desc())
            )
            return {ChannelId(channel_id): reason for channel_id, reason in found}

        return await self._database.remembered("closed channels", (channels,), read)

    async def hold(self, method: str, *, now: datetime, until: datetime) -> None:
        """Slack said 429: this method is not called before then, not even after a restart."""
        values = {"method": method, "set_at": now, "until": until}
        async with self._database.writing() as connection:
            changed = await connection.execute(update(holds).where(holds.c.method == method).values(values))
            if not changed.rowcount:
                await connection.execute(insert(holds).values(values))

    async def holds(self, *, now: datetime) -> Mapping[str, datetime]:
        """The methods held back, each until when. One that was set in the future is from a wrong clock."""
        async with self._database.reading() as connection:
            found = await connection.execute(
                select(holds.c.method, holds.c.until).where(holds.c.until > now, holds.c.set_at <= now)
            )
            return {method: until for method, until in found}  # noqa: C416
