"""Runs a mail by hand: may this person, are they sure, is it running already. `ManualRunService` starts it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import assert_never

from bot.domain import MailId, Observation, QuickBIError, StoreError, UserId
from bot.domain.manual_run_rules import AskedAlready, Hindrance, Repeated, RunningAlready, RunWish
from bot.mails.directory import MailDirectory
from bot.mails.manual_runs import ManualRunService
from bot.mails.status_lookup import StatusLookup, Waiting
from bot.slack.commands import AskForm, AskHelp, AskMail, Verb
from bot.slack.handlers.forms import Forms, read_command
from bot.slack.handlers.manual_run_report import RunReporter
from bot.slack.kit.actions import read_more, read_ref
from bot.slack.payloads import Clicked, Incoming, Submitted, Typed
from bot.slack.transport.notifier import ChannelMessenger
from bot.slack.transport.responders import Answer
from bot.slack.views import help as guide
from bot.slack.views import manual_run as views
from bot.slack.views.forms import chosen_mails

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class ManualRunHandler:
    """`may_run` says who may run mails by hand."""

    runner: ManualRunService
    lookup: StatusLookup
    directory: MailDirectory
    forms: Forms
    messenger: ChannelMessenger
    may_run: Callable[[UserId], bool]
    now: Callable[[], datetime]
    zone: tzinfo

    async def typed(self, typed: Typed, answer: Answer) -> None:
        """A typed command has no dialog of its own, so ask first."""
        match await read_command(Verb.RUN, typed, self.directory):
            case AskMail(target=target):
                if found := await self.forms.which(target, Verb.RUN, answer):
                    ref, answer = found
                    await self._ask_first(typed, self._subject(ref.mail_id), answer)
            case AskForm():
                if not self.may_run(typed.person.user_id):
                    await answer.send(views.not_allowed(None))
                elif not await self.forms.open_chooser(typed, Verb.RUN):
                    await answer.send(guide.help_for(Verb.RUN, typed.command))
            case AskHelp():
                await answer.send(guide.help_for(Verb.RUN, typed.command))
            case other:
                raise AssertionError(other)

    async def submitted(self, submitted: Submitted, answer: Answer) -> None:
        (mail_id,) = chosen_mails(submitted.fields)
        await self._ask_first(submitted, self._subject(mail_id), answer)

    async def picked(self, clicked: Clicked, answer: Answer) -> None:
        """One of several mails of that name."""
        subject = self._subject(read_ref(clicked.value).mail_id)
        await self._ask_first(clicked, subject, answer, replace=clicked.is_private)

    async def chosen(self, clicked: Clicked, answer: Answer) -> None:
        """From a menu, which cannot ask first by itself. The message with the menu stays."""
        _, ref = read_more(clicked.value)
        await self._ask_first(clicked, self._subject(ref.mail_id, clicked.thread), answer, replace=False)

    async def cancelled(self, clicked: Clicked, answer: Answer) -> None:
        await answer.send(views.cancelled(self._subject(read_ref(clicked.value).mail_id)), replace=True)

    async def clicked(self, clicked: Clicked, answer: Answer) -> None:
        """The button's own dialog has asked."""
        wish = RunWish(
            mail_id=read_ref(clicked.value).mail_id,
            user_id=clicked.person.user_id,
            channel_id=clicked.channel_id,
            message_ts=clicked.thread,
            click=clicked.trigger_id,
            asked_at=self.now(),
        )
        await self._begin(wish, answer, replace=clicked.is_private)

    async def confirmed(self, clicked: Clicked, answer: Answer) -> None:
        """Yes, to the question before. One question starts one run, however often it is clicked."""
        mail_id, _, thread_ts = clicked.value.partition(" ")
        asked = f"{clicked.channel_id}:{clicked.message_ts}:{clicked.person.user_id}"
        wish = RunWish(
            mail_id=read_ref(mail_id).mail_id,
            user_id=clicked.person.user_id,
            channel_id=clicked.channel_id,
            message_ts=thread_ts,
            click=asked if clicked.message_ts else clicked.trigger_id,
            asked_at=self.now(),
        )
        await self._begin(wish, answer, replace=True)

    async def _ask_first(
        self, who: Incoming, subject: views.Subject, answer: Answer, *, replace: bool | None = None
    ) -> None:
        if not await self._is_allowed(who.person.user_id, subject, answer):
            return
        last = self.lookup.last_known(subject.ref)
        await answer.send(views.ask_to_run(subject, last, now=self.now(), zone=self.zone), replace=replace)

    async def _begin(self, wish: RunWish, answer: Answer, *, replace: bool) -> None:
        """Look at the newest run before this one (later it can be asked for only by its ID), claim, start."""
        subject = self._subject(wish.mail_id, wish.message_ts)
        if not await self._is_allowed(wish.user_id, subject, answer):
            return
        try:
            seen, has_waited = await self._look(subject, answer, replace=replace)
        except QuickBIError as error:
            message = views.not_started(error, subject, now=self.now(), zone=self.zone)
            await answer.send(message, replace=replace)
            return
        reporter = RunReporter(
            messenger=self.messenger,
            directory=self.directory,
            now=self.now,
            zone=self.zone,
            answer=answer,
            replace=replace,
        )
        try:
            why_not = await self.runner.begin(wish, seen.answer.latest, reporter)
        except StoreError as error:
            _log.warning("run_not_claimed", extra={"mail_id": wish.mail_id, "error": str(error)})
            await answer.send(views.cannot_claim(subject), replace=replace)
            return
        if why_not is not None:
            await self._explain(why_not, subject, answer, replace=replace)
        if isinstance(why_not, Repeated) and has_waited and subject.thread_ts:  # nothing else ends that wait
            await answer.send(views.in_thread(subject), replace=replace)

    async def _look(
        self, subject: views.Subject, answer: Answer, *, replace: bool
    ) -> tuple[Observation, bool]:
        """The mail as it is now, and whether the person was told to wait."""
        found = await self.lookup.ask(subject.ref, fresh_for=0)
        if not isinstance(found, Waiting):
            return found, False
        # Whoever sees nothing happen clicks once more.
        await answer.send(views.looking_first(subject, ready_in=found.ready_in), replace=replace)
        return await found.answer, True

    async def _explain(
        self, why_not: Hindrance, subject: views.Subject, answer: Answer, *, replace: bool
    ) -> None:
        match why_not:
            case Repeated():
                _log.info("run_repeated", extra={"mail_id": subject.mail_id})
            case AskedAlready(run=run):
                await answer.send(views.asked_already(subject, run, now=self.now()), replace=replace)
            case RunningAlready(run=task):
                message = views.already_running(subject, task, now=self.now(), zone=self.zone)
                await answer.send(message, replace=replace)
            case _:
                assert_never(why_not)

    async def _is_allowed(self, user_id: UserId, subject: views.Subject, answer: Answer) -> bool:
        if self.may_run(user_id):
            return True
        _log.info("run_not_allowed", extra={"user_id": user_id, "mail_id": subject.mail_id})
        await answer.send(views.not_allowed(subject), replace=False)
        return False

    def _subject(self, mail_id: MailId, thread_ts: str = "") -> views.Subject:
        return views.Subject(mail_id=mail_id, mail=self.directory.get(mail_id), thread_ts=thread_ts)
