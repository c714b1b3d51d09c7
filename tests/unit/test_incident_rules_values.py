"""What stands in an incident after each outcome, to the last field: messages and later decisions rest on it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.domain import (
    Incident,
    IncidentId,
    IncidentKind,
    IncidentState,
    KnownRun,
    NotifyReason,
    RunStatus,
    TaskRun,
)
from bot.domain.incident_rules import judge, judge_denied, judge_late, judge_readable
from bot.domain.run_context import RunContext
from tests.support.sample_values import MAIL, at, run

SENT, FAILED, RUNNING = RunStatus.SENT, RunStatus.FAILED, RunStatus.PROCESSING
NEW = IncidentId("new")
NOW = at(40)
UNTIMED = replace(run(2, FAILED), exec_at=None)


def opened(kind: IncidentKind, **more: Any) -> Incident:
    """Run 2 went wrong, and the mail was sent an hour before."""
    values: dict[str, Any] = {
        "incident_id": NEW,
        "mail_id": MAIL,
        "kind": kind,
        "state": IncidentState.FIRING,
        "opened_at": NOW,
        "began_at": at(2),
        "last_sent_at": at(-60),
    }
    return Incident(**{**values, **more})


FAILING = opened(
    IncidentKind.FAILED, failed_runs=1, last_run_key="2", last_task_id=2, last_exec_at=at(2), request_id="R-9"
)
HUNG = opened(IncidentKind.STUCK, last_run_key="2", last_task_id=2, last_exec_at=at(2))
LATE = opened(IncidentKind.LATE, began_at=at(0), expected_at=at(0), missed_runs=1, last_exec_at=at(-60))
LOST = opened(IncidentKind.ACCESS_LOST, cause="MailNotFound")
TWICE = replace(FAILING, failed_runs=2)


def after(this: TaskRun, **situation: Any) -> Incident | None:
    told = RunContext(**{"last_sent_at": at(-60), **situation})
    return judge(this, told, now=NOW, new_id=NEW, request_id="R-9").incident


def known(task: int, status: RunStatus) -> KnownRun:
    return KnownRun(run=run(task, status), first_seen_at=at(task), is_baseline=False)


def changed(was: Incident, **changes: Any) -> Incident:
    return replace(was, version=was.version + 1, **changes)


BEHIND = {"past": known(2, RUNNING), "newest_over": run(3, SENT)}
CORRECTED = changed(FAILING, state=IncidentState.CORRECTED, failed_runs=0, closed_at=NOW, good_exec_at=at(2))
OVER = changed(FAILING, state=IncidentState.RECOVERED, closed_at=at(30), good_exec_at=at(30))


@pytest.mark.parametrize(
    ("this", "situation", "expected"),
    [
        pytest.param(run(2, FAILED), {}, FAILING, id="fails"),
        pytest.param(
            UNTIMED,
            {},
            replace(FAILING, began_at=NOW, last_run_key="2", last_exec_at=NOW),
            id="fails, and nobody knows when it began",
        ),
        pytest.param(
            run(2, FAILED),
            BEHIND,
            replace(FAILING, state=IncidentState.RECOVERED, closed_at=NOW, good_exec_at=at(3)),
            id="fails behind one that was sent",
        ),
        pytest.param(
            run(2, FAILED),
            {"past": known(2, RUNNING), "newest_over": run(2, SENT)},
            FAILING,
            id="fails in the second in which another was sent",
        ),
        pytest.param(
            run(2, FAILED),
            BEHIND | {"is_latest": True},
            FAILING,
            id="fails, and Quick BI calls it the newest",
        ),
        pytest.param(
            run(2, FAILED),
            {"past": known(2, RUNNING), "newest_over": run(3, FAILED)},
            FAILING,
            id="both failed",
        ),
        pytest.param(
            run(3, FAILED),
            {"incident": HUNG},
            changed(
                HUNG,
                kind=IncidentKind.FAILED,
                failed_runs=1,
                last_run_key="3",
                last_task_id=3,
                last_exec_at=at(3),
                request_id="R-9",
            ),
            id="fails after it was stuck",
        ),
        pytest.param(
            run(1, FAILED),
            {"incident": FAILING, "past": known(1, RUNNING)},
            changed(FAILING, failed_runs=2),
            id="an overtaken one fails, too",
        ),
        pytest.param(
            run(1, FAILED, minutes=2),
            {"incident": FAILING, "past": known(1, RUNNING)},
            changed(FAILING, failed_runs=2, last_run_key="1", last_task_id=1),
            id="two of one second: the later seen is the later",
        ),
        pytest.param(
            run(1, FAILED),
            {"incident": FAILING, "past": known(1, RUNNING), "is_latest": True},
            changed(FAILING, failed_runs=2, last_run_key="1", last_task_id=1, last_exec_at=at(1)),
            id="Quick BI calls it the newest, whatever its time",
        ),
        pytest.param(run(2, RUNNING), {}, changed(replace(HUNG, version=0)), id="hangs"),
        pytest.param(
            run(3, RUNNING),
            {"incident": FAILING},
            changed(FAILING, kind=IncidentKind.STUCK, last_run_key="3", last_task_id=3, last_exec_at=at(3)),
            id="hangs after it failed",
        ),
        pytest.param(
            run(30, RUNNING), {"incident": LATE}, changed(LATE, started_at=at(30)), id="starts late"
        ),
        pytest.param(
            run(30, SENT),
            {"incident": FAILING},
            changed(FAILING, state=IncidentState.RECOVERED, closed_at=NOW, good_exec_at=at(30)),
            id="recovers",
        ),
        pytest.param(
            run(2, SENT),
            {"incident": FAILING, "counted": FAILING, "past": known(2, FAILED)},
            CORRECTED,
            id="did not fail after all",
        ),
        pytest.param(
            run(2, SENT),
            {"incident": TWICE, "counted": TWICE, "past": known(2, FAILED)},
            changed(FAILING, state=IncidentState.RECOVERED, closed_at=NOW, good_exec_at=at(2)),
            id="the newest of two did not fail after all",
        ),
        pytest.param(
            run(1, SENT),
            {"incident": TWICE, "counted": TWICE, "past": known(1, FAILED)},
            changed(FAILING),
            id="the older of two did not fail after all",
        ),
        pytest.param(
            run(2, SENT),
            {"counted": OVER, "past": known(2, FAILED)},
            changed(OVER, state=IncidentState.CORRECTED, failed_runs=0),
            id="it is over, and was no failure",
        ),
        pytest.param(
            run(2, SENT),
            {"counted": replace(OVER, failed_runs=2), "past": known(2, FAILED)},
            changed(OVER, failed_runs=1),
            id="it is over, and was one failure less",
        ),
    ],
)
def test_what_a_run_makes_of_an_incident(
    this: TaskRun, situation: dict[str, Any], expected: Incident
) -> None:
    """Every field, and one version more where the message is to change."""
    assert after(this, **situation) == expected


def test_a_missed_run_is_late_from_the_time_at_which_it_was_expected() -> None:
    """A second one, hours later, is counted in the same incident."""

    def missed(was: Incident | None, expected: float) -> Incident | None:
        return judge_late(
            was,
            mail_id=MAIL,
            expected_at=at(expected),
            newest=run(-60, SENT),
            last_sent_at=at(-60),
            now=NOW,
            new_id=NEW,
        ).incident

    assert missed(None, 0) == LATE
    assert missed(LATE, 359) == LATE
    started = replace(LATE, started_at=at(9))
    assert missed(started, 360) == changed(LATE, expected_at=at(360), missed_runs=2)
    assert missed(FAILING, 9) == changed(FAILING, expected_at=at(9), missed_runs=1)


def test_a_late_mail_that_never_ran_has_no_last_run() -> None:
    decision = judge_late(
        None, mail_id=MAIL, expected_at=at(0), newest=None, last_sent_at=None, now=NOW, new_id=NEW
    )
    assert decision.incident == replace(LATE, last_exec_at=None, last_sent_at=None)


def test_an_access_that_is_lost_and_back() -> None:
    """Lost is what a second look confirms; what failed before fails on behind it."""

    def denied(was: Incident | None, seconds: float | None) -> tuple[NotifyReason, Incident | None]:
        decision = judge_denied(
            was,
            mail_id=MAIL,
            denied_at=None if seconds is None else at(40 - seconds / 60),
            last_sent_at=at(-60),
            now=NOW,
            new_id=NEW,
            cause="MailNotFound",
        )
        return decision.reason, decision.incident

    lost = replace(LOST, began_at=at(40 - 20 / 60))
    failing = changed(FAILING, kind=IncidentKind.ACCESS_LOST, cause="MailNotFound")
    assert denied(None, 20) == (NotifyReason.ACCESS_LOST, lost)
    assert denied(FAILING, 20) == (NotifyReason.ACCESS_LOST, failing)
    assert denied(FAILING, 19) == denied(FAILING, None) == (NotifyReason.UNCONFIRMED, FAILING)
    assert denied(lost, 60) == (NotifyReason.AS_BEFORE, lost)
    over = changed(lost, state=IncidentState.RECOVERED, closed_at=NOW)
    assert judge_readable(lost, now=NOW).incident == over
    assert judge_readable(failing, now=NOW).incident == changed(failing, kind=IncidentKind.FAILED)
    assert judge_readable(FAILING, now=NOW).incident == FAILING
