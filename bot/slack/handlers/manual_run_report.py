"""Tells what became of a run by hand: in the thread of a message for all, or to the one person who asked.

A thread gets one reply that is edited. A person gets one message that is replaced, and where that is no
longer possible (30 minutes, a restart) a direct message. Never tells the outcome nowhere.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Protocol

from bot.domain import DeliveryUnknown, MessageGone, SlackBusy, SlackError
from bot.domain.manual_run_rules import Over, Refused
from bot.slack.transport.notifier import call_slack
from bot.slack.views import manual_run as views
from bot.slack.views.manual_run import Subject

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime, tzinfo

    from slack_sdk.web.async_client import AsyncWebClient

    from bot.domain import ManualRun
    from bot.domain.manual_run_rules import RunNews, Started, Unclear
    from bot.mails.directory import MailDirectory
    from bot.slack.kit.blocks import Message
    from bot.slack.transport.answer import Answer

_ATTEMPTS = 4
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
_log = logging.getLogger(__name__)


class ChannelMessenger(Protocol):
    """Speaks in channels. Raises SlackError; SlackBusy where it can be said later."""

    async def say(self, channel_id: str, message: Message, *, thread_ts: str = "") -> str:
        """Returns the message's `ts`, "" where Slack's answer was lost: it is not said a second time."""
        ...

    async def edit(self, channel_id: str, ts: str, message: Message) -> None: ...


class SlackChannelMessenger:
    """Waits a little where Slack is busy; then it is the caller's to try later."""

    def __init__(
        self, slack: AsyncWebClient, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._slack = slack
        self._sleep = sleep

    async def say(self, channel_id: str, message: Message, *, thread_ts: str = "") -> str:
        async def post() -> str:
            answer = await call_slack(
                self._slack.chat_postMessage(
                    channel=channel_id,
                    thread_ts=thread_ts or None,
                    **message.payload(),
                    unfurl_links=False,
                    unfurl_media=False,
                )
            )
            return str(answer["ts"])

        try:
            return await self._patiently(post)
        except DeliveryUnknown as lost:
            _log.warning("run_reply_unsure", extra={"channel_id": channel_id, "error": lost.error})
            return ""

    async def edit(self, channel_id: str, ts: str, message: Message) -> None:
        """Editing twice does no harm, so a lost answer is no answer."""

        async def update() -> str:
            try:
                await call_slack(self._slack.chat_update(channel=channel_id, ts=ts, **message.payload()))
            except DeliveryUnknown as lost:
                raise SlackBusy(lost.error) from None
            return ts

        await self._patiently(update)

    async def _patiently(self, act: Callable[[], Awaitable[str]]) -> str:
        pause = _FIRST_PAUSE
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return await act()
            except SlackBusy as busy:
                if attempt == _ATTEMPTS or (busy.retry_after or 0) > _LONGEST_PAUSE:
                    raise
                await self._sleep(busy.retry_after or pause)
                pause *= 2
        raise AssertionError("the last attempt returns or raises")


class RunReporter:
    """Tells one run from its beginning to its end. `answer` is the way back to the person who asked just now.

    `replace`: what that person clicked on is theirs alone, and shows how things go. Without an `answer` (after a
    restart) only the end is told: in the thread, or in a direct message.
    """

    def __init__(
        self,
        voice: ChannelMessenger,
        directory: MailDirectory,
        *,
        now: Callable[[], datetime],
        zone: tzinfo,
        answer: Answer | None = None,
        replace: bool = False,
    ) -> None:
        self._voice = voice
        self._directory = directory
        self._now = now
        self._zone = zone
        self._answer = answer
        self._replace = replace
        self._reply_ts = ""

    async def tell(self, run: ManualRun, news: RunNews) -> bool:
        """False where Slack was too busy to be told the end. Never raises."""
        try:
            if run.message_ts and not isinstance(news, Refused):
                await self._tell_thread(run, news)
            else:
                await self._tell_person(run, news)
        except SlackBusy as busy:
            _log.warning("run_not_told", extra=_where(run) | {"error": busy.error})
            return False
        except SlackError as error:  # for good: the store and the log have it
            _log.warning("run_never_told", extra=_where(run) | {"error": error.error})
        return True

    async def _tell_thread(self, run: ManualRun, news: Started | Unclear | Over) -> None:
        message = views.for_thread(self._subject(run), run, news, now=self._now())
        try:
            if self._reply_ts:
                await self._voice.edit(run.channel_id, self._reply_ts, message)
            else:
                self._reply_ts = await self._voice.say(run.channel_id, message, thread_ts=run.message_ts)
                if self._answer is not None and self._replace:
                    await self._answer.send(views.in_thread(self._subject(run)), replace=True)
        except SlackBusy:
            raise
        except MessageGone:
            self._reply_ts = await self._voice.say(run.channel_id, message, thread_ts=run.message_ts)
        except SlackError:  # the bot may not speak there: a private channel, say
            await self._tell_person(run, news)

    async def _tell_person(self, run: ManualRun, news: RunNews) -> None:
        subject, now = self._subject(run), self._now()
        if self._answer is not None:
            message = views.for_one(subject, run, news, now=now, zone=self._zone)
            if await self._answer.send(message, replace=self._replace):
                return
        if isinstance(news, Over):
            message = views.for_later(subject, run, news, now=now, zone=self._zone)
            await self._voice.say(run.user_id, message)

    def _subject(self, run: ManualRun) -> Subject:
        return Subject(mail_id=run.mail_id, mail=self._directory.get(run.mail_id))


class RestartReporter:
    """Tells the ends of runs whose own story ended with another process."""

    def __init__(self, new_story: Callable[[], RunReporter]) -> None:
        self._new_story = new_story

    async def tell(self, run: ManualRun, news: RunNews) -> bool:
        return await self._new_story().tell(run, news)


def _where(run: ManualRun) -> dict[str, str]:
    return {"user_id": run.user_id, "channel_id": run.channel_id, "mail_id": run.mail_id}
