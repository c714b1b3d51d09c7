"""The schema: what must survive a restart, table by table. Migrations lead here; a test holds them equal.

Instants are microseconds of Unix time in UTC: exact, ordered, and the same in both databases.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from bot.domain import (
    DueTime,
    Event,
    IncidentKind,
    IncidentState,
    ManualRunState,
    NotifyReason,
    OnCall,
    PostKind,
    RunStatus,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(at: datetime) -> int:
    """Exact: a float of seconds would lose the last digits."""
    return (at - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


class Instant(TypeDecorator[datetime]):
    """An aware moment. A naive one is refused by the subtraction."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else to_micros(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else from_micros(value)


class Word(TypeDecorator[StrEnum]):
    """A member of an enumeration of words."""

    impl = String
    cache_ok = True

    def __init__(self, kind: type[StrEnum], length: int) -> None:
        super().__init__(length)
        self.kind = kind

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: Any | None, dialect: Dialect) -> StrEnum | None:  # noqa: ARG002
        return None if value is None else self.kind(value)


class Due(TypeDecorator[DueTime]):
    """A due time as `09:30 0,1,2,3,4 900`: the time, the weekdays from Monday = 0, the seconds of grace."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: DueTime | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else due_text(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> DueTime | None:  # noqa: ARG002
        if value is None:
            return None
        at, days, grace = value.split(" ")
        return DueTime(
            at=time.fromisoformat(at),
            weekdays=frozenset(map(int, days.split(","))),
            grace=timedelta(seconds=int(grace)),
        )


def due_text(due: DueTime) -> str:
    days = ",".join(map(str, sorted(due.weekdays)))
    return f"{due.at:%H:%M} {days} {int(due.grace.total_seconds())}"


class Events(TypeDecorator[frozenset[Event]]):
    """A set of events, as their words with commas."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: frozenset[Event] | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else ",".join(sorted(value))

    def process_result_value(self, value: Any | None, dialect: Dialect) -> frozenset[Event] | None:  # noqa: ARG002
        return None if value is None else frozenset(Event(word) for word in value.split(",") if word)


class OnCallPeople(TypeDecorator[OnCall]):
    """Who is on call, as `U0ADA,S0BI 1800`: their IDs, the seconds until they are called again (0: never)."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: OnCall | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None or not value.mentions else on_call_text(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> OnCall | None:  # noqa: ARG002
        if value is None:
            return None
        mentions, seconds = value.split(" ")
        again_after = timedelta(seconds=int(seconds)) if seconds != "0" else None
        return OnCall(mentions=tuple(mentions.split(",")), again_after=again_after)


def on_call_text(on_call: OnCall) -> str:
    seconds = int(on_call.again_after.total_seconds()) if on_call.again_after else 0
    return f"{','.join(on_call.mentions)} {seconds}"


class PostState(StrEnum):
    """What became of a message."""

    SENDING = "sending"
    SENT = "sent"
    UNSURE = "unsure"  # it may be there or not
    GONE = "gone"  # somebody deleted it
    REFUSED = "refused"  # Slack will never take it


def _partial_index(name: str, column: Column[Any], where: str, *, unique: bool = False) -> None:
    """Queries answered by it spell its condition out (`literal_column`): a bound value matches none."""
    Index(name, column, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("channel_id", String(64)),
    Column("mail_id", String(128)),
    Column("team_id", String(64), nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("due", Due),
    Column("events", Events, nullable=False),
    Column("late_learned", Boolean, nullable=False),
    Column("snoozed_until", Instant),
    Column("snoozed_until_recovered", Boolean, nullable=False),
    Column("on_call", OnCallPeople),
    Column("rule", Text),
    PrimaryKeyConstraint("channel_id", "mail_id"),
    Index("ix_subscriptions_mail_id", "mail_id"),
)

# Mails that match a rule are subscribed as they appear; the exceptions are mails that people unsubscribed from.
subscription_rules = Table(
    "subscription_rules",
    metadata,
    Column("channel_id", String(64)),
    Column("text", String(255)),
    Column("team_id", String(64), nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    PrimaryKeyConstraint("channel_id", "text"),
)
rule_exceptions = Table(
    "rule_exceptions",
    metadata,
    Column("channel_id", String(64)),
    Column("mail_id", String(128)),
    PrimaryKeyConstraint("channel_id", "mail_id"),
)

# The directory: every mail that Quick BI's list shows.
mails = Table(
    "mails",
    metadata,
    Column("mail_id", String(128), primary_key=True),
    Column("name", Text, nullable=False),
    Column("owner_name", Text, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("gone_at", Instant),  # no longer in the list
)

# One row for each mail that a channel is or was subscribed to. The leader reads those with a new `change_no`.
watches = Table(
    "watches",
    metadata,
    Column("mail_id", String(128), primary_key=True),
    Column("is_watched", Boolean, nullable=False),
    Column("has_baseline", Boolean, nullable=False),
    Column("memory", Text),
    Column("looked_at", Instant),
    Column("denied_at", Instant),
    Column("expects_run_at", Instant),  # somebody pressed Run
    Column("change_no", BigInteger, nullable=False),
    Index("ix_watches_change_no", "change_no"),
)

counters = Table(
    "counters",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("mail_id", String(128)),
    Column("run_key", String(64)),
    Column("task_id", BigInteger),
    Column("exec_at", Instant),
    Column("status", Word(RunStatus, 16), nullable=False),
    Column("status_word", Text, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    Column("ended_at", Instant),  # when it was first seen to be over
    Column("is_baseline", Boolean, nullable=False),
    Column("counted_in", String(32)),  # the incident in which it counts as a failure
    Column("request_id", Text, nullable=False),
    PrimaryKeyConstraint("mail_id", "run_key"),
    Index("ix_runs_mail_id_exec_at", "mail_id", "exec_at"),
    Index("ix_runs_first_seen_at", "first_seen_at"),
)
# Of half a year of runs a few are in progress: a start must not read all to find them.
_partial_index("ix_runs_open", runs.c.mail_id, "status = 'PROCESSING'")

incidents = Table(
    "incidents",
    metadata,
    Column("incident_id", String(32), primary_key=True),
    Column("mail_id", String(128), nullable=False),
    Column("kind", Word(IncidentKind, 16), nullable=False),
    Column("state", Word(IncidentState, 16), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("failed_runs", Integer, nullable=False),
    Column("missed_runs", Integer, nullable=False),
    Column("last_run_key", String(64), nullable=False),
    Column("last_task_id", BigInteger),
    Column("last_exec_at", Instant),
    Column("last_sent_at", Instant),
    Column("expected_at", Instant),
    Column("started_at", Instant),
    Column("closed_at", Instant),
    Column("good_exec_at", Instant),
    Column("cause", Text, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("responder", String(64)),  # who looks after it
    Column("responding_since", Instant),
    Column("acknowledged_at", Instant),
    Index("ix_incidents_mail_id_opened_at", "mail_id", "opened_at"),
)
# A mail has at most one incident that is firing, whatever two replicas believe.
_partial_index("uq_incidents_firing", incidents.c.mail_id, "state = 'firing'", unique=True)

# A message: its row is written before it is sent, and updated with the outcome.
posts = Table(
    "posts",
    metadata,
    Column("post_id", String(32), primary_key=True),
    Column("channel_id", String(64), nullable=False),
    Column("kind", Word(PostKind, 8), nullable=False),
    Column("state", Word(PostState, 8), nullable=False),
    Column("root_id", String(32)),  # of a reply
    Column("ts", String(32)),
    Column("wanted", Integer, nullable=False),  # the version to show: grows when what it shows has changed
    Column("shown", Integer, nullable=False),
    Column("claimed_at", Instant, nullable=False),
    Column("settle_at", Instant, nullable=False),  # from then on it can be looked for
    Column("sent_at", Instant),
    Column("term", BigInteger, nullable=False),
    Column("may_repeat", Boolean, nullable=False),
    Index("ix_posts_claimed_at", "claimed_at"),
    Index("ix_posts_channel_id_sent_at", "channel_id", "sent_at"),
)
_partial_index("ix_posts_unsure", posts.c.channel_id, "state = 'unsure'")
_partial_index("ix_posts_sending", posts.c.term, "state = 'sending'")
_partial_index("ix_posts_stale", posts.c.channel_id, "wanted > shown and state = 'sent'")

# What a message shows: one incident, or in a storm many.
post_items = Table(
    "post_items",
    metadata,
    Column("post_id", String(32), ForeignKey("posts.post_id", ondelete="CASCADE")),
    Column("incident_id", String(32)),
    Column("since", Integer, nullable=False),  # in the message once `shown` has reached this
    PrimaryKeyConstraint("post_id", "incident_id"),
    Index("ix_post_items_incident_id", "incident_id"),
)

# One change to report to one channel. It is pending until a message takes it in (`post_id`).
notices = Table(
    "notices",
    metadata,
    Column("notice_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("dedupe_key", Text, nullable=False),
    Column("channel_id", String(64), nullable=False),
    Column("reason", Word(NotifyReason, 24), nullable=False),
    Column("incident_id", String(32)),
    Column("version", Integer, nullable=False),  # of the incident
    Column("subject_id", String(128), nullable=False),  # a mail or a channel, where there is no incident
    Column("detail", Text, nullable=False),
    Column("since", Instant),
    Column("created_at", Instant, nullable=False),
    Column("not_before", Instant),  # snoozed
    Column("post_id", String(32)),
    Column("is_folded", Boolean, nullable=False),  # another message says it already
    Column("may_repeat", Boolean, nullable=False),
    UniqueConstraint("dedupe_key"),
    Index("ix_notices_incident_id", "incident_id"),
    Index("ix_notices_post_id", "post_id"),
)
Index(
    "ix_notices_owed",
    notices.c.channel_id,
    sqlite_where=text("post_id is null and is_folded = 0"),
    postgresql_where=text("post_id is null and not is_folded"),
)

# Channels that the bot cannot post to, with Slack's reason.
channels = Table(
    "channels",
    metadata,
    Column("channel_id", String(64), primary_key=True),
    Column("paused_reason", String(64), nullable=False),
    Column("paused_at", Instant, nullable=False),
)
# Methods that Slack wants not to be called (429).
holds = Table(
    "holds",
    metadata,
    Column("method", String(64), primary_key=True),
    Column("set_at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
)

outages = Table(
    "outages",
    metadata,
    Column("outage_id", String(32), primary_key=True),
    Column("began_at", Instant, nullable=False),
    Column("cause", Text, nullable=False),
    Column("told_at", Instant),
    Column("ended_at", Instant),
)

# One row each.
lease = Table(
    "lease",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("term", BigInteger, nullable=False),
    Column("expires_at", Instant, nullable=False),
)
call_slots = Table(
    "call_slots",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("free_at", Instant, nullable=False),
)

# Runs by hand: one at a time for each mail, whoever clicks.
manual_runs = Table(
    "manual_runs",
    metadata,
    Column("manual_run_id", String(32), primary_key=True),
    Column("claim_key", String(255), nullable=False),  # the click, or the mail and the run before
    Column("mail_id", String(128), nullable=False),
    Column("channel_id", String(64), nullable=False),
    Column("message_ts", String(32), nullable=False),
    Column("user_id", String(64), nullable=False),
    Column("previous_run_key", String(64), nullable=False),
    Column("claimed_at", Instant, nullable=False),
    Column("state", Word(ManualRunState, 16), nullable=False),
    Column("run_key", String(64), nullable=False),
    Column("ended_at", Instant),
    UniqueConstraint("claim_key"),
    Index("ix_manual_runs_mail_id_claimed_at", "mail_id", "claimed_at"),
)
_partial_index("uq_manual_runs_open", manual_runs.c.mail_id, "ended_at is null", unique=True)

open_answers = Table(
    "open_answers",
    metadata,
    Column("answer_id", String(32), primary_key=True),
    Column("owner", String(32), nullable=False),
    Column("response_url", Text, nullable=False),
    Column("replaces", Boolean, nullable=False),
    Column("alive_at", Instant, nullable=False),
)

# A channel's message of the day. From `began_at` on: the day that was begun last, and the message that shows it.
roll_calls = Table(
    "roll_calls",
    metadata,
    Column("channel_id", String(64), primary_key=True),
    Column("team_id", String(64), nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("at", String(5), nullable=False),
    Column("weekdays", String(13), nullable=False),
    Column("zone", String(64), nullable=False),
    Column("next_at", Instant, nullable=False),
    Column("began_at", Instant),
    Column("ends_at", Instant),
    Column("is_open", Boolean, nullable=False, default=False),  # its message is still edited
    Column("post_id", String(32)),
)

audit = Table(
    "audit",
    metadata,
    Column("audit_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("user_id", String(64), nullable=False),
    Column("action", String(32), nullable=False),
    Column("channel_id", String(64), nullable=False),
    Column("mail_id", String(128), nullable=False),
    Column("detail", Text, nullable=False),
    Index("ix_audit_at", "at"),
)
