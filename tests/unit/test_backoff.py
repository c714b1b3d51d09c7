"""How fast Quick BI is asked: slower when it throttles, then feeling its way back up."""

from __future__ import annotations

import pytest

from bot.quickbi.backoff import BACK_OFF, CALLS_PER_STEP_UP, SLOWEST, STEP_UP, Pace

FULL = Pace(fastest=0.5)


def after_calls(pace: Pace, count: int) -> Pace:
    for _ in range(count):
        pace = pace.went_well()
    return pace


@pytest.mark.parametrize(
    ("throttled", "interval"),
    [(0, 0.5), (1, 0.5 * BACK_OFF), (2, 0.5 * BACK_OFF**2), (20, 0.5 * SLOWEST)],
)
def test_each_throttling_doubles_the_gap_up_to_a_limit(throttled: int, interval: float) -> None:
    pace = FULL
    for _ in range(throttled):
        pace = pace.throttled()
    assert pace.interval == pytest.approx(interval)


@pytest.mark.parametrize(
    ("calls", "slowness"),
    [
        (CALLS_PER_STEP_UP - 1, 2.0),
        (CALLS_PER_STEP_UP, 2.0 * STEP_UP),
        (2 * CALLS_PER_STEP_UP, 2.0 * STEP_UP**2),
        (50 * CALLS_PER_STEP_UP, 1.0),
    ],
)
def test_calm_calls_make_it_faster_step_by_step_and_never_too_fast(calls: int, slowness: float) -> None:
    assert after_calls(FULL.throttled(), calls).slowness == pytest.approx(slowness)


def test_throttled_again_the_calm_begins_anew() -> None:
    almost = after_calls(FULL.throttled(), CALLS_PER_STEP_UP - 1).throttled()
    assert after_calls(almost, CALLS_PER_STEP_UP - 1).slowness == pytest.approx(4.0)


def test_at_full_pace_nothing_is_counted() -> None:
    assert after_calls(FULL, 100) == FULL
