"""What became of a run by hand: for the person who asked, for a thread, or later."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from bot.domain.manual_run_rules import BEGINS_WITHIN, FOLLOWED_FOR, Over, Refused, RunEnd, Started, Unclear
from bot.slack.kit.blocks import Message, message, small
from bot.slack.kit.text import clock_time, code, duration, when
from bot.slack.views.manual_run import Subject, controls, not_started, small_print
from bot.slack.views.states import FAILED, SENT, STUCK, State, state_of

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from slack_sdk.models.blocks import Block

    from bot.domain import ManualRun, TaskRun
    from bot.domain.manual_run_rules import RunNews


def for_one(subject: Subject, run: ManualRun, news: RunNews, *, now: datetime, zone: tzinfo) -> Message:
    """What only the person who asked sees; one message, replaced as things go on."""
    match news:
        case Started():
            return message(
                f"▶️ {subject.bold} was started\n"
                "I am following it, and say here how it ends. Most runs take seconds to minutes.",
                _ran_at(subject, run, zone),
            )
        case Unclear():
            return message(
                f"⏳ {subject.bold} may have been started\nQuick BI's answer got lost. I check whether a run "
                f"starts, and do not ask a second time. Please do not run it again before I say how it went, "
                f"within {duration(BEGINS_WITHIN)}.",
                _ran_at(subject, run, zone),
            )
        case Refused(error=error):
            return not_started(error, subject, now=now, zone=zone)
        case Over(task=task):
            began = f"Started {when(task.exec_at, zone)}" if task and task.exec_at else ""
            small_lines = [] if news.end is RunEnd.SENT else [_ran_at(subject, run, zone, task)]
            return _over(subject, news, began, *small_lines, now=now)
    assert_never(news)


def for_thread(subject: Subject, run: ManualRun, news: Started | Unclear | Over, *, now: datetime) -> Message:
    """What everybody sees under the message: who did it, and how it ended. One reply, edited."""
    did = f"<@{run.user_id}> ran {subject.bold} again"
    match news:
        case Started():
            return message(f"▶️ {did}", small("I am following it, and say here how it ends"))
        case Unclear():
            lost = (
                "Quick BI's answer got lost, so it may or may not have started. I check, and do not ask twice"
            )
            return message(f"⏳ {did}", small(lost))
        case Over():
            ended = _ended(news, now)
            small_lines = [] if news.end in {RunEnd.SENT, RunEnd.FAILED} else [small(ended.advice)]
            return message(f"{ended.sign} {did}: it {ended.words}", *small_lines)
    assert_never(news)


def in_thread(subject: Subject) -> Message:
    """To the person who confirmed it, where everybody sees the rest."""
    return message(f"▶️ {subject.bold} was run\nThe thread says what happens next.")


def for_later(subject: Subject, run: ManualRun, over: Over, *, now: datetime, zone: tzinfo) -> Message:
    """A direct message: the one in which the outcome was to be told can no longer be changed."""
    small_lines = [] if over.end is RunEnd.SENT else [small_print(subject, over.task)]
    return _over(subject, over, f"You ran it {when(run.claimed_at, zone)}", *small_lines, now=now)


def _over(subject: Subject, over: Over, at: str, *small_lines: Block, now: datetime) -> Message:
    ended = _ended(over, now)
    may_run = over.end in {RunEnd.FAILED, RunEnd.NEVER_BEGAN}
    return message(
        f"{ended.sign} {subject.bold} {ended.words}\n{at}".strip(),
        *([ended.advice] if ended.advice else []),
        controls(subject, may_run=may_run),
        *small_lines,
    )


def _ended(over: Over, now: datetime) -> State:
    """Its words can stand behind the mail's name and behind "it"."""
    after = f" after {duration(over.took)}" if over.took else ""
    match over.end:
        case RunEnd.SENT:
            return State(SENT.sign, f"{SENT.words}{after}")
        case RunEnd.FAILED:
            again = " again" if over.again else ""
            advice = state_of(over.task, now).advice
            return State(FAILED.sign, f"{FAILED.words}{again}{after}", advice=advice)
        case RunEnd.STUCK:
            return STUCK
        case RunEnd.NEVER_BEGAN:
            return State(
                "❔",
                "did not start",
                advice=(
                    f"No run of it appeared within {duration(BEGINS_WITHIN)}. "
                    "If it is still needed, it can be run again."
                ),
            )
        case RunEnd.OUT_OF_SIGHT:
            return State(
                "🌩️",
                "could not be followed to its end",
                advice=(
                    f"Quick BI did not answer for {duration(FOLLOWED_FOR)}. "
                    "Check it again later; this says nothing about the mail itself."
                ),
            )


def _ran_at(subject: Subject, run: ManualRun, zone: tzinfo, task: TaskRun | None = None) -> Block:
    return small(
        f"You ran it at {clock_time(run.claimed_at, zone)}",
        f"Mail {code(subject.mail_id)}",
        f"Task {code(str(task.task_id))}" if task and task.task_id else "",
    )
