"""What a look at a mail means: one row for every outcome, and what must hold whatever Quick BI answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import (
    AccessForbidden,
    CredentialsProblem,
    CredentialsRejected,
    Incident,
    IncidentId,
    IncidentKind,
    IncidentState,
    KnownRun,
    MailMisconfigured,
    MailNotFound,
    MissingAccess,
    NotifyReason,
    QuickBIUnavailable,
    RunStatus,
    TaskRun,
    Throttled,
)
from bot.domain.incident_rules import (
    Decision,
    judge,
    judge_denied,
    judge_late,
    judge_readable,
)
from bot.domain.run_context import RunContext
from tests.support.sample_values import MAIL, at, run

NEW = IncidentId("new")
SENT, FAILED, RUNNING = RunStatus.SENT, RunStatus.FAILED, RunStatus.PROCESSING


def known(task: int, status: RunStatus, **more: Any) -> KnownRun:
    first_seen_at = more.pop("first_seen_at", at(task))
    return KnownRun(
        run=run(task, status), first_seen_at=first_seen_at, is_baseline=more.pop("is_baseline", False), **more
    )


def incident(**more: Any) -> Incident:
    """One failed run, number 2, still firing."""
    values: dict[str, Any] = {
        "incident_id": IncidentId("old"),
        "mail_id": MAIL,
        "kind": IncidentKind.FAILED,
        "state": IncidentState.FIRING,
        "opened_at": at(2),
        "began_at": at(2),
        "failed_runs": 1,
        "last_run_key": "2",
        "last_exec_at": at(2),
    }
    return Incident(**{**values, **more})


def seen(this: TaskRun, situation: RunContext, *, minutes: float = 5) -> Decision:
    return judge(this, situation, now=at(minutes), new_id=NEW, request_id="R-9")


STUCK = incident(kind=IncidentKind.STUCK, failed_runs=0)
LATE = incident(kind=IncidentKind.LATE, failed_runs=0, last_run_key="", expected_at=at(3), missed_runs=1)
NOTHING_NEW = frozenset(
    {
        NotifyReason.AS_BEFORE,
        NotifyReason.BASELINE,
        NotifyReason.OLDER_RUN,
        NotifyReason.RUNNING,
        NotifyReason.SENT,
        NotifyReason.UNCONFIRMED,
        NotifyReason.UNKNOWN_WORD,
    }
)
OVER = incident(state=IncidentState.RECOVERED, closed_at=at(4))


@pytest.mark.parametrize(
    ("this", "situation", "reason"),
    [
        pytest.param(run(2, FAILED), RunContext(), NotifyReason.FIRST_FAILURE, id="fails"),
        pytest.param(
            run(2, FAILED),
            RunContext(past=known(2, RUNNING)),
            NotifyReason.FIRST_FAILURE,
            id="ran-then-failed",
        ),
        pytest.param(
            run(2, FAILED),
            RunContext(is_first_look=True, watched_since=at(60)),
            NotifyReason.BASELINE,
            id="failed-before-anyone-asked",
        ),
        pytest.param(
            run(2, FAILED),
            RunContext(is_first_look=True, watched_since=at(1)),
            NotifyReason.FIRST_FAILURE,
            id="failed-before-the-first-look-but-not-before-anyone-asked",
        ),
        pytest.param(
            run(2, FAILED),
            RunContext(baseline_at=at(3), incident=incident()),
            NotifyReason.BASELINE,
            id="an-old-task-that-somebody-asked-about",
        ),
        pytest.param(
            run(2, FAILED),
            RunContext(watched_since=at(60), newest_over=run(90, SENT)),
            NotifyReason.BASELINE,
            id="an-old-task-of-a-mail-that-had-not-run",
        ),
        pytest.param(
            run(2, FAILED),
            RunContext(is_first_look=True, past=known(2, RUNNING, is_baseline=True)),
            NotifyReason.FIRST_FAILURE,
            id="was-running-when-subscribed",
        ),
        pytest.param(
            run(2, FAILED),
            RunContext(past=known(2, FAILED), incident=incident()),
            NotifyReason.AS_BEFORE,
            id="same-failure-again",
        ),
        pytest.param(
            run(3, FAILED), RunContext(incident=incident()), NotifyReason.STILL_FAILING, id="fails-again"
        ),
        pytest.param(
            run(1, FAILED),
            RunContext(past=known(1, RUNNING), newest_over=run(2, SENT)),
            NotifyReason.OVERTAKEN_FAILURE,
            id="failed-behind-a-newer-that-was-sent",
        ),
        pytest.param(
            run(1, FAILED),
            RunContext(past=known(1, RUNNING), incident=incident()),
            NotifyReason.STILL_FAILING,
            id="failed-behind-a-newer-that-failed",
        ),
        pytest.param(
            run(2, FAILED), RunContext(past=known(2, SENT)), NotifyReason.FIRST_FAILURE, id="sent-was-wrong"
        ),
        pytest.param(run(2, SENT), RunContext(), NotifyReason.SENT, id="sent"),
        pytest.param(
            run(2, SENT), RunContext(past=known(2, SENT)), NotifyReason.AS_BEFORE, id="sent-as-before"
        ),
        pytest.param(run(3, SENT), RunContext(incident=incident()), NotifyReason.RECOVERED, id="recovers"),
        pytest.param(
            run(1, SENT),
            RunContext(incident=incident(), past=known(1, RUNNING)),
            NotifyReason.OLDER_RUN,
            id="an-overtaken-run-was-sent",
        ),
        pytest.param(
            run(2, SENT),
            RunContext(incident=incident(), counted=incident(), past=known(2, FAILED)),
            NotifyReason.CORRECTED,
            id="failed-was-wrong",
        ),
        pytest.param(
            run(2, SENT),
            RunContext(counted=OVER, past=known(2, FAILED)),
            NotifyReason.RECOUNTED,
            id="failed-was-wrong-and-it-is-over",
        ),
        pytest.param(
            run(1, SENT),
            RunContext(
                incident=incident(failed_runs=2), counted=incident(failed_runs=2), past=known(1, FAILED)
            ),
            NotifyReason.RECOUNTED,
            id="one-of-two-failures-was-none",
        ),
        pytest.param(
            run(2, SENT),
            RunContext(
                incident=incident(failed_runs=2), counted=incident(failed_runs=2), past=known(2, FAILED)
            ),
            NotifyReason.RECOVERED,
            id="the-newest-of-two-failures-was-none",
        ),
        pytest.param(run(4, RUNNING), RunContext(), NotifyReason.RUNNING, id="runs"),
        pytest.param(
            run(4, RUNNING), RunContext(incident=incident()), NotifyReason.RUNNING, id="tries-again"
        ),
        pytest.param(
            run(4, RUNNING), RunContext(incident=LATE), NotifyReason.STARTED, id="the-late-one-starts"
        ),
        pytest.param(
            run(2, RUNNING), RunContext(past=known(2, FAILED)), NotifyReason.AS_BEFORE, id="never-back"
        ),
        pytest.param(
            run(4, SENT), RunContext(incident=LATE), NotifyReason.RECOVERED, id="the-late-one-is-sent"
        ),
        pytest.param(
            run(4, FAILED), RunContext(incident=LATE), NotifyReason.FIRST_FAILURE, id="late-and-failed"
        ),
        pytest.param(run(2, SENT), RunContext(incident=STUCK), NotifyReason.RECOVERED, id="stuck-then-sent"),
        pytest.param(
            run(2, FAILED), RunContext(incident=STUCK), NotifyReason.FIRST_FAILURE, id="stuck-then-failed"
        ),
        pytest.param(run(2, RunStatus.UNKNOWN), RunContext(), NotifyReason.UNKNOWN_WORD, id="a-new-word"),
    ],
)
def test_every_outcome_has_a_name(this: TaskRun, situation: RunContext, reason: NotifyReason) -> None:
    """Alertmanager's lesson: never a bare yes or no. Where nothing has happened the incident is as it was."""
    decision = seen(this, situation)
    assert decision.reason is reason
    if reason in NOTHING_NEW:
        assert (decision.incident, decision.counts) == (situation.incident, False)


@pytest.mark.parametrize(
    ("situation", "minutes", "reason"),
    [
        pytest.param(RunContext(), 15, NotifyReason.RUNNING, id="not-yet"),
        pytest.param(RunContext(), 17, NotifyReason.STUCK, id="stuck"),
        pytest.param(
            RunContext(incident=incident(last_exec_at=at(0))), 17, NotifyReason.STUCK, id="after-failing"
        ),
        pytest.param(RunContext(incident=STUCK), 40, NotifyReason.AS_BEFORE, id="told-once"),
        pytest.param(
            RunContext(is_first_look=True, watched_since=at(30)),
            40,
            NotifyReason.BASELINE,
            id="stuck-before-anyone-asked",
        ),
        pytest.param(
            RunContext(past=known(2, RUNNING, is_baseline=True), watched_since=at(30)),
            40,
            NotifyReason.AS_BEFORE,
            id="the-confirmation-said-it",
        ),
        pytest.param(
            RunContext(past=known(2, RUNNING), newest_over=run(3, SENT)),
            40,
            NotifyReason.OLDER_RUN,
            id="overtaken",
        ),
    ],
)
def test_processing_beyond_the_limit_is_stuck(
    situation: RunContext, minutes: float, reason: NotifyReason
) -> None:
    decision = seen(run(2, RUNNING), situation, minutes=minutes)
    assert decision.reason is reason
    if reason in NOTHING_NEW:
        assert decision.incident == situation.incident


def test_a_failure_is_counted_with_its_run_and_what_was_good_before() -> None:
    verdict = seen(run(2, FAILED), RunContext(last_sent_at=at(-60)))
    assert verdict.counts
    assert verdict.incident is not None
    assert verdict.incident.incident_id == NEW
    assert (verdict.incident.began_at, verdict.incident.last_sent_at) == (at(2), at(-60))
    assert (verdict.incident.last_task_id, verdict.incident.request_id) == (2, "R-9")


def test_an_older_failure_counts_but_the_newest_stays_named() -> None:
    verdict = seen(run(1, FAILED), RunContext(past=known(1, RUNNING), incident=incident()))
    assert verdict.incident is not None
    assert (verdict.incident.failed_runs, verdict.incident.last_run_key) == (2, "2")


def test_a_recovery_says_when_it_was_sent_and_closes() -> None:
    verdict = seen(run(3, SENT), RunContext(incident=incident()))
    assert verdict.incident is not None
    assert verdict.incident.state is IncidentState.RECOVERED
    assert (verdict.incident.good_exec_at, verdict.incident.closed_at) == (at(3), at(5))
    assert verdict.incident.version == 2


def late(was: Incident | None, *, expected: float, minutes: float) -> Decision:
    return judge_late(
        was,
        mail_id=MAIL,
        expected_at=at(expected),
        newest=run(-60, SENT),
        last_sent_at=at(-60),
        now=at(minutes),
        new_id=NEW,
    )


def test_a_run_that_did_not_start_is_late_once() -> None:
    first = late(None, expected=0, minutes=15)
    assert first.reason is NotifyReason.LATE
    again = late(first.incident, expected=0, minutes=20)
    assert again.reason is NotifyReason.AS_BEFORE
    nearly = late(first.incident, expected=30, minutes=50)
    assert nearly.reason is NotifyReason.AS_BEFORE
    next_day = late(first.incident, expected=24 * 60, minutes=24 * 60 + 15)
    assert next_day.reason is NotifyReason.LATE
    assert next_day.incident is not None
    assert next_day.incident.missed_runs == 2


def denied(was: Incident | None, *, first: float | None, minutes: float) -> Decision:
    return judge_denied(
        was,
        mail_id=MAIL,
        denied_at=None if first is None else at(first),
        last_sent_at=None,
        now=at(minutes),
        new_id=NEW,
        cause="MailNotFound",
    )


def test_a_mail_that_cannot_be_seen_is_told_when_a_second_look_says_so() -> None:
    assert denied(None, first=None, minutes=0).reason is NotifyReason.UNCONFIRMED
    assert denied(None, first=0, minutes=0.1).reason is NotifyReason.UNCONFIRMED
    lost = denied(None, first=0, minutes=1)
    assert lost.reason is NotifyReason.ACCESS_LOST
    assert denied(lost.incident, first=0, minutes=2).reason is NotifyReason.AS_BEFORE
    back = judge_readable(lost.incident, now=at(3))
    assert back.reason is NotifyReason.ACCESS_BACK
    assert back.incident is not None
    assert back.incident.state is IncidentState.RECOVERED


def test_what_failed_before_the_access_was_lost_fails_on_behind_it() -> None:
    lost = denied(incident(), first=3, minutes=4)
    back = judge_readable(lost.incident, now=at(6))
    assert back.incident is not None
    assert (back.incident.kind, back.incident.state) == (IncidentKind.FAILED, IncidentState.FIRING)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(MailNotFound(), True, id="deleted"),
        pytest.param(MailMisconfigured(), True, id="subject"),
        pytest.param(AccessForbidden(missing=MissingAccess.MAIL), True, id="not-shared"),
        pytest.param(AccessForbidden(missing=MissingAccess.RAM_ACTION), False, id="ram"),
        pytest.param(AccessForbidden(missing=MissingAccess.API_USER), False, id="no-api-user"),
        pytest.param(AccessForbidden(missing=MissingAccess.ORGANISATION), False, id="organisation"),
        pytest.param(CredentialsRejected(problem=CredentialsProblem.KEY_UNKNOWN), False, id="key"),
        pytest.param(Throttled(), False, id="throttled"),
        pytest.param(QuickBIUnavailable(outcome_unknown=True), False, id="down"),
    ],
)
def test_quick_bi_as_a_whole_is_never_taken_for_one_mail(error: Any, *, expected: bool) -> None:
    """Two failure domains: an outage must not become a thousand lost mails."""
    assert error.is_about_the_mail is expected


@given(st.lists(st.sampled_from(["late", "denied", "readable", "sent", "failed"]), max_size=20))
def test_a_mail_has_at_most_one_incident_and_its_end_is_final(events: list[str]) -> None:
    """Whatever happens, a closed incident stays closed, and an open one keeps its name."""
    firing: Incident | None = None
    for number, event in enumerate(events):
        moment = number * 10.0
        if event == "late":
            verdict = late(firing, expected=moment - 1, minutes=moment)
        elif event == "denied":
            verdict = denied(firing, first=moment - 1, minutes=moment)
        elif event == "readable":
            verdict = judge_readable(firing, now=at(moment))
        else:
            status = SENT if event == "sent" else FAILED
            verdict = seen(
                run(100 + number, status, minutes=moment), RunContext(incident=firing), minutes=moment
            )
        if firing is not None and verdict.incident is not None:
            assert verdict.incident.incident_id == firing.incident_id
        firing = verdict.incident if verdict.incident and verdict.incident.is_firing else None


def test_the_limit_for_stuck_can_be_set() -> None:
    verdict = judge(run(2, RUNNING), RunContext(), now=at(5), new_id=NEW, stuck_after=timedelta(minutes=2))
    assert verdict.reason is NotifyReason.STUCK
    assert verdict.incident == replace(
        STUCK, incident_id=NEW, opened_at=at(5), last_task_id=run(2, RUNNING).task_id
    )
