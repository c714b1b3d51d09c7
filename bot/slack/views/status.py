"""How one mail is doing, or several: the answer to `/mail-status`, the answer until that is there, and sharing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from slack_sdk.models.blocks import Block

from bot.domain import ChannelId, Mail, MailRef, QuickBIError, RunStatus, TaskRun, UserId
from bot.slack.kit.actions import Act, More, ask_first, check_button, dismiss_button, look_button, ref_value
from bot.slack.kit.blocks import Message, actions, button, message, section, sections, small
from bot.slack.kit.text import (
    clip,
    code,
    dotted,
    duration,
    escape,
    label_of,
    owner_of,
    paused_in,
    plural,
    title_of,
    when,
)
from bot.slack.views.errors import in_short
from bot.slack.views.mail_list import LIST
from bot.slack.views.reasons import NO_CONSOLE, Console, who_sees_why
from bot.slack.views.states import State, condition, state_of

_MOST_SECTIONS = 4  # about a hundred runs: Slack refuses blocks that are too long together, and says no limit


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What is known of a mail or of one run: the runs, newest first, and when Quick BI said so.

    `is_earlier`: it said so before this question was asked, to somebody else or for the poller. `why`: what the
    error means that the person pasted.
    """

    ref: MailRef
    mail: Mail | None
    runs: tuple[TaskRun, ...]
    seen_at: datetime
    request_id: str = ""
    is_earlier: bool = False
    why: str = ""
    console: Console = NO_CONSOLE

    @property
    def newest(self) -> TaskRun | None:
        return self.runs[0] if self.runs else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Glance:
    """One mail's newest run, or why Quick BI did not tell it."""

    ref: MailRef
    mail: Mail | None
    latest: TaskRun | None = None
    error: QuickBIError | None = None


def status(
    seen: Seen, *, now: datetime, zone: tzinfo, extra: Sequence[Block] = (), stays: bool = False
) -> Message:
    """State, time, what to do, and where something is wrong the IDs for support.

    `stays`: others read it later, so it says when and not how long ago.
    """
    state = _state(seen, now)
    times = _times(seen, None if stays else now, zone)
    head = f"{state.sign} {title_of(seen.ref.mail_id, seen.mail)} {state.words}\n{times}".strip()
    advice = seen.why or _advice(seen, state)
    blocks: list[Block | str] = [head, *([advice] if advice else [])]
    if len(seen.runs) > 1:
        blocks += sections(_all_runs(seen.runs, now, zone), most=_MOST_SECTIONS)
    return message(*blocks, *_small_print(seen), *extra)


def _advice(seen: Seen, state: State) -> str:
    if seen.newest is None or seen.newest.status is not RunStatus.FAILED:
        return state.advice
    ref = MailRef(mail_id=seen.ref.mail_id, task_id=seen.newest.task_id)
    return who_sees_why(ref, seen.mail, seen.console)


def shared(status: Message, by: UserId) -> Message:
    """A status for the whole channel, naming who shows it. Its buttons stay below."""
    *said, controls = status.blocks
    by_whom = f"Shared by <@{by}>"
    return message(*said, small(by_whom), controls, text=f"{by_whom}: {status.text}")


def checking(
    ref: MailRef, mail: Mail | None, *, ready_in: float, last: Seen | None, now: datetime, zone: tzinfo
) -> Message:
    """Until the answer is there: what was known, how old that is, when the new one comes.

    `ready_in` is in seconds until Quick BI can be asked; below one it was asked, and is slow itself.
    """
    wait, why = "", "Quick BI is taking its time to answer."
    if ready_in >= 1:
        wait = f" about {duration(timedelta(seconds=ready_in))}"
        why = "Quick BI limits how often it can be asked, so this check is waiting its turn."
    lines = [f"⏳ Checking {title_of(ref.mail_id, mail)} …{wait}", f"_{why}_"]
    return message("\n".join([*lines, *([_last_known(last, now, zone)] if last else [])]))


def no_answer_yet(ref: MailRef, mail: Mail | None) -> Message:
    """The end of a wait that grew too long."""
    return message(
        f"⌛ I have no answer from Quick BI about {title_of(ref.mail_id, mail)} yet.\n"
        "It is slow, or many questions are waiting. Check again in a minute."
    )


def with_check_again(why_not: Message, ref: MailRef, label: str) -> Message:
    """Why there is no answer, with the button that asks once more."""
    return Message(text=why_not.text, blocks=(*why_not.blocks, actions([check_button(ref, label)])))


def beside_last_known(why_not: Message, last: Seen, *, now: datetime, zone: tzinfo) -> Message:
    """Why there is no new answer, with what was known before: the person was shown that, and it is still true."""
    known = section(_last_known(last, now, zone))
    said, *rest = why_not.blocks
    return message(said, known, *rest, text=f"{why_not.text} {message(known).text}")


def _last_known(last: Seen, now: datetime, zone: tzinfo) -> str:
    state = _state(last, now)
    at = f", {when(last.newest.exec_at, zone)}" if last.newest and last.newest.exec_at else ""
    return f"Last known, {_ago(now - last.seen_at)}: {state.sign} it {state.words}{at}"


def _state(seen: Seen, now: datetime) -> State:
    """The newest run's; of a run that was asked for by its ID and is not there, just that."""
    if seen.newest is not None or seen.ref.task_id is None:
        return state_of(seen.newest, now)
    return State(
        "🔍",
        f"has no run {code(str(seen.ref.task_id))}",
        advice="Check the task ID, or ask without it to see the latest run.",
    )


def _ago(age: timedelta) -> str:
    return f"{duration(age)} ago" if age >= timedelta(seconds=1) else "a moment ago"


def _times(seen: Seen, now: datetime | None, zone: tzinfo) -> str:
    """Without `now` nothing is said to be so long ago."""
    run, began = seen.newest, ""
    if run is not None:
        began = when(run.exec_at, zone) if run.exec_at else "Quick BI did not say when"
        if run.status is RunStatus.PROCESSING and run.exec_at:
            began = f"Started {began}{f', {duration(now - run.exec_at)} ago' if now else ''}"
    checked = f"checked {_ago(now - seen.seen_at) if now else when(seen.seen_at, zone)}"
    return dotted(began, checked if seen.is_earlier else "", paused_in(seen.mail))


def _all_runs(runs: Sequence[TaskRun], now: datetime, zone: tzinfo) -> list[str]:
    lines = [f"*{plural(len(runs), 'run')}, newest first*"]
    for run in runs:
        state = state_of(run, now)
        at = when(run.exec_at, zone) if run.exec_at else "time unknown"
        task = f"task {code(str(run.task_id))}" if run.task_id else ""
        lines.append(f"{state.sign} {dotted(at, state.words, task)}")
    return lines


def _small_print(seen: Seen) -> list[Block]:
    """Good news is short: IDs stand only where somebody may need them, or asked by one."""
    run = seen.newest
    are_named = run is not None and run.status is RunStatus.FAILED and not seen.why  # in the advice
    owner = "" if are_named else owner_of(seen.mail)
    task = f"Task {code(str(run.task_id))}" if run and run.task_id and not are_named else ""
    if run is not None and run.status is RunStatus.SENT:
        parts = [owner, task if seen.ref.task_id is not None else ""]
    else:
        request = f"Request {code(seen.request_id)}" if seen.request_id else ""
        parts = [f"Mail {code(seen.ref.mail_id)}", task, owner, request]
    return [small(*parts)] if any(parts) else []


def several(glances: Sequence[Glance], *, now: datetime, zone: tzinfo) -> Message:
    """In the order in which they were chosen. A line for each: its button shows the rest."""
    blocks: list[Block] = [section(f"*{plural(len(glances), 'mail')}*")]
    for index, each in enumerate(glances):
        label = label_of(each.ref.mail_id, each.mail)
        look = look_button("Look", each.ref, label, action_id=f"{Act.PICK}:{LIST}:{index}")
        blocks.append(section(_glance(each, now, zone), look))
    return message(*blocks)


def checking_several(count: int, ready_in: float, *, then: str = "the answer replaces this") -> Message:
    """Until Quick BI has been asked about each of them."""
    what = "the mail" if count == 1 else plural(count, "mail")
    wait = f"about {duration(timedelta(seconds=max(ready_in, 1)))}"
    return message(f"⏳ Checking {what} … {wait}\n_Quick BI limits how often it can be asked; {then}._")


def _glance(each: Glance, now: datetime, zone: tzinfo) -> str:
    title = title_of(each.ref.mail_id, each.mail)
    if each.error is not None:
        sign, why = in_short(each.error, each.ref, each.mail)
        return f"{sign} {title}: {why}"
    known = condition(each.latest, None, now=now, zone=zone) or state_of(None, now)
    return f"{known.sign} {dotted(f'{title} {known.words}', paused_in(each.mail))}"


def ask_to_share(ref: MailRef, mail: Mail | None, channel_id: ChannelId) -> Message:
    """It names the mail and who will see it."""
    share = button(
        "Share it",
        action_id=Act.SHARE,
        value=ref_value(ref),
        style="primary",
        reads_as=f"Share the status of {clip(label_of(ref.mail_id, mail), 40)}",
    )
    return ask_first(
        f"📣 Share the status of {title_of(ref.mail_id, mail)}?\n"
        f"*Everybody in <#{escape(channel_id)}>* will see it, with your name.",
        share,
        dismiss_button(More.SHARE, ref),
    )


def shared_now(ref: MailRef, mail: Mail | None) -> Message:
    return message(f"📣 You shared the status of {title_of(ref.mail_id, mail)} with this channel")


def not_shared(ref: MailRef, mail: Mail | None) -> Message:
    return message(f"✋ The status of {title_of(ref.mail_id, mail)} was not shared\nOnly you saw it.")
