"""Runs that did not start when they should have, by the mail's own clear rhythm or by a declared due time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.monitoring.schedule.localtime import DAY, HOUR, weekday
from bot.monitoring.schedule.rhythm import Expected

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime, timedelta

    from bot.domain import DueTime, MailId
    from bot.monitoring.schedule.localtime import LocalTime

_COUNTS_BEFORE = 12 * HOUR  # a run that began so long before its due time still kept it
_MINUTES_BEFORE_DUE = (40, 25, 15, 8, 3)  # when a run may start of which only the due time is known


@dataclass(frozen=True, kw_only=True, slots=True)
class LateRun:
    """A run that was expected at `expected_at` and that a look after `expected_at + grace` did not find.

    `declared` is the due time that it missed; None if the mail's own rhythm made it expected.
    """

    mail_id: MailId
    expected_at: datetime
    grace: timedelta
    declared: DueTime | None = None


def overdue(
    awaited: Iterable[Expected], latest: float | None, tolerance: float, now: float
) -> list[Expected]:
    """The expected runs with a clear rhythm that a look at `now` should have found and did not.

    `latest` is the start of the latest run. An expected run may be hidden behind a later one: that is not late.
    """
    return [
        one
        for one in awaited
        if one.clear and one.at + one.grace <= now and (latest is None or latest < one.at - tolerance)
    ]


def due_times(due: DueTime, local: LocalTime, after: float, until: float) -> Iterator[float]:
    """The instants after `after`, up to `until`, by which a run must have started (without the grace)."""
    second = due.at.hour * HOUR + due.at.minute * 60 + due.at.second
    for day in range(local.split(after)[0], local.split(until)[0] + 1):
        at = local.instant(day, second)
        if after < at <= until and weekday(day) in due.weekdays:
            yield at


def missed_dues(
    dues: Iterable[DueTime], local: LocalTime, latest: float | None, looked_at: float, now: float
) -> list[tuple[DueTime, float]]:
    """The due times whose grace ended after the look at `looked_at`, and that no run has kept by `now`."""
    return [
        (due, at)
        for due in dues
        for at in due_times(
            due, local, looked_at - due.grace.total_seconds(), now - due.grace.total_seconds()
        )
        if latest is None or latest < at - _COUNTS_BEFORE
    ]


def due_deadlines(dues: Iterable[DueTime], local: LocalTime, looked_at: float) -> list[float]:
    """When to check whether due times were kept."""
    return sorted(
        at + due.grace.total_seconds()
        for due in dues
        for at in due_times(due, local, looked_at - due.grace.total_seconds(), looked_at + 2 * DAY)
    )


def expected_by_due(dues: Iterable[DueTime], local: LocalTime, looked_at: float) -> list[Expected]:
    """The runs that due times announce for a mail without a known rhythm: each starts some time before."""
    return [
        Expected(
            at=at - _MINUTES_BEFORE_DUE[0] * 60,
            chance=0.5,
            starts=tuple((at - before * 60, 1 / len(_MINUTES_BEFORE_DUE)) for before in _MINUTES_BEFORE_DUE),
        )
        for due in dues
        for at in due_times(due, local, looked_at, looked_at + DAY)
    ]
