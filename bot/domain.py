"""The words of the trade: mails, runs, subscriptions, incidents, notices, and what can go wrong.

Everything here is a value. Nothing here asks, stores, sends or waits.

    MailBotError
    ├── UsageError              what was typed makes no sense yet; says how to type it
    ├── QuickBIError            Quick BI was asked and did not give what was wanted
    │   ├── MailNotFound        check the ID
    │   ├── AccessForbidden     someone must grant access; `missing` says which
    │   ├── MailMisconfigured   the mail's owner must mend the mail in Quick BI
    │   ├── CredentialsRejected the operator must mend keys or clock; `problem` says which
    │   ├── RunRefused          a run by hand was not started; `why` says why
    │   ├── Throttled           wait `retry_after` seconds
    │   ├── QuickBIUnavailable  wait; nothing is wrong with what was typed
    │   ├── ProtocolError       an answer that the API's page does not promise; report it
    │   └── UnknownRefusal      a code that nobody has seen; shown as it is
    ├── LeaseLost               another replica leads now: stop writing
    ├── StoreError              the database cannot be used; the message says why
    └── SlackError              Slack did not take a message
        ├── ChannelGone         this channel cannot be told; `reason` is Slack's word
        ├── AppRejected         the app's token or scopes are wrong: nobody can be told
        ├── SlackBusy           wait `retry_after` seconds
        ├── MessageGone         the message to edit or to reply to was deleted
        ├── MessageRefused      our own mistake: Slack will never take this message
        ├── DeliveryUnknown     the message may or may not be there
        └── CannotLook          nor can it be found out
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NewType

if TYPE_CHECKING:
    from datetime import datetime

MailId = NewType("MailId", str)
TaskId = NewType("TaskId", int)
TeamId = NewType("TeamId", str)
ChannelId = NewType("ChannelId", str)
UserId = NewType("UserId", str)
IncidentId = NewType("IncidentId", str)
PostId = NewType("PostId", str)

MAX_MAIL_ID_LENGTH = 128
MAX_TASK_ID = 2**63 - 1


@dataclass(frozen=True, kw_only=True, slots=True)
class MailRef:
    """What a person points at: a mail, or one run of it."""

    mail_id: MailId
    task_id: TaskId | None = None


class RunStatus(StrEnum):
    """The states of Quick BI's page. `UNKNOWN` stands for any word that the page does not list."""

    SENT = "SENT"
    FAILED = "FAILED"
    PROCESSING = "PROCESSING"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskRun:
    """One run of a mail, as Quick BI told it. Its status is live: a later look may differ.

    `task_id` is None where Quick BI gave none (its own sample says 0). `exec_at` is None where the time
    could not be read. `status_word` is the vendor's word, to be shown when `status` is UNKNOWN.
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
        """Tells the runs of one mail apart, also where Quick BI gave no task ID."""
        if self.task_id is not None:
            return str(self.task_id)
        return self.exec_at.isoformat() if self.exec_at else "?"


@dataclass(frozen=True, kw_only=True, slots=True)
class StatusAnswer:
    """What one `GetMailTaskStatus` call told: no run at all is an answer too. Newest run first."""

    runs: tuple[TaskRun, ...]
    request_id: str

    @property
    def latest(self) -> TaskRun | None:
        return self.runs[0] if self.runs else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """What Quick BI said, and when it said so."""

    answer: StatusAnswer
    seen_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Mail:
    """A line of Quick BI's list of mails."""

    mail_id: MailId
    name: str
    owner_name: str
    paused: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class MailPage:
    """One page of `GetMailTaskList`. `next_page` is None on the last one."""

    mails: tuple[Mail, ...]
    total: int
    next_page: int | None
    request_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """Several mails may be meant by some words, the likeliest first; none where no name is close.

    `task_id` is the run that was asked for, of whichever it is.
    """

    words: str
    mails: tuple[Mail, ...]
    task_id: TaskId | None = None


EVERY_DAY = frozenset(range(7))
WORKDAYS = frozenset(range(5))
DEFAULT_GRACE = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True, slots=True)
class DueTime:
    """When a mail must have started, as a person declared it: wall-clock time in Quick BI's zone.

    `weekdays` counts from Monday = 0. After `at` plus `grace` a run that did not start is late.
    """

    at: time
    weekdays: frozenset[int] = EVERY_DAY
    grace: timedelta = DEFAULT_GRACE


class NotifyReason(StrEnum):
    """What a look at a mail came to: one name for every outcome, also for those that nobody is told of."""

    FIRST_FAILURE = "first_failure"
    STILL_FAILING = "still_failing"
    OVERTAKEN_FAILURE = "overtaken_failure"  # it failed, but a newer run had been sent already
    RECOVERED = "recovered"
    CORRECTED = "corrected"  # Quick BI said FAILED, and later that it was sent after all
    STUCK = "stuck"
    LATE = "late"
    ACCESS_LOST = "access_lost"
    ACCESS_BACK = "access_back"

    STARTED = "started"  # the late run began: the message shows it, nobody is called
    RECOUNTED = "recounted"  # one of several failures was none: the message shows it

    BASELINE = "baseline"  # it was so before anyone subscribed
    AS_BEFORE = "as_before"
    RUNNING = "running"
    SENT = "sent"
    OLDER_RUN = "older_run"
    UNKNOWN_WORD = "unknown_word"
    UNCONFIRMED = "unconfirmed"  # told only if a second look says the same

    MAIL_PAUSED = "mail_paused"
    MAIL_UNPAUSED = "mail_unpaused"
    CHANNEL_LOST = "channel_lost"
    OUTAGE_BEGAN = "outage_began"
    OUTAGE_OVER = "outage_over"
    JOINED = "joined"  # subscribed while it fails: the confirmation told it

    @property
    def is_told(self) -> bool:
        """A message of its own is owed for it."""
        return self in _TOLD

    @property
    def is_shown(self) -> bool:
        """The messages about the incident change."""
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


class Event(StrEnum):
    """What a channel may choose to be told of."""

    FAILED = "failed"
    STUCK = "stuck"
    LATE = "late"
    RECOVERED = "recovered"


EVERY_EVENT = frozenset(Event)


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscription:
    """A channel that wants to be told about a mail.

    `late_learned`: also when the mail's own rhythm, not a declared due time, says that it is late.
    Snoozed: the messages that are there stay true, no new ones come. `until_recovered` ends with the incident.
    """

    team_id: TeamId
    channel_id: ChannelId
    mail_id: MailId
    created_by: UserId
    created_at: datetime
    due: DueTime | None = None
    events: frozenset[Event] = EVERY_EVENT
    late_learned: bool = True
    snoozed_until: datetime | None = None
    snoozed_until_recovered: bool = False

    def is_snoozed(self, now: datetime) -> bool:
        return self.snoozed_until_recovered or (self.snoozed_until is not None and now < self.snoozed_until)


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
    """What went wrong with one mail, from its first sign to its end. A mail has at most one that is firing.

    `version` grows with every change that a reader would see. `began_at` is when the first bad run started
    or was expected, `opened_at` when the bot knew. `last_*` is the newest bad run, `good_exec_at` the run that
    ended it, `last_sent_at` the last good one before.
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
    version: int = 1

    @property
    def is_firing(self) -> bool:
        return self.state is IncidentState.FIRING


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownRun:
    """A run as it was when last seen. `counted_in` is the incident in which it counts as a failure."""

    run: TaskRun
    first_seen_at: datetime
    is_baseline: bool
    counted_in: IncidentId | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Outage:
    """Quick BI cannot be asked at all. `told_at` is None while it is too short to speak of."""

    outage_id: str
    began_at: datetime
    cause: str
    told_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """The right to poll and to post: one replica at a time has it. Every write of the leader names `term`."""

    holder: str
    term: int
    expires_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class SubscriptionState:
    """A subscription with what is known of its mail. `paused_reason` is Slack's word where the channel is closed."""

    subscription: Subscription
    mail: Mail | None
    latest: TaskRun | None
    incident: Incident | None
    paused_reason: str = ""


class SubscribeOutcome(StrEnum):
    CREATED = "created"
    ALREADY = "already"
    UPDATED = "updated"  # it was there; its due time or its events are others now


class SnoozeOutcome(StrEnum):
    DONE = "done"
    NOTHING_WRONG = "nothing_wrong"  # the mail is fine by now: a snooze would hide its next failure
    NOT_SUBSCRIBED = "not_subscribed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Watch:
    """A mail that some channel is subscribed to, as the poller needs it."""

    mail_id: MailId
    is_watched: bool
    memory: str | None
    dues: frozenset[DueTime]
    is_paused: bool
    expects_run_at: datetime | None
    change_no: int
    open_runs: tuple[TaskRun, ...] = ()


class ManualRunState(StrEnum):
    CLAIMED = "claimed"  # about to be asked for
    STARTED = "started"  # Quick BI took it
    REFUSED = "refused"
    UNCLEAR = "unclear"  # the answer was lost: it may have begun
    ENDED = "ended"


@dataclass(frozen=True, kw_only=True, slots=True)
class ManualRun:
    """A run that somebody asked for by hand, so that it is asked for once and followed to its end."""

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


class PostKind(StrEnum):
    """`ROOT` shows one incident or many, and is edited; `REPLY` stands in its thread; `LINE` is about none."""

    ROOT = "root"
    REPLY = "reply"
    LINE = "line"


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """One incident in a message: what is known of it, and the news that the message brings.

    `is_subscribed`: the message's channel still wants to be told of the mail.
    """

    incident: Incident
    mail: Mail | None
    reasons: tuple[NotifyReason, ...] = ()
    snoozed_until: datetime | None = None
    snoozed_until_recovered: bool = False
    is_subscribed: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """News that is about no incident. `subject_id` is a mail or a channel; `at` is when it became so."""

    reason: NotifyReason
    at: datetime
    subject_id: str = ""
    mail: Mail | None = None
    detail: str = ""
    since: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """A message owed to one channel, claimed and on its way. `post_id` travels in it, so that it is found again.

    `thread_ts` is set in a REPLY. `may_repeat`: an earlier try may have arrived, and nobody can look.
    """

    post_id: PostId
    channel_id: ChannelId
    kind: PostKind
    claimed_at: datetime
    items: tuple[Told, ...] = ()
    lines: tuple[Line, ...] = ()
    thread_ts: str | None = None
    may_repeat: bool = False


class MailBotError(Exception):
    """The root of every error that this bot raises on purpose."""


class UsageError(MailBotError):
    """What was typed cannot be understood. `problem` is a sentence; `example` can be typed as it is."""

    def __init__(self, problem: str, *, example: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.example = example


class QuickBIError(MailBotError):
    """Quick BI did not give what was asked for.

    `request_id` is for the vendor's support, `code` the vendor's own word, `recommend` a link that the
    vendor offers; each empty where there was none. `detail` is for the log, never for a person.
    """

    def __init__(
        self, detail: str = "", *, code: str = "", request_id: str = "", recommend: str = ""
    ) -> None:
        super().__init__(detail or code or type(self).__name__)
        self.code = code
        self.request_id = request_id
        self.recommend = recommend

    @property
    def is_about_the_mail(self) -> bool:
        """Is this one mail out of reach, rather than Quick BI as a whole?"""
        return False


class MailNotFound(QuickBIError):
    """No mail has this ID."""

    @property
    def is_about_the_mail(self) -> bool:
        return True


class MissingAccess(StrEnum):
    """Which door was closed, and so who can open it."""

    MAIL = "mail"  # this one mail is not shared with the bot's account
    RAM_ACTION = "ram_action"  # the RAM policy lacks the action
    API_USER = "api_user"  # the edition, or not an organisation admin / authorised API user
    ORGANISATION = "organisation"  # the account has never logged in to Quick BI


class AccessForbidden(QuickBIError):
    """Someone must grant access. `action` is the API operation that was refused."""

    def __init__(self, detail: str = "", *, missing: MissingAccess, action: str = "", **kw: str) -> None:
        super().__init__(detail, **kw)
        self.missing = missing
        self.action = action

    @property
    def is_about_the_mail(self) -> bool:
        return self.missing is MissingAccess.MAIL


class MailMisconfigured(QuickBIError):
    """The mail's subject is invalid: its owner must mend it in Quick BI."""

    @property
    def is_about_the_mail(self) -> bool:
        return True


class CredentialsProblem(StrEnum):
    KEY_UNKNOWN = "key_unknown"
    KEY_INACTIVE = "key_inactive"
    SECRET_WRONG = "secret_wrong"  # noqa: S105 (the name of a problem)
    CLOCK_OFF = "clock_off"
    TOKEN_EXPIRED = "token_expired"  # noqa: S105


class CredentialsRejected(QuickBIError):
    """Quick BI does not accept who we say we are. No mail can be asked about until that is mended."""

    def __init__(self, detail: str = "", *, problem: CredentialsProblem, **kw: str) -> None:
        super().__init__(detail, **kw)
        self.problem = problem


class RunRefusal(StrEnum):
    ALREADY_RUNNING = "already_running"
    TOO_OFTEN = "too_often"
    SCHEDULER_FAILED = "scheduler_failed"


class RunRefused(QuickBIError):
    """A run by hand was not started. `retry_after` is in seconds, where Quick BI said when."""

    def __init__(
        self, detail: str = "", *, why: RunRefusal, retry_after: float | None = None, **kw: str
    ) -> None:
        super().__init__(detail, **kw)
        self.why = why
        self.retry_after = retry_after


class Throttled(QuickBIError):
    """Over the account's limit. `retry_after` is in seconds, where Quick BI said how long."""

    def __init__(self, detail: str = "", *, retry_after: float | None = None, **kw: str) -> None:
        super().__init__(detail, **kw)
        self.retry_after = retry_after


class QuickBIUnavailable(QuickBIError):
    """Quick BI is down, too slow or out of reach.

    `outcome_unknown`: the request may have been carried out all the same (a lost answer), so what must
    not happen twice must not be sent again.
    """

    def __init__(self, detail: str = "", *, outcome_unknown: bool, **kw: str) -> None:
        super().__init__(detail, **kw)
        self.outcome_unknown = outcome_unknown


class ProtocolError(QuickBIError):
    """An answer that the API's page does not promise."""


class UnknownRefusal(QuickBIError):
    """Quick BI refused with a code that is not in any table. `said` is the vendor's message."""

    def __init__(self, detail: str = "", *, said: str = "", **kw: str) -> None:
        super().__init__(detail, **kw)
        self.said = said


class LeaseLost(MailBotError):
    """Another replica leads now: what was about to be written is not."""


class StoreError(MailBotError):
    """The database cannot be opened or used. The message is for the operator and shows no secret."""


class SlackError(MailBotError):
    """Slack did not take a message. `error` is Slack's own word for it."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


class ChannelGone(SlackError):
    """This channel can no longer be told: archived, deleted, or the bot is out."""


class AppRejected(SlackError):
    """The app's token or scopes are no good: no channel can be told until the operator mends it."""


class SlackBusy(SlackError):
    """Slack did not take it and says so. `retry_after` is in seconds; `limited` is True for a 429."""

    def __init__(self, error: str, *, retry_after: float | None = None, limited: bool = False) -> None:
        super().__init__(error)
        self.retry_after = retry_after
        self.limited = limited


class MessageGone(SlackError):
    """The message to edit, or whose thread to reply in, was deleted."""


class MessageRefused(SlackError):
    """Slack will never take this message: our own mistake, for the log."""


class DeliveryUnknown(SlackError):
    """The connection ended between the request and the answer: the message may be there."""


class CannotLook(SlackError):
    """Whether a message is there cannot be found out: too much was said in its channel at that time."""
