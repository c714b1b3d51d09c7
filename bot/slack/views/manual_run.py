"""Pure: what is said before a run by hand: are you sure, may you, is it running already, why it was not started."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain import MailRef, ManualRunState, RunRefusal, RunRefused, RunStatus
from bot.domain.manual_run_rules import is_stuck
from bot.slack.kit.actions import Act, check_button, run_button
from bot.slack.kit.blocks import (
    Message,
    absolute,
    actions,
    button,
    clip,
    clock_time,
    code,
    duration,
    name,
    section,
    small,
    when,
)
from bot.slack.kit.mail_titles import label_of, plain_title_of, title_of
from bot.slack.views.errors import failure
from bot.slack.views.status import state_of

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from slack_sdk.models.blocks import ActionsBlock, Block

    from bot.domain import Mail, MailId, ManualRun, Observation, QuickBIError, TaskRun


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """The mail that a message is about. `thread_ts` is where for all to see it is spoken of, "" for nowhere."""

    mail_id: MailId
    mail: Mail | None
    thread_ts: str = ""

    @property
    def label(self) -> str:
        return label_of(self.mail_id, self.mail)

    @property
    def bold(self) -> str:
        return title_of(self.mail_id, self.mail)

    @property
    def plain(self) -> str:
        return plain_title_of(self.mail_id, self.mail, begins=True)

    @property
    def ref(self) -> MailRef:
        return MailRef(mail_id=self.mail_id)


_STANDS = {
    ManualRunState.CLAIMED: "whether it began is not clear yet",
    ManualRunState.UNCLEAR: "whether it began is not clear yet",
    ManualRunState.STARTED: "it is being followed",
    ManualRunState.REFUSED: "Quick BI refused it",
    ManualRunState.ENDED: "that run is over",
}


def confirm_value(subject: Subject) -> str:
    return f"{subject.mail_id} {subject.thread_ts}".strip()


def ask_first(subject: Subject, last: Observation | None, *, now: datetime, zone: tzinfo) -> Message:
    """The step before a run that was typed or chosen from a menu: it names the mail and who will get it."""
    what = "It runs now, and goes to *all its recipients* once more."
    known, known_plain = _last_run(last, now, zone)
    buttons = actions(
        [
            button(
                "Run it",
                action_id=Act.RUN_CONFIRMED,
                value=confirm_value(subject),
                style="primary",
                reads_as=f"Run {clip(subject.label, 50)} now",
            ),
            button("Cancel", action_id=Act.CANCEL, value=subject.mail_id, reads_as="Cancel, do not run it"),
        ]
    )
    return Message(
        text=f"Send {subject.plain} again? {what.replace('*', '')}{known_plain} Confirm with Run it, or Cancel.",
        blocks=(section(f"▶️ Send {subject.bold} again?\n{what}{known}"), buttons, small_print(subject)),
    )


def cancelled(subject: Subject) -> Message:
    return Message(
        text=f"{subject.plain} was not run. Nobody gets a mail.",
        blocks=(section(f"✋ {subject.bold} was not run\nNobody gets a mail."),),
    )


def not_allowed(subject: Subject) -> Message:
    """Kindly: a run sends mail to people, so somebody decided who may."""
    why = "It sends the mail to all its recipients, so only some people may do it."
    advice = "Whoever runs this bot can allow you; the mail's owner can run it in Quick BI."
    return Message(
        text=f"You may not run mails by hand. {why} {advice} {subject.plain} was not run.",
        blocks=(section(f"🔒 *You may not run mails by hand*\n{why} {advice}"), small_print(subject)),
    )


def looking_first(subject: Subject, *, ready_in: float) -> Message:
    """While the run before is looked at: `ready_in` is when Quick BI can be asked, in seconds."""
    wait = f", in about {duration(timedelta(seconds=ready_in))}" if ready_in >= 1 else ""
    where = "the thread says" if subject.thread_ts else "I say here"
    what = f"First I look whether it is running already{wait}. One click is enough: {where} how it goes on."
    return Message(
        text=f"About to run {subject.plain}. {what}",
        blocks=(section(f"⏳ About to run {subject.bold}\n{what}"),),
    )


def already_running(subject: Subject, run: TaskRun, *, now: datetime, zone: tzinfo) -> Message:
    words = "is already running"
    since, since_plain = "", ""
    if run.exec_at:
        ago = f", {duration(now - run.exec_at)} ago"
        since = f"\nsince {when(run.exec_at, zone)}{ago}"
        since_plain = f" since {absolute(run.exec_at, zone)}{ago}"
    advice = "It was not started a second time. Check again shows how it goes on."
    return Message(
        text=f"{subject.plain} {words}{since_plain}. {advice}",
        blocks=(
            section(f"⏳ {subject.bold} {words}{since}"),
            section(advice.replace("Check again", "*Check again*")),
            controls(subject),
            small_print(subject),
        ),
    )


def asked_already(subject: Subject, earlier: ManualRun, *, now: datetime) -> Message:
    """Somebody was faster."""
    ago = f"{duration(now - earlier.claimed_at)} ago"
    who = f"<@{earlier.user_id}>"
    more = _STANDS[earlier.state]
    advice = "It was not started a second time. Check again shows how it goes on."
    return Message(
        text=f"{who} ran {subject.plain} {ago}; {more}. {advice}",
        blocks=(
            section(f"⏳ {who} ran {subject.bold} {ago}\n{more[0].upper()}{more[1:]}."),
            section(advice.replace("Check again", "*Check again*")),
            controls(subject),
            small_print(subject),
        ),
    )


def not_started(error: QuickBIError, subject: Subject, *, now: datetime, zone: tzinfo) -> Message:
    """Why Quick BI did not start it, from when on it may be tried again, and that nobody got a mail."""
    why = failure(error, subject.ref, subject.mail)
    match error:
        case RunRefused(why=RunRefusal.ALREADY_RUNNING):
            return Message(text=why.text, blocks=(*why.blocks, controls(subject)))
        case RunRefused(retry_after=float(seconds)):
            at = now + timedelta(seconds=seconds)
            return Message(
                text=f"{why.text} That is at {absolute(at, zone)}.",
                blocks=(*why.blocks, small(f"It can be run again from {clock_time(at, zone)} on")),
            )
        case RunRefused():
            return why
        case _:
            return Message(
                text=f"{why.text} {subject.plain} was not run.",
                blocks=(*why.blocks, small(f"{subject.bold} was not run: nobody gets a mail")),
            )


def cannot_claim(subject: Subject) -> Message:
    """The database takes nothing now: without a claim in it a run might be started twice."""
    why = (
        "I write each run down before I ask for it, so that it is started only once, and now I cannot write."
    )
    advice = "Please try again in a few minutes, and tell whoever runs me if it stays so."
    return Message(
        text=f"{subject.plain} was not run: nobody gets a mail. {why} {advice}",
        blocks=(
            section(f"🗄️ {subject.bold} was not run: nobody gets a mail\n{why} {advice}"),
            small_print(subject),
        ),
    )


def controls(subject: Subject, *, may_run: bool = False) -> ActionsBlock:
    again = check_button(subject.ref, subject.label)
    return actions([again, *([run_button(subject.mail_id, subject.label)] if may_run else [])])


def small_print(subject: Subject, task: TaskRun | None = None) -> Block:
    mail = subject.mail
    return small(
        f"Mail {code(subject.mail_id)}",
        f"Task {code(str(task.task_id))}" if task and task.task_id else "",
        f"Owner {name(mail.owner_name, 40)}" if mail and mail.owner_name else "",
        "*paused* in Quick BI" if mail and mail.paused else "",
    )


def _last_run(last: Observation | None, now: datetime, zone: tzinfo) -> tuple[str, str]:
    if last is None:
        return "", ""
    run = last.answer.latest
    state = state_of(run, now)
    if run is None or run.exec_at is None:
        return "", ""
    twice = (
        " If that one still ends well, they get it twice."
        if run.status is RunStatus.PROCESSING and is_stuck(run, now)
        else ""
    )
    return (
        f"\nIts last run, {when(run.exec_at, zone)}: {state.sign} {state.words}{f'.{twice}' if twice else ''}",
        f" Its last run, at {absolute(run.exec_at, zone)}, {state.words}.{twice}",
    )
