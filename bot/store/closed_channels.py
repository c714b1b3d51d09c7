"""What keeps messages from going out: channels that the bot cannot post to, methods that Slack holds back.

`term` is the leader's; None where an event or a person's command said so, on whichever replica.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Delete, Table, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain import ChannelId, NotifyReason, PostId
from bot.mails.text_normalisation import displayed
from bot.store.database import Database
from bot.store.lease import fence
from bot.store.notices import add_notice
from bot.store.rows import insert_if_absent
from bot.store.tables import (
    channels,
    holds,
    mails,
    manual_runs,
    notices,
    posts,
    roll_calls,
    rule_exceptions,
    subscription_rules,
    subscriptions,
)

_OF_CHANNELS = (subscriptions, subscription_rules, rule_exceptions, roll_calls)  # keyed by the channel
_MOST_NAMES = 20  # of mails, in the message about a closed channel


@dataclass(slots=True)
class ClosedChannels:
    _database: Database

    async def close_channel(
        self,
        channel_id: ChannelId,
        *,
        reason: str,
        now: datetime,
        operator_channel: ChannelId | None,
        term: int | None,
    ) -> bool:
        """Pause the channel's subscriptions, and notify the operators and whoever subscribed it, naming the mails.

        They are not notified again where it is closed for the same reason within the hour. The channel's own
        notices stay pending. Returns whether it was open. Raises LeaseLost.
        """
        async with self._database.writing() as connection:
            await fence(connection, term)
            values = {"channel_id": channel_id, "paused_reason": reason, "paused_at": now}
            if not await insert_if_absent(connection, channels, values):
                return False
            found = await connection.execute(
                select(subscriptions.c.created_by, subscriptions.c.mail_id, mails.c.name)
                .outerjoin(mails, mails.c.mail_id == subscriptions.c.mail_id)
                .where(subscriptions.c.channel_id == channel_id)
                .order_by(mails.c.name, subscriptions.c.mail_id)
            )
            targets: dict[str, list[str]] = {}
            for person, mail_id, name in found:
                targets.setdefault(person, []).append(displayed(name or "") or f"Mail {mail_id}")
            if operator_channel and targets and operator_channel != channel_id:
                targets[operator_channel] = sorted(name for names in targets.values() for name in names)
            for target, names in targets.items():
                await add_notice(
                    connection,
                    dedupe_key=f"{target}:{channel_id}:closed:{reason}:{now:%Y-%m-%dT%H}",
                    channel_id=target,
                    reason=NotifyReason.CHANNEL_LOST,
                    created_at=now,
                    subject_id=channel_id,
                    detail="\n".join([f"{reason} {len(names)}", *names[:_MOST_NAMES]]),
                )
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
        """Notify the operators that Slack takes no form of this message. Once for each message."""
        async with self._database.writing() as connection:
            await add_notice(
                connection,
                dedupe_key=f"{operator_channel}:{post_id}:refused",
                channel_id=operator_channel,
                reason=NotifyReason.MESSAGE_REFUSED,
                created_at=now,
                subject_id=channel_id,
                detail=detail,
            )

    async def reopen_channel(self, channel_id: ChannelId, *, term: int | None) -> bool:
        """The bot may post there again: its pending notices are sent. Returns whether it was closed.

        Raises LeaseLost.
        """
        async with self._database.writing() as connection:
            await fence(connection, term)
            opened = await connection.execute(delete(channels).where(channels.c.channel_id == channel_id))
            return bool(opened.rowcount)

    async def move_channel(self, old: ChannelId, new: ChannelId) -> int:
        """Slack gave a channel another ID: what belongs to the old one belongs to the new. Returns its subscriptions.

        The audit keeps the ID of the time. Where the new ID has a row of its own already, that one stays.
        """
        key = func.replace(notices.c.dedupe_key, old, new)
        taken = notices.alias()
        async with self._database.writing() as connection:
            for stale in (
                *(_where_new_has_its_own(table, old, new) for table in _OF_CHANNELS),
                delete(notices).where(notices.c.channel_id == old, key.in_(select(taken.c.dedupe_key))),
                delete(channels).where(channels.c.channel_id == old),
            ):
                await connection.execute(stale)
            about_it = notices.c.dedupe_key.contains(old, autoescape=True)
            await connection.execute(update(notices).where(about_it).values(dedupe_key=key))
            await connection.execute(
                update(notices).where(notices.c.subject_id == old).values(subject_id=new)
            )
            moved = {}
            for table in (notices, posts, manual_runs, *_OF_CHANNELS):
                moving = update(table).where(table.c.channel_id == old).values(channel_id=new)
                moved[table] = (await connection.execute(moving)).rowcount
        return moved[subscriptions]

    async def closed_reason(self, channel_id: ChannelId) -> str | None:
        return (await self.closed_channels()).get(channel_id)

    async def closed_channels(self) -> Mapping[ChannelId, str]:
        """The closed channels, each with Slack's reason; the one closed last comes first."""

        async def read(connection: AsyncConnection) -> Mapping[ChannelId, str]:
            return {row[0]: row[1] for row in await connection.execute(_LAST_FIRST)}

        return await self._database.remembered("closed channels", (channels,), read)

    async def hold(self, method: str, *, now: datetime, until: datetime, term: int) -> None:
        """Slack answered 429: this method is not called before then, not even after a restart. Raises LeaseLost.

        A shorter hold, as of a call that was under way, does not end a longer one, unless that was set in the future:
        then the clock was ahead.
        """
        values = {"method": method, "set_at": now, "until": until}
        is_older = (holds.c.method == method) & ((holds.c.until < until) | (holds.c.set_at > now))
        async with self._database.writing() as connection:
            await fence(connection, term)
            if not await insert_if_absent(connection, holds, values):
                await connection.execute(update(holds).where(is_older).values(values))

    async def holds(self, *, now: datetime) -> Mapping[str, datetime]:
        """The methods held back, each until when.

        One that was set in the future was set by a clock that was ahead: it may have begun just now.
        """
        async with self._database.reading() as connection:
            found = await connection.execute(select(holds).where(holds.c.until > now))
            return {row.method: min(row.until, now + (row.until - row.set_at)) for row in found}


def _where_new_has_its_own(table: Table, old: ChannelId, new: ChannelId) -> Delete:
    own = table.alias()
    rest_of_key = [own.c[each.name] == each for each in table.primary_key if each.name != "channel_id"]
    is_there = exists().where(own.c.channel_id == new, *rest_of_key)
    return delete(table).where(table.c.channel_id == old, is_there)


_LAST_FIRST = select(channels.c.channel_id, channels.c.paused_reason).order_by(channels.c.paused_at.desc())
