"""Answers `/mail-history` and Recent runs from what the bot has recorded. Asks Quick BI nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from bot.domain import ChannelId, KnownRun, MailId, StoreError
from bot.domain.repositories import History, MailRecords, Subscriptions
from bot.domain.responders import acknowledgements
from bot.domain.run_statistics import track_record
from bot.mails.directory import MailDirectory
from bot.slack.commands import AskForm, AskHelp, AskMail, Verb
from bot.slack.handlers.forms import Forms, read_command
from bot.slack.kit.actions import read_more, read_page, read_ref
from bot.slack.payloads import Clicked, Submitted, Typed
from bot.slack.transport.responders import Answer
from bot.slack.views import help as guide
from bot.slack.views.forms import chosen_mails
from bot.slack.views.history import PER_PAGE, STRIP, Past, history, no_records

_log = logging.getLogger(__name__)
_MOST_INCIDENTS = 30  # for the time until somebody took one
_MOST_RUNS = 300  # for the figures: a year of weekdays, a fortnight of hours


@dataclass(frozen=True, kw_only=True, slots=True)
class HistoryHandler:
    """Keeps no state between pages: each button says which page it opens."""

    records: History
    subscriptions: Subscriptions
    directory: MailDirectory
    mails: MailRecords
    forms: Forms
    now: Callable[[], datetime]
    zone: tzinfo

    async def typed(self, typed: Typed, answer: Answer) -> None:
        request = await read_command(Verb.HISTORY, typed, self.directory)
        match request:
            case AskMail(target=target):
                if found := await self.forms.which(target, Verb.HISTORY, answer):
                    ref, answer = found
                    await self._show(ref.mail_id, typed.channel_id, answer)
            case AskHelp() | AskForm():
                if isinstance(request, AskHelp) or not await self.forms.open_chooser(typed, Verb.HISTORY):
                    await answer.send(guide.help_for(Verb.HISTORY, typed.command))
            case _:
                raise AssertionError(request)

    async def submitted(self, submitted: Submitted, answer: Answer) -> None:
        (mail_id,) = chosen_mails(submitted.fields)
        await self._show(mail_id, submitted.channel_id, answer)

    async def picked(self, clicked: Clicked, answer: Answer) -> None:
        mail_id = read_ref(clicked.value).mail_id
        await self._show(mail_id, clicked.channel_id, answer, replace=clicked.is_private)

    async def chosen(self, clicked: Clicked, answer: Answer) -> None:
        """From a menu under a status or a notice, which stays."""
        _, ref = read_more(clicked.value)
        await self._show(ref.mail_id, clicked.channel_id, answer, replace=False)

    async def paged(self, clicked: Clicked, answer: Answer) -> None:
        page, mail_id = read_page(clicked.value)
        mail = read_ref(mail_id)
        await self._show(mail.mail_id, clicked.channel_id, answer, page=page, replace=clicked.is_private)

    async def _show(
        self,
        mail_id: MailId,
        channel_id: ChannelId,
        answer: Answer,
        *,
        page: int = 0,
        replace: bool | None = None,
    ) -> None:
        try:
            past = await self._past(mail_id, channel_id, page)
        except StoreError as error:
            _log.warning("history_not_read", extra={"mail_id": mail_id, "error": str(error)})
            message = no_records(mail_id, self.directory.get(mail_id))
        else:
            message = history(past, now=self.now(), zone=self.zone)
        await answer.send(message, replace=replace)

    async def _past(self, mail_id: MailId, channel_id: ChannelId, page: int) -> Past:
        total = await self.records.count_runs(mail_id)
        page = min(max(page, 0), max(0, total - 1) // PER_PAGE)
        newest, rows = await self._runs(mail_id, page)
        subscribed = await self.subscriptions.channels_of(mail_id)
        incidents = () if page else await self.records.incidents_of([mail_id], limit=_MOST_INCIDENTS)
        return Past(
            mail_id=mail_id,
            mail=self.directory.get(mail_id) or await self.mails.get(mail_id),
            page=page,
            rows=rows,
            strip=newest[:STRIP],
            total=total,
            record=track_record(newest, self.zone),
            watched_since=min((each.created_at for each in subscribed), default=None),
            is_subscribed=any(each.channel_id == channel_id for each in subscribed) if channel_id else None,
            acknowledged=acknowledgements(incidents),
        )

    async def _runs(self, mail_id: MailId, page: int) -> tuple[tuple[KnownRun, ...], tuple[KnownRun, ...]]:
        """The runs that the figures count, which only the first page shows, and those of the page itself."""
        if page > 0:
            return (), await self.records.runs_of(mail_id, limit=PER_PAGE, offset=page * PER_PAGE)
        newest = await self.records.runs_of(mail_id, limit=_MOST_RUNS)
        return newest, newest[:PER_PAGE]
