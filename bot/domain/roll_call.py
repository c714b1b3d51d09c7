"""The roll-call: one message a day for a channel, which says how each of its mails is doing today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum
from statistics import median
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.domain.ids import ChannelId, MailId, TeamId, UserId
from bot.domain.incidents import Incident
from bot.domain.mails import Mail
from bot.domain.runs import RunStatus, TaskRun
from bot.domain.subscriptions import DueTime, SubscriptionState

WEEKS_BACK = 4
_HABIT = 2  # of these weeks: a mail that ran on this weekday as often is expected
LATEST_START = timedelta(hours=3)  # a roll-call that could not begin by then is left out


@dataclass(frozen=True, kw_only=True, slots=True)
class RollCallPlan:
    """When a channel's roll-call begins: wall-clock time in `zone` (an IANA name), on weekdays from Monday = 0."""

    team_id: TeamId
    channel_id: ChannelId
    created_by: UserId
    created_at: datetime
    at: time
    weekdays: frozenset[int]
    zone: str

    def next_after(self, now: datetime) -> datetime:
        """The next time that it begins. A time that the clocks skip is moved on by what they skip."""
        zone = ZoneInfo(self.zone)
        first = now.astimezone(zone).date()
        days = (first + timedelta(days=ahead) for ahead in range(9))
        starts = (
            _instant(datetime.combine(day, self.at, zone)) for day in days if day.weekday() in self.weekdays
        )
        return next(at for at in starts if at > now)


class RollCalls(Protocol):
    """The interface of the database."""

    async def get(self, channel_id: ChannelId) -> RollCallPlan | None: ...
    async def set(self, plan: RollCallPlan) -> None: ...
    async def remove(self, channel_id: ChannelId, *, by: UserId, now: datetime) -> bool:
        """Returns whether there was one."""
        ...

    async def begin_due(self, *, now: datetime, term: int) -> int:
        """Make those pending whose time has come. Returns how many."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Day:
    """A calendar day of a zone: from one midnight to the next."""

    began_at: datetime
    ends_at: datetime

    @classmethod
    def of(cls, at: datetime, zone: tzinfo) -> Day:
        began_at = datetime.combine(at.astimezone(zone).date(), time(), zone)
        return cls(began_at=_instant(began_at), ends_at=_instant(began_at + timedelta(days=1)))


class MailDayState(StrEnum):
    """How a mail is doing on the day, what needs attention first."""

    TROUBLE = "trouble"
    RUNNING = "running"
    EXPECTED = "expected"
    SENT = "sent"
    NOT_TODAY = "not_today"


@dataclass(frozen=True, kw_only=True, slots=True)
class MailDay:
    """One mail's day. `expected_at` is when it is due or usually starts, where it has not run yet."""

    mail_id: MailId
    mail: Mail | None
    state: MailDayState
    latest: TaskRun | None = None
    incident: Incident | None = None
    expected_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RollCall:
    """What is recorded of a channel's day.

    `zone` is the channel's (an IANA name). `starts` are of the day and of the same weekday in the weeks before;
    `sent_by` is when the last run of the day was seen to be over.
    """

    day: Day
    zone: str
    states: tuple[SubscriptionState, ...]
    starts: Mapping[MailId, Sequence[datetime]]
    sent_by: datetime | None = None


def mail_days(roll_call: RollCall, schedule_zone: tzinfo) -> tuple[MailDay, ...]:
    """How each mail of the channel is doing on the day."""
    return tuple(
        _mail_day(each, roll_call.day, roll_call.starts.get(each.subscription.mail_id, ()), schedule_zone)
        for each in roll_call.states
    )


def _mail_day(known: SubscriptionState, day: Day, starts: Sequence[datetime], zone: tzinfo) -> MailDay:
    incident = known.incident if known.incident and known.incident.is_firing else None
    latest, expected_at = known.latest, None
    if latest is None or latest.exec_at is None or not day.began_at <= latest.exec_at < day.ends_at:
        latest = None
    if incident or (latest and latest.status is RunStatus.FAILED):
        state = MailDayState.TROUBLE
    elif latest is not None:
        state = MailDayState.SENT if latest.status is RunStatus.SENT else MailDayState.RUNNING
    else:
        is_paused = known.mail is not None and known.mail.paused
        expected_at = None if is_paused else expected_on(day, known.subscription.due, starts, zone)
        state = MailDayState.EXPECTED if expected_at else MailDayState.NOT_TODAY
    return MailDay(
        mail_id=known.subscription.mail_id,
        mail=known.mail,
        state=state,
        latest=latest,
        incident=incident,
        expected_at=expected_at,
    )


def expected_on(day: Day, due: DueTime | None, starts: Sequence[datetime], zone: tzinfo) -> datetime | None:
    """When a mail is due on this day, or else usually starts; None where it is not expected.

    `starts` are those of the same weekday in the weeks before; `zone` is that of due times and schedules.
    """
    if due is not None:
        local = day.began_at.astimezone(zone).date()
        candidates = (datetime.combine(local + timedelta(days=ahead), due.at, zone) for ahead in range(2))
        return next(
            (at for at in candidates if day.began_at <= at < day.ends_at and at.weekday() in due.weekdays),
            None,
        )
    firsts: dict[int, datetime] = {}
    for at in sorted(each for each in starts if each < day.began_at):
        weeks = -((day.began_at - at) // timedelta(days=-7))
        firsts.setdefault(weeks, _instant(at.astimezone(zone) + timedelta(weeks=weeks)))
    if len(firsts) < _HABIT:
        return None
    return datetime.fromtimestamp(median(at.timestamp() for at in firsts.values()), UTC)


def _instant(local: datetime) -> datetime:
    """As an instant of UTC: arithmetic on wall-clock times passes over changes of the clocks."""
    return local.astimezone(UTC)
