"""Serves people who want a mail sent again: may they, are they sure, is it running already. Starts nothing itself."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, assert_never

from bot.domain import Choice, QuickBIError, StoreError
from bot.domain.manual_run_rules import AskedAlready, Repeated, RunningAlready, RunWish
from bot.mails.status_lookup import Waiting
from bot.slack.commands import AskHelp, RunMail, Verb, parse
from bot.slack.handlers.manual_run_report import RunReporter
from bot.slack.handlers.status import resolve
from bot.slack.kit.actions import read_more, read_ref
from bot.slack.views import help as guide
from bot.slack.views import manual_run as views

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, tzinfo

    from bot.domain import MailId, Observation, UserId
    from bot.domain.manual_run_rules import Hindrance
    from bot.mails.directory import MailDirectory
    from bot.mails.manual_runs import ManualRunService
    from bot.mails.status_lookup import StatusLookup
    from bot.slack.handlers.manual_run_report import ChannelMessenger
    from bot.slack.payloads import Clicked, Typed
    from bot.slack.transport.answer import Answer

_log = logging.getLogger(__name__)


class ManualRunHandler:
    """`may_run` says who may run mails by hand; for everybody else it is closed, kindly."""

    def __init__(
        self,
        runner: ManualRunService,
        lookup: StatusLookup,
        directory: MailDirectory,
        voice: ChannelMessenger,
        *,
        may_run: Callable[[UserId], bool],
        now: Callable[[], datetime],
        zone: tzinfo,
    ) -> None:
        self._runner = runner
        self._lookup = lookup
        self._directory = directory
        self._voice = voice
        self._may_run = may_run
        self._now = now
        self._zone = zone

    async def typed(self, typed: Typed, answer: Answer) -> None:
        """`/mail-run MAIL`: asks first, for a typed line has no dialog of its own."""
        match parse(Verb.RUN, typed.text, command=typed.command, knows=self._directory.knows):
            case RunMail(target=target):
                meant = resolve(target, self._directory)
                if isinstance(meant, Choice):
                    await answer.send(guide.choose(meant, verb=Verb.RUN))
                else:
                    await self._ask_first(typed, self._subject(meant.mail_id), answer)
            case AskHelp():
                await answer.send(guide.help_for(Verb.RUN, typed.command))
            case other:
                raise AssertionError(other)

    async def picked(self, clicked: Clicked, answer: Answer) -> None:
        """One of several mails of that name."""
        subject = self._subject(read_ref(clicked.value).mail_id)
        await self._ask_first(clicked, subject, answer, replace=clicked.is_private)

    async def chosen(self, clicked: Clicked, answer: Answer) -> None:
        """From an overflow menu, which cannot ask first by itself. What it hangs on stays as it is."""
        _, ref = read_more(clicked.value)
        await self._ask_first(clicked, self._subject(ref.mail_id, clicked.thread), answer, replace=False)

    async def cancelled(self, clicked: Clicked, answer: Answer) -> None:
        await answer.send(views.cancelled(self._subject(read_ref(clicked.value).mail_id)), replace=True)

    async def clicked(self, clicked: Clicked, answer: Answer) -> None:
        """The button: its own dialog has asked."""
        wish = RunWish(
            mail_id=read_ref(clicked.value).mail_id,
            user_id=clicked.person.user_id,
            channel_id=clicked.channel_id,
            message_ts=clicked.thread,
            click=clicked.trigger_id,
            asked_at=self._now(),
        )
        await self._begin(wish, answer, replace=clicked.is_private)

    async def confirmed(self, clicked: Clicked, answer: Answer) -> None:
        """The step before said yes. That message is good for one run, however often it is clicked."""
        mail_id, _, thread_ts = clicked.value.partition(" ")
        asked = f"{clicked.channel_id}:{clicked.message_ts}:{clicked.person.user_id}"
        wish = RunWish(
            mail_id=read_ref(mail_id).mail_id,
            user_id=clicked.person.user_id,
            channel_id=clicked.channel_id,
            message_ts=thread_ts,
            click=asked if clicked.message_ts else clicked.trigger_id,
            asked_at=self._now(),
        )
        await self._begin(wish, answer, replace=True)

    async def _ask_first(
        self, who: Typed | Clicked, subject: views.Subject, answer: Answer, *, replace: bool | None = None
    ) -> None:
        if not await self._is_allowed(who.person.user_id, subject, answer):
            return
        last = self._lookup.last_known(subject.ref)
        await answer.send(views.ask_to_run(subject, last, now=self._now(), zone=self._zone), replace=replace)

    async def _begin(self, wish: RunWish, answer: Answer, *, replace: bool) -> None:
        """Look at the run before (nobody can ask for it later by anything but its ID), claim, start."""
        subject = self._subject(wish.mail_id, wish.message_ts)
        if not await self._is_allowed(wish.user_id, subject, answer):
            return
        try:
            seen, has_waited = await self._look(subject, answer, replace=replace)
        except QuickBIError as error:
            message = views.not_started(error, subject, now=self._now(), zone=self._zone)
            await answer.send(message, replace=replace)
            return
        story = RunReporter(
            self._voice, self._directory, now=self._now, zone=self._zone, answer=answer, replace=replace
        )
        try:
            why_not = await self._runner.begin(wish, seen.answer.latest, story)
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
        """The mail as it is now, and whether the person was told to wait for that."""
        found = await self._lookup.ask(subject.ref, fresh_for=0)
        if not isinstance(found, Waiting):
            return found, False
        # On a message for all it stands beside that: whoever sees nothing happen clicks once more.
        await answer.send(views.looking_first(subject, ready_in=found.ready_in), replace=replace)
        return await found.answer, True

    async def _explain(
        self, why_not: Hindrance, subject: views.Subject, answer: Answer, *, replace: bool
    ) -> None:
        match why_not:
            case Repeated():
                _log.info("run_repeated", extra={"mail_id": subject.mail_id})
            case AskedAlready(run=run):
                await answer.send(views.asked_already(subject, run, now=self._now()), replace=replace)
            case RunningAlready(run=task):
                message = views.already_running(subject, task, now=self._now(), zone=self._zone)
                await answer.send(message, replace=replace)
            case _:
                assert_never(why_not)

    async def _is_allowed(self, user_id: UserId, subject: views.Subject, answer: Answer) -> bool:
        if self._may_run(user_id):
            return True
        _log.info("run_not_allowed", extra={"user_id": user_id, "mail_id": subject.mail_id})
        await answer.send(views.not_allowed(subject), replace=False)
        return False

    def _subject(self, mail_id: MailId, thread_ts: str = "") -> views.Subject:
        return views.Subject(mail_id=mail_id, mail=self._directory.get(mail_id), thread_ts=thread_ts)
