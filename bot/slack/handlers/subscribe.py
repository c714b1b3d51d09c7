"""Subscribes channels, lets them leave, and shows what they are told of. Decides nothing about news."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bot.domain import Choice, Mail, MailRef
from bot.mails.name_search import NameIndex
from bot.slack.commands import AskForm, AskHelp, Subscribe, Unsubscribe, Verb, parse
from bot.slack.handlers.joining import who_where
from bot.slack.handlers.status import resolve
from bot.slack.kit.actions import UNDER_STATUS, read_more, read_page, read_ref
from bot.slack.kit.blocks import together
from bot.slack.kit.text import name_or_id
from bot.slack.views import help as guide
from bot.slack.views import subscriptions as views
from bot.slack.views import unsubscribe as leaving

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime, tzinfo

    from bot.domain import ChannelId, DueTime, MailId, SubscriptionState
    from bot.domain.repositories import Subscriptions
    from bot.mails.directory import MailDirectory
    from bot.mails.references import Target
    from bot.slack.command_names import NamesHeard
    from bot.slack.handlers.joining import Asker, SubscribeFlow
    from bot.slack.handlers.status import StatusHandler
    from bot.slack.kit.blocks import Message
    from bot.slack.payloads import Clicked, Typed
    from bot.slack.transport.answer import Answer

_log = logging.getLogger(__name__)


class SubscriptionHandler:
    """Serves people who want a channel to be told of mails, or no longer.

    `visited` opens a channel that was closed to us, if it no longer is.
    """

    def __init__(
        self,
        subscriptions: Subscriptions,
        joining: SubscribeFlow,
        directory: MailDirectory,
        status: StatusHandler,
        *,
        visited: Callable[[ChannelId], Awaitable[None]],
        commands: NamesHeard,
        now: Callable[[], datetime],
        zone: tzinfo,
    ) -> None:
        self._subscriptions = subscriptions
        self._joining = joining
        self._directory = directory
        self._status = status
        self._visited = visited
        self._commands = commands
        self._now = now
        self._zone = zone

    async def subscribe_typed(self, typed: Typed, answer: Answer) -> None:
        match parse(Verb.SUBSCRIBE, typed.text, command=typed.command, knows=self._directory.knows):
            case Subscribe(targets=targets, due=due):
                await self._subscribe_targets(typed, targets, due, answer)
            case AskHelp() | AskForm():
                await answer.send(guide.help_for(Verb.SUBSCRIBE, typed.command))
            case other:
                raise AssertionError(other)

    async def subscribe_clicked(self, clicked: Clicked, answer: Answer) -> None:
        """A button under a status, or a choice among several mails. The message that it stood on stays."""
        await self._joining.subscribe(clicked, [read_ref(clicked.value).mail_id], None, answer)
        await self._show_truth(clicked, answer)

    async def unsubscribe_typed(self, typed: Typed, answer: Answer) -> None:
        match parse(Verb.UNSUBSCRIBE, typed.text, command=typed.command, knows=self._directory.knows):
            case Unsubscribe(targets=None):
                states = await self._subscriptions.of_channels([typed.channel_id])
                message = leaving.confirm_all(len(states)) if states else self._nothing()
                await answer.send(message)
            case Unsubscribe(targets=targets) if targets is not None:
                await self._unsubscribe_targets(typed, targets, answer)
            case AskHelp():
                await answer.send(guide.help_for(Verb.UNSUBSCRIBE, typed.command))
            case other:
                raise AssertionError(other)

    async def unsubscribe_clicked(self, clicked: Clicked, answer: Answer) -> None:
        """A button whose own dialog has asked."""
        if clicked.value == "all":
            await self._unsubscribe_all(clicked, answer)
            return
        await self._unsubscribe(clicked, [read_ref(clicked.value).mail_id], answer)
        await self._show_truth(clicked, answer)

    async def unsubscribe_chosen(self, clicked: Clicked, answer: Answer) -> None:
        """From a menu, which cannot ask first by itself. What it hangs on stays as it is."""
        _, ref = read_more(clicked.value)
        state = await self._subscriptions.get(clicked.channel_id, ref.mail_id)
        if state is None:
            await answer.send(self._not_subscribed(self._title(ref.mail_id)), replace=False)
        else:
            await answer.send(leaving.ask_to_leave(ref.mail_id, state.mail), replace=False)

    async def unsubscribe_confirmed(self, clicked: Clicked, answer: Answer) -> None:
        """The step before said yes; its question makes room for what became of it."""
        mail_id = read_ref(clicked.value).mail_id
        if await self._leave(clicked, [mail_id]):
            await answer.send(leaving.left(mail_id, self._directory.get(mail_id)), replace=True)
            await self._tell(clicked, [mail_id], answer)
        else:
            await answer.send(self._not_subscribed(self._title(mail_id)), replace=True)

    async def dismissed(self, clicked: Clicked, answer: Answer) -> None:
        _, ref = read_more(clicked.value)
        await answer.send(leaving.stays(ref.mail_id, self._directory.get(ref.mail_id)), replace=True)

    async def list_typed(self, typed: Typed, answer: Answer) -> None:
        match parse(Verb.SUBSCRIPTIONS, typed.text):
            case AskHelp():
                await answer.send(guide.help_for(Verb.SUBSCRIPTIONS, typed.command))
            case _:
                await self._list(typed, answer, page=0)

    async def page_clicked(self, clicked: Clicked, answer: Answer) -> None:
        await self._list(clicked, answer, page=read_page(clicked.value)[0], replace=True)

    async def _subscribe_targets(
        self, typed: Typed, targets: Sequence[Target], due: DueTime | None, answer: Answer
    ) -> None:
        mails: list[MailId] = []
        refusals: list[Message] = []
        for target in targets:
            meant = resolve(target, self._directory)
            if isinstance(meant, Choice):
                refusals.append(guide.choose(meant, verb=Verb.SUBSCRIBE))
            else:
                mails.append(meant.mail_id)
        if mails:
            await self._joining.subscribe(typed, list(dict.fromkeys(mails)), due, answer, refusals=refusals)
        else:
            await answer.send(together(refusals))

    async def _unsubscribe_targets(self, typed: Typed, targets: Sequence[Target], answer: Answer) -> None:
        """A channel leaves what it has: names are looked up among its own mails first, so that gone ones go too."""
        own = _index(await self._subscriptions.of_channels([typed.channel_id]))
        mails: list[MailId] = []
        for target in targets:
            words = target.mail_id if isinstance(target, MailRef) else target.words
            meant = resolve(target, self._directory)
            exact = own.exact(words)
            found = exact or _among(own, meant)
            if len(found) == 1 and (exact or isinstance(meant, MailRef)):
                mails.append(found[0].mail_id)
            elif found:
                await answer.send(
                    guide.choose(Choice(words=words, mails=found), verb=Verb.UNSUBSCRIBE), replace=False
                )
            else:
                await answer.send(self._not_subscribed(words), replace=False)
        if mails:
            await self._unsubscribe(typed, mails, answer)

    async def _unsubscribe_all(self, clicked: Clicked, answer: Answer) -> None:
        """The question makes room for what became of it, here too."""
        left = await self._leave(clicked, None)
        match left:
            case ():
                message = self._nothing()
            case (mail_id,):
                message = leaving.left(mail_id, self._directory.get(mail_id))
            case _:
                message = leaving.left_all(len(left))
        await answer.send(message, replace=clicked.is_private)
        if left:
            await self._tell(clicked, left, answer)

    async def _tell(self, who: Asker, left: Sequence[MailId], answer: Answer) -> None:
        mails = [(mail_id, self._directory.get(mail_id)) for mail_id in left]
        await answer.send(leaving.unsubscribed(mails, who.person.user_id), replace=False, in_channel=True)

    async def _unsubscribe(self, who: Asker, mail_ids: Sequence[MailId], answer: Answer) -> None:
        if left := await self._leave(who, mail_ids):
            await self._tell(who, left, answer)
        else:
            gone = [self._not_subscribed(self._title(mail_id)) for mail_id in mail_ids]
            await answer.send(together(gone), replace=False)

    async def _leave(self, who: Asker, mail_ids: Sequence[MailId] | None) -> tuple[MailId, ...]:
        left = await self._subscriptions.unsubscribe(
            who.channel_id, mail_ids, by=who.person.user_id, now=self._now()
        )
        for mail_id in left:
            _log.info("unsubscribe", extra=who_where(who, mail_id))
        return left

    def _title(self, mail_id: MailId) -> str:
        return name_or_id(mail_id, self._directory.get(mail_id))

    async def _show_truth(self, clicked: Clicked, answer: Answer) -> None:
        """Draw the status anew that only this person sees: its button says what can be done now.

        Where what it showed is forgotten by now, it stays.
        """
        if clicked.ephemeral and clicked.action_id in UNDER_STATUS:
            status = await self._status.as_shown(read_ref(clicked.value), clicked.channel_id)
            if status is not None:
                await answer.send(status, replace=True)

    async def _list(self, who: Asker, answer: Answer, *, page: int, replace: bool | None = None) -> None:
        await self._visited(who.channel_id)
        states = await self._subscriptions.of_channels([who.channel_id])
        message = (
            views.listed(states, page=page, now=self._now(), zone=self._zone) if states else self._nothing()
        )
        await answer.send(message, replace=replace)

    def _nothing(self) -> Message:
        return views.none_yet(self._commands.names)

    def _not_subscribed(self, words: str) -> Message:
        return leaving.not_subscribed(words, names=self._commands.names)


def _index(states: Sequence[SubscriptionState]) -> NameIndex:
    """A channel's own mails. One that Quick BI's list never had can still be left by its ID."""
    return NameIndex(
        state.mail or Mail(mail_id=state.subscription.mail_id, name="", owner_name="", paused=False)
        for state in states
    )


def _among(own: NameIndex, meant: MailRef | Choice) -> tuple[Mail, ...]:
    mail_ids = [meant.mail_id] if isinstance(meant, MailRef) else [mail.mail_id for mail in meant.mails]
    return tuple(mail for mail_id in mail_ids if (mail := own.get(mail_id)) is not None)
