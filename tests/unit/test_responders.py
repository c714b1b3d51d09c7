"""Who looks after an incident: nobody loses it to somebody who only takes it, and the first time counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.domain import Incident, IncidentId, IncidentKind, IncidentState, OnCall, UserId
from bot.domain.responders import Response, ResponseOutcome, acknowledgements, reminder_due, respond
from tests.support.sample_values import ADA, BOB, MAIL, NOON, at, subscription

TAKE, TAKE_OVER, GIVE_BACK = Response.TAKE, Response.TAKE_OVER, Response.GIVE_BACK
OPEN = Incident(
    incident_id=IncidentId("1"),
    mail_id=MAIL,
    kind=IncidentKind.FAILED,
    state=IncidentState.FIRING,
    opened_at=NOON,
    began_at=NOON,
)


def after(*steps: tuple[Response, UserId]) -> tuple[ResponseOutcome, Incident]:
    """What each does, a minute after the one before."""
    outcome, incident = ResponseOutcome.DONE, OPEN
    for minutes, (response, by) in enumerate(steps, start=1):
        outcome, incident = respond(incident, response, by, at(minutes))
    return outcome, incident


@pytest.mark.parametrize(
    ("steps", "outcome", "responder"),
    [
        pytest.param([(TAKE, ADA)], ResponseOutcome.DONE, ADA, id="taken"),
        pytest.param([(TAKE_OVER, ADA)], ResponseOutcome.DONE, ADA, id="given back before the click"),
        pytest.param([(TAKE, ADA), (TAKE, ADA)], ResponseOutcome.ALREADY, ADA, id="clicked twice"),
        pytest.param([(TAKE, ADA), (TAKE, BOB)], ResponseOutcome.TAKEN, ADA, id="Ada was quicker"),
        pytest.param([(TAKE, ADA), (TAKE_OVER, BOB)], ResponseOutcome.DONE, BOB, id="taken over"),
        pytest.param([(TAKE, ADA), (TAKE_OVER, ADA)], ResponseOutcome.ALREADY, ADA, id="from oneself"),
        pytest.param([(TAKE, ADA), (GIVE_BACK, ADA)], ResponseOutcome.DONE, None, id="given back"),
        pytest.param([(TAKE, ADA), (GIVE_BACK, BOB)], ResponseOutcome.TAKEN, ADA, id="not Bob's to give"),
        pytest.param([(GIVE_BACK, ADA)], ResponseOutcome.ALREADY, None, id="nobody has it"),
    ],
)
def test_who_looks_after_it(
    steps: list[tuple[Response, UserId]], outcome: ResponseOutcome, responder: UserId | None
) -> None:
    """By what people did before."""
    got, incident = after(*steps)
    assert (got, incident.responder) == (outcome, responder)
    assert (incident.responding_since is None) == (responder is None)


def test_the_time_counts_from_when_each_took_it_and_the_first_is_remembered() -> None:
    """Also after it was given back."""
    _, incident = after((TAKE, ADA), (TAKE_OVER, BOB))
    assert (incident.responding_since, incident.acknowledged_at) == (at(2), at(1))
    _, incident = after((TAKE, ADA), (GIVE_BACK, ADA), (TAKE, BOB))
    assert (incident.responding_since, incident.acknowledged_at) == (at(3), at(1))


def test_the_time_until_somebody_took_it_is_the_median_of_those_that_were_taken() -> None:
    """And nothing at all where none was."""
    _, quick = respond(OPEN, TAKE, ADA, at(2))
    _, slow = respond(OPEN, TAKE, ADA, at(600))
    _, usual = respond(OPEN, TAKE, ADA, at(5))
    assert acknowledgements([OPEN]) is None
    found = acknowledgements([slow, OPEN, quick, usual])
    assert found is not None
    assert (found.incidents, found.acknowledged, found.after) == (4, 3, timedelta(minutes=5))


ON_CALL = OnCall(mentions=(BOB,), again_after=timedelta(minutes=10))


@pytest.mark.parametrize(
    ("wish", "incident", "due"),
    [
        pytest.param({"on_call": ON_CALL}, OPEN, at(11), id="on the next full minute"),
        pytest.param({}, OPEN, None, id="nobody is called"),
        pytest.param({"on_call": replace(ON_CALL, again_after=None)}, OPEN, None, id="called once only"),
        pytest.param({"on_call": ON_CALL, "snoozed_until": at(60)}, OPEN, None, id="snoozed"),
        pytest.param({"on_call": ON_CALL}, replace(OPEN, responder=ADA), None, id="taken"),
        pytest.param({"on_call": ON_CALL}, replace(OPEN, state=IncidentState.RECOVERED), None, id="over"),
    ],
)
def test_people_are_called_once_more_where_nobody_has_taken_it(
    wish: dict[str, Any], incident: Incident, due: datetime | None
) -> None:
    """Ten minutes after half past a minute."""
    assert reminder_due(subscription(**wish), incident, at(0.5)) == due
