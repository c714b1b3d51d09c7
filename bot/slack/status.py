"""Answers `/mail-status` and Check again: which mail, ask, show. Holds no rule of what is news."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.commands import AskForm, AskHelp, AskStatus, Target, Verb, parse
from bot.domain import Choice, MailRef, QuickBIError, RunStatus
from bot.ports import Waiting
from bot.slack import guide, messages
from bot.slack.controls import read_more, read_ref, under_status
from bot.slack.failures import failure
from bot.slack.messages import Seen
from bot.slack.titles import label_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, tzinfo

    from bot.domain import ChannelId, Observation
    from bot.ports import Directory, Lookup, Subscriptions
    from bot.slack.blocks import Message
    from bot.slack.boundary import Answer
    from bot.slack.incoming import Clicked, Typed


class StatusDesk:
    """Serves people who ask how a mail is doing."""

    def __init__(
        self,
        lookup: Lookup,
        directory: Directory,
        subscriptions: Subscriptions,
        *,
        now: Callable[[], datetime],
        zone: tzinfo,
    ) -> None:
        self._lookup = lookup
        self._directory = directory
        self._subscriptions = subscriptions
        self._now = now
        self._zone = zone

    async def typed(self, typed: Typed, answer: Answer) -> None:
        request = parse(Verb.STATUS, typed.text)
        match request:
            case AskStatus(target=target):
                await self._answer(target, typed.channel_id, answer)
            case AskHelp() | AskForm():
                await answer.send(guide.help_for(Verb.STATUS, typed.command))
            case _:
                raise AssertionError(request)

    async def check_again(self, clicked: Clicked, answer: Answer) -> None:
        """On an answer that one person sees it replaces that; on a message for all it answers beside it."""
        ref = read_ref(clicked.value)
        await self.show(ref, clicked.channel_id, answer, replace=clicked.is_private)

    async def picked(self, clicked: Clicked, answer: Answer) -> None:
        ref = read_ref(clicked.value)
        await self.show(ref, clicked.channel_id, answer, replace=clicked.is_private)

    async def share(self, clicked: Clicked, answer: Answer) -> None:
        """Show the channel what this person was shown, by whose wish. What was forgotten is asked for anew."""
        _, ref = read_more(clicked.value)
        mail = self._directory.get(ref.mail_id)
        try:
            observation = self._lookup.last_known(ref) or await self._asked(ref)
        except QuickBIError as error:
            await answer.send(failure(error, ref, mail), replace=False)
            return
        shared = messages.shared(
            await self._message(ref, clicked.channel_id, observation), clicked.person.user_id
        )
        await answer.send(shared, replace=False, in_channel=True)

    async def _asked(self, ref: MailRef) -> Observation:
        found = await self._lookup.ask(ref)
        return await found.answer if isinstance(found, Waiting) else found

    async def show(
        self, ref: MailRef, channel_id: ChannelId, answer: Answer, *, replace: bool | None = None
    ) -> None:
        """Ask, with a word about the wait if it is long, and show what Quick BI said."""
        mail = self._directory.get(ref.mail_id)
        try:
            found = await self._lookup.ask(ref)
            if isinstance(found, Waiting):
                await answer.send(
                    messages.checking(
                        ref,
                        mail,
                        ready_in=found.ready_in,
                        last=self._seen(ref, found.last) if found.last else None,
                        now=self._now(),
                        zone=self._zone,
                    ),
                    replace=replace,
                )
                # A click's response URL replaces what was clicked on: a message for all must stay as it is.
                replace = True if replace is None else replace
                found = await found.answer
        except QuickBIError as error:
            await answer.send(failure(error, ref, mail), replace=replace)
        else:
            await answer.send(await self._message(ref, channel_id, found), replace=replace)

    async def _answer(self, target: Target, channel_id: ChannelId, answer: Answer) -> None:
        meant = resolve(target, self._directory)
        if isinstance(meant, Choice):
            await answer.send(guide.choose(meant, verb=Verb.STATUS))
        else:
            await self.show(meant, channel_id, answer)

    async def _message(self, ref: MailRef, channel_id: ChannelId, observation: Observation) -> Message:
        seen = self._seen(ref, observation)
        newest = observation.answer.latest
        controls = under_status(
            ref,
            label_of(ref.mail_id, seen.mail),
            has_failed=newest is not None and newest.status is RunStatus.FAILED,
            is_subscribed=await self._subscriptions.get(channel_id, ref.mail_id) is not None,
        )
        return messages.status(seen, now=self._now(), zone=self._zone, extra=(controls,))

    def _seen(self, ref: MailRef, observation: Observation) -> Seen:
        return Seen(
            ref=ref,
            mail=self._directory.get(ref.mail_id),
            runs=observation.answer.runs,
            seen_at=observation.seen_at,
            request_id=observation.answer.request_id,
        )


def resolve(target: Target, directory: Directory) -> MailRef | Choice:
    """Which mail is meant. A word that could be an ID is one, unless it is rather some mail's name."""
    if not isinstance(target, MailRef):
        return directory.resolve(target.words)
    if directory.get(target.mail_id) is not None or any(char.isdigit() for char in target.mail_id):
        return target
    meant = directory.resolve(target.mail_id)
    return target if isinstance(meant, Choice) and not meant.mails else meant
