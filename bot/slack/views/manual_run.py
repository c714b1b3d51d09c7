"""A run by hand: the question before it, why it was not started, and how it ended.

The end is told to the person who asked, in the thread where it was asked for, or later in a direct message.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import assert_never

from slack_sdk.models.blocks import ActionsBlock, Block

from bot.domain import (
    Mail,
    MailId,
    MailRef,
    ManualRun,
    ManualRunState,
    Observation,
    QuickBIError,
    RunRefusal,
    RunRefused,
    RunStatus,
    TaskRun,
)
from bot.domain.manual_run_rules import (
    BEGINS_WITHIN,
    FOLLOWED_FOR,
    Over,
    Refused,
    RunEnd,
    RunNews,
    Started,
    Unclear,
)
from bot.slack.kit.actions import MAYBE_THERE, Act, ask_first, check_button, run_button
from bot.slack.kit.blocks import Message, actions, button, message, small
from bot.slack.kit.text import clip, clock_time, code, duration, label_of, owner_of, paused_in, title_of, when
from bot.slack.views.errors import failure
from bot.slack.views.reasons import NO_CONSOLE, who_sees_why
from bot.slack.views.states import FAILED, SENT, STUCK, State, is_hanging, state_of

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


def not_allowed(subject: Subject | None) -> Message:
    """`subject` is None where no mail was named yet."""
    not_run = f" {subject.bold} was not run." if subject else ""
    said = (
        "🔒 *You may not run mails by hand*\n"
        f"A run sends the mail to all its recipients, so only some people may do it.{not_run} "
        "Whoever runs this bot can allow you; the mail's owner can run it in Quick BI."
    )
    return message(said, *([small_print(subject)] if subject else []))


def looking_first(subject: Subject, *, ready_in: float) -> Message:
    """While Quick BI is asked about the run before: `ready_in` is when it can be asked, in seconds."""
    wait = f", in about {duration(timedelta(seconds=ready_in))}" if ready_in >= 1 else ""
    where = "the thread will say" if subject.thread_ts else "I will say here"
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
            more = f"It can be run again from {clock_time(now + timedelta(seconds=seconds), zone)}"
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
    more = ""
    if run.status is RunStatus.FAILED:
        more = f" {MAYBE_THERE}"
    elif is_hanging(run, now):
        more = " If that one still ends well, they get it twice."
    return f"\nIts last run, {when(run.exec_at, zone)}, {state.words}.{more}"


def for_one(subject: Subject, run: ManualRun, news: RunNews, *, now: datetime, zone: tzinfo) -> Message:
    """What only the person who asked sees; one message, replaced as things go on."""
    match news:
        case Started():
            return message(
                f"▶️ {subject.bold} was started\n"
                "I am following it, and will say here how it ends. Most runs take seconds to minutes.",
                _ran_at(subject, run, zone),
            )
        case Unclear():
            return message(
                f"⏳ {subject.bold} may have been started\nQuick BI's answer got lost. I am checking whether "
                f"a run starts, and will not ask a second time. Please do not run it again before I say how it went, "
                f"within {duration(BEGINS_WITHIN)}.",
                _ran_at(subject, run, zone),
            )
        case Refused(error=error):
            return not_started(error, subject, now=now, zone=zone)
        case Over(task=task):
            began = f"Started {when(task.exec_at, zone)}" if task and task.exec_at else ""
            small_lines = [] if news.end is RunEnd.SENT else [_ran_at(subject, run, zone, task)]
            return _over(subject, news, began, *small_lines)
    assert_never(news)


def for_thread(subject: Subject, run: ManualRun, news: Started | Unclear | Over) -> Message:
    """What everybody sees under the message: who did it, and how it ended. One reply, edited."""
    did = f"<@{run.user_id}> ran {subject.bold} again"
    match news:
        case Started():
            return message(f"▶️ {did}", small("I am following it, and will say here how it ends"))
        case Unclear():
            lost = "Quick BI's answer got lost, so it may not have started. I am checking, and will not ask twice"
            return message(f"⏳ {did}", small(lost))
        case Over():
            ended = _ended(news)
            small_lines = [] if news.end in {RunEnd.SENT, RunEnd.FAILED} else [small(ended.advice)]
            return message(f"{ended.sign} {did}: it {ended.words}", *small_lines)
    assert_never(news)


def in_thread(subject: Subject) -> Message:
    """To the person who confirmed it, where everybody sees the rest."""
    return message(f"▶️ {subject.bold} was run\nThe thread will say what happens next.")


def for_later(subject: Subject, run: ManualRun, over: Over, *, zone: tzinfo) -> Message:
    """A direct message: the one in which the outcome was to be told can no longer be changed."""
    small_lines = [] if over.end is RunEnd.SENT else [small_print(subject, over.task)]
    return _over(subject, over, f"You ran it {when(run.claimed_at, zone)}", *small_lines)


def _over(subject: Subject, over: Over, at: str, *small_lines: Block) -> Message:
    ended = _ended(over)
    may_run = over.end in {RunEnd.FAILED, RunEnd.NEVER_BEGAN}
    advice = ended.advice
    if over.end is RunEnd.FAILED:
        ref = MailRef(mail_id=subject.mail_id, task_id=over.task.task_id if over.task else None)
        advice = who_sees_why(ref, subject.mail, NO_CONSOLE)
    return message(
        f"{ended.sign} {subject.bold} {ended.words}\n{at}".strip(),
        *([advice] if advice else []),
        controls(subject, may_run=may_run),
        *small_lines,
    )


def _ended(over: Over) -> State:
    """Its words can stand behind the mail's name and behind "it"."""
    after = f" after {duration(over.took)}" if over.took else ""
    match over.end:
        case RunEnd.SENT:
            return State(SENT.sign, f"{SENT.words}{after}")
        case RunEnd.FAILED:
            again = " again" if over.again else ""
            return State(FAILED.sign, f"{FAILED.words}{again}{after}")
        case RunEnd.STUCK:
            return STUCK
        case RunEnd.NEVER_BEGAN:
            return State(
                "❔",
                "did not start",
                advice=f"No run of it appeared within {duration(BEGINS_WITHIN)}. "
                "If it is still needed, it can be run again.",
            )
        case RunEnd.OUT_OF_SIGHT:
            return State(
                "🌩️",
                "could not be followed to its end",
                advice=f"Quick BI did not answer for {duration(FOLLOWED_FOR)}. "
                "Check it again later; this says nothing about the mail itself.",
            )


def _ran_at(subject: Subject, run: ManualRun, zone: tzinfo, task: TaskRun | None = None) -> Block:
    return small(
        f"You ran it at {clock_time(run.claimed_at, zone)}",
        f"Mail {code(subject.mail_id)}",
        f"Task {code(str(task.task_id))}" if task and task.task_id else "",
    )
