"""Answers about several mails at once: one message, so that a response URL suffices for any number of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain import MailRef, QuickBIError
from bot.slack.handlers.asking import ask_each
from bot.slack.views import status as views
from bot.slack.views.status import Glance

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime, tzinfo

    from bot.domain import MailId
    from bot.mails.directory import MailDirectory
    from bot.mails.status_lookup import StatusLookup
    from bot.slack.transport.answer import Answer

_FRESH_FOR = 10.0  # seconds: by the time that the last is answered the first is a little older


class SeveralStatusHandler:
    def __init__(
        self, lookup: StatusLookup, directory: MailDirectory, *, now: Callable[[], datetime], zone: tzinfo
    ) -> None:
        self._lookup = lookup
        self._directory = directory
        self._now = now
        self._zone = zone

    async def show(self, mail_ids: Sequence[MailId], answer: Answer) -> None:
        """With a word about the wait if it is long."""

        async def while_waiting(ready_in: float) -> None:
            await answer.send(views.checking_several(len(mail_ids), ready_in))

        found = await ask_each(self._lookup, mail_ids, fresh_for=_FRESH_FOR, while_waiting=while_waiting)
        glances = [
            Glance(
                ref=MailRef(mail_id=mail_id),
                mail=self._directory.get(mail_id),
                latest=None if isinstance(each, QuickBIError) else each.answer.latest,
                error=each if isinstance(each, QuickBIError) else None,
            )
            for mail_id, each in zip(mail_ids, found, strict=True)
        ]
        await answer.send(views.several(glances, now=self._now(), zone=self._zone))
