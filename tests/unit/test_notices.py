"""Whether an incident in a message is snoozed there."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain import Incident, IncidentId, IncidentKind, IncidentState
from bot.domain.notices import IncidentView
from tests.support.sample_values import MAIL, at

FAILING = Incident(
    incident_id=IncidentId("1"),
    mail_id=MAIL,
    kind=IncidentKind.FAILED,
    state=IncidentState.FIRING,
    opened_at=at(0),
    began_at=at(0),
)


@pytest.mark.parametrize(
    ("snoozed", "expected"),
    [
        pytest.param({}, False, id="no"),
        pytest.param({"snoozed_until_recovered": True}, True, id="until it recovers"),
        pytest.param({"snoozed_until": at(10)}, True, id="for some time"),
        pytest.param({"snoozed_until": at(9)}, False, id="that is over"),
    ],
)
def test_a_snooze_ends_with_its_time(snoozed: dict[str, Any], *, expected: bool) -> None:
    assert IncidentView(incident=FAILING, mail=None, **snoozed).is_snoozed(at(9)) is expected
