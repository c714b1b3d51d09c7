"""What Slack knows of a person that we need: the zone that their "tomorrow" is in, and their channels."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.domain import ChannelId

if TYPE_CHECKING:
    from datetime import tzinfo

    from slack_sdk.web.async_client import AsyncWebClient

    from bot.domain import UserId

_CHANNELS_LIMIT = 2.0  # seconds that somebody waits for a page before it is drawn without them
_PAGE = 999
_log = logging.getLogger(__name__)


class People:
    """`fallback` is the zone of whom Slack does not tell it."""

    def __init__(self, slack: AsyncWebClient, *, fallback: tzinfo) -> None:
        self._slack = slack
        self._fallback = fallback

    async def zone_of(self, user_id: UserId) -> tzinfo:
        """Asked anew each time: people travel, and few snooze."""
        try:
            answer: Any = (await self._slack.users_info(user=user_id)).data
            return ZoneInfo(answer["user"]["tz"])
        except (SlackApiError, aiohttp.ClientError, TimeoutError, KeyError, ZoneInfoNotFoundError) as unknown:
            _log.info("zone_unknown", extra={"user_id": user_id, "why": type(unknown).__name__})
            return self._fallback

    async def channels_of(self, user_id: UserId) -> frozenset[ChannelId] | None:
        """The channels that this person is in, private ones only where the bot is too. None: Slack did not say.

        One call of tier 3 for up to 999 channels, with scopes that the bot has anyway; nothing is kept.
        """
        try:
            async with asyncio.timeout(_CHANNELS_LIMIT):
                return await self._all_channels(user_id)
        except (SlackApiError, aiohttp.ClientError, TimeoutError, KeyError) as unknown:
            _log.info("channels_unknown", extra={"user_id": user_id, "why": type(unknown).__name__})
            return None

    async def _all_channels(self, user_id: UserId) -> frozenset[ChannelId]:
        channels: set[ChannelId] = set()
        cursor = ""
        while True:
            answer: Any = (
                await self._slack.users_conversations(
                    user=user_id, types="public_channel,private_channel", limit=_PAGE, cursor=cursor
                )
            ).data
            channels |= {ChannelId(channel["id"]) for channel in answer["channels"]}
            cursor = (answer.get("response_metadata") or {}).get("next_cursor", "")
            if not cursor:
                return frozenset(channels)
