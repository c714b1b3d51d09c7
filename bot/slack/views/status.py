"""Pure: what is known of a mail -> the message that says it. One function for each thing that people are told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain import RunStatus
from bot.domain.run_context import STUCK_AFTER
from bot.slack.kit.actions import check_button
from bot.slack.kit.blocks import (
    MAX_MESSAGE_TEXT,
    Message,
    absolute,
    actions,
    code,
    duration,
    joined,
    name,
    plural,
    section,
    sections,
    small,
    unmarked,
    when,
)
from bot.slack.kit.mail_titles import plain_title_of, title_of
from bot.slack.views.incident_text import Words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, tzinfo

    from slack_sdk.models.blocks import Block

    from bot.domain import Mail, MailRef, TaskRun, UserId

_MOST_SECTIONS = 4  # about a hundred runs: Slack refuses blocks that are too long together, and says no limit
_TEXT_ROOM = MAX_MESSAGE_TEXT - 200  # something may still be put before and behind it


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What is known of a mail or of one run: the runs, newest first, and when Quick BI said so.

    `is_earlier`: it said so before this question was asked, to somebody else or for the poller.
    """

    ref: MailRef
    mail: Mail | None
    runs: tuple[TaskRun, ...]
    seen_at: datetime
    request_id: str = ""
    is_earlier: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """A run's state in a sign and in words that can stand behind the mail's name."""

    sign: str
    words: str
    advice: str = ""


def state_of(run: TaskRun | None, now: datetime) -> State:
    """Say a run's state; None is a mail that never ran."""
    if run is None:
        return State(
            sign="💤",
            words="has not run yet",
            advice="Quick BI knows no run of it. If one was due, look at its schedule in Quick BI.",
        )
    match run.status:
        case RunStatus.SENT:
            return State(sign="✅", words="was sent")
        case RunStatus.FAILED:
            return State(sign="❌", words="failed", advice=_why_failed(run))
        case RunStatus.PROCESSING:
            return _running(run, now)
        case RunStatus.UNKNOWN:
            return State(
                sign="❔",
                words=f"is in a state that I do not know: “{name(run.status_word, 40)}”",
                advice="Quick BI has a new word for it. Its Subscriptions page says what it means.",
            )


def _why_failed(run: TaskRun) -> str:
    task = f" for task {code(str(run.task_id))}" if run.task_id else ""
    return (
        f"Quick BI's API does not say why; its *Subscriptions* page shows the reason{task}. "
        "The usual one: a screenshot of the report took over 4 minutes."
    )


def is_stuck(run: TaskRun, now: datetime) -> bool:
    """Under way for longer than any report takes."""
    is_running = run.status is RunStatus.PROCESSING
    return is_running and run.exec_at is not None and now - run.exec_at >= STUCK_AFTER


def _running(run: TaskRun, now: datetime) -> State:
    if run.exec_at is None or not is_stuck(run, now):
        return State(sign="⏳", words="is running", advice="Most runs end within minutes. Check again soon.")
    return State(
        sign="⚠️",
        words="is probably stuck",
        advice=(
            f"It has been running for {duration(now - run.exec_at)}; reports time out long before that. "
            "Ask its owner to look at it in Quick BI, or run it again."
        ),
    )


def status(
    seen: Seen, *, now: datetime, zone: tzinfo, extra: Sequence[Block] = (), stays: bool = False
) -> Message:
    """The answer to `/mail-status`: state, time, what to do, and the small print for support.

    `stays`: it is read later, too, by others, so it says when and not how long ago.
    """
    newest, state = _newest(seen, now)
    times = _times(newest, seen, None if stays else now, zone)
    lines = [f"{state.sign} {title_of(seen.ref.mail_id, seen.mail)} {state.words}", times]
    blocks: list[Block] = [section("\n".join(line for line in lines if line))]
    if state.advice:
        blocks.append(section(state.advice))
    if len(seen.runs) > 1:
        blocks += sections(_all_runs(seen.runs, now, zone), most=_MOST_SECTIONS)
    blocks.append(_small_print(seen, newest))
    text = _sentence(seen, newest, state, now, zone, stays=stays)
    return Message(text=text, blocks=(*blocks, *extra))


def shared(status: Message, by: UserId) -> Message:
    """A status for the whole channel, naming who shows it. Its buttons stay below."""
    *said, controls = status.blocks
    by_whom = f"Shared by <@{by}>"
    return Message(text=f"{by_whom}: {status.text}", blocks=(*said, small(by_whom), controls))


def checking(
    ref: MailRef, mail: Mail | None, *, ready_in: float, last: Seen | None, now: datetime, zone: tzinfo
) -> Message:
    """The answer while the answer is on its way: what was known, how old that is, when the new one comes.

    `ready_in` is in seconds until Quick BI can be asked; below one it was asked, and is slow itself.
    """
    title, plain = title_of(ref.mail_id, mail), plain_title_of(ref.mail_id, mail)
    if ready_in >= 1:
        wait = f"about {duration(timedelta(seconds=ready_in))}"
        why = "Quick BI limits how often it can be asked: this question waits its turn."
        lines, text = [f"⏳ Checking {title} … {wait}", f"_{why}_"], f"Checking {plain}: in {wait}. {why}"
    else:
        why = "Quick BI takes its time to answer."
        lines, text = [f"⏳ Checking {title} …", f"_{why}_"], f"Checking {plain}. {why}"
    if last is not None:
        known = _last_known(last, now, zone)
        lines.append(known.marked)
        text += f" {known.plain}"
    return Message(text=text, blocks=(section("\n".join(lines)),))


def with_check_again(why_not: Message, ref: MailRef, label: str) -> Message:
    """Why there is no answer, with the button that asks once more."""
    return Message(text=why_not.text, blocks=(*why_not.blocks, actions([check_button(ref, label)])))


def beside_last_known(why_not: Message, last: Seen, *, now: datetime, zone: tzinfo) -> Message:
    """Why there is no new answer, with what was known before: the person was shown that, and it is still true."""
    known = _last_known(last, now, zone)
    said, *rest = why_not.blocks
    return Message(text=f"{why_not.text} {known.plain}", blocks=(said, section(known.marked), *rest))


def _last_known(last: Seen, now: datetime, zone: tzinfo) -> Words:
    newest, state = _newest(last, now)
    at = newest.exec_at if newest else None
    ago = _ago(now - last.seen_at)
    return Words(
        marked=f"Last known, {ago}: {state.sign} {state.words}{f', {when(at, zone)}' if at else ''}",
        plain=f"Last known, {ago}: it {state.words}{f', {absolute(at, zone)}' if at else ''}.",
    )


def _newest(seen: Seen, now: datetime) -> tuple[TaskRun | None, State]:
    """The newest run and its state; of a run that was asked for by its ID, that it is not there."""
    newest = seen.runs[0] if seen.runs else None
    if newest is not None or seen.ref.task_id is None:
        return newest, state_of(newest, now)
    return None, State(
        sign="🔍",
        words=f"has no run {code(str(seen.ref.task_id))}",
        advice="Check the task ID, or ask without it to see the latest run.",
    )


def _ago(age: timedelta) -> str:
    return f"{duration(age)} ago" if age >= timedelta(seconds=1) else "a moment ago"


def _times(run: TaskRun | None, seen: Seen, now: datetime | None, zone: tzinfo) -> str:
    """Without `now` nothing is said to be so long ago."""
    parts = []
    if run is not None:
        began = when(run.exec_at, zone) if run.exec_at else "Quick BI did not say when"
        if run.status is RunStatus.PROCESSING and run.exec_at:
            parts.append(f"since {began}{f', {duration(now - run.exec_at)} ago' if now else ''}")
        else:
            parts.append(began)
    if seen.is_earlier:
        parts.append(f"checked {_ago(now - seen.seen_at) if now else when(seen.seen_at, zone)}")
    if seen.mail and seen.mail.paused:
        parts.append("*paused* in Quick BI")
    return " · ".join(parts)


def _all_runs(runs: Sequence[TaskRun], now: datetime, zone: tzinfo) -> list[str]:
    lines = [f"*{plural(len(runs), 'run')}, newest first*"]
    for run in runs:
        state = state_of(run, now)
        at = when(run.exec_at, zone) if run.exec_at else "time unknown"
        task = f" · task {code(str(run.task_id))}" if run.task_id else ""
        lines.append(f"{state.sign} {at} · {state.words}{task}")
    return lines


def _small_print(seen: Seen, run: TaskRun | None) -> Block:
    return small(
        f"Mail {code(seen.ref.mail_id)}",
        f"Task {code(str(run.task_id))}" if run and run.task_id else "",
        f"Owner {name(seen.mail.owner_name, 40)}" if seen.mail and seen.mail.owner_name else "",
        f"Request {code(seen.request_id)}" if seen.request_id else "",
    )


def _sentence(
    seen: Seen, run: TaskRun | None, state: State, now: datetime, zone: tzinfo, *, stays: bool
) -> str:
    """Everything that matters in words: this is all that a screen reader or a notification has."""
    at = ""
    if run is not None and run.exec_at:
        joint = "since" if run.status is RunStatus.PROCESSING else "at"
        at = f" {joint} {absolute(run.exec_at, zone)}"
    parts = [
        f"{plain_title_of(seen.ref.mail_id, seen.mail, begins=True)} {unmarked(state.words)}{at}.",
        unmarked(state.advice),
    ]
    if seen.is_earlier:
        at = f"at {absolute(seen.seen_at, zone)}" if stays else _ago(now - seen.seen_at)
        parts.append(f"Checked {at}.")
    if len(seen.runs) > 1:
        others = [
            f"{state_of(run, now).words} at {absolute(run.exec_at, zone)}"
            if run.exec_at
            else state_of(run, now).words
            for run in seen.runs[1:]
        ]
        room = _TEXT_ROOM - sum(len(part) + 1 for part in parts)
        parts.append(f"Before that: {joined(others, room)}.")
    return " ".join(part for part in parts if part)
