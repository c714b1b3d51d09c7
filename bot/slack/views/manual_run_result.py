"""Pure: what became of a run by hand, in messages: for the person who asked, for a thread, or later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from bot.domain.manual_run_rules import BEGINS_WITHIN, FOLLOWED_FOR, Over, Refused, RunEnd, Started, Unclear
from bot.slack.kit.blocks import Message, absolute, clock_time, code, duration, section, small, unmarked, when
from bot.slack.views.manual_run import Subject, controls, not_started, small_print
from bot.slack.views.status import state_of

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from slack_sdk.models.blocks import Block

    from bot.domain import ManualRun, TaskRun
    from bot.domain.manual_run_rules import RunNews


def for_one(subject: Subject, run: ManualRun, news: RunNews, *, now: datetime, zone: tzinfo) -> Message:
    """What only the person who asked sees; one message, replaced as things go on."""
    match news:
        case Started():
            return _started(subject, run, zone)
        case Unclear():
            return _unclear(subject, run, zone)
        case Refused(error=error):
            return not_started(error, subject, now=now, zone=zone)
        case Over():
            return _over(subject, run, news, now=now, zone=zone)
    assert_never(news)


def for_thread(subject: Subject, run: ManualRun, news: Started | Unclear | Over, *, now: datetime) -> Message:
    """What everybody sees under the message: who did it, and how it ended. One reply, edited."""
    who = f"<@{run.user_id}>"
    did = f"{who} ran {subject.bold} again"
    did_plain = f"{who} ran {subject.plain} again"
    match news:
        case Started():
            follows = "I follow it, and say here how it ends"
            return Message(text=f"{did_plain}. {follows}.", blocks=(section(f"▶️ {did}"), small(follows)))
        case Unclear():
            follows = (
                "Quick BI's answer got lost, so it may have begun or not. I look for it, and do not ask twice"
            )
            return Message(text=f"{did_plain}. {follows}.", blocks=(section(f"⏳ {did}"), small(follows)))
        case Over():
            ended = _ended(news, now)
            blocks: list[Block] = [section(f"{ended.sign} {did}: it {ended.words}")]
            if news.end not in {RunEnd.SENT, RunEnd.FAILED}:
                blocks.append(small(ended.advice))
            plain = f"{did_plain}: it {ended.words}. {unmarked(ended.advice)}"
            return Message(text=plain.strip(), blocks=tuple(blocks))
    assert_never(news)


def in_thread(subject: Subject) -> Message:
    """To the person who confirmed it, where everybody sees the rest."""
    words = "The thread says how it goes on."
    return Message(
        text=f"{subject.plain} was run. {words}", blocks=(section(f"▶️ {subject.bold} was run\n{words}"),)
    )


def for_later(subject: Subject, run: ManualRun, over: Over, *, now: datetime, zone: tzinfo) -> Message:
    """A direct message: the one in which the outcome was to be told can no longer be changed."""
    ended = _ended(over, now)
    blocks: list[Block] = [
        section(f"{ended.sign} {subject.bold} {ended.words}\nYou ran it: {when(run.claimed_at, zone)}")
    ]
    if ended.advice:
        blocks.append(section(ended.advice))
    blocks += [controls(subject, may_run=_may_run_again(over)), small_print(subject, over.task)]
    text = (
        f"{subject.plain}, which you ran at {absolute(run.claimed_at, zone)}, {ended.words}. "
        f"{unmarked(ended.advice)}"
    )
    return Message(text=text.strip(), blocks=tuple(blocks))


def _started(subject: Subject, run: ManualRun, zone: tzinfo) -> Message:
    follows = "I follow it, and say here how it ends. Most runs take seconds to minutes."
    return Message(
        text=f"{subject.plain} was started at {absolute(run.claimed_at, zone)}. {follows}",
        blocks=(section(f"▶️ {subject.bold} was started\n{follows}"), _ran_at(subject, run, zone)),
    )


def _unclear(subject: Subject, run: ManualRun, zone: tzinfo) -> Message:
    what = "Quick BI's answer got lost. I look whether a run begins, and do not ask a second time."
    advice = f"Please do not run it again before I say how it went: in at most {duration(BEGINS_WITHIN)}."
    return Message(
        text=f"{subject.plain} may have been started. {what} {advice}",
        blocks=(
            section(f"⏳ {subject.bold} may have been started\n{what} {advice}"),
            _ran_at(subject, run, zone),
        ),
    )


def _over(subject: Subject, run: ManualRun, over: Over, *, now: datetime, zone: tzinfo) -> Message:
    ended = _ended(over, now)
    at = when(over.task.exec_at, zone) if over.task and over.task.exec_at else ""
    at_plain = f" It began at {absolute(over.task.exec_at, zone)}." if over.task and over.task.exec_at else ""
    blocks: list[Block] = [
        section("\n".join(filter(None, (f"{ended.sign} {subject.bold} {ended.words}", at))))
    ]
    if ended.advice:
        blocks.append(section(ended.advice))
    blocks += [controls(subject, may_run=_may_run_again(over)), _ran_at(subject, run, zone, over.task)]
    text = f"{subject.plain}, which you ran, {ended.words}.{at_plain} {unmarked(ended.advice)}"
    return Message(text=text.strip(), blocks=tuple(blocks))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ended:
    """`words` can stand behind the mail's name and behind "it"."""

    sign: str
    words: str
    advice: str = ""


def _ended(over: Over, now: datetime) -> _Ended:
    after = f" after {duration(over.took)}" if over.took else ""
    match over.end:
        case RunEnd.SENT:
            return _Ended(sign="✅", words=f"was sent{after}")
        case RunEnd.FAILED:
            again = " again" if over.again else ""
            return _Ended(sign="❌", words=f"failed{again}{after}", advice=state_of(over.task, now).advice)
        case RunEnd.STUCK:
            return _Ended(
                sign="⚠️",
                words="is probably stuck",
                advice=(
                    f"It has been running for over {duration(FOLLOWED_FOR)}; reports time out long before that. "
                    "Ask its owner to look at it in Quick BI."
                ),
            )
        case RunEnd.NEVER_BEGAN:
            return _Ended(
                sign="❔",
                words="did not start",
                advice=(
                    f"No run of it appeared within {duration(BEGINS_WITHIN)}. "
                    "If it is still needed, it can be run again."
                ),
            )
        case RunEnd.OUT_OF_SIGHT:
            return _Ended(
                sign="🌩️",
                words="could not be followed to its end",
                advice=(
                    f"Quick BI has not answered for {duration(FOLLOWED_FOR)}. "
                    "Check it again later; that says nothing about the mail itself."
                ),
            )


def _may_run_again(over: Over) -> bool:
    return over.end in {RunEnd.FAILED, RunEnd.NEVER_BEGAN}


def _ran_at(subject: Subject, run: ManualRun, zone: tzinfo, task: TaskRun | None = None) -> Block:
    return small(
        f"You ran it at {clock_time(run.claimed_at, zone)}",
        f"Mail {code(subject.mail_id)}",
        f"Task {code(str(task.task_id))}" if task and task.task_id else "",
    )
