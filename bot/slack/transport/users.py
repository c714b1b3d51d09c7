"""What Slack knows about a person: their organisation, time zone and channels. Remembered for a while."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import tzinfo
from time import monotonic
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain import ChannelId, UserId
from bot.slack.payloads import Person

_LIMIT = 2.0  # seconds to wait for Slack before going on without its answer
_FRESH = 60.0  # seconds until somebody who joined or left a channel notices at the latest
REMEMBERED = 600.0  # seconds in which what was known is good enough to begin with
_MOST = 1_000  # people
_PAGE = 999
_UNKNOWN = (SlackApiError, aiohttp.ClientError, TimeoutError, KeyError, TypeError, ValueError)
_log = logging.getLogger(__name__)
T = TypeVar("T")


class Users:
    """`fallback` is the zone where Slack does not tell one."""

    def __init__(
        self, slack: AsyncWebClient, *, fallback: tzinfo, clock: Callable[[], float] = monotonic
    ) -> None:
        self._slack = slack
        self._fallback = fallback
        self._persons: _Memory[Person] = _Memory(clock)
        self._channels: _Memory[frozenset[ChannelId]] = _Memory(clock)

    async def zone_of(self, user_id: UserId) -> tzinfo:
        """Asked each time: people travel, and few snooze. Not every account has a zone."""
        try:
            return ZoneInfo((await self._asked(user_id))["tz"])
        except _UNKNOWN as unknown:
            _log.info("zone_unknown", extra={"user_id": user_id, "why": type(unknown).__name__})
            return self._fallback

    async def who(self, user_id: UserId) -> Person | None:
        """Which organisation a person is of. None: Slack did not say."""
        known = self._persons.get(user_id, within=REMEMBERED)
        if known is not None:
            return known
        try:
            user = await self._asked(user_id)
            person = Person(
                user_id=user_id,
                team_id="" if user.get("is_stranger") else user["team_id"],
                enterprise_id=(user.get("enterprise_user") or {}).get("enterprise_id", ""),
            )
        except _UNKNOWN as unknown:
            _log.warning("person_unknown", extra={"user_id": user_id, "why": type(unknown).__name__})
            return None
        return self._persons.keep(user_id, person)

    async def channels_of(self, user_id: UserId) -> frozenset[ChannelId] | None:
        """The channels that this person is in, private ones only where the bot is too. None: Slack did not say.

        One call of tier 3 for up to 999 channels, with scopes that the bot has anyway; good for a minute.
        """
        known = self._channels.get(user_id, within=_FRESH)
        if known is not None:
            return known
        try:
            async with asyncio.timeout(_LIMIT):
                return self._channels.keep(user_id, await self._all_channels(user_id))
        except _UNKNOWN as unknown:
            _log.info("channels_unknown", extra={"user_id": user_id, "why": type(unknown).__name__})
            return None

    def remembered_channels(self, user_id: UserId) -> frozenset[ChannelId] | None:
        """What Slack said some minutes ago, without asking; None where nothing is known."""
        return self._channels.get(user_id, within=REMEMBERED)

    async def _asked(self, user_id: UserId) -> Any:
        async with asyncio.timeout(_LIMIT):
            answer: Any = (await self._slack.users_info(user=user_id)).data
        return answer["user"]

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


class _Memory(Generic[T]):
    """The newest value for each person. Of too many, the oldest are forgotten."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._known: dict[UserId, tuple[float, T]] = {}

    def get(self, user_id: UserId, *, within: float) -> T | None:
        at, known = self._known.get(user_id, (float("-inf"), None))
        return known if self._clock() - at <= within else None

    def keep(self, user_id: UserId, known: T) -> T:
        self._known.pop(user_id, None)
        self._known[user_id] = (self._clock(), known)
        if len(self._known) > _MOST:
            del self._known[next(iter(self._known))]
        return known
