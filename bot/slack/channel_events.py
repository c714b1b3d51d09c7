"""Keeps up with channels: closed ones pause what they are told, with the reason; open ones go on where it stopped."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bot.domain import ChannelId
    from bot.slack.incoming import Happened, Home

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
        self, channel_id: ChannelId, *, reason: str, now: datetime, operator_channel: ChannelId | None
    ) -> bool: ...

    async def reopen_channel(self, channel_id: ChannelId) -> bool: ...


class ChannelDesk:
    """`woken` is called when there may be something to send at last."""

    def __init__(
        self,
        gates: Gates,
        *,
        home: Home,
        operator_channel: ChannelId | None,
        now: Callable[[], datetime],
        woken: Callable[[], None],
    ) -> None:
        self._gates = gates
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
            )
            if closed:
                _log.info("channel_closed", extra={"channel_id": event.channel_id, "why": event.kind})
                self._woken()

    async def open(self, channel_id: ChannelId) -> None:
        """The bot may post there, as an event or somebody's command there shows."""
        if await self._gates.reopen_channel(channel_id):
            _log.info("channel_open_again", extra={"channel_id": channel_id})
            self._woken()
