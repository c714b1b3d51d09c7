"""Draws the Home tab from the store, at once, and serves its buttons. Asks Quick BI nothing by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.commands import Verb
from bot.domain import IncidentState
from bot.slack import failures, guide
from bot.slack.home_view import Overview, home
from bot.slack.sheets import HomeTab

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, tzinfo

    from slack_sdk.web.async_client import AsyncWebClient

    from bot.domain import ChannelId, Incident, SubscriptionState, UserId
    from bot.ports import History, OutageRecords, Subscriptions
    from bot.slack.boundary import Answer
    from bot.slack.incoming import Clicked, Happened
    from bot.slack.people import People

_RECENT = timedelta(days=7)
_MOST_MAILS = 500  # of which recent incidents are looked for
_MOST_INCIDENTS = 20


class HomeDesk:
    """Serves people who look at the Home tab.

    Theirs are the channels that they are in, as far as the bot can see them, and those that they subscribed.
    `allowed` are the only channels where the bot may be used; empty for all.
    """

    def __init__(
        self,
        slack: AsyncWebClient,
        people: People,
        subscriptions: Subscriptions,
        history: History,
        outages: OutageRecords,
        *,
        allowed: frozenset[str],
        now: Callable[[], datetime],
        zone: tzinfo,
    ) -> None:
        self._slack = slack
        self._people = people
        self._subscriptions = subscriptions
        self._history = history
        self._outages = outages
        self._allowed = allowed
        self._now = now
        self._zone = zone

    async def opened(self, happened: Happened, answer: Answer) -> None:  # noqa: ARG002 (the tab is the answer)
        """The event comes for the Messages tab, too."""
        if happened.tab == "home":
            await self._draw(happened.person.user_id)

    async def refreshed(self, clicked: Clicked, answer: Answer) -> None:  # noqa: ARG002
        await self._draw(clicked.person.user_id)

    async def help_wanted(self, clicked: Clicked, answer: Answer) -> None:  # noqa: ARG002
        """The commands by their usual names: a click does not tell what they are called here."""
        await answer.send(guide.help_for(Verb.HELP, f"/{Verb.HELP}"))

    async def _draw(self, user_id: UserId) -> None:
        tab = HomeTab(self._slack, user_id)
        channels = await self._people.channels_of(user_id)
        if self._allowed and not self._allowed & (channels or frozenset()):
            await tab.send(failures.wrong_channel())
            return
        overview = await self._overview(user_id, channels)
        await tab.publish(home(overview, now=self._now(), zone=self._zone))

    async def _overview(self, user_id: UserId, channels: frozenset[ChannelId] | None) -> Overview:
        states = await self._states(user_id, channels or frozenset())
        return Overview(
            states=states,
            incidents=await self._recent_incidents(states),
            outage=await self._outages.current(),
            knows_channels=channels is not None,
        )

    async def _states(self, user_id: UserId, channels: frozenset[ChannelId]) -> tuple[SubscriptionState, ...]:
        theirs = (
            *await self._subscriptions.of_person(user_id),
            *await self._subscriptions.of_channels(channels),
        )
        once = {(each.subscription.channel_id, each.subscription.mail_id): each for each in theirs}
        return tuple(
            state
            for (channel_id, _), state in once.items()
            if not self._allowed or channel_id in self._allowed
        )

    async def _recent_incidents(self, states: tuple[SubscriptionState, ...]) -> tuple[Incident, ...]:
        mail_ids = list({state.subscription.mail_id: None for state in states})[:_MOST_MAILS]
        found = await self._history.incidents_of(mail_ids, limit=_MOST_INCIDENTS)
        since = self._now() - _RECENT
        over = {IncidentState.RECOVERED, IncidentState.CORRECTED}
        return tuple(
            each for each in found if each.state in over and each.closed_at and each.closed_at >= since
        )
