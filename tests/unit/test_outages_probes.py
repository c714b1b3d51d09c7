"""The looks that the schedule does not plan, over a clock of seconds after noon."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain import MailId, Outage
from bot.domain.incident_rules import CONFIRM_AFTER
from bot.domain.outage_rules import TOLD_AFTER
from bot.monitoring.outages import PROBE_EVERY, Probes
from bot.monitoring.schedule import Ask

NOON = datetime(2025, 3, 3, 12, tzinfo=UTC)
SALES, STOCK = Ask(mail_id=MailId("sales")), Ask(mail_id=MailId("stock"))
EVERY, CONFIRM, TOLD = (each.total_seconds() for each in (PROBE_EVERY, CONFIRM_AFTER, TOLD_AFTER))


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def out_since(seconds: float, *, told: bool = False) -> Outage:
    return Outage(
        outage_id="o", began_at=at(seconds), cause="Down", told_at=at(seconds + TOLD) if told else None
    )


@pytest.fixture
def probing() -> Probes:
    return Probes()


def test_while_all_is_well_there_is_nothing_to_add(probing: Probes) -> None:
    probing.answered(SALES)
    assert probing.due(at(1e6), None) is None


@pytest.mark.parametrize(
    ("seconds", "ask"), [(EVERY - 1, None), (EVERY, SALES), (-1, SALES)], ids=["not yet", "due", "set back"]
)
def test_an_outage_is_probed_with_the_mail_that_got_no_answer(
    probing: Probes, seconds: float, ask: Ask | None
) -> None:
    probing.unanswered(SALES, at(0))
    assert probing.due(at(seconds), out_since(0)) == ask


def test_a_probe_that_is_under_way_is_not_made_twice(probing: Probes) -> None:
    probing.unanswered(SALES, at(0))
    assert probing.due(at(EVERY), out_since(0)) == SALES
    assert probing.due(at(EVERY + 1), out_since(0)) is None
    assert probing.due(at(2 * EVERY), out_since(0)) == SALES


@pytest.mark.parametrize(
    ("told", "ask"), [(False, SALES), (True, None)], ids=["the operators wait", "they know"]
)
def test_there_is_a_probe_at_the_moment_from_which_it_is_worth_telling(
    probing: Probes, *, told: bool, ask: Ask | None
) -> None:
    probing.unanswered(SALES, at(TOLD - 10))
    assert probing.due(at(TOLD - 1), out_since(0, told=told)) is None
    assert probing.due(at(TOLD), out_since(0, told=told)) == ask


def test_the_first_answer_ends_the_probes(probing: Probes) -> None:
    probing.unanswered(SALES, at(0))
    probing.answered(STOCK)
    assert probing.due(at(1e6), None) is None


@pytest.mark.parametrize(
    ("seconds", "ask"),
    [(CONFIRM - 1, None), (CONFIRM, SALES), (-1, SALES)],
    ids=["not yet", "due", "set back"],
)
def test_a_refusal_is_looked_at_again_soon(probing: Probes, seconds: float, ask: Ask | None) -> None:
    probing.denied(SALES, at(0), is_confirmed=False)
    assert probing.due(at(seconds), None) == ask


def test_a_refusal_that_is_confirmed_or_was_none_is_done_with(probing: Probes) -> None:
    probing.denied(SALES, at(0), is_confirmed=False)
    probing.denied(STOCK, at(0), is_confirmed=False)
    probing.denied(SALES, at(CONFIRM), is_confirmed=True)
    probing.answered(STOCK)
    assert probing.due(at(1e6), None) is None


def test_a_mail_that_nobody_watches_any_more_needs_no_second_look(probing: Probes) -> None:
    probing.denied(SALES, at(0), is_confirmed=False)
    probing.forget(SALES.mail_id)
    assert probing.due(at(1e6), None) is None


def test_a_second_look_that_got_no_answer_is_made_again_when_quick_bi_is_back(probing: Probes) -> None:
    probing.denied(SALES, at(0), is_confirmed=False)
    probing.unanswered(SALES, at(CONFIRM))
    probing.answered(STOCK)
    assert probing.due(at(CONFIRM + 1), None) is None
    assert probing.due(at(2 * CONFIRM), None) == SALES
