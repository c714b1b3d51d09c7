"""Small makers of domain values, so that a test names only what it is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain import (
    ChannelId,
    MailId,
    RunStatus,
    StatusAnswer,
    Subscription,
    TaskId,
    TaskRun,
    TeamId,
    UserId,
)

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MAIL = MailId("d5a59a898b634d75be5584f8dc159c62")
REPORTS = ChannelId("C0REPORTS2")
FINANCE = ChannelId("C0FINANCE4")
ADA = UserId("U0ADA00001")
BOB = UserId("U0BOB00002")


def at(minutes: float) -> datetime:
    """Minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def run(task: int, status: RunStatus, *, minutes: float | None = None, mail_id: MailId = MAIL) -> TaskRun:
    """Run number `task`; it starts that many minutes after noon, unless told otherwise."""
    return TaskRun(
        mail_id=mail_id,
        task_id=TaskId(task),
        exec_at=at(task if minutes is None else minutes),
        status=status,
        status_word=status.value,
    )


def answer(*runs: TaskRun) -> StatusAnswer:
    return StatusAnswer(runs=runs, request_id="R-1")


def subscription(
    channel_id: ChannelId = REPORTS, mail_id: MailId = MAIL, *, by: UserId = ADA, **more: Any
) -> Subscription:
    values: dict[str, Any] = {"created_at": NOON, **more}
    return Subscription(team_id=TeamId("T0"), channel_id=channel_id, mail_id=mail_id, created_by=by, **values)
