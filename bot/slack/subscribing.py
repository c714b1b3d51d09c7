"""Subscribes channels, lets them leave, shows what they are told of, and snoozes. Decides nothing about news."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypeAlias

from bot.commands import AskForm, AskHelp, Subscribe, Unsubscribe, Verb, parse
from bot.domain import (
    EVERY_EVENT,
    Choice,
    MailRef,
    QuickBIError,
    QuickBIUnavailable,
    SubscribeOutcome,
    Subscription,
    TeamId,
    Throttled,
)
from bot.ports import Waiting
from bot.slack import guide
from bot.slack import subscription_messages as views
from bot.slack.channels import Posting
from bot.slack.controls import read_page, read_ref
from bot.slack.failures import failure
from bot.slack.status import resolve

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime, tzinfo

    from bot.commands import Target
    from bot.domain import ChannelId, DueTime, Event, MailId, StatusAnswer
    from bot.ports import Audit, Directory, Lookup, Subscriptions
    from bot.slack.blocks import Message
    from bot.slack.boundary import Answer
    from bot.slack.channels import Channels
    from bot.slack.incoming import Clicked, Home, Submitted, Typed

Asker: TypeAlias = "Typed | Clicked | Submitted"
_log = logging.getLogger(__name__)


class SubscriptionDesk:
    """Serves people who want a channel to be told of mails, or no longer.

    `visited` opens a channel that was closed to us, if it no longer is.
    """

    def __init__(
        self,
        subscriptions: Subscriptions,
        lookup: Lookup,
        directory: Directory,
        channels: Channels,
        audit: Audit,
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
        self._audit = audit
        self._visited = visited
        self._home = home
        self._now = now
        self._zone = zone

    async def subscribe_typed(self, typed: Typed, answer: Answer) -> None:
        match parse(Verb.SUBSCRIBE, typed.text):
            case Subscribe(targets=targets, due=due):
                await self._subscribe_targets(typed, targets, due, answer)
            case AskHelp() | AskForm():
                await answer.send(guide.help_for(Verb.SUBSCRIBE, typed.command))
            case other:
                raise AssertionError(other)

    async def subscribe_clicked(self, clicked: Clicked, answer: Answer) -> None:
        """A button under a status, or a choice among several mails. The message that it stood on stays."""
        await self.subscribe(clicked, [read_ref(clicked.value).mail_id], None, answer, replace=False)

    async def unsubscribe_typed(self, typed: Typed, answer: Answer) -> None:
        match parse(Verb.UNSUBSCRIBE, typed.text):
            case Unsubscribe(targets=None):
                states = await self._subscriptions.of_channels([typed.channel_id])
                message = views.confirm_all(len(states)) if states else self._nothing()
                await answer.send(message)
            case Unsubscribe(targets=targets) if targets is not None:
                await self._unsubscribe_targets(typed, targets, answer)
            case AskHelp():
                await answer.send(guide.help_for(Verb.UNSUBSCRIBE, typed.command))
            case other:
                raise AssertionError(other)

    async def unsubscribe_clicked(self, clicked: Clicked, answer: Answer) -> None:
        mails = None if clicked.value == "all" else [read_ref(clicked.value).mail_id]
        await self._unsubscribe(clicked, mails, answer)

    async def list_typed(self, typed: Typed, answer: Answer) -> None:
        match parse(Verb.SUBSCRIPTIONS, typed.text):
            case AskHelp():
                await answer.send(guide.help_for(Verb.SUBSCRIPTIONS, typed.command))
            case _:
                await self._list(typed, answer, page=0)

    async def page_clicked(self, clicked: Clicked, answer: Answer) -> None:
        await self._list(clicked, answer, page=read_page(clicked.value)[0], replace=True)

    async def subscribe(
        self,
        who: Asker,
        mail_ids: Sequence[MailId],
        due: DueTime | None,
        answer: Answer,
        *,
        events: frozenset[Event] = EVERY_EVENT,
        replace: bool | None = None,
    ) -> None:
        """Check that notices would arrive and that each mail may be seen; then subscribe, and tell the channel."""
        posting = await self._channels.posting(who.channel_id)
        if posting in {Posting.INVITE, Posting.ARCHIVED}:
            await answer.send(views.cannot_post(posting, self._home.app_name), replace=replace)
            return
        await self._visited(who.channel_id)
        done: list[views.Subscribed] = []
        pending = [(mail_id, await self._asked(MailRef(mail_id=mail_id))) for mail_id in mail_ids]
        for mail_id, asked in pending:
            try:
                known = await self._known(asked, mail_id)
            except QuickBIError as error:
                ref = MailRef(mail_id=mail_id)
                await answer.send(failure(error, ref, self._directory.get(mail_id)), replace=False)
            else:
                done.append(await self._write(who, mail_id, due, events, known))
        await self._confirm(who, done, answer)

    async def _subscribe_targets(
        self, typed: Typed, targets: Sequence[Target], due: DueTime | None, answer: Answer
    ) -> None:
        mails: list[MailId] = []
        for target in targets:
            meant = resolve(target, self._directory)
            if isinstance(meant, Choice):
                await answer.send(guide.choose(meant, verb=Verb.SUBSCRIBE), replace=False)
            else:
                mails.append(meant.mail_id)
        if mails:
            await self.subscribe(typed, mails, due, answer, replace=False)

    async def _asked(self, ref: MailRef) -> StatusAnswer | Waiting | QuickBIError:
        """Begin each question before waiting for any: they queue for the call budget together."""
        try:
            found = await self._lookup.ask(ref, fresh_for=60)
        except QuickBIError as error:
            return error
        return found if isinstance(found, Waiting) else found.answer

    async def _known(
        self, asked: StatusAnswer | Waiting | QuickBIError, mail_id: MailId
    ) -> StatusAnswer | None:
        """The mail's state; None where Quick BI cannot be asked now but its list has the mail."""
        try:
            if isinstance(asked, QuickBIError):
                raise asked
            return (await asked.answer).answer if isinstance(asked, Waiting) else asked
        except (QuickBIUnavailable, Throttled):
            if self._directory.get(mail_id) is None:
                raise
            return None

    async def _write(
        self,
        who: Asker,
        mail_id: MailId,
        due: DueTime | None,
        events: frozenset[Event],
        known: StatusAnswer | None,
    ) -> views.Subscribed:
        wish = Subscription(
            team_id=TeamId(who.person.team_id),
            channel_id=who.channel_id,
            mail_id=mail_id,
            created_by=who.person.user_id,
            created_at=self._now(),
            due=due,
            events=events,
        )
        outcome, state = await self._subscriptions.subscribe(wish, baseline=known)
        if outcome is not SubscribeOutcome.ALREADY:
            await self._note(who, "subscribe", mail_id, detail=views.due_words(due) if due else "")
        return views.Subscribed(state=state, outcome=outcome, is_checked=known is not None)

    async def _confirm(self, who: Asker, done: Sequence[views.Subscribed], answer: Answer) -> None:
        """New subscriptions are told to the channel; that nothing changed, only to who asked."""
        new = [one for one in done if one.outcome is not SubscribeOutcome.ALREADY]
        old = [one.state for one in done if one.outcome is SubscribeOutcome.ALREADY]
        if new:
            message = views.subscribed(new, who.person.user_id, now=self._now(), zone=self._zone)
            await answer.send(message, replace=False, in_channel=True)
        if old:
            await answer.send(views.already(old), replace=False)

    async def _unsubscribe_targets(self, typed: Typed, targets: Sequence[Target], answer: Answer) -> None:
        """A channel leaves what it has: names are looked up among its own mails first, so that gone ones go too."""
        states = await self._subscriptions.of_channels([typed.channel_id])
        own: dict[str, MailId] = {}
        for state in states:
            mail_id = state.subscription.mail_id
            own[mail_id] = mail_id
            if state.mail:
                own.setdefault(state.mail.name.casefold(), mail_id)
        mails: list[MailId] = []
        for target in targets:
            words = target.mail_id if isinstance(target, MailRef) else target.words
            meant = resolve(target, self._directory)
            known = own.get(words.casefold()) or own.get(words)
            if known is None and isinstance(meant, MailRef):
                known = own.get(meant.mail_id)
            if known is None:
                await answer.send(views.not_subscribed(words), replace=False)
            else:
                mails.append(known)
        if mails:
            await self._unsubscribe(typed, mails, answer)

    async def _unsubscribe(self, who: Asker, mail_ids: Sequence[MailId] | None, answer: Answer) -> None:
        left = await self._subscriptions.unsubscribe(who.channel_id, mail_ids, now=self._now())
        for mail_id in left:
            await self._note(who, "unsubscribe", mail_id)
        if not left:
            await answer.send(self._nothing(), replace=False)
            return
        mails = [(mail_id, self._directory.get(mail_id)) for mail_id in left]
        await answer.send(views.unsubscribed(mails, who.person.user_id), replace=False, in_channel=True)

    async def _list(self, who: Asker, answer: Answer, *, page: int, replace: bool | None = None) -> None:
        await self._visited(who.channel_id)
        states = await self._subscriptions.of_channels([who.channel_id])
        message = views.listed(states, page=page, now=self._now(), zone=self._zone)
        await answer.send(message, replace=replace)

    def _nothing(self) -> Message:
        return views.listed([], page=0, now=self._now(), zone=self._zone)

    async def _note(self, who: Asker, action: str, mail_id: MailId, detail: str = "") -> None:
        """Who changed what: one line in the log, one row in the audit table."""
        user_id, channel_id = who.person.user_id, who.channel_id
        _log.info(action, extra={"user_id": user_id, "channel_id": channel_id, "mail_id": mail_id})
        await self._audit.record_action(
            at=self._now(),
            user_id=user_id,
            action=action,
            channel_id=channel_id,
            mail_id=mail_id,
            detail=detail,
        )
