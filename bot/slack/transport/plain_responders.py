"""Answers one person by messages of the bot's own: in a channel, where only they see it, or directly."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain import ChannelId, SlackError, UserId
from bot.slack.kit.blocks import Message
from bot.slack.transport.errors import refusal
from bot.slack.transport.notifier import ChannelMessenger

_log = logging.getLogger(__name__)


async def call(request: Awaitable[Any], *, log: str, level: int = logging.WARNING) -> Any:
    """What Slack answers, or None, with a line in the log."""
    try:
        return (await request).data
    except SlackApiError as error:
        _log.log(level, log, extra={"why": refusal(error).said})
    except (aiohttp.ClientError, TimeoutError) as error:
        _log.log(level, log, extra={"why": type(error).__name__})
    return None


@dataclass(frozen=True, slots=True)
class DirectResponder:
    """Answers with an ephemeral message in the channel, or where that fails with a direct message. Replaces nothing."""

    slack: AsyncWebClient
    user_id: UserId
    channel_id: ChannelId
    thread_ts: str = ""

    async def send(self, message: Message, *, replace: bool | None = None, in_channel: bool = False) -> bool:  # noqa: ARG002
        payload = message.payload()
        if self.channel_id and not in_channel:
            # Works only where the bot is in the channel. A lost answer may mean two messages: better than none.
            request = self.slack.chat_postEphemeral(
                channel=self.channel_id, user=self.user_id, thread_ts=self.thread_ts or None, **payload
            )
            if await call(request, log="reply_not_ephemeral", level=logging.INFO) is not None:
                return True
        to = (in_channel and self.channel_id) or self.user_id
        request = self.slack.chat_postMessage(channel=to, **payload, unfurl_links=False)
        return await call(request, log="reply_not_delivered") is not None


@dataclass(slots=True)
class ConversationResponder:
    """Answers in a direct message, or in a thread of it. A later message replaces the one before."""

    messenger: ChannelMessenger
    channel_id: ChannelId
    thread_ts: str
    _ts: str = field(default="", init=False)

    async def send(self, message: Message, *, replace: bool | None = None, in_channel: bool = False) -> bool:  # noqa: ARG002
        try:
            if self._ts and replace is not False:
                await self.messenger.edit(self.channel_id, self._ts, message)
            else:
                self._ts = await self.messenger.say(self.channel_id, message, thread_ts=self.thread_ts)
        except SlackError as error:
            _log.warning("reply_not_delivered", extra={"why": error.error})
            return False
        return True
