"""Are skipped runs told, in time, and nothing else? Judged over a generated workload, which knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.benchmarks.simulation import Outcome
    from tests.benchmarks.workloads import SkippedRun, Workload

EVERY_ONE_TOLD = ("daily", "weekdays")
IN_TIME = 300.0  # seconds after the grace
SAME_RUN = 1_800.0  # a notice names its run's expected time no further off than this


@dataclass(frozen=True, kw_only=True, slots=True)
class LateReport:
    """`skipped` counts daily and weekday mails after the warm-up; `false_alarms` are of all mails.

    `notices_of_changes` tell that a run did not begin at its usual time, whose plan had been changed.
    """

    skipped: int
    told_in_time: int
    told_too_late: int
    not_told: int
    slowest_after_grace_s: float
    runs: int
    notices: int
    notices_of_changes: int
    false_alarms: int
    false_alarms_per_1000_runs: float


def judge_late_notices(workload: Workload, outcome: Outcome, warm_at: float) -> LateReport:
    skipped, moved = _by_mail(workload.skipped), _by_mail(workload.moved)
    told: dict[tuple[str, float], float] = {}
    notices = changes = false_alarms = 0
    for t, late in outcome.late:
        expected = late.expected_at.timestamp()
        if not warm_at <= expected < workload.planned_until:
            continue
        notices += 1
        run = _skipped_near(skipped.get(late.mail_id, []), expected)
        if run is None:
            changed = _skipped_near(moved.get(late.mail_id, []), expected) is not None
            changes += changed
            false_alarms += not changed
        else:
            told[run.mail_id, run.expected] = t - expected - late.grace.total_seconds()
    wanted = [one for one in workload.skipped if one.cadence in EVERY_ONE_TOLD and one.expected >= warm_at]
    waits = [told[one.mail_id, one.expected] for one in wanted if (one.mail_id, one.expected) in told]
    runs = sum(run.end >= warm_at for run in workload.runs)
    return LateReport(
        skipped=len(wanted),
        told_in_time=sum(wait <= IN_TIME for wait in waits),
        told_too_late=sum(wait > IN_TIME for wait in waits),
        not_told=len(wanted) - len(waits),
        slowest_after_grace_s=round(max(waits, default=0.0), 1),
        runs=runs,
        notices=notices,
        notices_of_changes=changes,
        false_alarms=false_alarms,
        false_alarms_per_1000_runs=round(1000 * false_alarms / max(1, runs), 3),
    )


def _by_mail(runs: list[SkippedRun]) -> dict[str, list[SkippedRun]]:
    by_mail: dict[str, list[SkippedRun]] = {}
    for run in runs:
        by_mail.setdefault(run.mail_id, []).append(run)
    return by_mail


def _skipped_near(skipped: list[SkippedRun], expected: float) -> SkippedRun | None:
    near = [one for one in skipped if abs(one.expected - expected) <= SAME_RUN]
    return min(near, key=lambda one: abs(one.expected - expected), default=None)
