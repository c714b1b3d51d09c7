"""How fast Quick BI is asked: slower when it throttles, soon back at full pace, little slowed by a few throttles."""

from __future__ import annotations

from random import Random

import pytest

from bot.quickbi.backoff import DECREASE, SLOWEST, Pace

FULL = Pace(fastest=0.5)
CALLS = 20_000


def slowed(times: int) -> Pace:
    pace = FULL
    for _ in range(times):
        pace = pace.throttled()
    return pace


@pytest.mark.parametrize(
    ("throttled", "interval"), [(0, 0.5), (1, 0.5 / DECREASE), (2, 0.5 / DECREASE**2), (50, 0.5 / SLOWEST)]
)
def test_each_throttling_widens_the_gap_up_to_a_limit(throttled: int, interval: float) -> None:
    assert slowed(throttled).interval == pytest.approx(interval)


def test_five_throttles_in_a_row_are_over_within_a_minute_of_calls() -> None:
    """At two calls a second; and it never gets faster than the account's limit."""
    pace, seconds = slowed(5), 0.0
    while pace != FULL:
        seconds += pace.interval
        pace = pace.went_well()
    assert seconds < 60
    assert pace.went_well() == FULL


@pytest.mark.parametrize(("share", "least"), [(0.01, 0.95), (0.05, 0.8), (0.2, 0.3)])
def test_throttles_that_do_not_depend_on_the_pace_cost_little(share: float, least: float) -> None:
    """Answers for each call that the limit would allow."""
    random, pace, slots, answers = Random(1), FULL, 0.0, 0
    for _ in range(CALLS):
        slots += pace.interval / FULL.fastest
        throttled = random.random() < share
        pace = pace.throttled() if throttled else pace.went_well()
        slots += throttled * pace.interval / FULL.fastest  # the hold after a throttle
        answers += not throttled
    assert answers / slots >= least


def test_of_a_limit_that_others_use_it_takes_its_part() -> None:
    """Others make a quarter of the calls at random: most of the rest is used, and few calls are throttled."""
    random, pace, now, recent, answers = Random(1), FULL, 0.0, list[float](), 0
    others = random.expovariate(0.25)
    for _ in range(CALLS):
        now += pace.interval / FULL.fastest
        while others < now:
            recent.append(others)
            others += random.expovariate(0.25)
        recent = [one for one in recent if one > now - 10]
        if len(recent) < 10:
            recent.append(now)
            answers += 1
            pace = pace.went_well()
        else:
            pace = pace.throttled()
            now += pace.interval / FULL.fastest
    assert answers / now > 0.55
    assert answers / CALLS > 0.8
