"""Runs that did not begin when they should have: by the mail's own clear rhythm, or by a person's word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.monitoring.schedule.localtime import DAY, HOUR, weekday
from bot.monitoring.schedule.rhythm import Expected

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bot.monitoring.schedule.localtime import LocalTime
    from bot.monitoring.schedule.values import Due

_COUNTS_BEFORE = 12 * HOUR  # a run that began so long before its due time still kept it
_WEEKEND = 5
_MINUTES_BEFORE_DUE = (40, 25, 15, 8, 3)  # when a run may start of which only the due time is known


def overdue(
    awaited: Iterable[Expected], latest: float | None, tolerance: float, now: float
) -> list[Expected]:
    """Of the runs that a clear rhythm promises, those that a look at `now` should have found and did not.

    `latest` is the start of the latest run. Where a later run has begun, the promised one may be hidden
    behind it: that is not late.
    """
    return [
        one
        for one in awaited
        if one.clear and one.at + one.grace <= now and (latest is None or latest < one.at - tolerance)
    ]


def due_times(due: Due, local: LocalTime, after: float, until: float) -> Iterator[float]:
    """The instants after `after`, up to `until`, by which a run must have started (without the grace)."""
    second = due.at.hour * HOUR + due.at.minute * 60 + due.at.second
    for day in range(local.split(after)[0], local.split(until)[0] + 1):
        at = local.instant(day, second)
        if after < at <= until and not (due.weekdays_only and weekday(day) >= _WEEKEND):
            yield at


def missed_dues(
    dues: Iterable[Due], local: LocalTime, latest: float | None, looked_at: float, now: float
) -> list[tuple[Due, float]]:
    """The declared times whose grace ended after the look at `looked_at`, and that no run has kept by `now`."""
    return [
        (due, at)
        for due in dues
        for at in due_times(
            due, local, looked_at - due.grace.total_seconds(), now - due.grace.total_seconds()
        )
        if latest is None or latest < at - _COUNTS_BEFORE
    ]


def due_deadlines(dues: Iterable[Due], local: LocalTime, looked_at: float) -> list[float]:
    """When to look whether declared times were kept."""
    return sorted(
        at + due.grace.total_seconds()
        for due in dues
        for at in due_times(due, local, looked_at - due.grace.total_seconds(), looked_at + 2 * DAY)
    )


def expected_by_due(dues: Iterable[Due], local: LocalTime, looked_at: float) -> list[Expected]:
    """What a declared time teaches of a mail whose rhythm is not known yet: it starts some time before."""
    return [
        Expected(
            at=at - _MINUTES_BEFORE_DUE[0] * 60,
            chance=0.5,
            starts=tuple((at - before * 60, 1 / len(_MINUTES_BEFORE_DUE)) for before in _MINUTES_BEFORE_DUE),
        )
        for due in dues
        for at in due_times(due, local, looked_at, looked_at + DAY)
    ]
