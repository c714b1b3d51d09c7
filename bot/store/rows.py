"""Rows of the tables -> values of the domain, and back."""

from __future__ import annotations

from dataclasses import asdict
from datetime import time, timedelta
from typing import TYPE_CHECKING, Any

from bot.domain import (
    ChannelId,
    DueTime,
    Event,
    Incident,
    IncidentId,
    IncidentKind,
    IncidentState,
    KnownRun,
    Mail,
    MailId,
    RunStatus,
    Subscription,
    TaskId,
    TaskRun,
    TeamId,
    UserId,
)

if TYPE_CHECKING:
    from sqlalchemy.engine import RowMapping


def subscription_from(row: RowMapping) -> Subscription:
    return Subscription(
        team_id=TeamId(row["team_id"]),
        channel_id=ChannelId(row["channel_id"]),
        mail_id=MailId(row["mail_id"]),
        created_by=UserId(row["created_by"]),
        created_at=row["created_at"],
        due=due_from(row["due"]),
        events=events_from(row["events"]),
        late_learned=row["late_learned"],
        snoozed_until=row["snoozed_until"],
        snoozed_until_recovered=row["snoozed_until_recovered"],
    )


def subscription_to(subscription: Subscription) -> dict[str, Any]:
    return asdict(subscription) | {
        "due": due_to(subscription.due),
        "events": events_to(subscription.events),
    }


def due_to(due: DueTime | None) -> str | None:
    """`09:30 0,1,2,3,4 900`: the time, the weekdays from Monday = 0, the seconds of grace."""
    if due is None:
        return None
    days = ",".join(map(str, sorted(due.weekdays)))
    return f"{due.at:%H:%M} {days} {int(due.grace.total_seconds())}"


def due_from(text: str | None) -> DueTime | None:
    if text is None:
        return None
    at, days, grace = text.split(" ")
    return DueTime(
        at=time.fromisoformat(at),
        weekdays=frozenset(int(day) for day in days.split(",")),
        grace=timedelta(seconds=int(grace)),
    )


def events_to(events: frozenset[Event]) -> str:
    return ",".join(sorted(events))


def events_from(text: str) -> frozenset[Event]:
    return frozenset(Event(word) for word in text.split(",") if word)


def mail_from(row: RowMapping) -> Mail:
    return Mail(
        mail_id=MailId(row["mail_id"]), name=row["name"], owner_name=row["owner_name"], paused=row["paused"]
    )


def run_from(row: RowMapping) -> TaskRun:
    return TaskRun(
        mail_id=MailId(row["mail_id"]),
        task_id=None if row["task_id"] is None else TaskId(row["task_id"]),
        exec_at=row["exec_at"],
        status=RunStatus(row["status"]),
        status_word=row["status_word"],
    )


def known_run_from(row: RowMapping) -> KnownRun:
    return KnownRun(
        run=run_from(row),
        first_seen_at=row["first_seen_at"],
        is_baseline=row["is_baseline"],
        counted_in=None if row["counted_in"] is None else IncidentId(row["counted_in"]),
        ended_at=row["ended_at"],
    )


def incident_from(row: RowMapping) -> Incident:
    return Incident(
        incident_id=IncidentId(row["incident_id"]),
        mail_id=MailId(row["mail_id"]),
        kind=IncidentKind(row["kind"]),
        state=IncidentState(row["state"]),
        opened_at=row["opened_at"],
        began_at=row["began_at"],
        failed_runs=row["failed_runs"],
        missed_runs=row["missed_runs"],
        last_run_key=row["last_run_key"],
        last_task_id=None if row["last_task_id"] is None else TaskId(row["last_task_id"]),
        last_exec_at=row["last_exec_at"],
        last_sent_at=row["last_sent_at"],
        expected_at=row["expected_at"],
        started_at=row["started_at"],
        closed_at=row["closed_at"],
        good_exec_at=row["good_exec_at"],
        cause=row["cause"],
        request_id=row["request_id"],
        version=row["version"],
    )


def incident_to(incident: Incident) -> dict[str, Any]:
    return asdict(incident)
