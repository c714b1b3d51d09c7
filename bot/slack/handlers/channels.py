"""Pauses notices to channels that the bot cannot post to, and resumes them once it can.

Slack's events say when that changes, but are lost while the bot is down. So closed channels are also checked now
and then, and whenever somebody uses the bot in one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.domain import ChannelId, Posting, StoreError
from bot.domain.repositories import ClosedChannels
from bot.slack.payloads import Happened, Home
from bot.slack.transport.channel_access import ChannelAccess

CHECK_EVERY = 180.0  # seconds between two rounds over the closed channels
CHECK_GAP = 2.0  # seconds between two calls of a round: well within Slack's 50 a minute
# Reasons that `conversations.info` shows. Whether posting is restricted, only an attempt can show.
_VISIBLE = frozenset({"is_archived", "is_inactive", "channel_not_found", "not_in_channel"})
_log = logging.getLogger(__name__)
_CLOSED = {
    "channel_archive": "is_archived",
    "group_archive": "is_archived",
    "channel_deleted": "channel_not_found",
    "group_deleted": "channel_not_found",
    "group_left": "channel_not_found",
}
_OPENED = frozenset({"channel_unarchive", "group_unarchive"})
_JOINED = "member_joined_channel"
_ID_CHANGED = "channel_id_changed"  # a private channel was shared, or is no longer
# Not channel_left: a public channel that the bot left can still be posted to (chat:write.public).
CHANNEL_EVENTS = frozenset({*_CLOSED, *_OPENED, _JOINED, _ID_CHANGED})


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelEventHandler:
    """`on_pending` is called when notices may be sent again. `lead` runs on the leader only."""

    closed: ClosedChannels
    access: ChannelAccess
    home: Home
    operator_channel: ChannelId | None
    now: Callable[[], datetime]
    on_pending: Callable[[], None]

    async def happened(self, event: Happened) -> None:
        if event.kind == _JOINED and event.person.user_id != self.home.bot_user_id:
            return
        if event.kind == _ID_CHANGED:
            await self._move(event.old_channel_id, event.channel_id)
        elif event.kind in _OPENED or event.kind == _JOINED:
            await self.open(event.channel_id)
        else:
            closed = await self.closed.close_channel(
                event.channel_id,
                reason=_CLOSED[event.kind],
                now=self.now(),
                operator_channel=self.operator_channel,
                term=None,
            )
            if closed:
                _log.info("channel_closed", extra={"channel_id": event.channel_id, "why": event.kind})
                self.on_pending()

    async def lead(self, term: int) -> None:
        """Check closed channels again and again until cancelled."""
        while True:
            try:
                await self._look_at_all(term)
            except StoreError as error:
                _log.warning("channels_not_looked_at", extra={"error": str(error)})
            await asyncio.sleep(CHECK_EVERY)

    async def on_used(self, channel_id: ChannelId) -> None:
        """Somebody uses the bot there: if notices are paused, check whether they can resume."""
        try:
            if await self.closed.closed_reason(channel_id) is not None:
                await self._look(channel_id)
        except StoreError as error:
            _log.warning("channel_not_looked_at", extra={"channel_id": channel_id, "error": str(error)})

    async def open(self, channel_id: ChannelId, *, term: int | None = None) -> None:
        """Resume notices to a channel that the bot may post to."""
        if await self.closed.reopen_channel(channel_id, term=term):
            _log.info("channel_open_again", extra={"channel_id": channel_id})
            self.on_pending()

    async def _move(self, old: ChannelId, new: ChannelId) -> None:
        """Settings are the operators' to change: they may name the channel, too."""
        moved = await self.closed.move_channel(old, new)
        level = logging.WARNING if old == self.operator_channel else logging.INFO
        _log.log(level, "channel_id_changed", extra={"old": old, "new": new, "subscriptions": moved})
        self.on_pending()

    async def _look_at_all(self, term: int) -> None:
        closed = await self.closed.closed_channels()
        seen = [channel_id for channel_id, reason in closed.items() if reason in _VISIBLE]
        if seen:
            _log.info("looking_at_closed_channels", extra={"term": term, "count": len(seen)})
        for channel_id in seen:
            if await self._look(channel_id, term=term) is Posting.UNKNOWN:
                return  # Slack is in trouble or limits us: wait for the next round
            await asyncio.sleep(CHECK_GAP)

    async def _look(self, channel_id: ChannelId, *, term: int | None = None) -> Posting:
        posting = await self.access.posting(channel_id)
        if posting in {Posting.FINE, Posting.SHARED}:
            await self.open(channel_id, term=term)
        return posting
