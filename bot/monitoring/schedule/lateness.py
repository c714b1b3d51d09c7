"""Runs that did not start when they should have, by the mail's own clear rhythm or by a declared due time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain import DueTime, MailId
from bot.monitoring.schedule.localtime import DAY, HOUR, LocalTime, weekday
from bot.monitoring.schedule.outlook import Expected
from bot.monitoring.schedule.rhythm import ESTABLISHED, Rhythm, Slot

_COUNTS_BEFORE = 12 * HOUR  # before its due time, a run of a mail without a known rhythm keeps it
_LIKELY = 0.5
_EARLY = HOUR / 4  # before its usual time, a run still counts as planned
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
    dues: Iterable[DueTime], rhythm: Rhythm, latest: float | None, looked_at: float, now: float
) -> list[tuple[DueTime, float]]:
    """The due times whose grace ended after the look at `looked_at`, and that no run has kept by `now`."""
    return [
        (due, at)
        for due in dues
        for at in due_times(
            due, rhythm.local, looked_at - due.grace.total_seconds(), now - due.grace.total_seconds()
        )
        if latest is None or not _keeps(latest, at, rhythm)
    ]


def _keeps(start: float, due_at: float, rhythm: Rhythm) -> bool:
    """Is a run that started at `start` the one that was due by `due_at`, or a later one?

    The planned run is the mail's last one before the due time. Earlier than that a run counts only if it is nearer
    to it than to the planned run before, and at a time of day at which the mail was seen to run before: any other
    is a manual run.
    """
    planned = _planned_times(rhythm, due_at - 2 * DAY, due_at + rhythm.tolerance)
    if not planned:
        return start >= due_at - _COUNTS_BEFORE
    own = planned[-1]
    before = planned[-2] if len(planned) > 1 else own - DAY
    if start >= own - _EARLY:
        return True
    slot = rhythm.nearest_slot(rhythm.local.split(start)[1])
    return start >= (before + own) / 2 and slot is not None and len(slot.starts) > 1


def _planned_times(rhythm: Rhythm, begin: float, until: float) -> list[float]:
    """When runs were planned from `begin` to `until`, in order, by slots that were not replaced by another time."""
    first, last = rhythm.local.split(begin)[0], rhythm.local.split(until)[0]
    return sorted(
        at
        for slot in rhythm.slots
        if len(slot.starts) >= ESTABLISHED and not _is_replaced(slot, rhythm.slots)
        for day in range(first, last + 1)
        if begin <= (at := rhythm.local.instant(day, slot.centre)) <= until
        and rhythm.plan(slot, begin).planned(day) >= _LIKELY
    )


def _is_replaced(slot: Slot, slots: Iterable[Slot]) -> bool:
    """Did the mail get a new time nearby since the slot's latest start?"""
    return any(
        len(other.starts) > 1
        and other.starts[0] > slot.starts[-1]
        and abs(other.centre - slot.centre) < DAY / 4
        for other in slots
    )


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
