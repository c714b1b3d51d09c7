"""Posts a status in the channel for everybody: asks first, names who asked, and posts once however often one clicks."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.domain import MailRef, Observation, QuickBIError
from bot.domain.repositories import Audit
from bot.mails.directory import MailDirectory
from bot.mails.status_lookup import StatusLookup
from bot.slack.handlers.status import StatusHandler
from bot.slack.kit.actions import read_more, read_ref
from bot.slack.payloads import Clicked
from bot.slack.transport.responders import Answer
from bot.slack.views import status as views
from bot.slack.views.errors import failure

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class SharingHandler:
    lookup: StatusLookup
    directory: MailDirectory
    status: StatusHandler
    audit: Audit
    now: Callable[[], datetime]

    async def chosen(self, clicked: Clicked, answer: Answer) -> None:
        """From a menu, which cannot ask first by itself. The message with the menu stays."""
        _, ref = read_more(clicked.value)
        question = views.ask_to_share(ref, self.directory.get(ref.mail_id), clicked.channel_id)
        await answer.send(question, replace=False)

    async def confirmed(self, clicked: Clicked, answer: Answer) -> None:
        """A status that was forgotten since is asked for again; an error is told only to who asked."""
        ref = read_ref(clicked.value)
        mail = self.directory.get(ref.mail_id)
        try:
            observation = await self._observation(ref)
        except QuickBIError as error:
            await answer.send(failure(error, ref, mail), replace=True)
            return
        if not await self._is_first(clicked, ref):
            _log.info("share_repeated", extra={"mail_id": ref.mail_id})
            return
        await answer.send(views.shared_now(ref, mail), replace=True)
        status = await self.status.message(ref, clicked.channel_id, observation, self.now(), stays=True)
        await answer.send(views.shared(status, clicked.person.user_id), replace=False, in_channel=True)

    async def dismissed(self, clicked: Clicked, answer: Answer) -> None:
        _, ref = read_more(clicked.value)
        await answer.send(views.not_shared(ref, self.directory.get(ref.mail_id)), replace=True)

    async def _observation(self, ref: MailRef) -> Observation:
        known = self.lookup.last_known(ref)
        if known is not None:
            return known
        found = await self.lookup.ask(ref)
        return found if isinstance(found, Observation) else await found.answer

    async def _is_first(self, clicked: Clicked, ref: MailRef) -> bool:
        """One question makes one message in the channel, whichever replica gets the second click."""
        user_id, channel_id = clicked.person.user_id, clicked.channel_id
        _log.info("share", extra={"user_id": user_id, "channel_id": channel_id, "mail_id": ref.mail_id})
        return await self.audit.record_once(
            at=self.now(),
            user_id=user_id,
            action="share",
            channel_id=channel_id,
            mail_id=ref.mail_id,
            detail=f"asked in {clicked.message_ts}",
        )
