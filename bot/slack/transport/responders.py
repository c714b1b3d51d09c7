"""Answers one command or click through its response URL: 5 uses in 30 minutes, no membership needed.

Where that leads nowhere any more, the words go into the channel or to the person another way.
"""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass
from dataclasses import replace as replace_in
from http import HTTPStatus
from typing import TYPE_CHECKING

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.domain import DeliveryUnknown, MessageRefused, UnknownSlackRefusal
from bot.domain.retry_after import retry_after
from bot.slack.transport.errors import SlackRefusal, header, kind_of

if TYPE_CHECKING:
    from slack_sdk.web.async_client import AsyncWebClient
    from slack_sdk.webhook import WebhookResponse

    from bot.domain import ChannelId, UserId
    from bot.slack.kit.blocks import Message
    from bot.slack.transport.answer import Answer

_log = logging.getLogger(__name__)
_TIME_LIMIT = 10  # seconds for one attempt
_ATTEMPTS = 3
_LONGEST_PAUSE = 30.0  # seconds: nobody waits longer, and Slack must not be asked sooner than it said


class Responder:
    """Where the answer to one person goes. The first message is new; `replace` changes it in place.

    `on_shared`: the person clicked on a message that all see. What a response URL replaces is that message,
    so nothing is replaced there unless it is asked for. `otherwise` is where new messages go once the response
    URL is of no use; what was to replace a message is the caller's to tell elsewhere.
    """

    def __init__(
        self,
        response_url: str,
        session: aiohttp.ClientSession,
        *,
        on_shared: bool = False,
        otherwise: Answer | None = None,
    ) -> None:
        # Its own retries are off: they would send a second message after a lost answer.
        self._hook = AsyncWebhookClient(response_url, timeout=_TIME_LIMIT, session=session, retry_handlers=[])
        self._answered = False
        self._on_shared = on_shared
        self._otherwise = otherwise
        self._is_over = False

    async def send(self, message: Message, *, replace: bool | None = None, in_channel: bool = False) -> bool:
        """Show the message; from the second one on it replaces the first. Returns whether Slack took it."""
        if not self._is_over:
            trouble = await self._send(message, replace=replace, in_channel=in_channel)
            if trouble is None:
                return True
            if replace or (in_channel and trouble.maybe_there):  # a channel is not told twice
                return False
        if self._otherwise is None:
            return False
        self._is_over = True
        return await self._otherwise.send(message, in_channel=in_channel)

    async def _send(self, message: Message, *, replace: bool | None, in_channel: bool) -> _Trouble | None:
        """After a lost answer it is sent again as a replacement: shown once, whether the first arrived or not.
        What Slack refuses as it stands is sent as its text alone. A reply that cannot be delivered is logged.
        """
        body = message.payload() | {
            "response_type": "in_channel" if in_channel else "ephemeral",
            "replace_original": self._answered and not self._on_shared if replace is None else replace,
            "unfurl_links": False,
        }
        self._answered = True
        maybe_there = False
        for attempt in range(1, _ATTEMPTS + 1):
            verdict = await self._post(body)
            if verdict is None:
                return None
            maybe_there |= verdict.maybe_there
            if verdict.is_refusal and attempt < _ATTEMPTS and body.pop("blocks", None):
                _log.error("reply_blocks_refused", extra={"why": verdict.why})
                continue
            if verdict.final or attempt == _ATTEMPTS or verdict.pause > _LONGEST_PAUSE:
                _log.warning("reply_not_delivered", extra={"why": verdict.why})
                return replace_in(verdict, maybe_there=maybe_there)
            body["replace_original"] |= verdict.maybe_there and not self._on_shared
            await asyncio.sleep(verdict.pause or attempt)
        raise AssertionError("the last attempt returns")

    async def _post(self, body: dict[str, object]) -> _Trouble | None:
        try:
            response = await self._hook.send_dict(body)
        except aiohttp.ClientConnectorError as error:
            return _Trouble(why=type(error).__name__)
        except (aiohttp.ClientError, TimeoutError) as error:
            return _Trouble(why=type(error).__name__, maybe_there=True)
        return _trouble(response)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Trouble:
    """Why a reply was not taken. `pause` is in seconds, where Slack said how long.

    `is_refusal`: Slack read the message and did not like it. `maybe_there`: it may be shown all the same.
    """

    why: str
    final: bool = False
    is_refusal: bool = False
    maybe_there: bool = False
    pause: float = 0.0


def _trouble(response: WebhookResponse) -> _Trouble | None:
    """None where Slack took the message. It can refuse one under HTTP 200, too: `{"ok": false}`."""
    refused = SlackRefusal(
        error=_word(response.body),
        status=response.status_code,
        retry_after=retry_after(header(response.headers, "retry-after")),
    )
    if refused.status == HTTPStatus.OK and not refused.error:
        return None
    kind = kind_of("chat.postMessage", refused.error)
    return _Trouble(
        why=f"HTTP {response.status_code} {response.body[:100]}",
        final=not refused.is_passing,
        is_refusal=refused.status == HTTPStatus.BAD_REQUEST
        or (refused.status == HTTPStatus.OK and kind in (MessageRefused, UnknownSlackRefusal)),
        maybe_there=refused.status >= HTTPStatus.INTERNAL_SERVER_ERROR or kind is DeliveryUnknown,
        pause=refused.retry_after or 0.0,
    )


def _word(body: str) -> str:
    """Slack's word for why it did not take a message; empty where it did, or where the body is no JSON object."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(said, dict) or said.get("ok") is not False:
        return ""
    return str(said.get("error") or "not_ok")


class DirectResponder:
    """For what has no response URL, or none that works: beside the channel's messages, else in a direct message."""

    def __init__(self, slack: AsyncWebClient, user_id: UserId, channel_id: ChannelId) -> None:
        self._slack = slack
        self._user_id = user_id
        self._channel_id = channel_id

    async def send(self, message: Message, *, replace: bool | None = None, in_channel: bool = False) -> bool:  # noqa: ARG002
        """There is nothing to replace: each message is a new one."""
        if in_channel and self._channel_id:
            return await self._post(self._channel_id, message)
        return await self._post_ephemeral(message) or await self._post(self._user_id, message)

    async def _post_ephemeral(self, message: Message) -> bool:
        """Only where the bot is in the channel. After a lost answer it may be shown: better twice than never."""
        if not self._channel_id:
            return False
        try:
            await self._slack.chat_postEphemeral(
                channel=self._channel_id, user=self._user_id, **message.payload()
            )
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            _log.info("reply_not_ephemeral", extra={"why": type(error).__name__})
            return False
        return True

    async def _post(self, channel_id: str, message: Message) -> bool:
        try:
            await self._slack.chat_postMessage(channel=channel_id, **message.payload(), unfurl_links=False)
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            _log.warning("reply_not_delivered", extra={"why": type(error).__name__})
            return False
        return True
