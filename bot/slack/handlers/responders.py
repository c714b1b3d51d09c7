"""Who looks after what is failing: the button “I'm on it”, and what the menu offers afterwards.

The notices show it; the thread of the one with the button says who changed it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Protocol

from bot.domain import ChannelId, Incident, MailId, UserId
from bot.domain.responders import Response, ResponseOutcome
from bot.mails.directory import MailDirectory
from bot.slack.command_names import NamesHeard
from bot.slack.kit.actions import ALL, Act, read_more
from bot.slack.kit.text import name_or_id, plural, title_of
from bot.slack.payloads import Clicked
from bot.slack.transport.notifier import ChannelMessenger
from bot.slack.transport.responders import Answer
from bot.slack.views import responders as views
from bot.slack.views import unsubscribe as leaving

_log = logging.getLogger(__name__)


class Responders(Protocol):
    async def respond(
        self, channel_id: ChannelId, mail_id: MailId, response: Response, *, by: UserId, now: datetime
    ) -> tuple[ResponseOutcome, Incident | None]:
        """Returns the outcome, and the incident as it was before."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class ResponderHandler:
    responders: Responders
    directory: MailDirectory
    messenger: ChannelMessenger
    commands: NamesHeard
    now: Callable[[], datetime]
    zone: tzinfo

    async def clicked(self, clicked: Clicked, answer: Answer) -> None:
        """“I'm on it”."""
        await self._respond(clicked, Response.TAKE, MailId(clicked.value), answer)

    async def chosen(self, clicked: Clicked, answer: Answer) -> None:
        """From the menu: Take over, Give back."""
        more, ref = read_more(clicked.value)
        await self._respond(clicked, Response(more), ref.mail_id, answer)

    async def _respond(self, clicked: Clicked, response: Response, mail_id: MailId, answer: Answer) -> None:
        """About one mail, or about all that the message offers to look at: what was failing when it was drawn."""
        if clicked.action_id.endswith(f":{ALL}"):
            mail_ids = [MailId(value) for value in clicked.offered.get(Act.CHECK, ())]
        else:
            mail_ids = [mail_id]
        results = [(each, *await self._one(clicked, each, response)) for each in mail_ids]
        done = [
            (each, before) for each, outcome, before in results if outcome is ResponseOutcome.DONE and before
        ]
        if done:
            await self._tell(clicked, response, done, answer)
        elif len(results) == 1:
            await self._say_unchanged(response, *results[0], answer)
        else:
            outcomes = {outcome for _, outcome, _ in results}
            telling = (ResponseOutcome.TAKEN, ResponseOutcome.ALREADY)
            outcome = next((each for each in telling if each in outcomes), None)
            said = outcome and views.unchanged(response, outcome, None, "these mails", zone=self.zone)
            await answer.send(said or leaving.none_failing(), replace=False)

    async def _one(
        self, clicked: Clicked, mail_id: MailId, response: Response
    ) -> tuple[ResponseOutcome, Incident | None]:
        by, channel_id = clicked.person.user_id, clicked.channel_id
        outcome, before = await self.responders.respond(channel_id, mail_id, response, by=by, now=self.now())
        where = {"user_id": by, "channel_id": channel_id, "mail_id": mail_id}
        _log.info("responder", extra=where | {"response": response, "outcome": outcome})
        return outcome, before

    async def _tell(
        self,
        clicked: Clicked,
        response: Response,
        done: Sequence[tuple[MailId, Incident]],
        answer: Answer,
    ) -> None:
        first, _ = done[0]
        title = (
            f"*{plural(len(done), 'mail')}*" if len(done) > 1 else title_of(first, self.directory.get(first))
        )
        before = [incident.responder for _, incident in done if incident.responder]
        message = views.responded(response, clicked.person.user_id, title, before=before)
        if not await self.messenger.reply_under(clicked, message):
            await answer.send(message, replace=False, in_channel=True)

    async def _say_unchanged(
        self,
        response: Response,
        mail_id: MailId,
        outcome: ResponseOutcome,
        incident: Incident | None,
        answer: Answer,
    ) -> None:
        mail = self.directory.get(mail_id)
        if outcome is ResponseOutcome.NOT_SUBSCRIBED:
            message = leaving.not_subscribed(name_or_id(mail_id, mail), names=self.commands.names)
        else:
            message = views.unchanged(response, outcome, incident, title_of(mail_id, mail), zone=self.zone)
        await answer.send(message, replace=False)
