"""May a run by hand begin, which run is the one that was asked for, how did it end. Asks and tells nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from hashlib import blake2b
from itertools import takewhile
from typing import TYPE_CHECKING, TypeAlias

from bot.domain import (
    ManualRun,
    ManualRunState,
    ProtocolError,
    QuickBIError,
    QuickBIUnavailable,
    RunStatus,
    TaskId,
)
from bot.domain.run_context import STUCK_AFTER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.domain import ChannelId, MailId, TaskRun, UserId

FOLLOWED_FOR = STUCK_AFTER
BEGINS_WITHIN = timedelta(minutes=3)  # a run that Quick BI took and that is not there by then never began
SAME_WISH = timedelta(seconds=5)  # one person's click this soon after a claim is the first one's echo
OPEN_FOR = timedelta(minutes=20)  # longer than anyone follows: whoever claimed it is gone
FORGOTTEN_AFTER = timedelta(hours=6)  # nobody waits for such an old outcome any more
_UNWATCHED = timedelta(minutes=1)  # looks this far apart do not tell how long a run took
_QUICKEST, _SLOWEST = 1.5, 15.0  # seconds between two looks
_ATTENTION = 8  # a look after each eighth of the time that has gone by


@dataclass(frozen=True, kw_only=True, slots=True)
class RunWish:
    """Somebody wants a mail to run now.

    `message_ts` is the message for all under which it was asked for, "" where only this person sees it.
    `click` names the click: the same click delivered twice is one wish. `asked_at` is when the click came,
    before anything was looked at for it.
    """

    mail_id: MailId
    user_id: UserId
    channel_id: ChannelId
    message_ts: str
    click: str
    asked_at: datetime

    def claimed(self, newest: TaskRun | None, now: datetime) -> ManualRun:
        """The run to be claimed. Its ID follows from the click, so that a redelivery finds it."""
        return ManualRun(
            manual_run_id=self.manual_run_id,
            mail_id=self.mail_id,
            channel_id=self.channel_id,
            message_ts=self.message_ts,
            user_id=self.user_id,
            previous_run_key=newest.key if newest else "",
            claimed_at=now,
        )

    @property
    def manual_run_id(self) -> str:
        return blake2b(self.click.encode(), digest_size=16).hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class Repeated:
    """This very wish is being served already: there is nothing to do and nothing to say."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AskedAlready:
    """Somebody has asked for a run by hand that is not over."""

    run: ManualRun


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningAlready:
    """Quick BI says that the mail is running."""

    run: TaskRun


Hindrance: TypeAlias = Repeated | AskedAlready | RunningAlready


def hindrance(
    wish: RunWish, *, latest: ManualRun | None, newest: TaskRun | None, now: datetime
) -> Hindrance | None:
    """Why this wish must not start a run, or None. `latest` is the mail's last run by hand, `newest` its last run.

    The order counts: a wish that was served already must not hear that its own run is running. What counts is
    when it was wished: a look may take so long that the first click's run is over by the time that it is done.
    """
    if latest is not None:
        if latest.manual_run_id == wish.manual_run_id:
            return Repeated()
        if latest.user_id == wish.user_id and wish.asked_at - latest.claimed_at < SAME_WISH:
            return Repeated()
        if is_open(latest, now) or has_served(latest, wish.asked_at):
            return AskedAlready(run=latest)
    if newest is not None and newest.status is RunStatus.PROCESSING and not is_stuck(newest, now):
        return RunningAlready(run=newest)
    return None


def is_open(run: ManualRun, now: datetime) -> bool:
    is_over = run.state in {ManualRunState.REFUSED, ManualRunState.ENDED}
    return not is_over and now - run.claimed_at < OPEN_FOR


def is_stuck(run: TaskRun, now: datetime) -> bool:
    """Longer under way than any report may take: whether the mail may run again is Quick BI's to say, not ours."""
    return run.exec_at is not None and now - run.exec_at >= FOLLOWED_FOR


def has_served(run: ManualRun, asked_at: datetime) -> bool:
    """Was this run still going on when somebody asked for one? A refused run served nobody."""
    return run.state is ManualRunState.ENDED and run.ended_at is not None and asked_at < run.ended_at


def may_have_begun(error: QuickBIError) -> bool:
    """After such an answer nobody knows whether the mail runs: asking once more could run it twice."""
    match error:
        case QuickBIUnavailable():
            return error.outcome_unknown
        case ProtocolError():
            return True
        case _:
            return False


class RunEnd(StrEnum):
    """What became of a run by hand."""

    SENT = "sent"
    FAILED = "failed"
    STUCK = "stuck"
    NEVER_BEGAN = "never_began"
    OUT_OF_SIGHT = "out_of_sight"  # Quick BI could not be asked long enough


@dataclass(frozen=True, kw_only=True, slots=True)
class Started:
    """Quick BI took it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unclear:
    """Quick BI was asked and its answer was lost: the run may have begun. It is not asked again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """Nothing was started."""

    error: QuickBIError


@dataclass(frozen=True, kw_only=True, slots=True)
class Over:
    """How it ended. `task` is the run itself where it was seen; `took` is None where nobody watched all the time.

    `again`: the run before it had failed too.
    """

    end: RunEnd
    task: TaskRun | None = None
    took: timedelta | None = None
    again: bool = False


RunNews: TypeAlias = Started | Unclear | Refused | Over


@dataclass(frozen=True, kw_only=True, slots=True)
class Tracking:
    """Following one run by hand: since when, what was seen of it, and when Quick BI last answered.

    `looked_at` is None for a run that is taken up after a restart: nobody watched its beginning.
    """

    manual: ManualRun
    since: datetime
    looked_at: datetime | None = None
    task: TaskRun | None = None

    @property
    def task_id(self) -> TaskId | None:
        """The run's own ID, by which it is followed even when a newer run begins."""
        if self.task is not None:
            return self.task.task_id
        key = self.manual.run_key
        return TaskId(int(key)) if key.isdigit() else None


def own_run(manual: ManualRun, runs: Sequence[TaskRun]) -> TaskRun | None:
    """The run that this click started, among a mail's runs (newest first): the first one after the run before it."""
    if manual.run_key:
        return next((run for run in runs if run.key == manual.run_key), None)
    newer = list(takewhile(lambda run: run.key != manual.previous_run_key, runs))
    return newer[-1] if newer else None


def judge(pursuit: Tracking, now: datetime, *, answered: bool) -> Over | None:
    """Is it over? `pursuit` holds what was seen of it; `answered` tells whether Quick BI answered just now."""
    task = pursuit.task
    if task is not None and task.is_over:
        end = RunEnd.SENT if task.status is RunStatus.SENT else RunEnd.FAILED
        return Over(end=end, task=task)
    asked_for = now - pursuit.manual.claimed_at
    if answered:
        if task is None and asked_for >= BEGINS_WITHIN:
            return Over(end=RunEnd.NEVER_BEGAN)
        if asked_for >= FOLLOWED_FOR:
            return Over(end=RunEnd.STUCK, task=task)
    if now - pursuit.since >= FOLLOWED_FOR:
        return Over(end=RunEnd.OUT_OF_SIGHT, task=task)
    return None


def took(pursuit: Tracking, now: datetime) -> timedelta | None:
    """From the click to the end, if the run was looked at shortly before `now` and was not over then."""
    if pursuit.looked_at is None or now - pursuit.looked_at > _UNWATCHED:
        return None
    return now - pursuit.manual.claimed_at


def pause_after(waited: timedelta) -> float:
    """Seconds until the next look: short at first, then patient. The end is seen within an eighth of the time."""
    return min(_SLOWEST, max(_QUICKEST, waited.total_seconds() / _ATTENTION))
