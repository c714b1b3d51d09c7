"""Who may use the bot, and where. Answers with the words of a refusal; lets nobody in whom it does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from bot.slack.payloads import Clicked
from bot.slack.views import errors as failures

if TYPE_CHECKING:
    from collections.abc import Collection

    from bot.domain import ChannelId, SubscriptionState, UserId
    from bot.slack.kit.blocks import Message
    from bot.slack.payloads import Home, Incoming, Person


class Memberships(Protocol):
    """What Slack knows of people. None: it did not say."""

    async def who(self, user_id: UserId) -> Person | None: ...

    async def channels_of(self, user_id: UserId) -> frozenset[ChannelId] | None: ...


class Subscribers(Protocol):
    async def of_person(self, user_id: UserId) -> Collection[SubscriptionState]: ...


class AccessPolicy:
    """`channels` are the only ones where the bot may be used; empty for all.

    Beside a channel (the Home tab, a modal, the bot's own direct messages) it may be used by whoever is in one
    of them, or has subscribed one.
    """

    def __init__(
        self,
        home: Home,
        people: Memberships,
        subscribers: Subscribers,
        *,
        channels: frozenset[str] = frozenset(),
    ) -> None:
        self._home = home
        self._people = people
        self._subscribers = subscribers
        self._channels = channels

    async def refusal(self, incoming: Incoming) -> Message | None:
        """Why this person may not use the bot here, or None."""
        refused = await self._of_stranger(incoming.person)
        if refused is not None or not self._channels or incoming.channel_id in self._channels:
            return refused
        if incoming.channel_id and not _is_direct(incoming):
            return failures.wrong_channel()
        return await self._of_person(incoming.person.user_id)

    async def _of_stranger(self, person: Person) -> Message | None:
        """Some events tell only who somebody is, not whose."""
        known = person if person.team_id else await self._people.who(person.user_id)
        if known is None:
            return failures.person_unknown()
        return None if self._home.is_ours(known) else failures.outsider()

    async def _of_person(self, user_id: UserId) -> Message | None:
        subscribed = await self._subscribers.of_person(user_id)
        if any(each.subscription.channel_id in self._channels for each in subscribed):
            return None
        theirs = await self._people.channels_of(user_id)
        if theirs is None:
            return failures.person_unknown()
        return None if theirs & self._channels else failures.wrong_channel()


def _is_direct(incoming: Incoming) -> bool:
    """A click on what the bot itself said to this person alone."""
    return isinstance(incoming, Clicked) and incoming.channel_id.startswith("D") and not incoming.ephemeral
