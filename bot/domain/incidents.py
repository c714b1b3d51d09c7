"""What is wrong with a mail, or with Quick BI as a whole, and the outcomes of a look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.ids import IncidentId, MailId, TaskId, UserId
from bot.domain.runs import TaskRun


class NotifyReason(StrEnum):
    """The outcome of a look at a mail, also where nobody is notified."""

    FIRST_FAILURE = "first_failure"
    STILL_FAILING = "still_failing"
    OVERTAKEN_FAILURE = "overtaken_failure"  # it failed, but a newer run had been sent already
    RECOVERED = "recovered"
    CORRECTED = "corrected"  # Quick BI said FAILED, and later that it was sent after all
    STUCK = "stuck"
    LATE = "late"
    ACCESS_LOST = "access_lost"
    ACCESS_BACK = "access_back"

    STARTED = "started"  # the late run began: only shown
    RECOUNTED = "recounted"  # one of several failures was none: only shown

    BASELINE = "baseline"  # it was so before anyone subscribed
    AS_BEFORE = "as_before"
    RUNNING = "running"
    SENT = "sent"
    OLDER_RUN = "older_run"
    UNKNOWN_WORD = "unknown_word"
    UNCONFIRMED = "unconfirmed"  # until a second look says the same

    MAIL_PAUSED = "mail_paused"
    MAIL_UNPAUSED = "mail_unpaused"
    CHANNEL_LOST = "channel_lost"
    MESSAGE_REFUSED = "message_refused"  # Slack takes no form of a message: the operators are told
    OUTAGE_BEGAN = "outage_began"
    OUTAGE_OVER = "outage_over"
    RULE_CHANGED = "rule_changed"  # mails that joined or left by a rule
    ROLL_CALL = "roll_call"  # the channel's message of the day
    NOBODY_ON_IT = "nobody_on_it"  # for so long that who is on call is called once more
    JOINED = "joined"  # subscribed while it fails: the confirmation told it

    @property
    def is_told(self) -> bool:
        """It gets a message of its own."""
        return self in _TOLD

    @property
    def is_shown(self) -> bool:
        """The incident's messages change."""
        return self in _TOLD or self in {NotifyReason.STARTED, NotifyReason.RECOUNTED}


_TOLD = frozenset(
    {
        NotifyReason.FIRST_FAILURE,
        NotifyReason.STILL_FAILING,
        NotifyReason.OVERTAKEN_FAILURE,
        NotifyReason.RECOVERED,
        NotifyReason.CORRECTED,
        NotifyReason.STUCK,
        NotifyReason.LATE,
        NotifyReason.ACCESS_LOST,
        NotifyReason.ACCESS_BACK,
    }
)


class IncidentKind(StrEnum):
    """What is wrong with a mail at present."""

    FAILED = "failed"
    STUCK = "stuck"
    LATE = "late"
    ACCESS_LOST = "access_lost"


class IncidentState(StrEnum):
    FIRING = "firing"
    RECOVERED = "recovered"
    CORRECTED = "corrected"  # there was no failure after all
    UNWATCHED = "unwatched"  # the last channel left while it was firing


@dataclass(frozen=True, kw_only=True, slots=True)
class Incident:
    """From a mail's first failure to its recovery. A mail has at most one that is firing.

    `version` grows with every change that readers see. `began_at` is when the first bad run started or was
    expected, `opened_at` when the bot noticed. `last_*` is the newest bad run, `good_exec_at` the run that ended
    it, `last_sent_at` the last good run before. `responder` looks after it now, and has since `responding_since`;
    `acknowledged_at` is when the first one began to.
    """

    incident_id: IncidentId
    mail_id: MailId
    kind: IncidentKind
    state: IncidentState
    opened_at: datetime
    began_at: datetime
    failed_runs: int = 0
    missed_runs: int = 0
    last_run_key: str = ""
    last_task_id: TaskId | None = None
    last_exec_at: datetime | None = None
    last_sent_at: datetime | None = None
    expected_at: datetime | None = None
    started_at: datetime | None = None
    closed_at: datetime | None = None
    good_exec_at: datetime | None = None
    cause: str = ""  # Quick BI's code, where it refuses to tell about the mail
    request_id: str = ""
    responder: UserId | None = None
    responding_since: datetime | None = None
    acknowledged_at: datetime | None = None
    version: int = 1

    @property
    def is_firing(self) -> bool:
        return self.state is IncidentState.FIRING


@dataclass(frozen=True, kw_only=True, slots=True)
class Outage:
    """Quick BI cannot be reached. `told_at` is None until it has lasted long enough to be reported."""

    outage_id: str
    began_at: datetime
    cause: str
    told_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """A mail's newest recorded run and its open incident."""

    latest: TaskRun | None = None
    incident: Incident | None = None
