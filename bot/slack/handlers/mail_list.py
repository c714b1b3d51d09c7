"""Answers `/mail-list`: finds mails by words, a page at a time. Asks Quick BI nothing, so it works without it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from bot.domain import ChannelId, Mail, MailId, MailRef, StoreError, TaskRun
from bot.domain.incidents import Standing
from bot.domain.repositories import History, Subscriptions
from bot.mails.directory import MailDirectory
from bot.mails.status_lookup import StatusLookup
from bot.slack.command_names import NamesHeard
from bot.slack.commands import AskHelp, AskList, Verb, parse
from bot.slack.handlers.status import StatusHandler
from bot.slack.kit.actions import read_ref
from bot.slack.payloads import Clicked, Typed
from bot.slack.transport.responders import Answer
from bot.slack.views import help as guide
from bot.slack.views.mail_list import PER_PAGE, Listed, Wanted, mail_list

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class MailListHandler:
    """Keeps no state between pages: each button carries what it needs."""

    directory: MailDirectory
    lookup: StatusLookup
    history: History
    subscriptions: Subscriptions
    status: StatusHandler
    commands: NamesHeard
    now: Callable[[], datetime]
    zone: tzinfo

    async def typed(self, typed: Typed, answer: Answer) -> None:
        match parse(Verb.LIST, typed.text):
            case AskList(words=words):
                await self._show(Wanted(words=words), typed.channel_id, answer)
            case AskHelp():
                await answer.send(guide.help_for(Verb.LIST, typed.command))
            case other:
                raise AssertionError(other)

    async def paged(self, clicked: Clicked, answer: Answer) -> None:
        wanted = Wanted.from_value(clicked.value)
        await self._show(wanted, clicked.channel_id, answer, replace=clicked.is_private)

    async def picked(self, clicked: Clicked, answer: Answer) -> None:
        """The list stays where it is: there may be another mail to look at."""
        await self.status.show(read_ref(clicked.value), clicked.channel_id, answer, replace=False)

    async def _show(
        self, wanted: Wanted, channel_id: ChannelId, answer: Answer, *, replace: bool | None = None
    ) -> None:
        found = self.directory.find(wanted.words)
        told = await self._told(channel_id)
        ordered = (
            found.mails if wanted.words else sorted(found.mails, key=lambda mail: mail.mail_id not in told)
        )
        last_page = max(0, len(found.mails) - 1) // PER_PAGE
        page = min(max(wanted.page, 0), last_page)
        mails = tuple(ordered[page * PER_PAGE : (page + 1) * PER_PAGE])
        listed = Listed(
            wanted=Wanted(words=wanted.words, page=page),
            mails=mails,
            total=len(found.mails),
            only_close=found.only_close,
            is_old=self.directory.is_out_of_reach,
            standings=await self._standings(mails),
            names=self.commands.names,
            told=told,
        )
        await answer.send(mail_list(listed, now=self.now(), zone=self.zone), replace=replace)

    async def _told(self, channel_id: ChannelId) -> frozenset[MailId]:
        """What the channel is told about. Where the database fails, the list is in its usual order."""
        try:
            return await self.subscriptions.mail_ids_of(channel_id)
        except StoreError as error:
            _log.warning("subscriptions_not_read", extra={"error": str(error)})
            return frozenset()

    async def _standings(self, mails: Sequence[Mail]) -> dict[MailId, Standing]:
        """What was recorded, or what somebody was shown since."""
        recorded = await self._recorded([mail.mail_id for mail in mails])
        standings = {}
        for mail in mails:
            known = recorded.get(mail.mail_id, Standing())
            last = self.lookup.last_known(MailRef(mail_id=mail.mail_id))
            shown = last.answer.latest if last else None
            if (latest := _newer(known.latest, shown)) or known.incident:
                standings[mail.mail_id] = Standing(latest=latest, incident=known.incident)
        return standings

    async def _recorded(self, mail_ids: Sequence[MailId]) -> Mapping[MailId, Standing]:
        """Where the database fails, the list is shown without states."""
        try:
            return await self.history.standings(mail_ids)
        except StoreError as error:
            _log.warning("standings_not_read", extra={"error": str(error)})
            return {}


def _newer(recorded: TaskRun | None, shown: TaskRun | None) -> TaskRun | None:
    """The later of two runs; of two records of one run the one that has its end."""
    if recorded is None or shown is None:
        return recorded or shown
    if recorded.key == shown.key:
        return recorded if recorded.is_over else shown
    if recorded.exec_at is None or shown.exec_at is None:
        return recorded
    return shown if shown.exec_at > recorded.exec_at else recorded
