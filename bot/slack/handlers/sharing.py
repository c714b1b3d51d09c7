"""Shows a whole channel what one person was shown: asks first, by whose wish is said, a double click shows it once."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bot.domain import Observation, QuickBIError
from bot.slack.kit.actions import read_more, read_ref
from bot.slack.views import status as views
from bot.slack.views.errors import failure

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bot.domain import MailRef
    from bot.domain.repositories import Audit
    from bot.mails.directory import MailDirectory
    from bot.mails.status_lookup import StatusLookup
    from bot.slack.handlers.status import StatusHandler
    from bot.slack.payloads import Clicked
    from bot.slack.transport.answer import Answer

_log = logging.getLogger(__name__)


class SharingHandler:
    """Serves people who want their channel to see a status."""

    def __init__(
        self,
        lookup: StatusLookup,
        directory: MailDirectory,
        status: StatusHandler,
        audit: Audit,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._lookup = lookup
        self._directory = directory
        self._status = status
        self._audit = audit
        self._now = now

    async def chosen(self, clicked: Clicked, answer: Answer) -> None:
        """From a menu, which cannot ask first by itself. What it hangs on stays as it is."""
        _, ref = read_more(clicked.value)
        question = views.ask_to_share(ref, self._directory.get(ref.mail_id), clicked.channel_id)
        await answer.send(question, replace=False)

    async def confirmed(self, clicked: Clicked, answer: Answer) -> None:
        """What was forgotten since is asked for anew; why there is none is told only to who asked."""
        ref = read_ref(clicked.value)
        mail = self._directory.get(ref.mail_id)
        try:
            observation = await self._observation(ref)
        except QuickBIError as error:
            await answer.send(failure(error, ref, mail), replace=True)
            return
        if not await self._is_first(clicked, ref):
            _log.info("share_repeated", extra={"mail_id": ref.mail_id})
            return
        await answer.send(views.shared_now(ref, mail), replace=True)
        status = await self._status.message(ref, clicked.channel_id, observation, self._now(), stays=True)
        await answer.send(views.shared(status, clicked.person.user_id), replace=False, in_channel=True)

    async def dismissed(self, clicked: Clicked, answer: Answer) -> None:
        _, ref = read_more(clicked.value)
        await answer.send(views.not_shared(ref, self._directory.get(ref.mail_id)), replace=True)

    async def _observation(self, ref: MailRef) -> Observation:
        known = self._lookup.last_known(ref)
        if known is not None:
            return known
        found = await self._lookup.ask(ref)
        return found if isinstance(found, Observation) else await found.answer

    async def _is_first(self, clicked: Clicked, ref: MailRef) -> bool:
        """One question is good for one message to the channel, whichever replica hears the second click."""
        user_id, channel_id = clicked.person.user_id, clicked.channel_id
        _log.info("share", extra={"user_id": user_id, "channel_id": channel_id, "mail_id": ref.mail_id})
        return await self._audit.record_once(
            at=self._now(),
            user_id=user_id,
            action="share",
            channel_id=channel_id,
            mail_id=ref.mail_id,
            detail=f"asked in {clicked.message_ts}",
        )
