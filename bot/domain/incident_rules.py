"""Pure: what a look at a mail means for the people who wait for it. Every outcome has a name.

A mail has at most one incident that is firing. Whatever goes wrong while it fires becomes part of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.domain import (
    DueTime,
    Incident,
    IncidentId,
    IncidentKind,
    IncidentState,
    MailId,
    NotifyReason,
    RunStatus,
    TaskRun,
)
from bot.domain.run_context import STUCK_AFTER, RunContext, is_older_than_the_watch

SAME_MISS = timedelta(hours=6)  # two due times this close are about one run, or about one silence
CONFIRM_AFTER = timedelta(seconds=20)  # a refusal is believed if a look this much later says the same


@dataclass(frozen=True, kw_only=True, slots=True)
class MissedRun:
    """A run that was expected at `expected_at` and did not start within its grace.

    By a channel's word, or (`declared` is None) by the mail's own rhythm.
    """

    expected_at: datetime
    declared: DueTime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """`incident` is what it is from now on, None where there is none. `counts`: the run is one of its failures."""

    reason: NotifyReason
    incident: Incident | None = None
    counts: bool = False


def judge(
    run: TaskRun,
    situation: RunContext,
    *,
    now: datetime,
    new_id: IncidentId,
    stuck_after: timedelta = STUCK_AFTER,
    request_id: str = "",
) -> Decision:
    """What this run, as just seen, means. `new_id` is for an incident that it opens."""
    past = situation.past
    if past is not None and past.run.is_over and not run.is_over:
        # An answer that another has overtaken.
        return Decision(reason=NotifyReason.AS_BEFORE, incident=situation.incident)
    match run.status:
        case RunStatus.FAILED:
            return _failed(run, situation, now=now, new_id=new_id, request_id=request_id)
        case RunStatus.SENT:
            return _sent(run, situation, now=now)
        case RunStatus.PROCESSING:
            return _running(run, situation, now=now, new_id=new_id, stuck_after=stuck_after)
        case RunStatus.UNKNOWN:  # pragma: no branch (mypy sees that these are all)
            return Decision(reason=NotifyReason.UNKNOWN_WORD, incident=situation.incident)


def _failed(
    run: TaskRun, situation: RunContext, *, now: datetime, new_id: IncidentId, request_id: str
) -> Decision:
    past, incident = situation.past, situation.incident
    if past is not None and past.run.status is RunStatus.FAILED:
        return Decision(reason=NotifyReason.AS_BEFORE, incident=incident)
    if is_older_than_the_watch(run, situation):
        return Decision(reason=NotifyReason.BASELINE, incident=incident)
    if incident is not None:
        reason = NotifyReason.STILL_FAILING if incident.failed_runs else NotifyReason.FIRST_FAILURE
        failing = _with_bad_run(incident, run, now, is_latest=situation.is_latest)
        counted = _changed(
            failing,
            kind=IncidentKind.FAILED,
            failed_runs=incident.failed_runs + 1,
            request_id=request_id or incident.request_id,
        )
        return Decision(reason=reason, incident=counted, counts=True)
    opened = Incident(
        incident_id=new_id,
        mail_id=run.mail_id,
        kind=IncidentKind.FAILED,
        state=IncidentState.FIRING,
        opened_at=now,
        began_at=_began(run, now),
        failed_runs=1,
        last_run_key=run.key,
        last_task_id=run.task_id,
        last_exec_at=_began(run, now),
        last_sent_at=situation.last_sent_at,
        request_id=request_id,
    )
    newer = situation.newest_over
    is_overtaken = newer is not None and not situation.is_latest and _began(newer, now) > _began(run, now)
    if newer is not None and is_overtaken and newer.status is RunStatus.SENT:
        over = replace(opened, state=IncidentState.RECOVERED, closed_at=now, good_exec_at=newer.exec_at)
        return Decision(reason=NotifyReason.OVERTAKEN_FAILURE, incident=over, counts=True)
    return Decision(reason=NotifyReason.FIRST_FAILURE, incident=opened, counts=True)


def _sent(run: TaskRun, situation: RunContext, *, now: datetime) -> Decision:
    past, incident = situation.past, situation.incident
    if past is not None and past.run.status is RunStatus.SENT:
        return Decision(reason=NotifyReason.AS_BEFORE, incident=incident)
    if situation.counted is not None:
        return _no_failure_after_all(run, situation.counted, now=now)
    if incident is None:
        return Decision(reason=NotifyReason.SENT)
    if not (situation.is_latest or _is_newer(run, incident, now)):
        return Decision(reason=NotifyReason.OLDER_RUN, incident=incident)
    return Decision(reason=NotifyReason.RECOVERED, incident=_recovered(incident, run, now))


def _no_failure_after_all(run: TaskRun, counted: Incident, *, now: datetime) -> Decision:
    """Quick BI had called this run FAILED, and it counts in an incident that may be over by now."""
    others = max(0, counted.failed_runs - 1)
    recounted = replace(counted, failed_runs=others)
    if not counted.is_firing:
        state = counted.state if others else IncidentState.CORRECTED
        return Decision(reason=NotifyReason.RECOUNTED, incident=_changed(recounted, state=state))
    if others and run.key == counted.last_run_key:
        return Decision(reason=NotifyReason.RECOVERED, incident=_recovered(recounted, run, now))
    if others or counted.kind is not IncidentKind.FAILED:
        return Decision(reason=NotifyReason.RECOUNTED, incident=_changed(recounted))
    corrected = _changed(
        recounted, state=IncidentState.CORRECTED, closed_at=now, good_exec_at=_began(run, now)
    )
    return Decision(reason=NotifyReason.CORRECTED, incident=corrected)


def _running(
    run: TaskRun, situation: RunContext, *, now: datetime, new_id: IncidentId, stuck_after: timedelta
) -> Decision:
    incident, past = situation.incident, situation.past
    began = _began(run, now)
    if now - began < stuck_after:
        is_late_one = incident is not None and incident.kind is IncidentKind.LATE and not incident.started_at
        if incident is not None and is_late_one and (situation.is_latest or _is_newer(run, incident, now)):
            return Decision(reason=NotifyReason.STARTED, incident=_changed(incident, started_at=began))
        return Decision(reason=NotifyReason.RUNNING, incident=incident)
    if past is None and is_older_than_the_watch(run, situation):
        return Decision(reason=NotifyReason.BASELINE, incident=incident)
    since = situation.watched_since
    was_so = past is not None and past.is_baseline and since is not None and since - began >= stuck_after
    if was_so or (incident and incident.kind is IncidentKind.STUCK and incident.last_run_key == run.key):
        return Decision(reason=NotifyReason.AS_BEFORE, incident=incident)
    newer = situation.newest_over
    if newer is not None and not situation.is_latest and _began(newer, now) > began:
        return Decision(reason=NotifyReason.OLDER_RUN, incident=incident)
    if incident is None:
        incident = Incident(
            incident_id=new_id,
            mail_id=run.mail_id,
            kind=IncidentKind.STUCK,
            state=IncidentState.FIRING,
            opened_at=now,
            began_at=began,
            last_sent_at=situation.last_sent_at,
            version=0,
        )
    stuck = _changed(
        _with_bad_run(incident, run, now, is_latest=situation.is_latest), kind=IncidentKind.STUCK
    )
    return Decision(reason=NotifyReason.STUCK, incident=stuck)


def judge_late(
    incident: Incident | None,
    *,
    mail_id: MailId,
    expected_at: datetime,
    newest: TaskRun | None,
    last_sent_at: datetime | None,
    now: datetime,
    new_id: IncidentId,
) -> Decision:
    """A run that was expected at `expected_at` did not start within its grace. `newest` is the last one known."""
    if incident is None:
        opened = Incident(
            incident_id=new_id,
            mail_id=mail_id,
            kind=IncidentKind.LATE,
            state=IncidentState.FIRING,
            opened_at=now,
            began_at=expected_at,
            expected_at=expected_at,
            missed_runs=1,
            last_exec_at=newest.exec_at if newest else None,
            last_sent_at=last_sent_at,
        )
        return Decision(reason=NotifyReason.LATE, incident=opened)
    if incident.expected_at is not None and expected_at < incident.expected_at + SAME_MISS:
        return Decision(reason=NotifyReason.AS_BEFORE, incident=incident)
    again = _changed(incident, expected_at=expected_at, missed_runs=incident.missed_runs + 1, started_at=None)
    return Decision(reason=NotifyReason.LATE, incident=again)


def judge_denied(
    incident: Incident | None,
    *,
    mail_id: MailId,
    denied_at: datetime | None,
    last_sent_at: datetime | None,
    now: datetime,
    new_id: IncidentId,
    cause: str = "",
) -> Decision:
    """Quick BI refuses to tell about this mail. `denied_at` is when it first did."""
    if incident is not None and incident.kind is IncidentKind.ACCESS_LOST:
        return Decision(reason=NotifyReason.AS_BEFORE, incident=incident)
    if denied_at is None or now - denied_at < CONFIRM_AFTER:
        return Decision(reason=NotifyReason.UNCONFIRMED, incident=incident)
    if incident is None:
        incident = Incident(
            incident_id=new_id,
            mail_id=mail_id,
            kind=IncidentKind.ACCESS_LOST,
            state=IncidentState.FIRING,
            opened_at=now,
            began_at=denied_at,
            last_sent_at=last_sent_at,
            version=0,
        )
    lost = _changed(incident, kind=IncidentKind.ACCESS_LOST, cause=cause)
    return Decision(reason=NotifyReason.ACCESS_LOST, incident=lost)


def judge_readable(incident: Incident | None, *, now: datetime) -> Decision:
    """Quick BI answers about this mail: an access that was lost is back. What failed before still counts."""
    if incident is None or incident.kind is not IncidentKind.ACCESS_LOST:
        return Decision(reason=NotifyReason.AS_BEFORE, incident=incident)
    if incident.failed_runs:
        back = _changed(incident, kind=IncidentKind.FAILED)
    else:
        back = _changed(incident, state=IncidentState.RECOVERED, closed_at=now)
    return Decision(reason=NotifyReason.ACCESS_BACK, incident=back)


def _changed(incident: Incident, **changes: Any) -> Incident:
    return replace(incident, version=incident.version + 1, **changes)


def _recovered(incident: Incident, run: TaskRun, now: datetime) -> Incident:
    return _changed(incident, state=IncidentState.RECOVERED, closed_at=now, good_exec_at=_began(run, now))


def _with_bad_run(incident: Incident, run: TaskRun, now: datetime, *, is_latest: bool) -> Incident:
    """An overtaken run may fail after a newer one: the newest bad run is the one that is named."""
    if not (is_latest or _is_newer(run, incident, now)):
        return incident
    return replace(incident, last_run_key=run.key, last_task_id=run.task_id, last_exec_at=_began(run, now))


def _is_newer(run: TaskRun, incident: Incident, now: datetime) -> bool:
    """Did this run start after the incident's newest bad one, or is it that very one?

    Quick BI tells whole seconds: of two runs in one second, the one that is seen later counts as the later.
    """
    if run.key == incident.last_run_key or incident.last_exec_at is None:
        return True
    return _began(run, now) >= incident.last_exec_at


def _began(run: TaskRun, now: datetime) -> datetime:
    return run.exec_at or now
