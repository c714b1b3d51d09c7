"""Acts from the Home tab: check a mail, snooze it, wake it, leave it, in a channel of the person's own."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain import SlackError, SnoozeOutcome
from bot.slack.views import home_actions as views
from bot.slack.views import unsubscribe as leaving
from bot.slack.views.home_actions import read_mail, read_snooze_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, tzinfo

    from bot.domain import ChannelId, MailId, SubscriptionState, UserId
    from bot.domain.repositories import Subscriptions
    from bot.slack.handlers.home import HomeHandler
    from bot.slack.handlers.manual_run_report import ChannelMessenger
    from bot.slack.handlers.snooze import SnoozeHandler
    from bot.slack.handlers.status import StatusHandler
    from bot.slack.handlers.theirs import PersonalOverview
    from bot.slack.kit.blocks import Message
    from bot.slack.payloads import Clicked
    from bot.slack.transport.answer import Answer

_log = logging.getLogger(__name__)


class HomeActionHandler:
    """What is done here is told in the channel that it is about, like what is done there."""

    def __init__(
        self,
        voice: ChannelMessenger,
        theirs: PersonalOverview,
        subscriptions: Subscriptions,
        *,
        status: StatusHandler,
        snoozes: SnoozeHandler,
        home: HomeHandler,
        now: Callable[[], datetime],
        zone: tzinfo,
    ) -> None:
        self._voice = voice
        self._theirs = theirs
        self._subscriptions = subscriptions
        self._status = status
        self._snoozes = snoozes
        self._home = home
        self._now = now
        self._zone = zone

    async def chosen(self, clicked: Clicked, answer: Answer) -> None:
        """From the menu beside a mail."""
        word, mail_id = read_mail(clicked.value)
        if word is views.HomeChoice.CHECK:
            await self._status.check_again(replace(clicked, value=mail_id), answer)
        else:
            await self._show(clicked.person.user_id, mail_id, answer)

    async def snoozed(self, clicked: Clicked, answer: Answer) -> None:
        snooze, mail_id, channel_id = read_snooze_in(clicked.value)
        user_id = clicked.person.user_id
        if await self._is_theirs(user_id, mail_id, channel_id):
            outcome, state = await self._snoozes.snooze(channel_id, mail_id, snooze, user_id)
            if outcome is SnoozeOutcome.DONE and state is not None:
                told = leaving.snoozed(state, user_id, now=self._now(), zone=self._zone)
                await self._tell(channel_id, told)
        await self._show_all(user_id, mail_id, answer)

    async def left(self, clicked: Clicked, answer: Answer) -> None:
        """The button's own dialog has asked."""
        mail_id, channel_id = views.read_place(clicked.value)
        user_id = clicked.person.user_id
        state = await self._is_theirs(user_id, mail_id, channel_id)
        if state is not None:
            gone = await self._subscriptions.unsubscribe(channel_id, [mail_id], by=user_id, now=self._now())
            if gone:
                where = {"user_id": user_id, "channel_id": channel_id, "mail_id": mail_id}
                _log.info("unsubscribe", extra=where)
                await self._tell(channel_id, leaving.unsubscribed([(mail_id, state.mail)], user_id))
        await self._show_all(user_id, mail_id, answer)

    async def _is_theirs(
        self, user_id: UserId, mail_id: MailId, channel_id: ChannelId
    ) -> SubscriptionState | None:
        """Asked anew: people leave channels while a modal is open."""
        states = await self._theirs.of_mail(user_id, mail_id)
        return next((each for each in states if each.subscription.channel_id == channel_id), None)

    async def _show_all(self, user_id: UserId, mail_id: MailId, answer: Answer) -> None:
        await self._show(user_id, mail_id, answer)
        await self._home.draw(user_id)

    async def _show(self, user_id: UserId, mail_id: MailId, answer: Answer) -> None:
        states = await self._theirs.of_mail(user_id, mail_id)
        await answer.send(views.places(mail_id, states, now=self._now(), zone=self._zone))

    async def _tell(self, channel_id: ChannelId, message: Message) -> None:
        """It is done; a channel that cannot be told so still has its notice, which shows it."""
        try:
            await self._voice.say(channel_id, message)
        except SlackError as error:
            _log.warning("channel_not_told", extra={"channel_id": channel_id, "error": error.error})
