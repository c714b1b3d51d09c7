"""Draws the Home tab from the store, at once, and serves its buttons and menus. Asks Quick BI nothing by itself."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo

from slack_sdk.models.views import View
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain import ChannelId, Incident, MailId, SlackError, SnoozeOutcome, SubscriptionState, UserId
from bot.domain.repositories import History, OutageRepository, Subscriptions
from bot.slack.command_names import NamesHeard
from bot.slack.commands import Verb
from bot.slack.handlers.snooze import SnoozeHandler
from bot.slack.handlers.status import StatusHandler
from bot.slack.kit.blocks import Message
from bot.slack.payloads import Clicked, Happened, Typed
from bot.slack.transport.notifier import ChannelMessenger
from bot.slack.transport.responders import Answer, HomeTabResponder
from bot.slack.transport.users import Users
from bot.slack.views import help as guide
from bot.slack.views import home_actions as views
from bot.slack.views import unsubscribe as leaving
from bot.slack.views.home import Overview, Sight, home

_RECENT = timedelta(days=7)
_MOST_MAILS = 500  # whose recent incidents are looked for
_MOST_INCIDENTS = 20
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class HomeHandler:
    """The Home tab shows what the channels of a person are told, and what that person subscribed.

    Changes made here are told in the channel that they are about. `allowed` are the only channels where the bot
    may be used; empty for all.
    """

    slack: AsyncWebClient
    users: Users
    subscriptions: Subscriptions
    history: History
    outages: OutageRepository
    messenger: ChannelMessenger
    status: StatusHandler
    snoozes: SnoozeHandler
    allowed: frozenset[str]
    commands: NamesHeard
    now: Callable[[], datetime]
    zone: tzinfo

    async def opened(self, happened: Happened, answer: Answer) -> None:  # noqa: ARG002 (the tab is the answer)
        """The event comes for the Messages tab, too."""
        if happened.tab == "home":
            await self._draw(happened.person.user_id)

    async def refreshed(self, clicked: Clicked, answer: Answer) -> None:  # noqa: ARG002
        await self._draw(clicked.person.user_id)

    async def help_clicked(self, clicked: Clicked, answer: Answer) -> None:  # noqa: ARG002
        await answer.send(guide.help_for(Verb.HELP, self.commands.names.of(Verb.HELP)))

    async def help_typed(self, typed: Typed, answer: Answer) -> None:
        await answer.send(guide.help_for(Verb.HELP, typed.command))

    async def chosen(self, clicked: Clicked, answer: Answer) -> None:
        """From the menu beside a mail."""
        word, mail_id = views.read_mail(clicked.value)
        if word is views.HomeChoice.CHECK:
            await self.status.clicked(replace(clicked, value=mail_id), answer)
        else:
            await self._show_places(clicked.person.user_id, mail_id, answer)

    async def snoozed(self, clicked: Clicked, answer: Answer) -> None:
        snooze, mail_id, channel_id = views.read_snooze_in(clicked.value)
        user_id = clicked.person.user_id
        if await self._state(user_id, mail_id, channel_id):
            outcome, state = await self.snoozes.snooze(channel_id, mail_id, snooze, user_id)
            if outcome is SnoozeOutcome.DONE and state is not None:
                told = leaving.snoozed(state, user_id, now=self.now(), zone=self.zone)
                await self._tell_channel(channel_id, told)
        await self._show_places(user_id, mail_id, answer)
        await self._draw(user_id)

    async def left(self, clicked: Clicked, answer: Answer) -> None:
        """The button's own dialog has asked."""
        mail_id, channel_id = views.read_place(clicked.value)
        user_id = clicked.person.user_id
        state = await self._state(user_id, mail_id, channel_id)
        if state is not None and await self.subscriptions.unsubscribe(
            channel_id, [mail_id], by=user_id, now=self.now()
        ):
            _log.info("unsubscribe", extra={"user_id": user_id, "channel_id": channel_id, "mail_id": mail_id})
            await self._tell_channel(channel_id, leaving.unsubscribed([(mail_id, state.mail)], user_id))
        await self._show_places(user_id, mail_id, answer)
        await self._draw(user_id)

    async def _draw(self, user_id: UserId) -> None:
        """At once with the channels known from a moment ago; again if Slack says that they have changed."""
        tab = HomeTabResponder(self.slack, user_id)
        remembered = self.users.remembered_channels(user_id)
        sight = Sight.LOOKING if remembered is None else Sight.KNOWN
        await tab.publish(await self._view(user_id, remembered, sight))
        channels = await self.users.channels_of(user_id)
        if channels is None and remembered is None:
            await tab.publish(await self._view(user_id, None, Sight.UNKNOWN))
        elif channels is not None and channels != remembered:
            await tab.publish(await self._view(user_id, channels, Sight.KNOWN))

    async def _view(self, user_id: UserId, channels: frozenset[ChannelId] | None, sight: Sight) -> View:
        states = await self._states(user_id, channels or frozenset())
        overview = Overview(
            states=states,
            incidents=await self._recently_over(states),
            outage=await self.outages.current(),
            last_answer_at=await self.history.last_answer_at(),
            sight=sight,
            names=self.commands.names,
        )
        return home(overview, now=self.now(), zone=self.zone)

    async def _recently_over(self, states: tuple[SubscriptionState, ...]) -> tuple[Incident, ...]:
        mail_ids = list({state.subscription.mail_id: None for state in states})[:_MOST_MAILS]
        since = self.now() - _RECENT
        return await self.history.incidents_of(mail_ids, limit=_MOST_INCIDENTS, over_since=since)

    async def _states(
        self, user_id: UserId, channels: Collection[ChannelId]
    ) -> tuple[SubscriptionState, ...]:
        """The subscriptions of these channels, and those that the person made, each once."""
        made, theirs = (
            await self.subscriptions.of_person(user_id),
            await self.subscriptions.of_channels(channels),
        )
        once = {(each.subscription.channel_id, each.subscription.mail_id): each for each in (*made, *theirs)}
        return tuple(
            state for (channel_id, _), state in once.items() if not self.allowed or channel_id in self.allowed
        )

    async def _states_of_mail(self, user_id: UserId, mail_id: str) -> tuple[SubscriptionState, ...]:
        """Slack is asked anew: people leave channels while a modal is open."""
        channels = await self.users.channels_of(user_id) or frozenset()
        return tuple(
            state for state in await self._states(user_id, channels) if state.subscription.mail_id == mail_id
        )

    async def _state(
        self, user_id: UserId, mail_id: MailId, channel_id: ChannelId
    ) -> SubscriptionState | None:
        states = await self._states_of_mail(user_id, mail_id)
        return next((each for each in states if each.subscription.channel_id == channel_id), None)

    async def _show_places(self, user_id: UserId, mail_id: MailId, answer: Answer) -> None:
        states = await self._states_of_mail(user_id, mail_id)
        await answer.send(views.places(mail_id, states, now=self.now(), zone=self.zone))

    async def _tell_channel(self, channel_id: ChannelId, message: Message) -> None:
        """Where this fails, the channel's notice still shows the change."""
        try:
            await self.messenger.say(channel_id, message)
        except SlackError as error:
            _log.warning("channel_not_told", extra={"channel_id": channel_id, "error": error.error})
