"""Unsubscribes a channel from mails, and shows what it is subscribed to."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from bot.domain import ChannelId, Choice, Mail, MailId, MailRef, SubscriptionState
from bot.domain.repositories import Subscriptions
from bot.mails.directory import MailDirectory
from bot.mails.name_search import NameIndex
from bot.mails.references import Target
from bot.slack.command_names import NamesHeard
from bot.slack.commands import AskForm, AskHelp, Unsubscribe, UnsubscribeRule, Verb, parse
from bot.slack.handlers.forms import Forms, read_command
from bot.slack.handlers.status import StatusHandler
from bot.slack.handlers.subscribe import Asker, show_current, who_where
from bot.slack.handlers.subscription_rules import SubscriptionRuleHandler
from bot.slack.kit.actions import read_more, read_page, read_ref
from bot.slack.kit.blocks import Message, message, sections, together
from bot.slack.kit.text import name_or_id
from bot.slack.payloads import Clicked, Submitted, Typed
from bot.slack.transport.responders import Answer
from bot.slack.views import help as guide
from bot.slack.views import subscriptions
from bot.slack.views import unsubscribe as views
from bot.slack.views.forms import chosen_mails

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class UnsubscribeHandler:
    """`on_channel_used` looks whether a channel that was closed to the bot still is."""

    subscriptions: Subscriptions
    directory: MailDirectory
    forms: Forms
    rules: SubscriptionRuleHandler
    status: StatusHandler
    on_channel_used: Callable[[ChannelId], Awaitable[None]]
    commands: NamesHeard
    now: Callable[[], datetime]
    zone: tzinfo

    async def typed(self, typed: Typed, answer: Answer) -> None:
        match await read_command(Verb.UNSUBSCRIBE, typed, self.directory):
            case Unsubscribe(targets=None):
                states = await self.subscriptions.of_channels([typed.channel_id])
                await answer.send(views.confirm_all(len(states)) if states else self._nothing())
            case Unsubscribe(targets=targets, has_task=has_task) if targets is not None:
                notes = [guide.no_task(Verb.UNSUBSCRIBE)] if has_task else []
                await self._unsubscribe_targets(typed, targets, notes, answer)
            case UnsubscribeRule(rule=rule):
                await self.rules.ended(typed, rule, answer)
            case AskForm():
                await self._offer_form(typed, answer)
            case AskHelp():
                await answer.send(guide.help_for(Verb.UNSUBSCRIBE, typed.command))
            case other:
                raise AssertionError(other)

    async def submitted(self, submitted: Submitted, answer: Answer) -> None:
        await self._unsubscribe(submitted, chosen_mails(submitted.fields), answer)

    async def _offer_form(self, typed: Typed, answer: Answer) -> None:
        states = await self.subscriptions.of_channels([typed.channel_id])
        mails = [(state.subscription.mail_id, state.mail) for state in states]
        if not mails:
            await answer.send(self._nothing())
        elif not await self.forms.open_unsubscribe(typed, mails):
            await answer.send(guide.help_for(Verb.UNSUBSCRIBE, typed.command))

    async def clicked(self, clicked: Clicked, answer: Answer) -> None:
        """A button whose own dialog has asked."""
        if clicked.value == "all":
            await self._unsubscribe_all(clicked, answer)
            return
        await self._unsubscribe(clicked, [read_ref(clicked.value).mail_id], answer)
        await show_current(self.status, clicked, answer)

    async def chosen(self, clicked: Clicked, answer: Answer) -> None:
        """From a menu, which cannot ask first by itself. The message with the menu stays."""
        _, ref = read_more(clicked.value)
        state = await self.subscriptions.get(clicked.channel_id, ref.mail_id)
        if state is None:
            await answer.send(self._not_subscribed(self._title(ref.mail_id)), replace=False)
        else:
            await answer.send(views.ask_to_leave(ref.mail_id, state.mail), replace=False)

    async def confirmed(self, clicked: Clicked, answer: Answer) -> None:
        """Yes, to the question before: what was done takes its place."""
        mail_id = read_ref(clicked.value).mail_id
        if await self._remove(clicked, [mail_id]):
            await answer.send(views.left(mail_id, self.directory.get(mail_id)), replace=True)
            await self._tell_channel(clicked, [mail_id], answer)
        else:
            await answer.send(self._not_subscribed(self._title(mail_id)), replace=True)

    async def dismissed(self, clicked: Clicked, answer: Answer) -> None:
        _, ref = read_more(clicked.value)
        await answer.send(views.stays(ref.mail_id, self.directory.get(ref.mail_id)), replace=True)

    async def list_typed(self, typed: Typed, answer: Answer) -> None:
        if isinstance(parse(Verb.SUBSCRIPTIONS, typed.text), AskHelp):
            await answer.send(guide.help_for(Verb.SUBSCRIPTIONS, typed.command))
        else:
            await self._list(typed, answer, page=0)

    async def list_paged(self, clicked: Clicked, answer: Answer) -> None:
        await self._list(clicked, answer, page=read_page(clicked.value)[0], replace=True)

    async def _unsubscribe_targets(
        self, typed: Typed, targets: Sequence[Target], notes: list[str], answer: Answer
    ) -> None:
        """Look names up among the channel's own mails first, so that mails gone from Quick BI are found, too.

        One answer for all that is asked back or refused: a response URL is good for five.
        """
        own = _index(await self.subscriptions.of_channels([typed.channel_id]))
        mails: list[MailId] = []
        choices: list[Choice] = []
        missing: list[str] = []
        for target, meant in zip(targets, await self.directory.meant_each(targets), strict=True):
            words = target.mail_id if isinstance(target, MailRef) else target.words
            exact = own.exact(words)
            found = exact or _among(own, meant)
            if len(found) == 1 and (exact or isinstance(meant, MailRef)):
                mails.append(found[0].mail_id)
                notes += self.forms.guesses([(target, MailRef(mail_id=found[0].mail_id))])
            elif found:
                choices.append(Choice(words=words, mails=found))
            else:
                missing.append(words)
        private = guide.choose_each(choices, verb=Verb.UNSUBSCRIBE)
        private += [self._not_subscribed(*missing)] if missing else []
        private += [message(*sections(notes))] if notes else []
        if private:
            await answer.send(together(private), replace=False)
        if mails:
            await self._unsubscribe(typed, mails, answer)

    async def _unsubscribe_all(self, clicked: Clicked, answer: Answer) -> None:
        left = await self._remove(clicked, None)
        match left:
            case ():
                message = self._nothing()
            case (mail_id,):
                message = views.left(mail_id, self.directory.get(mail_id))
            case _:
                message = views.left_all(len(left))
        await answer.send(message, replace=clicked.is_private)
        if left:
            await self._tell_channel(clicked, left, answer)

    async def _unsubscribe(self, who: Asker, mail_ids: Sequence[MailId], answer: Answer) -> None:
        if left := await self._remove(who, mail_ids):
            await self._tell_channel(who, left, answer)
        else:
            await answer.send(self._not_subscribed(*map(self._title, mail_ids)), replace=False)

    async def _remove(self, who: Asker, mail_ids: Sequence[MailId] | None) -> tuple[MailId, ...]:
        left = await self.subscriptions.unsubscribe(
            who.channel_id, mail_ids, by=who.person.user_id, now=self.now()
        )
        for mail_id in left:
            _log.info("unsubscribe", extra=who_where(who, mail_id))
        return left

    async def _tell_channel(self, who: Asker, left: Sequence[MailId], answer: Answer) -> None:
        mails = [(mail_id, self.directory.get(mail_id)) for mail_id in left]
        await answer.send(views.unsubscribed(mails, who.person.user_id), replace=False, in_channel=True)

    async def _list(self, who: Asker, answer: Answer, *, page: int, replace: bool | None = None) -> None:
        await self.on_channel_used(who.channel_id)
        states = await self.subscriptions.of_channels([who.channel_id])
        rules = await self.rules.rules.of_channel(who.channel_id)
        listed = subscriptions.listed(states, rules, page=page, now=self.now(), zone=self.zone)
        await answer.send(listed if states or rules else self._nothing(), replace=replace)

    def _title(self, mail_id: MailId) -> str:
        return name_or_id(mail_id, self.directory.get(mail_id))

    def _nothing(self) -> Message:
        return subscriptions.none_yet(self.commands.names)

    def _not_subscribed(self, *words: str) -> Message:
        return views.not_subscribed(*words, names=self.commands.names)


def _index(states: Sequence[SubscriptionState]) -> NameIndex:
    """A channel's own mails, those that Quick BI never listed by their ID."""
    return NameIndex(
        state.mail or Mail(mail_id=state.subscription.mail_id, name="", owner_name="", paused=False)
        for state in states
    )


def _among(own: NameIndex, meant: MailRef | Choice) -> tuple[Mail, ...]:
    mail_ids = [meant.mail_id] if isinstance(meant, MailRef) else [mail.mail_id for mail in meant.mails]
    return tuple(mail for mail_id in mail_ids if (mail := own.get(mail_id)) is not None)
