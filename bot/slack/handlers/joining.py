"""Subscribes a channel to mails: may notices arrive there, may each mail be seen, and who is told how it went."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypeAlias

from bot.domain import (
    EVERY_EVENT,
    MailRef,
    Observation,
    QuickBIError,
    QuickBIUnavailable,
    SubscribeOutcome,
    Subscription,
    TeamId,
    Throttled,
)
from bot.domain.subscriptions import Posting
from bot.slack.handlers.asking import ask_each
from bot.slack.kit.blocks import together
from bot.slack.payloads import Clicked
from bot.slack.views import subscriptions as views
from bot.slack.views.errors import failure

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime, tzinfo

    from bot.domain import ChannelId, DueTime, Event, MailId
    from bot.domain.repositories import Subscriptions
    from bot.mails.directory import MailDirectory
    from bot.mails.status_lookup import StatusLookup
    from bot.slack.handlers.asking import Found
    from bot.slack.kit.blocks import Message
    from bot.slack.payloads import Home, Submitted, Typed
    from bot.slack.transport.answer import Answer
    from bot.slack.transport.channel_access import ChannelAccess

Asker: TypeAlias = "Typed | Clicked | Submitted"
_FRESH_FOR = 60.0  # seconds
_log = logging.getLogger(__name__)


class SubscribeFlow:
    """What a command, a button and a form have in common.

    `visited` opens a channel that was closed to us, if it no longer is.
    """

    def __init__(
        self,
        subscriptions: Subscriptions,
        lookup: StatusLookup,
        directory: MailDirectory,
        channels: ChannelAccess,
        *,
        visited: Callable[[ChannelId], Awaitable[None]],
        home: Home,
        now: Callable[[], datetime],
        zone: tzinfo,
    ) -> None:
        self._subscriptions = subscriptions
        self._lookup = lookup
        self._directory = directory
        self._channels = channels
        self._visited = visited
        self._home = home
        self._now = now
        self._zone = zone

    async def subscribe(
        self,
        who: Asker,
        mail_ids: Sequence[MailId],
        due: DueTime | None,
        answer: Answer,
        *,
        events: frozenset[Event] | None = None,
        refusals: Sequence[Message] = (),
    ) -> None:
        """Check that notices would arrive and that each mail may be seen; then subscribe, and tell the channel.

        `events` None: whatever is told already, or everything. `refusals` are told along with those found here.
        """
        posting = await self._channels.posting(who.channel_id)
        if posting not in {Posting.FINE, Posting.UNKNOWN}:
            await answer.send(views.cannot_post(posting, self._home.app_name), replace=False)
            return
        await self._visited(who.channel_id)
        is_told = False

        async def while_waiting(ready_in: float) -> None:
            nonlocal is_told
            if not isinstance(who, Clicked):  # its response URL would replace what was clicked on
                is_told = await answer.send(views.checking(len(mail_ids), ready_in))

        asked = await ask_each(self._lookup, mail_ids, fresh_for=_FRESH_FOR, while_waiting=while_waiting)
        done: list[views.Subscribed] = []
        refused = list(refusals)
        for mail_id, found in zip(mail_ids, asked, strict=True):
            if isinstance(found, QuickBIError) and not self._may_be_seen(mail_id, found):
                refused.append(failure(found, MailRef(mail_id=mail_id), self._directory.get(mail_id)))
            else:
                done.append(await self._write(who, mail_id, due, events, found))
        await self._confirm(who, done, refused, answer, is_told=is_told)

    def _may_be_seen(self, mail_id: MailId, why_not: QuickBIError) -> bool:
        """Quick BI cannot be asked now, but its list has the mail: that is good enough."""
        return (
            isinstance(why_not, QuickBIUnavailable | Throttled) and self._directory.get(mail_id) is not None
        )

    async def _write(
        self,
        who: Asker,
        mail_id: MailId,
        due: DueTime | None,
        events: frozenset[Event] | None,
        found: Found,
    ) -> views.Subscribed:
        wish = Subscription(
            team_id=TeamId(who.person.team_id),
            channel_id=who.channel_id,
            mail_id=mail_id,
            created_by=who.person.user_id,
            created_at=self._now(),
            due=due,
            events=EVERY_EVENT if events is None else events,
        )
        known = found.answer if isinstance(found, Observation) else None
        outcome, state = await self._subscriptions.subscribe(
            wish, baseline=known, with_events=events is not None
        )
        if outcome is not SubscribeOutcome.ALREADY:
            _log.info("subscribe", extra=who_where(who, mail_id) | {"outcome": outcome})
        return views.Subscribed(state=state, outcome=outcome, is_checked=known is not None)

    async def _confirm(
        self,
        who: Asker,
        done: Sequence[views.Subscribed],
        refused: Sequence[Message],
        answer: Answer,
        *,
        is_told: bool,
    ) -> None:
        """What changed is told to the channel; what did not, and why, only to who asked: one message for each."""
        old = [one.state for one in done if one.outcome is SubscribeOutcome.ALREADY]
        private = [*([views.already(old)] if old else []), *refused]
        if private:
            await answer.send(together(private), replace=is_told)
        elif is_told:
            await answer.send(views.checked(), replace=True)
        new = [one for one in done if one.outcome is SubscribeOutcome.CREATED]
        changed = [one.state for one in done if one.outcome is SubscribeOutcome.UPDATED]
        by, now = who.person.user_id, self._now()
        public = [*([views.subscribed(new, by, now=now, zone=self._zone)] if new else [])]
        public += [views.changed(changed, by)] if changed else []
        if public:
            await answer.send(together(public), replace=False, in_channel=True)


def who_where(who: Asker, mail_id: MailId) -> dict[str, object]:
    """Who changed what, for the log; the audit's row is the store's."""
    return {"user_id": who.person.user_id, "channel_id": who.channel_id, "mail_id": mail_id}
