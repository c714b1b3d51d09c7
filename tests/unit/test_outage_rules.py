"""Quick BI as a whole: when a silence becomes an outage, and that its beginning and end are told once each."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import (
    AccessForbidden,
    CredentialsProblem,
    CredentialsRejected,
    MissingAccess,
    NotifyReason,
    Outage,
    ProtocolError,
    QuickBIError,
    QuickBIUnavailable,
    Throttled,
    UnknownRefusal,
)
from bot.domain.outage_rules import TOLD_AFTER, cause_of, judge_failure, judge_success
from tests.support.sample_values import at

BEGAN, OVER, AS_BEFORE = NotifyReason.OUTAGE_BEGAN, NotifyReason.OUTAGE_OVER, NotifyReason.AS_BEFORE
SHORT = Outage(outage_id="o", began_at=at(0), cause="Throttling")
TOLD = replace(SHORT, told_at=at(3))
LIMIT = TOLD_AFTER.total_seconds() / 60


@pytest.mark.parametrize(
    ("before", "minutes", "reason", "after"),
    [
        pytest.param(None, 0, AS_BEFORE, replace(SHORT, cause="down"), id="the first failure"),
        pytest.param(SHORT, LIMIT - 0.01, AS_BEFORE, replace(SHORT, cause="down"), id="still short"),
        pytest.param(SHORT, LIMIT, BEGAN, replace(SHORT, cause="down", told_at=at(LIMIT)), id="long enough"),
        pytest.param(TOLD, 60, AS_BEFORE, replace(TOLD, cause="down"), id="told once"),
    ],
)
def test_no_answer(before: Outage | None, minutes: float, reason: NotifyReason, after: Outage) -> None:
    """The newest cause is the one that is shown."""
    verdict = judge_failure(before, cause="down", now=at(minutes), new_id="o")
    assert (verdict.reason, verdict.outage) == (reason, after)


@pytest.mark.parametrize(
    ("before", "reason", "after"),
    [
        pytest.param(None, AS_BEFORE, None, id="nothing was wrong"),
        pytest.param(SHORT, AS_BEFORE, replace(SHORT, ended_at=at(9)), id="nobody had been told"),
        pytest.param(TOLD, OVER, replace(TOLD, ended_at=at(9)), id="it is over"),
    ],
)
def test_an_answer(before: Outage | None, reason: NotifyReason, after: Outage | None) -> None:
    verdict = judge_success(before, now=at(9))
    assert (verdict.reason, verdict.outage) == (reason, after)


@given(st.lists(st.tuples(st.booleans(), st.floats(0.0, 5.0)), max_size=40))
def test_beginnings_and_ends_take_turns(calls: list[tuple[bool, float]]) -> None:
    """Whatever comes: an outage that is told of has one beginning and one end, in that order."""
    outage: Outage | None = None
    minutes, lines = 0.0, []
    for number, (answered, wait) in enumerate(calls):
        minutes += wait
        if answered:
            verdict = judge_success(outage, now=at(minutes))
        else:
            verdict = judge_failure(outage, cause="down", now=at(minutes), new_id=f"o{number}")
        outage = verdict.outage if verdict.outage and verdict.outage.ended_at is None else None
        lines += [verdict.reason] if verdict.reason is not AS_BEFORE else []
    assert lines == ([BEGAN, OVER] * len(lines))[: len(lines)]
    assert (outage is not None and outage.told_at is not None) == (len(lines) % 2 == 1)


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (CredentialsRejected(problem=CredentialsProblem.KEY_UNKNOWN), str(CredentialsProblem.KEY_UNKNOWN)),
        (AccessForbidden(missing=MissingAccess.RAM_ACTION), "ram_action"),
        (Throttled(code="Throttling.User"), "throttled Throttling.User"),
        (QuickBIUnavailable(outcome_unknown=True), "down"),
        (ProtocolError(), "odd"),
        (UnknownRefusal(code="New.Code"), "unknown New.Code"),
    ],
)
def test_the_cause_is_what_people_are_told_to_do_about_it(error: QuickBIError, cause: str) -> None:
    """Then Quick BI's code, if there is one."""
    assert cause_of(error) == cause
