"""Who is owed a message for some news: by what each channel chose, knows already, and whether it sleeps."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest

from bot.domain import DueTime, Event, NotifyReason
from bot.domain.recipients import UNTIL_RECOVERED, audience
from tests.support.sample_values import FINANCE, REPORTS, at, subscription

DUE, ANOTHER = DueTime(at=time(9, 30)), DueTime(at=time(18))
TOLD = [reason for reason in NotifyReason if reason.is_told]
EVENTS = {
    NotifyReason.FIRST_FAILURE: Event.FAILED,
    NotifyReason.STILL_FAILING: Event.FAILED,
    NotifyReason.OVERTAKEN_FAILURE: Event.FAILED,
    NotifyReason.STUCK: Event.STUCK,
    NotifyReason.LATE: Event.LATE,
    NotifyReason.RECOVERED: Event.RECOVERED,
}


def owed(reason: NotifyReason, *, knows: bool = True, declared: DueTime | None = None, **chosen: Any) -> Any:
    """From when on the channel is owed it (None: at once), or "nothing"."""
    told = {REPORTS} if knows else set()
    found = audience(reason, [subscription(**chosen)], told=told, now=at(10), declared=declared)
    return found.get(REPORTS, "nothing")


@pytest.mark.parametrize("reason", NotifyReason)
def test_only_what_is_told_is_owed(reason: NotifyReason) -> None:
    assert owed(reason) == (None if reason.is_told else "nothing")


@pytest.mark.parametrize(("reason", "event"), EVENTS.items())
def test_a_channel_is_told_what_it_chose(reason: NotifyReason, event: Event) -> None:
    assert owed(reason, events=frozenset({event})) is None
    assert owed(reason, events=frozenset(Event) - {event}) == "nothing"


@pytest.mark.parametrize("reason", sorted(set(TOLD) - set(EVENTS)))
def test_what_nobody_can_choose_reaches_everybody(reason: NotifyReason) -> None:
    """That a mail can no longer be seen, or did not fail after all."""
    assert owed(reason, events=frozenset()) is None


@pytest.mark.parametrize("reason", TOLD)
def test_the_end_is_told_to_who_knows_of_the_beginning(reason: NotifyReason) -> None:
    ends = {NotifyReason.RECOVERED, NotifyReason.CORRECTED, NotifyReason.ACCESS_BACK}
    assert owed(reason, knows=False) == ("nothing" if reason in ends else None)


@pytest.mark.parametrize(
    ("chosen", "declared", "expected"),
    [
        pytest.param({"due": DUE}, DUE, None, id="its own due time"),
        pytest.param({"due": ANOTHER}, DUE, "nothing", id="another channel's"),
        pytest.param({}, DUE, "nothing", id="declared none"),
        pytest.param({"due": DUE}, None, None, id="learned, wanted as well"),
        pytest.param({"due": DUE, "late_learned": False}, None, "nothing", id="learned, not wanted"),
        pytest.param({"due": DUE, "late_learned": False}, DUE, None, id="declared, and nothing learned"),
    ],
)
def test_late_by_whose_word(chosen: dict[str, Any], declared: DueTime | None, expected: Any) -> None:
    assert owed(NotifyReason.LATE, declared=declared, **chosen) == expected


@pytest.mark.parametrize(
    ("chosen", "reason", "expected"),
    [
        pytest.param({"snoozed_until": at(60)}, NotifyReason.STILL_FAILING, at(60), id="asleep"),
        pytest.param({"snoozed_until": at(60)}, NotifyReason.RECOVERED, at(60), id="asleep as it recovers"),
        pytest.param({"snoozed_until": at(9)}, NotifyReason.STILL_FAILING, None, id="awake again"),
        pytest.param(
            {"snoozed_until_recovered": True},
            NotifyReason.STILL_FAILING,
            UNTIL_RECOVERED,
            id="until it recovers",
        ),
        pytest.param({"snoozed_until_recovered": True}, NotifyReason.RECOVERED, None, id="it recovers"),
    ],
)
def test_who_sleeps_is_told_later(chosen: dict[str, Any], reason: NotifyReason, expected: Any) -> None:
    assert owed(reason, **chosen) == expected


def test_each_channel_by_its_own_choice() -> None:
    both = [
        subscription(REPORTS, snoozed_until=at(10) + timedelta(hours=1)),
        subscription(FINANCE, events=frozenset({Event.FAILED})),
    ]
    failed = audience(NotifyReason.FIRST_FAILURE, both, told=(), now=at(10))
    assert failed == {REPORTS: at(70), FINANCE: None}
    assert audience(NotifyReason.STUCK, both, told=(), now=at(10)) == {REPORTS: at(70)}
