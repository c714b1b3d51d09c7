"""Decides who may use the bot, and where. Whoever Slack says nothing about is refused."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from bot.domain import SubscriptionState, UserId
from bot.slack.kit.blocks import Message
from bot.slack.payloads import Clicked, Home, Incoming, Person
from bot.slack.spoken import Said
from bot.slack.transport.users import Users
from bot.slack.views import errors as failures


class Subscribers(Protocol):
    async def of_person(self, user_id: UserId) -> Collection[SubscriptionState]: ...


@dataclass(frozen=True, slots=True)
class Refusal:
    """`message` is None where even a refusal would be too much of an answer."""

    message: Message | None


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """`channels` are the only ones where the bot may be used; empty for all.

    Outside a channel (the Home tab, a modal, the bot's own direct messages) it may be used by whoever is in one
    of them, or has subscribed one.
    """

    home: Home
    users: Users
    subscribers: Subscribers
    channels: frozenset[str] = frozenset()

    async def refusal(self, incoming: Incoming) -> Refusal | None:
        """Why this person may not use the bot here, or None. Who talks in other organisations is not answered."""
        known = await self._known(incoming.person)
        if known is not None and not self.home.is_ours(known):
            return Refusal(None if isinstance(incoming, Said) else failures.outsider())
        refused = failures.person_unknown() if known is None else await self._of_place(incoming)
        return None if refused is None else Refusal(refused)

    async def _known(self, person: Person) -> Person | None:
        """Some events name only the user, not the team."""
        return person if person.team_id else await self.users.who(person.user_id)

    async def _of_place(self, incoming: Incoming) -> Message | None:
        if not self.channels or incoming.channel_id in self.channels:
            return None
        if incoming.channel_id and not _is_direct(incoming):
            return failures.wrong_channel()
        return await self._of_channels(incoming.person.user_id)

    async def _of_channels(self, user_id: UserId) -> Message | None:
        subscribed = await self.subscribers.of_person(user_id)
        if any(each.subscription.channel_id in self.channels for each in subscribed):
            return None
        theirs = await self.users.channels_of(user_id)
        if theirs is None:
            return failures.person_unknown()
        return None if theirs & self.channels else failures.wrong_channel()


def _is_direct(incoming: Incoming) -> bool:
    """Whether this is a direct message to the bot, or a click on one of its own to this person."""
    if isinstance(incoming, Said):
        return incoming.is_direct
    return isinstance(incoming, Clicked) and incoming.channel_id.startswith("D") and not incoming.ephemeral
