"""Answers `/mail-status` and Check again: which mail, ask, show. Holds no rule of what is news."""

from __future__ import annotations

import logging
from dataclasses import replace as with_changes
from typing import TYPE_CHECKING

from bot.domain import Choice, MailRef, QuickBIError, RunStatus, StoreError
from bot.mails.status_lookup import Waiting
from bot.slack.commands import AskForm, AskHelp, AskStatus, Verb, parse
from bot.slack.kit.actions import InChannel, read_ref, under_status
from bot.slack.kit.text import label_of
from bot.slack.views import help as guide
from bot.slack.views import status as messages
from bot.slack.views.errors import failure, may_pass
from bot.slack.views.status import Seen

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, tzinfo

    from bot.domain import ChannelId, MailId, Observation
    from bot.domain.repositories import Subscriptions
    from bot.mails.directory import MailDirectory
    from bot.mails.references import Target
    from bot.mails.status_lookup import StatusLookup
    from bot.slack.kit.blocks import Message
    from bot.slack.payloads import Clicked, Typed
    from bot.slack.transport.answer import Answer

_log = logging.getLogger(__name__)


class StatusHandler:
    """Serves people who ask how a mail is doing."""

    def __init__(
        self,
        lookup: StatusLookup,
        directory: MailDirectory,
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
        request = parse(Verb.STATUS, typed.text, command=typed.command, knows=self._directory.knows)
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

    async def as_shown(self, ref: MailRef, channel_id: ChannelId) -> Message | None:
        """The status as somebody was shown it, with the buttons of now; None where it is forgotten."""
        last = self._lookup.last_known(ref)
        return None if last is None else await self.message(ref, channel_id, last, self._now())

    async def show(
        self, ref: MailRef, channel_id: ChannelId, answer: Answer, *, replace: bool | None = None
    ) -> None:
        """Ask, with a word about the wait if it is long, and show what Quick BI said."""
        mail, asked_at = self._directory.get(ref.mail_id), self._now()
        try:
            found = await self._lookup.ask(ref)
            if isinstance(found, Waiting):
                await answer.send(
                    messages.checking(
                        ref,
                        mail,
                        ready_in=found.ready_in,
                        last=self._seen(ref, found.last, asked_at) if found.last else None,
                        now=self._now(),
                        zone=self._zone,
                    ),
                    replace=replace,
                )
                # A click's response URL replaces what was clicked on: a message for all must stay as it is.
                replace = True if replace is None else replace
                found = await found.answer
        except QuickBIError as error:
            await answer.send(self._no_answer(error, ref, asked_at), replace=replace)
        else:
            await answer.send(await self.message(ref, channel_id, found, asked_at), replace=replace)

    async def _answer(self, target: Target, channel_id: ChannelId, answer: Answer) -> None:
        meant = resolve(target, self._directory)
        if isinstance(meant, Choice):
            await answer.send(guide.choose(meant, verb=Verb.STATUS))
        else:
            await self.show(meant, channel_id, answer)

    def _no_answer(self, error: QuickBIError, ref: MailRef, asked_at: datetime) -> Message:
        mail = self._directory.get(ref.mail_id)
        message = failure(error, ref, mail)
        if may_pass(error):
            message = messages.with_check_again(message, ref, label_of(ref.mail_id, mail))
        last = self._lookup.last_known(ref)
        if last is None:
            return message
        seen = self._seen(ref, last, asked_at)
        return messages.beside_last_known(message, seen, now=self._now(), zone=self._zone)

    async def message(
        self,
        ref: MailRef,
        channel_id: ChannelId,
        observation: Observation,
        asked_at: datetime,
        *,
        stays: bool = False,
    ) -> Message:
        seen, now = self._seen(ref, observation, asked_at), self._now()
        newest = observation.answer.latest
        controls = under_status(
            ref,
            label_of(ref.mail_id, seen.mail),
            has_failed=newest is not None and newest.status is RunStatus.FAILED,
            here=await self._in_channel(channel_id, ref.mail_id),
        )
        return messages.status(seen, now=now, zone=self._zone, extra=(controls,), stays=stays)

    async def _in_channel(self, channel_id: ChannelId, mail_id: MailId) -> InChannel:
        """Quick BI's answer is there: that the records cannot be read must not keep it from whoever asked."""
        try:
            here = await self._subscriptions.here(channel_id, mail_id)
        except StoreError as error:
            _log.warning("subscription_not_read", extra={"mail_id": mail_id, "error": str(error)})
            return InChannel()
        if here is None:
            return InChannel(is_subscribed=False)
        subscription, is_firing = here
        is_snoozed = subscription.is_snoozed(self._now())
        return InChannel(is_subscribed=True, is_snoozed=is_snoozed if is_firing or is_snoozed else None)

    def _seen(self, ref: MailRef, observation: Observation, asked_at: datetime) -> Seen:
        return Seen(
            ref=ref,
            mail=self._directory.get(ref.mail_id),
            runs=observation.answer.runs,
            seen_at=observation.seen_at,
            request_id=observation.answer.request_id,
            is_earlier=observation.seen_at < asked_at,
        )


def resolve(target: Target, directory: MailDirectory) -> MailRef | Choice:
    """Which mail is meant. Words that no name comes close to may still be an ID that the list has not."""
    if isinstance(target, MailRef):
        return target
    meant = directory.resolve(target.words)
    if isinstance(meant, Choice) and not meant.mails and target.as_id is not None:
        return target.as_id
    return with_changes(meant, task_id=target.task_id)
