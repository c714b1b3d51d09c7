"""What the schedule says and is told: values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NewType

if TYPE_CHECKING:
    from datetime import datetime, time, timedelta

    from bot.domain import MailId, TaskId

MailMemory = NewType("MailMemory", str)
"""What was learned of one mail, as JSON text. Versioned: one that cannot be read counts as none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """Make this call next. Without `task_id` it asks for the mail's latest run."""

    mail_id: MailId
    task_id: TaskId | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sleep:
    """No call is worth making before `until`, unless the schedule is told something new."""

    until: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """A person's word: by `at` o'clock in the schedule's zone a run must have started."""

    at: time
    weekdays_only: bool
    grace: timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class LateRun:
    """A run that was expected at `expected_at` and that a look after `expected_at + grace` did not find.

    `declared` is the person's word where one was missed; None where the mail's own rhythm taught it.
    """

    mail_id: MailId
    expected_at: datetime
    grace: timedelta
    declared: Due | None = None
