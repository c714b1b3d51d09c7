"""What is whose: the subscriptions of the channels that a person is in, and those that the person made."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from bot.domain import ChannelId, SubscriptionState, UserId
    from bot.domain.repositories import Subscriptions
    from bot.slack.transport.users import Users


class PersonalOverview:
    """`allowed` are the only channels where the bot may be used; empty for all."""

    def __init__(self, people: Users, subscriptions: Subscriptions, *, allowed: frozenset[str]) -> None:
        self._people = people
        self._subscriptions = subscriptions
        self._allowed = allowed

    async def states(self, user_id: UserId, channels: Collection[ChannelId]) -> tuple[SubscriptionState, ...]:
        """Of these channels, and of the person's own making, each once."""
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

    async def of_mail(self, user_id: UserId, mail_id: str) -> tuple[SubscriptionState, ...]:
        """Those of one mail that this person may act upon now."""
        channels = await self._people.channels_of(user_id) or frozenset()
        return tuple(
            state for state in await self.states(user_id, channels) if state.subscription.mail_id == mail_id
        )
