"""Tells how a run by hand went: in the thread of a message that everybody sees, or to the one person who asked.

A thread gets one reply that is edited. A person gets one message that is replaced, or where that is no longer
possible (after 30 minutes, after a restart) a direct message. The outcome is always told somewhere.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from bot.domain import ManualRun, MessageGone, SlackBusy, SlackError
from bot.domain.manual_run_rules import Over, Refused, RunNews, Started, Unclear
from bot.mails.directory import MailDirectory
from bot.slack.transport.notifier import ChannelMessenger
from bot.slack.transport.responders import Answer
from bot.slack.views import manual_run as views
from bot.slack.views.manual_run import Subject

_log = logging.getLogger(__name__)


@dataclass(kw_only=True, slots=True)
class RunReporter:
    """Tells one run from its beginning to its end. `answer` is the way to answer the person who asked just now.

    `replace`: the message that the person clicked on is only theirs, and shows how it goes. Without an `answer`
    (after a restart) only the end is told, in the thread or in a direct message.
    """

    messenger: ChannelMessenger
    directory: MailDirectory
    now: Callable[[], datetime]
    zone: tzinfo
    answer: Answer | None = None
    replace: bool = False
    _reply_ts: str = field(default="", init=False)

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
        except SlackError as error:  # for good: it is in the store and in the log
            _log.warning("run_never_told", extra=_where(run) | {"error": error.error})
        return True

    async def _tell_thread(self, run: ManualRun, news: Started | Unclear | Over) -> None:
        message = views.for_thread(self._subject(run), run, news)
        try:
            if self._reply_ts:
                await self.messenger.edit(run.channel_id, self._reply_ts, message)
            else:
                self._reply_ts = await self.messenger.say(run.channel_id, message, thread_ts=run.message_ts)
                if self.answer is not None and self.replace:
                    await self.answer.send(views.in_thread(self._subject(run)), replace=True)
        except SlackBusy:
            raise
        except MessageGone:
            self._reply_ts = await self.messenger.say(run.channel_id, message, thread_ts=run.message_ts)
        except SlackError:  # the bot may not post there: a private channel, say
            await self._tell_person(run, news)

    async def _tell_person(self, run: ManualRun, news: RunNews) -> None:
        subject, now = self._subject(run), self.now()
        if self.answer is not None:
            message = views.for_one(subject, run, news, now=now, zone=self.zone)
            if await self.answer.send(message, replace=self.replace):
                return
        if isinstance(news, Over):
            message = views.for_later(subject, run, news, zone=self.zone)
            await self.messenger.say(run.user_id, message)

    def _subject(self, run: ManualRun) -> Subject:
        return Subject(mail_id=run.mail_id, mail=self.directory.get(run.mail_id))


@dataclass(frozen=True, slots=True)
class RestartReporter:
    """Tells the end of runs whose reporter ended with another process."""

    new_reporter: Callable[[], RunReporter]

    async def tell(self, run: ManualRun, news: RunNews) -> bool:
        return await self.new_reporter().tell(run, news)


def _where(run: ManualRun) -> dict[str, str]:
    return {"user_id": run.user_id, "channel_id": run.channel_id, "mail_id": run.mail_id}
