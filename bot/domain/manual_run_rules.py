"""Runs by hand: may one begin, which of a mail's runs is it, and how did it end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from itertools import takewhile
from typing import TypeAlias

from bot.domain import (
    ChannelId,
    MailId,
    ManualRun,
    ManualRunState,
    ProtocolError,
    QuickBIError,
    QuickBIUnavailable,
    RunStatus,
    TaskId,
    TaskRun,
    UserId,
)
from bot.domain.run_context import STUCK_AFTER

FOLLOWED_FOR = STUCK_AFTER
BEGINS_WITHIN = timedelta(minutes=3)  # a run that Quick BI accepted and does not show by then never began
SAME_WISH = timedelta(seconds=5)  # a second click of one person this soon is the same wish
OPEN_FOR = timedelta(minutes=20)  # longer than any run is followed: the process that claimed it is gone
FORGOTTEN_AFTER = timedelta(hours=6)  # nobody waits for such an old outcome any more
_UNWATCHED = timedelta(minutes=1)  # looks further apart do not show how long a run took
_QUICKEST, _SLOWEST = 1.5, 15.0  # seconds between two looks
_ATTENTION = 8  # a look after each eighth of the time that has gone by


@dataclass(frozen=True, kw_only=True, slots=True)
class RunWish:
    """A person's request to run a mail now.

    `message_ts` is the channel's message with the button, "" for a message that only this person sees. `click` is
    the click's ID: a click delivered twice is one wish. `asked_at` is when the click came.
    """

    mail_id: MailId
    user_id: UserId
    channel_id: ChannelId
    message_ts: str
    click: str
    asked_at: datetime

    def claimed(self, newest: TaskRun | None, now: datetime) -> ManualRun:
        """The run to be claimed. Its ID is derived from the click, so that a redelivery finds it."""
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
    """This wish is being served already: nothing to do, nothing to say."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AskedAlready:
    """Another run by hand is not over."""

    run: ManualRun


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningAlready:
    """Quick BI shows a run of the mail."""

    run: TaskRun


Hindrance: TypeAlias = Repeated | AskedAlready | RunningAlready


def hindrance(
    wish: RunWish, *, latest: ManualRun | None, newest: TaskRun | None, now: datetime
) -> Hindrance | None:
    """Why this wish must not start a run, or None. `latest` is the mail's last run by hand, `newest` its last run.

    The order counts: a wish served already must not be answered that its own run is running. Its time is that of
    the click: by the time of this decision the first click's run may be over.
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
    """Running for longer than any report may take: let Quick BI decide whether the mail may run again."""
    return run.exec_at is not None and now - run.exec_at >= FOLLOWED_FOR


def has_served(run: ManualRun, asked_at: datetime) -> bool:
    """Was this run going on at `asked_at`? A refused run was not."""
    return run.state is ManualRunState.ENDED and run.ended_at is not None and asked_at < run.ended_at


def may_have_begun(error: QuickBIError) -> bool:
    """The mail may be running: asking again could run it twice."""
    match error:
        case QuickBIUnavailable():
            return error.outcome_unknown
        case ProtocolError():
            return True
        case _:
            return False


class RunEnd(StrEnum):
    SENT = "sent"
    FAILED = "failed"
    STUCK = "stuck"
    NEVER_BEGAN = "never_began"
    OUT_OF_SIGHT = "out_of_sight"  # Quick BI could not be reached for too long


@dataclass(frozen=True, kw_only=True, slots=True)
class Started:
    """Quick BI accepted it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unclear:
    """Quick BI's answer was lost: the run may have begun. It is not requested again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    error: QuickBIError


@dataclass(frozen=True, kw_only=True, slots=True)
class Over:
    """`task` is the run if it was seen; `took` is None where it was not watched all the time.

    `again`: the run before it had failed, too.
    """

    end: RunEnd
    task: TaskRun | None = None
    took: timedelta | None = None
    again: bool = False


RunNews: TypeAlias = Started | Unclear | Refused | Over


@dataclass(frozen=True, kw_only=True, slots=True)
class Tracking:
    """A run by hand that is being followed. `looked_at` is when Quick BI last answered; None after a restart."""

    manual: ManualRun
    since: datetime
    looked_at: datetime | None = None
    task: TaskRun | None = None

    @property
    def task_id(self) -> TaskId | None:
        """By which the run is followed even when a newer one begins."""
        if self.task is not None:
            return self.task.task_id
        key = self.manual.run_key
        return TaskId(int(key)) if key.isdigit() else None


def own_run(manual: ManualRun, runs: Sequence[TaskRun]) -> TaskRun | None:
    """The run that this click started, of a mail's runs (newest first): the first after the run before the click."""
    if manual.run_key:
        return next((run for run in runs if run.key == manual.run_key), None)
    newer = list(takewhile(lambda run: run.key != manual.previous_run_key, runs))
    return newer[-1] if newer else None


def judge(tracking: Tracking, now: datetime, *, answered: bool) -> Over | None:
    """How the run ended, or None. `answered`: Quick BI answered just now."""
    task = tracking.task
    if task is not None and task.is_over:
        end = RunEnd.SENT if task.status is RunStatus.SENT else RunEnd.FAILED
        return Over(end=end, task=task)
    asked_for = now - tracking.manual.claimed_at
    if answered:
        if task is None and asked_for >= BEGINS_WITHIN:
            return Over(end=RunEnd.NEVER_BEGAN)
        if asked_for >= FOLLOWED_FOR:
            return Over(end=RunEnd.STUCK, task=task)
    if now - tracking.since >= FOLLOWED_FOR:
        return Over(end=RunEnd.OUT_OF_SIGHT, task=task)
    return None


def took(tracking: Tracking, now: datetime) -> timedelta | None:
    """From the click to the end, if the run was seen running shortly before `now`."""
    if tracking.looked_at is None or now - tracking.looked_at > _UNWATCHED:
        return None
    return now - tracking.manual.claimed_at


def pause_after(waited: timedelta) -> float:
    """Seconds until the next look, which grow: the end is seen within an eighth of the time that the run took."""
    return min(_SLOWEST, max(_QUICKEST, waited.total_seconds() / _ATTENTION))
