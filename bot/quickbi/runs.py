"""Reads the runs in a `GetMailTaskStatus` result, and leaves out what it would have to guess."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain import MailRef, RunStatus, TaskId, TaskRun
from bot.quickbi.fields import text, whole_number

EXEC_TIME_FORMAT = "%Y-%m-%d %H:%M:%S"
CLOCKS_DIFFER = timedelta(minutes=2)  # Quick BI's and ours
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
# Of two entries about one run the later status counts, and FAILED before all.
_WEIGHT = {RunStatus.UNKNOWN: 0, RunStatus.PROCESSING: 1, RunStatus.SENT: 2, RunStatus.FAILED: 3}


def read_runs(result: object, *, asked: MailRef, zone: ZoneInfo, now: datetime) -> tuple[TaskRun, ...] | None:
    """The runs of the mail that was asked about, newest first.

    None where there are entries but none is a readable run of this mail: that must not pass for "never ran".
    Unreadable entries beside a readable one are left out.
    """
    if result is None:
        return ()
    if not isinstance(result, list):
        return None
    runs = [run for entry in result if (run := _run(entry, asked=asked, zone=zone, now=now))]
    return _newest_first(_once_each(runs)) if runs or not result else None


def _run(entry: object, *, asked: MailRef, zone: ZoneInfo, now: datetime) -> TaskRun | None:
    """None if the entry is another mail's or has no status."""
    if not isinstance(entry, dict):
        return None
    word = text(entry.get("status")).strip()
    about = text(entry.get("mailId")).strip() or asked.mail_id
    if not word or about.lower() != asked.mail_id.lower():
        return None
    # Quick BI's own sample has taskId 0.
    task_id = whole_number(entry.get("taskId")) or asked.task_id
    if asked.task_id is not None and task_id != asked.task_id:
        return None
    return TaskRun(
        mail_id=asked.mail_id,
        task_id=TaskId(task_id) if task_id else None,
        exec_at=_instant(text(entry.get("execTime")), zone=zone, latest=now if task_id else None),
        status=_status(word),
        status_word=word,
    )


def _status(word: str) -> RunStatus:
    try:
        return RunStatus(word.upper())
    except ValueError:
        return RunStatus.UNKNOWN


def _instant(local_time: str, *, zone: ZoneInfo, latest: datetime | None) -> datetime | None:
    """None where it cannot be read: a failure must not be lost over its time.

    A time that the clocks show twice is the later of the two if that is not after `latest`; a run without a task
    ID is known by its time, which must not change, and is always the first. A time that the clocks skip is read
    with the offset before the gap. In UTC, because Python subtracts two times of one zone by their wall clocks.
    """
    try:
        shown = datetime.strptime(local_time.strip(), EXEC_TIME_FORMAT).replace(tzinfo=zone)
        first, second = (shown.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    except (ValueError, OverflowError):
        return None
    return second if latest and first < second <= latest + CLOCKS_DIFFER else first


def _once_each(runs: Iterable[TaskRun]) -> list[TaskRun]:
    """One entry for each run; all of those that have neither task ID nor time."""
    kept: dict[object, TaskRun] = {}
    for run in runs:
        key = run.key if run.task_id or run.exec_at else run
        if key not in kept or _WEIGHT[run.status] > _WEIGHT[kept[key].status]:
            kept[key] = run
    return list(kept.values())


def _newest_first(runs: list[TaskRun]) -> tuple[TaskRun, ...]:
    """By time, then task ID; runs without a readable time come last, in the order of the answer."""
    return tuple(sorted(runs, key=lambda run: (run.exec_at or _LONG_AGO, run.task_id or 0), reverse=True))
