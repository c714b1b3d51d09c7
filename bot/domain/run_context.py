"""Pure: what was known of a mail before a look at it, and so whether a run that the look shows can be news."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain import Incident, KnownRun, TaskRun

REPEATED = {
    timedelta(hours=1),
    timedelta(minutes=30),
}  # what clocks show twice; the half hour on Lord Howe Island
STUCK_AFTER = timedelta(minutes=15)  # reports time out after 11 minutes at most


@dataclass(frozen=True, kw_only=True, slots=True)
class RunContext:
    """What was known of the mail before this run was seen.

    `incident` is the one that is firing, `counted` the one (perhaps over) in which this run counts as a
    failure, `past` this run as it was, `newest_over` the newest finished run but this one.

    `watched_since` is when somebody subscribed, by our clock; `baseline_at` when the newest run began that
    was there by then, by Quick BI's. `is_first_look`: nobody could look when they subscribed.

    `is_latest`: Quick BI named this run when it was asked for the latest one, and no later run is known. That
    decides the order of runs; their times are wall-clock text, which repeats an hour each year and can be wrong.
    """

    incident: Incident | None = None
    counted: Incident | None = None
    past: KnownRun | None = None
    newest_over: TaskRun | None = None
    last_sent_at: datetime | None = None
    watched_since: datetime | None = None
    baseline_at: datetime | None = None
    is_first_look: bool = False
    is_latest: bool = False


def with_known_begin(run: TaskRun, situation: RunContext) -> TaskRun:
    """A time that the clocks show twice keeps the reading that it had when the run was first seen."""
    known = situation.past.run.exec_at if situation.past else None
    if known is None or run.exec_at is None or run.exec_at - known not in REPEATED:
        return run
    return replace(run, exec_at=known)


def is_older_than_the_watch(run: TaskRun, situation: RunContext) -> bool:
    """Had this run come to its end before anyone subscribed? Then it is no news, whoever asks about it now.

    Quick BI's times are compared with each other where that can be: its clock and ours may disagree, even
    by hours where its time zone is set wrongly. By our clock only a run is old that a newer one has overtaken,
    or that the first look finds; and only if it began so long before that it can hardly have gone on.
    """
    began, past = run.exec_at, situation.past
    if past is not None and (past.run.is_over or not past.is_baseline):
        return False
    if situation.is_latest and not situation.is_first_look:
        return False
    if began is None:
        return past is None and situation.is_first_look
    if past is None and situation.baseline_at is not None and began < situation.baseline_at:
        return True
    if situation.watched_since is None or began >= situation.watched_since - STUCK_AFTER:
        return False
    newer = [situation.baseline_at, situation.newest_over.exec_at if situation.newest_over else None]
    return situation.is_first_look or any(at is not None and at > began for at in newer)
