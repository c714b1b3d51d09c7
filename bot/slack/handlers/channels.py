"""Keeps up with channels: closed ones pause what they are told, with the reason; open ones go on where it stopped.

Events tell of it, but none that came while the bot was away: so closed channels are also looked at now and then,
and whenever somebody uses the bot in one.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Protocol

from bot.domain import StoreError
from bot.domain.subscriptions import Posting

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from bot.domain import ChannelId
    from bot.slack.payloads import Happened, Home
    from bot.slack.transport.channel_access import ChannelAccess

LOOK_EVERY = 180.0  # seconds between two rounds of looks at closed channels
LOOK_GAP = 2.0  # seconds between two of its looks: well within Slack's 50 a minute
# What Slack can be asked about. Whether posting is allowed at all (`restricted_action`) only a try can show.
_CAN_BE_SEEN = frozenset({"is_archived", "is_inactive", "channel_not_found", "not_in_channel"})
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
# Not channel_left: a public channel that the bot left can still be posted to (chat:write.public).
CHANNEL_EVENTS = frozenset({*_CLOSED, *_OPENED, _JOINED})


class Gates(Protocol):
    """Which channels are closed to us."""

    async def close_channel(
        self,
        channel_id: ChannelId,
        *,
        reason: str,
        now: datetime,
        operator_channel: ChannelId | None,
        term: int | None,
    ) -> bool: ...

    async def reopen_channel(self, channel_id: ChannelId, *, term: int | None) -> bool: ...

    async def closed_reason(self, channel_id: ChannelId) -> str | None: ...

    async def closed_channels(self) -> Mapping[ChannelId, str]: ...


class ChannelEventHandler:
    """`woken` is called when there may be something to send at last. `lead` is a duty of the leader."""

    def __init__(
        self,
        gates: Gates,
        channels: ChannelAccess,
        *,
        home: Home,
        operator_channel: ChannelId | None,
        now: Callable[[], datetime],
        woken: Callable[[], None],
    ) -> None:
        self._gates = gates
        self._channels = channels
        self._home = home
        self._operator_channel = operator_channel
        self._now = now
        self._woken = woken

    async def happened(self, event: Happened) -> None:
        if event.kind == _JOINED and event.person.user_id != self._home.bot_user_id:
            return
        if event.kind in _OPENED or event.kind == _JOINED:
            await self.open(event.channel_id)
        else:
            closed = await self._gates.close_channel(
                event.channel_id,
                reason=_CLOSED[event.kind],
                now=self._now(),
                operator_channel=self._operator_channel,
                term=None,
            )
            if closed:
                _log.info("channel_closed", extra={"channel_id": event.channel_id, "why": event.kind})
                self._woken()

    async def lead(self, term: int) -> None:
        """Look again and again whether closed channels are open, until cancelled."""
        while True:
            try:
                await self._look_at_all(term)
            except StoreError as error:
                _log.warning("channels_not_looked_at", extra={"error": str(error)})
            await asyncio.sleep(LOOK_EVERY)

    async def visited(self, channel_id: ChannelId) -> None:
        """Somebody uses the bot there: if the channel is closed to us, look whether it still is."""
        try:
            if await self._gates.closed_reason(channel_id) is not None:
                await self._look(channel_id)
        except StoreError as error:
            _log.warning("channel_not_looked_at", extra={"channel_id": channel_id, "error": str(error)})

    async def open(self, channel_id: ChannelId, *, term: int | None = None) -> None:
        """The bot may post there."""
        if await self._gates.reopen_channel(channel_id, term=term):
            _log.info("channel_open_again", extra={"channel_id": channel_id})
            self._woken()

    async def _look_at_all(self, term: int) -> None:
        closed = await self._gates.closed_channels()
        seen = [channel_id for channel_id, reason in closed.items() if reason in _CAN_BE_SEEN]
        if seen:
            _log.info("looking_at_closed_channels", extra={"term": term, "count": len(seen)})
        for channel_id in seen:
            if await self._look(channel_id, term=term) is Posting.UNKNOWN:
                return  # Slack is in trouble or we are too fast: the next round will do
            await asyncio.sleep(LOOK_GAP)

    async def _look(self, channel_id: ChannelId, *, term: int | None = None) -> Posting:
        posting = await self._channels.posting(channel_id)
        if posting is Posting.FINE:
            await self.open(channel_id, term=term)
        return posting
