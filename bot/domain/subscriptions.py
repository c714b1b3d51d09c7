"""What a channel is notified of, and what the leader watches because of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from bot.domain.ids import ChannelId, MailId, TeamId, UserId
from bot.domain.incidents import Incident
from bot.domain.mails import Mail
from bot.domain.runs import TaskRun

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


class Event(StrEnum):
    FAILED = "failed"
    STUCK = "stuck"
    LATE = "late"
    RECOVERED = "recovered"


EVERY_EVENT = frozenset(Event)


@dataclass(frozen=True, kw_only=True, slots=True)
class OnCall:
    """Who is mentioned when something goes wrong: IDs of people (U, W) and user groups (S). Empty for nobody.

    They are called once more if nobody has taken the incident `again_after` that long.
    """

    mentions: tuple[str, ...]
    again_after: timedelta | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What somebody asks to subscribe a channel to. None: as it is in a subscription that exists, else the default."""

    mail_ids: tuple[MailId, ...]
    due: DueTime | None = None
    events: frozenset[Event] | None = None
    on_call: OnCall | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscription:
    """A channel that is notified about a mail.

    `late_learned`: also when the mail is late by its learned schedule, not by a declared due time. While snoozed,
    existing messages are updated and no new ones are sent. `snoozed_until_recovered` ends with the incident.
    `rule` is why the channel is subscribed, where no person named the mail.
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
    on_call: OnCall | None = None
    rule: str | None = None

    def is_snoozed(self, now: datetime) -> bool:
        return self.snoozed_until_recovered or (self.snoozed_until is not None and now < self.snoozed_until)


@dataclass(frozen=True, kw_only=True, slots=True)
class SubscriptionRule:
    """A channel is subscribed to all mails that match `text`, and to those that will."""

    team_id: TeamId
    channel_id: ChannelId
    text: str
    created_by: UserId
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class SubscriptionState:
    """A subscription with the state of its mail. `paused_reason` is Slack's error where the channel is closed."""

    subscription: Subscription
    mail: Mail | None
    latest: TaskRun | None
    incident: Incident | None
    paused_reason: str = ""


class SubscribeOutcome(StrEnum):
    CREATED = "created"
    ALREADY = "already"
    UPDATED = "updated"  # its due time or events changed


class SnoozeOutcome(StrEnum):
    DONE = "done"
    NOTHING_WRONG = "nothing_wrong"  # the mail recovered: a snooze would hide its next failure
    NOT_SUBSCRIBED = "not_subscribed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Watch:
    """A subscribed mail, as the poller needs it.

    `looked_at` is when any replica last recorded an answer about its latest run, or else when it was subscribed.
    """

    mail_id: MailId
    is_watched: bool
    memory: str | None
    dues: frozenset[DueTime]
    is_paused: bool
    expects_run_at: datetime | None
    change_no: int
    looked_at: datetime | None = None
    open_runs: tuple[TaskRun, ...] = ()


class Posting(StrEnum):
    """Whether a notice would arrive, and what to do where it would not."""

    FINE = "fine"
    SHARED = "shared"  # it would, and people of other organisations would read it
    INVITE = "invite"  # private, and the bot is not in it
    ARCHIVED = "archived"
    READ_ONLY = "read_only"  # frozen, for replies only, or for some people only
    DIRECT = "direct"  # a conversation of people, which no bot can join
    UNKNOWN = "unknown"  # Slack did not say; the first notice will show
