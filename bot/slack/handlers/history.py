"""Answers `/mail-history` and Recent runs: what the bot has seen of a mail. Asks Quick BI nothing."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bot.domain import Choice, StoreError
from bot.domain.run_statistics import track_record
from bot.slack.commands import AskHelp, AskHistory, Verb, parse
from bot.slack.handlers.status import resolve
from bot.slack.kit.actions import read_more, read_page, read_ref
from bot.slack.views import help as guide
from bot.slack.views.history import PER_PAGE, STRIP, Past, history, no_records

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, tzinfo

    from bot.domain import ChannelId, KnownRun, MailId
    from bot.domain.repositories import History, MailRecords, Subscriptions
    from bot.mails.directory import MailDirectory
    from bot.slack.payloads import Clicked, Typed
    from bot.slack.transport.answer import Answer

_log = logging.getLogger(__name__)
_MOST_RUNS = 300  # for the figures: a year of weekdays, a fortnight of hours


class HistoryHandler:
    """Serves people who want to know how a mail has been doing. Pages keep nothing: each button says which."""

    def __init__(
        self,
        records: History,
        subscriptions: Subscriptions,
        directory: MailDirectory,
        mails: MailRecords,
        *,
        now: Callable[[], datetime],
        zone: tzinfo,
    ) -> None:
        self._records = records
        self._subscriptions = subscriptions
        self._directory = directory
        self._mails = mails
        self._now = now
        self._zone = zone

    async def typed(self, typed: Typed, answer: Answer) -> None:
        match parse(Verb.HISTORY, typed.text, command=typed.command, knows=self._directory.knows):
            case AskHistory(target=target):
                meant = resolve(target, self._directory)
                if isinstance(meant, Choice):
                    await answer.send(guide.choose(meant, verb=Verb.HISTORY))
                else:
                    await self._show(meant.mail_id, typed.channel_id, answer)
            case AskHelp():
                await answer.send(guide.help_for(Verb.HISTORY, typed.command))
            case other:
                raise AssertionError(other)

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
            message = no_records(mail_id, self._directory.get(mail_id))
        else:
            message = history(past, now=self._now(), zone=self._zone)
        await answer.send(message, replace=replace)

    async def _past(self, mail_id: MailId, channel_id: ChannelId, page: int) -> Past:
        total = await self._records.count_runs(mail_id)
        page = min(max(page, 0), max(0, total - 1) // PER_PAGE)
        newest, rows = await self._runs(mail_id, page)
        subscribed = await self._subscriptions.channels_of(mail_id)
        return Past(
            mail_id=mail_id,
            mail=self._directory.get(mail_id) or await self._mails.get(mail_id),
            page=page,
            rows=rows,
            strip=newest[:STRIP],
            total=total,
            record=track_record(newest, self._zone),
            watched_since=min((each.created_at for each in subscribed), default=None),
            is_subscribed=any(each.channel_id == channel_id for each in subscribed) if channel_id else None,
        )

    async def _runs(self, mail_id: MailId, page: int) -> tuple[tuple[KnownRun, ...], tuple[KnownRun, ...]]:
        """The runs that the figures count, which only the first page shows, and those of the page itself."""
        if page > 0:
            return (), await self._records.runs_of(mail_id, limit=PER_PAGE, offset=page * PER_PAGE)
        newest = await self._records.runs_of(mail_id, limit=_MOST_RUNS)
        return newest, newest[:PER_PAGE]
