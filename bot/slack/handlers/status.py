"""Answers `/mail-status`, its form and Check again: which mail, ask Quick BI, show. Decides nothing about notices."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from dataclasses import replace as replace_in
from datetime import datetime, tzinfo
from typing import TypeAlias

from bot.domain import (
    ChannelId,
    Choice,
    MailId,
    MailRef,
    Observation,
    QuickBIError,
    QuickBIUnavailable,
    RunStatus,
    StoreError,
    Throttled,
    UsageError,
)
from bot.domain.repositories import Subscriptions
from bot.mails.directory import MailDirectory
from bot.mails.references import Target
from bot.mails.status_lookup import StatusLookup, Waiting
from bot.slack.commands import AskForm, AskHelp, AskMail, Verb
from bot.slack.handlers.forms import Forms, read_command
from bot.slack.kit.actions import InChannel, read_more, read_ref, under_status
from bot.slack.kit.blocks import Message, message, together
from bot.slack.kit.text import label_of
from bot.slack.payloads import Clicked, Submitted, Typed
from bot.slack.transport.responders import Answer
from bot.slack.views import help as guide
from bot.slack.views import status as views
from bot.slack.views.errors import failure, may_pass
from bot.slack.views.forms import chosen_mails
from bot.slack.views.reasons import NO_CONSOLE, Console, explained

_SEVERAL_FRESH_FOR = 10.0  # seconds: by the time that the last is answered the first is a little older
ANSWER_WITHIN = 30.0  # seconds: then there is an answer, or an apology
_MOST_ESTIMATES = 3  # a response URL takes five messages; one is the answer
_SILENT_FOR = 1.0  # seconds before a person is told to wait
_AT_A_TIME = 4  # of one person's questions: others get their turn in between, and slow answers overlap
Found: TypeAlias = Observation | QuickBIError
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class StatusHandler:
    lookup: StatusLookup
    directory: MailDirectory
    subscriptions: Subscriptions
    forms: Forms
    now: Callable[[], datetime]
    zone: tzinfo
    console: Console = NO_CONSOLE
    renew_after: float = 3.0  # seconds beyond an estimate

    async def typed(self, typed: Typed, answer: Answer) -> None:
        why = explained(typed.text)
        try:
            request = await read_command(Verb.STATUS, typed, self.directory)
        except UsageError:
            if not why:
                raise
            await answer.send(message(why))
            return
        match request:
            case AskMail(target=target) if why and self._is_no_mail(target):
                await answer.send(message(why))
            case AskMail(target=target):
                if found := await self.forms.which(target, Verb.STATUS, answer):
                    ref, answer = found
                    await self.show(ref, typed.channel_id, answer, why=why)
            case AskHelp() | AskForm():
                if isinstance(request, AskHelp) or not await self.forms.open_status(typed):
                    await answer.send(guide.help_for(Verb.STATUS, typed.command))
            case _:
                raise AssertionError(request)

    def _is_no_mail(self, target: Target) -> bool:
        """An error without a mail was pasted: its code or its words are no mail's ID or name."""
        meant = self.directory.meant(target)
        if isinstance(meant, Choice):
            return not meant.mails
        return self.directory.get(meant.mail_id) is None and bool(explained(meant.mail_id))

    async def submitted(self, submitted: Submitted, answer: Answer) -> None:
        mail_ids = chosen_mails(submitted.fields)
        if len(mail_ids) == 1:
            await self.show(MailRef(mail_id=mail_ids[0]), submitted.channel_id, answer)
        else:
            await self._show_several(mail_ids, answer)

    async def clicked(self, clicked: Clicked, answer: Answer) -> None:
        """Replace an answer that one person sees; answer beside a message that everybody sees."""
        await self.show(read_ref(clicked.value), clicked.channel_id, answer, replace=clicked.is_private)

    async def chosen(self, clicked: Clicked, answer: Answer) -> None:
        """From the menu under a notice, which stays."""
        _, ref = read_more(clicked.value)
        await self.show(ref, clicked.channel_id, answer, replace=False)

    async def as_shown(self, ref: MailRef, channel_id: ChannelId) -> Message | None:
        """The status as somebody was shown it, with the buttons of now; None where it is forgotten."""
        last = self.lookup.last_known(ref)
        return None if last is None else await self.message(ref, channel_id, last, self.now())

    async def show(
        self,
        ref: MailRef,
        channel_id: ChannelId,
        answer: Answer,
        *,
        replace: bool | None = None,
        why: str = "",
    ) -> None:
        """Ask Quick BI and show what it said. Where that takes long, say so first. `why` explains a pasted error."""
        mail, asked_at = self.directory.get(ref.mail_id), self.now()
        try:
            found = await self.lookup.ask(ref)
            if isinstance(found, Waiting):
                first = replace
                # A click's response URL replaces what was clicked on: a message for all must stay as it is.
                replace = True if replace is None else replace

                async def say(wait: Waiting) -> None:
                    nonlocal first
                    last = self._seen(ref, wait.last, asked_at) if wait.last else None
                    estimate = views.checking(
                        ref, mail, ready_in=wait.ready_in, last=last, now=self.now(), zone=self.zone
                    )
                    await answer.send(estimate, replace=first)
                    first = replace

                found = await self._wait(ref, found, say, estimates=_MOST_ESTIMATES if replace else 1)
        except TimeoutError:
            late = views.with_check_again(views.no_answer_yet(ref, mail), ref, label_of(ref.mail_id, mail))
            await answer.send(late, replace=replace)
        except QuickBIError as error:
            parts = [self._no_answer(error, ref, asked_at), *([message(why)] if why else [])]
            await answer.send(together(parts), replace=replace)
        else:
            status = await self.message(ref, channel_id, found, asked_at, why=why)
            await answer.send(status, replace=replace)

    async def _wait(
        self, ref: MailRef, wait: Waiting, say: Callable[[Waiting], Awaitable[None]], *, estimates: int
    ) -> Observation:
        """Keep the person informed: once where a new estimate cannot replace the one before.

        Raises QuickBIError, and TimeoutError after ANSWER_WITHIN.
        """
        async with asyncio.timeout(ANSWER_WITHIN):
            for _ in range(estimates):
                await say(wait)
                done, _ = await asyncio.wait({wait.answer}, timeout=wait.ready_in + self.renew_after)
                if done:
                    break
                again = await self.lookup.ask(ref)
                if isinstance(again, Observation):
                    return again
                if again.ready_in < 1 and wait.ready_in < 1:
                    break  # there is nothing new to say
                wait = again
            return await wait.answer

    async def message(
        self,
        ref: MailRef,
        channel_id: ChannelId,
        observation: Observation,
        asked_at: datetime,
        *,
        stays: bool = False,
        why: str = "",
    ) -> Message:
        seen = replace_in(self._seen(ref, observation, asked_at), why=why)
        newest = observation.answer.latest
        controls = under_status(
            ref,
            label_of(ref.mail_id, seen.mail),
            has_failed=newest is not None and newest.status is RunStatus.FAILED,
            here=await self._in_channel(channel_id, ref.mail_id),
        )
        return views.status(seen, now=self.now(), zone=self.zone, extra=(controls,), stays=stays)

    async def _show_several(self, mail_ids: Sequence[MailId], answer: Answer) -> None:
        """One message for all of them, so that a response URL suffices for any number."""

        async def while_waiting(ready_in: float) -> None:
            await answer.send(views.checking_several(len(mail_ids), ready_in))

        found = await ask_each(
            self.lookup, mail_ids, fresh_for=_SEVERAL_FRESH_FOR, while_waiting=while_waiting
        )
        glances = [
            views.Glance(
                ref=MailRef(mail_id=mail_id),
                mail=self.directory.get(mail_id),
                latest=None if isinstance(each, QuickBIError) else each.answer.latest,
                error=each if isinstance(each, QuickBIError) else None,
            )
            for mail_id, each in zip(mail_ids, found, strict=True)
        ]
        await answer.send(views.several(glances, now=self.now(), zone=self.zone))

    def _no_answer(self, error: QuickBIError, ref: MailRef, asked_at: datetime) -> Message:
        mail = self.directory.get(ref.mail_id)
        why_not = failure(error, ref, mail)
        if may_pass(error):
            why_not = views.with_check_again(why_not, ref, label_of(ref.mail_id, mail))
        last = self.lookup.last_known(ref)
        if last is None:
            return why_not
        seen = self._seen(ref, last, asked_at)
        return views.beside_last_known(why_not, seen, now=self.now(), zone=self.zone)

    async def _in_channel(self, channel_id: ChannelId, mail_id: MailId) -> InChannel:
        """Where the database fails, Quick BI's answer is shown all the same. A direct message cannot subscribe."""
        if channel_id.startswith("D"):
            return InChannel()
        try:
            here = await self.subscriptions.here(channel_id, mail_id)
        except StoreError as error:
            _log.warning("subscription_not_read", extra={"mail_id": mail_id, "error": str(error)})
            return InChannel()
        if here is None:
            return InChannel(is_subscribed=False)
        subscription, is_firing = here
        is_snoozed = subscription.is_snoozed(self.now())
        return InChannel(is_subscribed=True, is_snoozed=is_snoozed if is_firing or is_snoozed else None)

    def _seen(self, ref: MailRef, observation: Observation, asked_at: datetime) -> views.Seen:
        return views.Seen(
            ref=ref,
            mail=self.directory.get(ref.mail_id),
            runs=observation.answer.runs,
            seen_at=observation.seen_at,
            request_id=observation.answer.request_id,
            is_earlier=observation.seen_at < asked_at,
            console=self.console,
        )


async def ask_each(
    lookup: StatusLookup,
    mail_ids: Sequence[MailId],
    *,
    fresh_for: float,
    while_waiting: Callable[[float], Awaitable[None]],
) -> list[Found]:
    """What Quick BI says of each mail, in their order; a few at a time, so that nobody waits for a hundred.

    Once as many in a row got no answer, the rest is not asked. `while_waiting` is called at most once, with the
    estimate in seconds. `fresh_for` is in seconds.
    """
    estimates = [0.0]
    turns = asyncio.Semaphore(_AT_A_TIME)
    silent: list[QuickBIError] = []  # the latest failures in a row that say nothing about a mail

    async def answer(mail_id: MailId) -> Observation:
        found = await lookup.ask(MailRef(mail_id=mail_id), fresh_for=fresh_for)
        if not isinstance(found, Waiting):
            return found
        estimates.append(found.ready_in)
        return await found.answer

    async def ask(mail_id: MailId) -> Found:
        async with turns:
            if len(silent) >= _AT_A_TIME:
                return silent[-1]
            try:
                found: Found = await answer(mail_id)
            except QuickBIError as error:
                found = error
            if isinstance(found, QuickBIUnavailable | Throttled):
                silent.append(found)
            else:
                silent.clear()
            return found

    tasks = [asyncio.create_task(ask(mail_id)) for mail_id in mail_ids]
    try:
        _, pending = await asyncio.wait(tasks, timeout=_SILENT_FOR)
        if pending:
            await while_waiting(max(*estimates, len(pending) * lookup.budget.interval))
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
