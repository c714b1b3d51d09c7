"""Draws the Home tab from the store, at once, and serves its buttons. Asks Quick BI nothing by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.slack.commands import Verb
from bot.slack.transport.sheets import HomeTabResponder
from bot.slack.views import help as guide
from bot.slack.views.home import Overview, Sight, home

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, tzinfo

    from slack_sdk.models.views import View
    from slack_sdk.web.async_client import AsyncWebClient

    from bot.domain import ChannelId, Incident, SubscriptionState, UserId
    from bot.domain.repositories import History, OutageRepository
    from bot.slack.command_names import NamesHeard
    from bot.slack.handlers.theirs import PersonalOverview
    from bot.slack.payloads import Clicked, Happened
    from bot.slack.transport.answer import Answer
    from bot.slack.transport.users import Users

_RECENT = timedelta(days=7)
_MOST_MAILS = 500  # of which recent incidents are looked for
_MOST_INCIDENTS = 20


class HomeHandler:
    """Serves people who look at the Home tab.

    PersonalOverview are the channels that they are in, as far as the bot can see them, and those that they subscribed.
    """

    def __init__(
        self,
        slack: AsyncWebClient,
        people: Users,
        theirs: PersonalOverview,
        history: History,
        outages: OutageRepository,
        *,
        commands: NamesHeard,
        now: Callable[[], datetime],
        zone: tzinfo,
    ) -> None:
        self._slack = slack
        self._people = people
        self._theirs = theirs
        self._history = history
        self._outages = outages
        self._commands = commands
        self._now = now
        self._zone = zone

    async def opened(self, happened: Happened, answer: Answer) -> None:  # noqa: ARG002 (the tab is the answer)
        """The event comes for the Messages tab, too."""
        if happened.tab == "home":
            await self.draw(happened.person.user_id)

    async def refreshed(self, clicked: Clicked, answer: Answer) -> None:  # noqa: ARG002
        await self.draw(clicked.person.user_id)

    async def help_wanted(self, clicked: Clicked, answer: Answer) -> None:  # noqa: ARG002
        await answer.send(guide.help_for(Verb.HELP, self._commands.names.of(Verb.HELP)))

    async def draw(self, user_id: UserId) -> None:
        """At once with the channels that were theirs a moment ago; again if Slack says that they are others now."""
        tab = HomeTabResponder(self._slack, user_id)
        remembered = self._people.remembered_channels(user_id)
        sight = Sight.LOOKING if remembered is None else Sight.KNOWN
        await tab.publish(await self._view(user_id, remembered, sight))
        channels = await self._people.channels_of(user_id)
        if channels is None and remembered is None:
            await tab.publish(await self._view(user_id, None, Sight.UNKNOWN))
        elif channels is not None and channels != remembered:
            await tab.publish(await self._view(user_id, channels, Sight.KNOWN))

    async def _view(self, user_id: UserId, channels: frozenset[ChannelId] | None, sight: Sight) -> View:
        states = await self._theirs.states(user_id, channels or frozenset())
        overview = Overview(
            states=states,
            incidents=await self._recently_over(states),
            outage=await self._outages.current(),
            last_answer_at=await self._history.last_answer_at(),
            sight=sight,
            names=self._commands.names,
        )
        return home(overview, now=self._now(), zone=self._zone)

    async def _recently_over(self, states: tuple[SubscriptionState, ...]) -> tuple[Incident, ...]:
        mail_ids = list({state.subscription.mail_id: None for state in states})[:_MOST_MAILS]
        since = self._now() - _RECENT
        return await self._history.incidents_of(mail_ids, limit=_MOST_INCIDENTS, over_since=since)
