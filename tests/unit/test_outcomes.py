"""How long runs take and how often they fail: learned from looks, against the background of all mails."""

from __future__ import annotations

from math import exp, log
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.monitoring.schedule.outcomes import Durations, Failures, FleetDurations, FleetFailures


def test_durations_are_learned_from_intervals() -> None:
    """Looks every few seconds are enough to learn a mail's own law."""
    random, fleet, durations = Random(1), FleetDurations(), Durations()
    for _ in range(30):
        lasts = exp(random.gauss(4, 0.2))
        durations.learn(max(0.0, lasts - random.uniform(0, 8)), lasts + random.uniform(0, 4), fleet)
    law = durations.law(fleet)
    assert exp(law.median) == pytest.approx(exp(4), rel=0.2)
    assert law.ended_by(exp(4) * 1.6) > 0.9
    assert law.ended_by(exp(4) / 1.6) < 0.1


def test_runs_that_were_over_before_anyone_looked_are_not_taken_for_long() -> None:
    """Looks that come after a minute at the soonest: half the runs were over by then, and count as much."""
    random, fleet, durations = Random(2), FleetDurations(), Durations()
    for _ in range(60):
        lasts, looked = exp(random.gauss(4, 0.3)), 60.0 + random.uniform(0, 5)
        if lasts < looked:
            durations.learn(0.0, looked, fleet)
        else:
            durations.learn(lasts - random.uniform(0, 4), lasts + random.uniform(0, 4), fleet)
    assert exp(durations.law(fleet).median) == pytest.approx(exp(4), rel=0.12)


def test_one_odd_run_changes_little_and_a_changed_report_is_learned_in_a_few() -> None:
    """Thirty seconds for weeks, four minutes once; then a minute and a half from some day on."""
    random, fleet, durations = Random(3), FleetDurations(), Durations()

    def lasts(seconds: float) -> float:
        took = seconds * exp(random.gauss(0, 0.15))
        durations.learn(max(0.0, took - random.uniform(0, 8)), took + random.uniform(0, 8), fleet)
        return exp(durations.law(fleet).median)

    for _ in range(20):
        lasts(30)
    assert lasts(240) < 45
    assert [lasts(30) for _ in range(4)][-1] == pytest.approx(30, rel=0.2)
    assert [lasts(90) for _ in range(6)][-1] == pytest.approx(90, rel=0.25)


def test_no_kind_of_mail_is_ever_ruled_out() -> None:
    """However steady a mail was: its chances add up, and what a memory rounds off does not bind it for ever."""
    fleet, durations = FleetDurations(), Durations()
    for _ in range(300):
        durations.learn(59, 60, fleet)
    weights = [belief.weight for belief in durations.beliefs]
    assert min(weights) >= 0.001
    assert sum(weights) == pytest.approx(1)


def test_the_fleet_is_the_sum_of_its_mails() -> None:
    """Mails that come and go leave no trace; those that stay make the first guess about a new one."""
    fleet, mails = FleetDurations(), [Durations() for _ in range(60)]
    for number, mail in enumerate(mails):
        for _ in range(5):
            mail.learn(200 + number, 204 + number, fleet)
    assert fleet.mails == 80
    assert 100 < exp(fleet.median) < 260
    assert exp(Durations().law(fleet).median) == pytest.approx(exp(fleet.median))
    for mail in mails:
        fleet.add(mail, -1)
    assert (fleet.mails, fleet.median, fleet.between) == pytest.approx((20, log(60), 1.0))


def test_a_look_much_too_late_teaches_little() -> None:
    """That a run of a minute was over after an hour is no news."""
    fleet, durations = FleetDurations(), Durations()
    for _ in range(10):
        durations.learn(50, 60, fleet)
    before = exp(durations.law(fleet).median)
    durations.learn(0, 3600, fleet)
    assert exp(durations.law(fleet).median) == pytest.approx(before, rel=0.05)


@given(
    looks=st.lists(st.tuples(st.floats(0, 2000), st.floats(0.1, 2000)), max_size=30), age=st.floats(0, 1e6)
)
def test_a_law_is_a_law(looks: list[tuple[float, float]], age: float) -> None:
    """Whatever was seen, the chance to have ended grows with age, between nought and one."""
    fleet, durations = FleetDurations(), Durations()
    for low, more in looks:
        durations.learn(low, low + more, fleet)
    law = durations.law(fleet)
    assert 0 <= law.ended_by(age) <= law.ended_by(age * 1.1 + 1) <= 1


def a_fleet(rates: list[float], *, runs: int = 60) -> tuple[FleetFailures, list[Failures]]:
    """Mails that fail at these rates, after as many runs each."""
    random, fleet, mails = Random(5), FleetFailures(), [Failures() for _ in rates]
    for _ in range(runs):
        for mail, rate in zip(mails, rates, strict=True):
            mail.learn(fleet, failed=random.random() < rate)
    return fleet, mails


def test_a_mail_that_keeps_failing_is_worth_more() -> None:
    """Where failures cling to some mails, those are told from the others, and near their true rates."""
    fleet, mails = a_fleet([0.3] * 10 + [0.01] * 90)
    assert fleet.rate == pytest.approx(0.039, rel=0.2)
    clinging, others = mails[:10], mails[10:]
    assert min(mail.relative_risk(fleet) for mail in clinging) > 3
    assert max(mail.relative_risk(fleet) for mail in others) < 2
    assert sum(mail.relative_risk(fleet) for mail in others) / 90 < 0.6


def test_failures_that_strike_evenly_tell_nothing_of_a_mail() -> None:
    """Where each run fails with the same chance, one mail's bad luck is not held against it."""
    fleet, mails = a_fleet([0.1] * 300)
    assert all(0.7 < mail.relative_risk(fleet) < 1.5 for mail in mails)


def test_a_mail_that_was_mended_is_forgiven() -> None:
    """What was long ago counts less."""
    fleet, mails = a_fleet([0.4] * 5 + [0.02] * 95)
    before = mails[0].relative_risk(fleet)
    for _ in range(150):
        mails[0].learn(fleet, failed=False)
    assert mails[0].relative_risk(fleet) < before / 4


@given(st.lists(st.booleans(), max_size=80), st.lists(st.booleans(), max_size=80))
def test_a_stake_is_within_bounds(one: list[bool], other: list[bool]) -> None:
    """Whatever happened, no mail is worth nothing, and none everything."""
    fleet, mail, beside = FleetFailures(), Failures(), Failures()
    for failed in one:
        mail.learn(fleet, failed=failed)
    for failed in other:
        beside.learn(fleet, failed=failed)
    assert 0.3 <= mail.relative_risk(fleet) <= 8
