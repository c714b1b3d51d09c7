"""Runs of mails: as Quick BI shows them, as recorded, and those started by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.ids import ChannelId, IncidentId, MailId, TaskId, UserId


class RunStatus(StrEnum):
    """The documented states; `UNKNOWN` stands for any other."""

    SENT = "SENT"
    FAILED = "FAILED"
    PROCESSING = "PROCESSING"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskRun:
    """One run of a mail. Its status is live: a later look may differ.

    `task_id` is None where Quick BI gave none (its own sample says 0), `exec_at` where the time is unreadable.
    `status_word` is the vendor's word, shown when `status` is UNKNOWN.
    """

    mail_id: MailId
    task_id: TaskId | None
    exec_at: datetime | None
    status: RunStatus
    status_word: str

    @property
    def is_over(self) -> bool:
        return self.status in {RunStatus.SENT, RunStatus.FAILED}

    @property
    def key(self) -> str:
        """Identifies a run of one mail, also where Quick BI gave no task ID."""
        if self.task_id is not None:
            return str(self.task_id)
        return self.exec_at.isoformat() if self.exec_at else "?"


@dataclass(frozen=True, kw_only=True, slots=True)
class StatusAnswer:
    """What one `GetMailTaskStatus` call told: no run at all is an answer too. Newest run first.

    `is_latest`: asked without a task ID, so by Quick BI's contract the first run is the mail's newest.
    """

    runs: tuple[TaskRun, ...]
    request_id: str
    is_latest: bool = True

    @property
    def latest(self) -> TaskRun | None:
        return self.runs[0] if self.runs else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    answer: StatusAnswer
    seen_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownRun:
    """A run as it was when last seen. `counted_in` is the incident in which it counts as a failure."""

    run: TaskRun
    first_seen_at: datetime
    is_baseline: bool
    counted_in: IncidentId | None = None
    ended_at: datetime | None = None


class ManualRunState(StrEnum):
    CLAIMED = "claimed"  # about to be requested
    STARTED = "started"  # Quick BI accepted it
    REFUSED = "refused"
    UNCLEAR = "unclear"  # the answer was lost: it may have begun
    ENDED = "ended"


@dataclass(frozen=True, kw_only=True, slots=True)
class ManualRun:
    manual_run_id: str
    mail_id: MailId
    channel_id: ChannelId
    message_ts: str
    user_id: UserId
    previous_run_key: str
    claimed_at: datetime
    state: ManualRunState = ManualRunState.CLAIMED
    run_key: str = ""
    ended_at: datetime | None = None
