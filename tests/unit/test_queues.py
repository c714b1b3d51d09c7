"""The queue of levels, and the climb on it: in order of worth, and never at a higher cost than calls can follow."""

from __future__ import annotations

from datetime import timedelta
from itertools import count, takewhile
from math import log
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import MailId, RunStatus
from bot.monitoring.schedule import Ask, queues
from bot.monitoring.schedule.outcomes import DurationLaw
from bot.monitoring.schedule.outlook import Expected, Outlook, level_changes
from bot.monitoring.schedule.queues import BELOW, Candidate, PriorityLevels
from bot.monitoring.schedule.scheduler import PRICE
from tests.support.schedule_stage import MONDAY, a_run, a_schedule

if TYPE_CHECKING:
    from collections.abc import Iterator

LAW = DurationLaw(median=log(60), scale=0.2, fleet_median=log(60), fleet_scale=0.5)
EXPECTED = Expected(at=1_000.0, chance=0.9, starts=((1_000.0, 0.5), (1_030.0, 0.5)))
OUTLOOKS = {
    "running": Outlook(looked_at=0.0, law=LAW, running=-10.0),
    "expected": Outlook(looked_at=0.0, law=LAW, expected=(EXPECTED,), unexpected=1e-5),
    "only surprises": Outlook(looked_at=0.0, law=LAW, unexpected=1e-4),
}


@given(st.lists(st.lists(st.tuples(st.floats(0, 100), st.integers(BELOW, 20)), max_size=8), max_size=12))
def test_the_best_climber_stands_highest(plans: list[list[tuple[float, int]]]) -> None:
    """At any time the ladder names one of those on the highest level, as a full search would."""
    ladder: PriorityLevels[Candidate] = PriorityLevels()
    climbers = [Candidate() for _ in plans]
    steps = [sorted(plan, key=lambda step: step[0]) for plan in plans]
    for climber, plan in zip(climbers, steps, strict=True):
        ladder.place(climber, iter(plan))
    for now in range(0, 101, 5):
        heights = [max([(-1, BELOW), *((n, s[1]) for n, s in enumerate(p) if s[0] <= now)])[1] for p in steps]
        best = ladder.best(now)
        assert (best.level if best else BELOW) == max(heights, default=BELOW)
        assert best is None or heights[climbers.index(best)] == best.level


@pytest.fixture
def little_saved(monkeypatch: pytest.MonkeyPatch) -> int:
    """How many steps are saved up for a rush: so few that small tests have a backlog."""
    monkeypatch.setattr(queues, "_CHANGES_SAVED", 50)
    return 50


def test_a_decision_costs_no_more_than_calls_can_follow(little_saved: int) -> None:
    """However many climbers want to go up at once: what was saved for a rush is spent, then a few steps a decision."""
    ladder: PriorityLevels[Candidate] = PriorityLevels()
    taken = [0]

    def steps() -> Iterator[tuple[float, int]]:
        for level in range(20):
            taken[0] += 1
            yield 1.0, level

    for _ in range(200):
        ladder.place(Candidate(), steps())
    placed = taken[0]
    ladder.best(1.0)
    after_the_rush = taken[0]
    for _ in range(20):
        ladder.best(1.0)
    assert after_the_rush - placed == little_saved
    assert taken[0] - after_the_rush == 20 * 16


def test_steps_that_wait_are_taken_in_the_end(little_saved: int) -> None:
    """The climber that came last stands on top after all, with no time gone by."""
    ladder: PriorityLevels[Candidate] = PriorityLevels()
    for _ in range(900):
        ladder.place(Candidate(), iter([(1.0, 5)]))
    last = Candidate()
    ladder.place(last, iter([(2.0, 9)]))
    assert ladder.best(3.0) is not last
    decisions = sum(1 for _ in takewhile(lambda _: ladder.best(3.0) is not last, count()))
    assert decisions == pytest.approx((900 - little_saved) / 16, abs=2)


@pytest.mark.parametrize("name", OUTLOOKS)
@pytest.mark.parametrize("now", [3.0, 700.0, 1_090.0, 1_400.0, 3_000.0])
def test_who_is_behind_passes_over_what_is_past(name: str, now: float) -> None:
    """It comes to stand about where it would have stood (the grid is coarse where no run is expected), in one step."""
    outlook = OUTLOOKS[name]
    in_time = [step for step in level_changes(outlook, 0.0, 4_000.0, PRICE, lambda: 0.0) if step[0] <= now]
    behind = [step for step in level_changes(outlook, 0.0, 4_000.0, PRICE, lambda: now) if step[0] <= now]
    assert len(behind) <= 1
    stands = in_time[-1][1] if in_time else BELOW
    assert (behind[-1][1] if behind else BELOW) == pytest.approx(stands, abs=2)


@pytest.mark.usefixtures("little_saved")
def test_a_backlog_never_puts_the_schedule_to_sleep_past_it() -> None:
    """Where steps wait, a decision that finds nothing yet comes round at once, and the run is found."""
    schedule = a_schedule(check_interval=86_400.0)
    mails = [MailId(f"mail{number}") for number in range(600)]
    for mail_id in mails:
        schedule.watch(mail_id, MONDAY)
        schedule.answered(Ask(mail_id=mail_id), a_run(MONDAY, RunStatus.PROCESSING), MONDAY)
    now, asked = MONDAY + timedelta(minutes=5), set()
    for _ in range(2_000):
        step = schedule.next(now)
        if isinstance(step, Ask):
            asked.add(step.mail_id)
        else:
            assert step.until == now
        if len(asked) == len(mails):
            break
    assert asked == set(mails)


def test_a_slow_report_is_worth_more_and_more_whenever_the_climb_begins() -> None:
    """A single short step shows hardly any growth there; that must not be taken for the end of it."""
    slow = DurationLaw(median=log(900), scale=0.45, fleet_median=log(900), fleet_scale=0.5)
    outlook = Outlook(looked_at=-500.0, law=slow, running=-600.0)
    steps = [step for step in level_changes(outlook, 0.0, 4_000.0, PRICE, lambda: 0.0) if step[0] <= 900.0]
    begun_later = next(level_changes(outlook, 900.0, 4_000.0, PRICE, lambda: 900.0))
    assert steps[-1][1] == pytest.approx(begun_later[1], abs=1)
