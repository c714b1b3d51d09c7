"""Before a run by hand: are you sure, may you, is it running already, why it was not started."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain import MailRef, ManualRunState, RunRefusal, RunRefused
from bot.slack.kit.actions import Act, ask_first, check_button, run_button
from bot.slack.kit.blocks import Message, actions, button, message, small
from bot.slack.kit.text import clip, clock_time, code, duration, label_of, owner_of, paused_in, title_of, when
from bot.slack.views.errors import failure
from bot.slack.views.states import is_hanging, state_of

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from slack_sdk.models.blocks import ActionsBlock, Block

    from bot.domain import Mail, MailId, ManualRun, Observation, QuickBIError, TaskRun

_NOT_AGAIN = "It was not started a second time. *Check again* shows how it is going."
_STANDS = {
    ManualRunState.CLAIMED: "It is not clear yet whether it started.",
    ManualRunState.UNCLEAR: "It is not clear yet whether it started.",
    ManualRunState.STARTED: "I am following it.",
    ManualRunState.REFUSED: "Quick BI refused it.",
    ManualRunState.ENDED: "That run is over.",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """The mail that a message is about. `thread_ts`: the thread where everybody reads about it, "" for none."""

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
    def ref(self) -> MailRef:
        return MailRef(mail_id=self.mail_id)


def confirm_value(subject: Subject) -> str:
    return f"{subject.mail_id} {subject.thread_ts}".strip()


def ask_to_run(subject: Subject, last: Observation | None, *, now: datetime, zone: tzinfo) -> Message:
    """The step before a run that was typed or chosen from a menu: it names the mail and who will get it."""
    return ask_first(
        f"▶️ Send {subject.bold} again?\n"
        f"It runs now, and goes to *all its recipients* once more.{_last_run(last, now, zone)}",
        button(
            "Run it",
            action_id=Act.RUN_CONFIRMED,
            value=confirm_value(subject),
            style="primary",
            reads_as=f"Run {clip(subject.label, 50)} now",
        ),
        button("Cancel", action_id=Act.CANCEL, value=subject.mail_id, reads_as="Cancel, do not run it"),
        small_print(subject),
    )


def cancelled(subject: Subject) -> Message:
    return message(f"✋ {subject.bold} was not run\nNobody gets a mail.")


def not_allowed(subject: Subject) -> Message:
    """Kindly: a run sends mail to people, so somebody decided who may."""
    return message(
        "🔒 *You may not run mails by hand*\n"
        f"A run sends the mail to all its recipients, so only some people may do it. {subject.bold} was not run. "
        "Whoever runs this bot can allow you; the mail's owner can run it in Quick BI.",
        small_print(subject),
    )


def looking_first(subject: Subject, *, ready_in: float) -> Message:
    """While Quick BI is asked about the run before: `ready_in` is when it can be asked, in seconds."""
    wait = f", in about {duration(timedelta(seconds=ready_in))}" if ready_in >= 1 else ""
    where = "the thread says" if subject.thread_ts else "I say here"
    return message(
        f"⏳ About to run {subject.bold}\nFirst I check whether it is already running{wait}. "
        f"One click is enough: {where} what happens next."
    )


def already_running(subject: Subject, run: TaskRun, *, now: datetime, zone: tzinfo) -> Message:
    since = f"\nStarted {when(run.exec_at, zone)}, {duration(now - run.exec_at)} ago" if run.exec_at else ""
    return message(
        f"⏳ {subject.bold} is already running{since}", _NOT_AGAIN, controls(subject), small_print(subject)
    )


def asked_already(subject: Subject, earlier: ManualRun, *, now: datetime) -> Message:
    """Somebody was faster."""
    ago = f"{duration(now - earlier.claimed_at)} ago"
    return message(
        f"⏳ <@{earlier.user_id}> ran {subject.bold} {ago}\n{_STANDS[earlier.state]}",
        _NOT_AGAIN,
        controls(subject),
        small_print(subject),
    )


def not_started(error: QuickBIError, subject: Subject, *, now: datetime, zone: tzinfo) -> Message:
    """Why Quick BI did not start it, when it may be tried again, and that nobody got a mail."""
    why = failure(error, subject.ref, subject.mail)
    match error:
        case RunRefused(why=RunRefusal.ALREADY_RUNNING):
            return message(*why.blocks, controls(subject), text=why.text)
        case RunRefused(retry_after=float(seconds)):
            more = f"It can be run again from {clock_time(now + timedelta(seconds=seconds), zone)} on"
        case RunRefused():
            return why
        case _:
            more = f"{subject.bold.replace('`', '')} was not run: nobody gets a mail"
    return message(*why.blocks, small(more), text=f"{why.text} {message(more).text}")


def cannot_claim(subject: Subject) -> Message:
    """The database takes nothing now: without a claim in it a run might be started twice."""
    return message(
        f"🗄️ {subject.bold} was not run: nobody gets a mail\n"
        "I record each run before I ask for it, so that it is started only once, and right now I cannot save "
        "anything. Please try again in a few minutes, and tell whoever runs this bot if it keeps happening.",
        small_print(subject),
    )


def controls(subject: Subject, *, may_run: bool = False) -> ActionsBlock:
    again = check_button(subject.ref, subject.label)
    return actions([again, *([run_button(subject.mail_id, subject.label)] if may_run else [])])


def small_print(subject: Subject, task: TaskRun | None = None) -> Block:
    return small(
        f"Mail {code(subject.mail_id)}",
        f"Task {code(str(task.task_id))}" if task and task.task_id else "",
        owner_of(subject.mail),
        paused_in(subject.mail),
    )


def _last_run(last: Observation | None, now: datetime, zone: tzinfo) -> str:
    run = last.answer.latest if last else None
    if run is None or run.exec_at is None:
        return ""
    state = state_of(run, now)
    twice = " If that one still ends well, they get it twice." if is_hanging(run, now) else ""
    return f"\nIts last run, {when(run.exec_at, zone)}, {state.words}.{twice}"
