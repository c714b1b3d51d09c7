"""Posts, edits and finds notices through Slack's Web API. Raises a SlackError named by the remedy."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError, SlackRequestError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain import CannotLook, ChannelId, DeliveryUnknown, Notice, SlackBusy, SlackError
from bot.domain.notices import Redraw, Unsure
from bot.slack.kit.blocks import Message
from bot.slack.payloads import Clicked
from bot.slack.transport.errors import header, slack_error
from bot.slack.views.notices import notice_message, redrawn_message
from bot.slack.views.reasons import NO_CONSOLE, Console

EVENT_TYPE = "mail_notice"
_TIME_LIMIT = 10.0  # seconds for one call
# A message is looked for this long before and after its claim: a bot that was down for a weekend must not read
# all that was posted since.
_CLOCKS_APART = timedelta(minutes=15)
_CLOCKS_AGREE = timedelta(minutes=5)  # beyond that the window is taken from Slack's clock
_PEOPLE = ("U", "W")  # how their IDs begin
_MOST_PAGES = 10
_PAGE_SIZE = 200
_ATTEMPTS = 4
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0  # seconds
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class SlackMessenger:
    """The client must repeat nothing by itself (`retry_handlers=[]`): Slack has no idempotency key."""

    slack: AsyncWebClient
    zone: tzinfo
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    console: Console = NO_CONSOLE

    async def post(self, notice: Notice, *, plain: bool = False) -> str:
        """Post it, with its ID in the metadata. Returns its `ts`."""
        message = notice_message(notice, now=self.now(), zone=self.zone, console=self.console)
        answer = await call_slack(
            self.slack.chat_postMessage(
                channel=notice.channel_id,
                **_content(message, plain=plain),
                thread_ts=notice.thread_ts,
                metadata={"event_type": EVENT_TYPE, "event_payload": {"post_id": notice.post_id}},
                unfurl_links=False,
                unfurl_media=False,
            )
        )
        return str(answer["ts"])

    async def redraw(self, redraw: Redraw, *, plain: bool = False) -> None:
        """Update a message to the present state. It keeps its metadata, so that it is still found."""
        message = redrawn_message(redraw, now=self.now(), zone=self.zone, console=self.console)
        await call_slack(
            self.slack.chat_update(
                channel=redraw.channel_id,
                ts=redraw.ts,
                **_content(message, plain=plain),
                metadata={"event_type": EVENT_TYPE, "event_payload": {"post_id": redraw.post_id}},
            )
        )

    async def find(self, unsure: Unsure) -> str | None:
        """Look for a message by the ID in its metadata.

        Raises AppRejected where the scope is not granted, CannotLook where the channel had too many messages
        then, or the clocks differ so much that nobody can tell when that was.
        """
        where = await self._conversation(unsure.channel_id)
        window, ahead = unsure.claimed_at, timedelta(0)
        page, slack_now = await self._page(unsure, where, around=window)
        if slack_now is not None and abs(slack_now - self.now()) > _CLOCKS_AGREE:
            ahead = slack_now - self.now()
            page, slack_now = await self._page(unsure, where, around=window + ahead)
        if slack_now is not None and window + ahead > slack_now + _CLOCKS_AGREE:
            raise CannotLook("claimed_in_the_future")  # the clock was wrong then and has been set since
        for _ in range(_MOST_PAGES):
            for message in page.get("messages", ()):
                if _post_id(message) == unsure.post_id:
                    return str(message["ts"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return None
            page, _ = await self._page(unsure, where, around=window + ahead, cursor=cursor)
        raise CannotLook("too_many_messages")

    async def _conversation(self, channel_id: ChannelId) -> str:
        """A message to a person is in the conversation with them, which alone has a history."""
        if not channel_id.startswith(_PEOPLE):
            return channel_id
        opened, _ = await _ask_slack(self.slack.conversations_open(users=channel_id))
        return str(opened["channel"]["id"])

    async def _page(
        self, unsure: Unsure, where: str, *, around: datetime, cursor: str = ""
    ) -> tuple[Mapping[str, Any], datetime | None]:
        """One page, newest first, and Slack's clock at that moment."""
        window: dict[str, Any] = {
            "channel": where,
            "oldest": str((around - _CLOCKS_APART).timestamp()),
            "latest": str((around + _CLOCKS_APART).timestamp()),
            "limit": _PAGE_SIZE,
            "include_all_metadata": True,
        }
        if cursor:
            window["cursor"] = cursor
        if unsure.thread_ts is None:
            return await _ask_slack(self.slack.conversations_history(**window))
        return await _ask_slack(self.slack.conversations_replies(ts=unsure.thread_ts, **window))


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelMessenger:
    """Posts a handler's messages in channels and threads. Waits a little where Slack is busy. Raises SlackError."""

    slack: AsyncWebClient
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def say(self, channel_id: str, message: Message, *, thread_ts: str = "") -> str:
        """Return the message's `ts`; "" where Slack's answer was lost, for it is not posted a second time."""
        try:
            return await self._patiently(
                lambda: self.slack.chat_postMessage(
                    channel=channel_id,
                    thread_ts=thread_ts or None,
                    **message.payload(),
                    unfurl_links=False,
                    unfurl_media=False,
                )
            )
        except DeliveryUnknown as lost:
            _log.warning("run_reply_unsure", extra={"channel_id": channel_id, "error": lost.error})
            return ""

    async def reply_under(self, clicked: Clicked, message: Message) -> bool:
        """In the thread of the message with the button. False where there is none, or the bot cannot post in it."""
        if not clicked.thread:
            return False
        try:
            await self.say(clicked.channel_id, message, thread_ts=clicked.thread)
        except SlackError as error:
            _log.warning("thread_not_told", extra={"channel_id": clicked.channel_id, "error": error.error})
            return False
        return True

    async def edit(self, channel_id: str, ts: str, message: Message) -> None:
        """Repeated after a lost answer: editing twice does no harm."""
        await self._patiently(
            lambda: self.slack.chat_update(channel=channel_id, ts=ts, **message.payload()), again=True
        )

    async def _patiently(self, request: Callable[[], Awaitable[Any]], *, again: bool = False) -> str:
        """`again`: repeat the call after a lost answer, too."""
        pause = _FIRST_PAUSE
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return str((await call_slack(request()))["ts"])
            except (SlackBusy, DeliveryUnknown) as error:
                if isinstance(error, DeliveryUnknown) and not again:
                    raise
                asked = error.retry_after if isinstance(error, SlackBusy) else None
                if attempt == _ATTEMPTS or (asked or 0) > _LONGEST_PAUSE:
                    raise SlackBusy(error.error, retry_after=asked) from None
                await self.sleep(asked or pause)
                pause *= 2
        raise AssertionError("the last attempt returns or raises")


def _content(message: Message, *, plain: bool) -> dict[str, Any]:
    """`plain` sends an empty list, so that an edit takes refused blocks away, too."""
    payload = message.payload()
    return payload | {"blocks": []} if plain else payload


def _post_id(message: Mapping[str, Any]) -> str | None:
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != EVENT_TYPE:
        return None
    post_id: str | None = (metadata.get("event_payload") or {}).get("post_id")
    return post_id


async def call_slack(request: Awaitable[Any]) -> Mapping[str, Any]:
    """Await one call of Slack's API. Raises a SlackError, named by what to do about it."""
    data, _ = await _ask_slack(request)
    return data


async def _ask_slack(request: Awaitable[Any]) -> tuple[Mapping[str, Any], datetime | None]:
    """The answer, and Slack's clock at that moment."""
    try:
        async with asyncio.timeout(_TIME_LIMIT):
            answer = await request
    except SlackApiError as refused:
        raise slack_error(refused) from None
    except aiohttp.ClientConnectorError as error:
        raise SlackBusy(type(error).__name__) from None  # no connection: nothing left this machine
    except (
        aiohttp.ClientError,
        SlackClientError,
        SlackRequestError,
        TimeoutError,
        OSError,
        ValueError,
    ) as error:
        raise DeliveryUnknown(type(error).__name__) from None
    data: Mapping[str, Any] = answer.data
    return data, _date(answer)


def _date(answer: Any) -> datetime | None:
    try:
        return parsedate_to_datetime(header(answer.headers, "date") or "")
    except ValueError:
        return None
