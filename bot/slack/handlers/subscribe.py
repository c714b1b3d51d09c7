"""Subscribes a channel to mails: may the bot post there, may each mail be seen, and who is told what was done."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import TypeAlias

from bot.domain import (
    EVERY_EVENT,
    ChannelId,
    Choice,
    Mail,
    MailId,
    MailRef,
    Observation,
    Posting,
    QuickBIError,
    QuickBIUnavailable,
    SubscribeOutcome,
    Subscription,
    TeamId,
    Throttled,
    Wish,
)
from bot.domain.repositories import Subscriptions
from bot.mails.directory import MailDirectory
from bot.mails.status_lookup import StatusLookup
from bot.slack.commands import AskForm, AskHelp, Subscribe, SubscribeRule, Verb
from bot.slack.handlers.forms import Forms, read_command
from bot.slack.handlers.status import Found, StatusHandler, ask_each
from bot.slack.handlers.subscription_rules import SubscriptionRuleHandler
from bot.slack.kit.actions import UNDER_STATUS, read_ref
from bot.slack.kit.blocks import Message, message, sections, together
from bot.slack.payloads import Clicked, Home, Submitted, Typed
from bot.slack.transport.channel_access import ChannelAccess
from bot.slack.transport.responders import Answer
from bot.slack.views import help as guide
from bot.slack.views import shared_channels as shared
from bot.slack.views import subscriptions as views
from bot.slack.views.errors import failures
from bot.slack.views.forms import wish_of

Asker: TypeAlias = "Typed | Clicked | Submitted"
_FRESH_FOR = 60.0  # seconds
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class SubscribeHandler:
    """`on_channel_used` looks whether a channel that was closed to the bot still is."""

    subscriptions: Subscriptions
    lookup: StatusLookup
    directory: MailDirectory
    forms: Forms
    status: StatusHandler
    rules: SubscriptionRuleHandler
    channels: ChannelAccess
    on_channel_used: Callable[[ChannelId], Awaitable[None]]
    home: Home
    now: Callable[[], datetime]
    zone: tzinfo

    async def typed(self, typed: Typed, answer: Answer) -> None:
        request = await read_command(Verb.SUBSCRIBE, typed, self.directory)
        match request:
            case Subscribe(targets=targets, due=due, on_call=on_call, has_task=has_task):
                meant = list(zip(targets, await self.directory.meant_each(targets), strict=True))
                found = [(target, each) for target, each in meant if isinstance(each, MailRef)]
                private = guide.choose_each(
                    [each for _, each in meant if isinstance(each, Choice)], verb=Verb.SUBSCRIBE
                )
                notes = [guide.no_task(Verb.SUBSCRIBE)] if has_task else []
                if notes := [*notes, *self.forms.guesses(found)]:
                    private.append(message(*sections(notes)))
                if found:
                    mail_ids = tuple(dict.fromkeys(ref.mail_id for _, ref in found))
                    wish = Wish(mail_ids=mail_ids, due=due, on_call=on_call)
                    await self._subscribe(typed, wish, answer, private=private)
                else:
                    await answer.send(together(private))
            case SubscribeRule(rule=rule):
                await self.rules.asked(typed, rule, answer)
            case AskHelp() | AskForm():
                if isinstance(request, AskHelp) or not await self.forms.open_subscribe(typed):
                    await answer.send(guide.help_for(Verb.SUBSCRIBE, typed.command))
            case _:
                raise AssertionError(request)

    async def clicked(self, clicked: Clicked, answer: Answer) -> None:
        """A button under a status, or a choice among several mails. The message that it stood on stays."""
        await self._subscribe(clicked, Wish(mail_ids=(read_ref(clicked.value).mail_id,)), answer)
        await show_current(self.status, clicked, answer)

    async def confirmed(self, clicked: Clicked, answer: Answer) -> None:
        """Yes, although people of other organisations will read it."""
        wish = shared.from_value(clicked.value)
        await answer.send(shared.shared_is_known(), replace=True)
        await self._subscribe(clicked, wish, answer, is_confirmed=True)

    async def dismissed(self, clicked: Clicked, answer: Answer) -> None:  # noqa: ARG002
        await answer.send(shared.not_subscribed_shared(), replace=True)

    async def submitted(self, submitted: Submitted, answer: Answer) -> None:
        await self._subscribe(submitted, wish_of(submitted.fields), answer)

    async def _subscribe(
        self,
        who: Asker,
        wish: Wish,
        answer: Answer,
        *,
        private: Sequence[Message] = (),
        is_confirmed: bool = False,
    ) -> None:
        """Check that notices would arrive and that each mail may be seen; then subscribe, and tell the channel.

        `private` is only for who asked. `is_confirmed`: that other organisations read the channel is known.
        """
        mail_ids = wish.mail_ids
        posting = await self.channels.posting(who.channel_id)
        if posting is Posting.SHARED and not is_confirmed:
            await answer.send(together([shared.ask_shared(wish), *private]), replace=False)
            return
        if posting not in {Posting.FINE, Posting.SHARED, Posting.UNKNOWN}:
            await answer.send(views.cannot_post(posting, self.home.app_name), replace=False)
            return
        await self.on_channel_used(who.channel_id)
        is_told = False

        async def while_waiting(ready_in: float) -> None:
            nonlocal is_told
            if not isinstance(who, Clicked):  # its response URL would replace what was clicked on
                is_told = await answer.send(views.checking(len(mail_ids), ready_in))

        asked = await ask_each(self.lookup, mail_ids, fresh_for=_FRESH_FOR, while_waiting=while_waiting)
        done: list[views.Subscribed] = []
        refused: list[tuple[QuickBIError, MailRef, Mail | None]] = []
        for mail_id, found in zip(mail_ids, asked, strict=True):
            if isinstance(found, QuickBIError) and not self._may_be_seen(mail_id, found):
                refused.append((found, MailRef(mail_id=mail_id), self.directory.get(mail_id)))
            else:
                done.append(await self._write(who, mail_id, wish, found))
        await self._confirm(who, done, [*private, *failures(refused)], answer, is_told=is_told)

    def _may_be_seen(self, mail_id: MailId, why_not: QuickBIError) -> bool:
        """While Quick BI cannot be asked, a mail that is in its list will do."""
        return isinstance(why_not, QuickBIUnavailable | Throttled) and self.directory.get(mail_id) is not None

    async def _write(self, who: Asker, mail_id: MailId, wish: Wish, found: Found) -> views.Subscribed:
        subscription = Subscription(
            team_id=TeamId(who.person.team_id),
            channel_id=who.channel_id,
            mail_id=mail_id,
            created_by=who.person.user_id,
            created_at=self.now(),
            due=wish.due,
            events=EVERY_EVENT if wish.events is None else wish.events,
            on_call=wish.on_call,
        )
        known = found.answer if isinstance(found, Observation) else None
        outcome, state = await self.subscriptions.subscribe(
            subscription, baseline=known, with_events=wish.events is not None
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
        """Tell the channel what changed; tell only who asked what did not, and why. One message for each."""
        old = [one.state for one in done if one.outcome is SubscribeOutcome.ALREADY]
        private = [*([views.already(old)] if old else []), *refused]
        if private:
            await answer.send(together(private), replace=is_told)
        elif is_told:
            await answer.send(views.checked(), replace=True)
        new = [one for one in done if one.outcome is SubscribeOutcome.CREATED]
        changed = [one.state for one in done if one.outcome is SubscribeOutcome.UPDATED]
        by, now = who.person.user_id, self.now()
        public = [*([views.subscribed(new, by, now=now, zone=self.zone)] if new else [])]
        public += [views.changed(changed, by)] if changed else []
        if public:
            await answer.send(together(public), replace=False, in_channel=True)


async def show_current(status: StatusHandler, clicked: Clicked, answer: Answer) -> None:
    """Draw the status again that only this person sees, so that its button offers what can be done now.

    Where what it showed is forgotten, the message stays.
    """
    if clicked.ephemeral and clicked.action_id in UNDER_STATUS:
        message = await status.as_shown(read_ref(clicked.value), clicked.channel_id)
        if message is not None:
            await answer.send(message, replace=True)


def who_where(who: Asker, mail_id: MailId) -> dict[str, object]:
    """Who changed what, for the log; the audit's row is the store's."""
    return {"user_id": who.person.user_id, "channel_id": who.channel_id, "mail_id": mail_id}
