"""What is known of a mail when a run of it is judged: when the run began, and whether it is history."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain import KnownRun, RunStatus, TaskRun
from bot.domain.run_context import STUCK_AFTER, RunContext, is_older_than_the_watch, with_known_begin
from tests.support.sample_values import at, run

FAILED, RUNNING = RunStatus.FAILED, RunStatus.PROCESSING
UNTIMED = replace(run(2, FAILED), exec_at=None)
LONG_AGO = STUCK_AFTER.total_seconds() / 60 + 1  # minutes


def known(one: TaskRun, *, is_baseline: bool = False) -> KnownRun:
    return KnownRun(run=one, first_seen_at=at(2), is_baseline=is_baseline)


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        pytest.param(None, run(2, FAILED), at(2), id="seen for the first time"),
        pytest.param(run(2, RUNNING), run(2, FAILED, minutes=62), at(2), id="an hour that comes twice"),
        pytest.param(run(2, RUNNING), run(2, FAILED, minutes=5), at(5), id="another time"),
        pytest.param(run(2, RUNNING), UNTIMED, None, id="no longer told"),
        pytest.param(UNTIMED, run(2, FAILED), at(2), id="told only now"),
    ],
)
def test_a_time_that_the_clocks_show_twice_is_read_as_before(
    before: TaskRun | None, now: TaskRun, expected: object
) -> None:
    context = RunContext(past=known(before) if before else None)
    assert with_known_begin(now, context).exec_at == expected


@pytest.mark.parametrize(
    ("this", "context", "expected"),
    [
        pytest.param(UNTIMED, RunContext(is_first_look=True), True, id="no time, at the first look"),
        pytest.param(UNTIMED, RunContext(), False, id="no time, later"),
        pytest.param(
            UNTIMED,
            RunContext(is_first_look=True, past=known(UNTIMED, is_baseline=True)),
            False,
            id="no time, and known",
        ),
        pytest.param(run(2, FAILED), RunContext(is_latest=True), False, id="the newest, later"),
        pytest.param(run(2, FAILED), RunContext(past=known(run(2, FAILED))), False, id="known to be over"),
        pytest.param(run(2, FAILED), RunContext(baseline_at=at(3)), True, id="before what was shown"),
        pytest.param(
            run(2, FAILED),
            RunContext(is_first_look=True, watched_since=at(2 + LONG_AGO)),
            True,
            id="long before the subscription",
        ),
        pytest.param(
            run(2, FAILED),
            RunContext(is_first_look=True, watched_since=at(1 + LONG_AGO)),
            False,
            id="a moment before the subscription",
        ),
        pytest.param(
            run(2, FAILED),
            RunContext(watched_since=at(2 + LONG_AGO), newest_over=run(3, FAILED)),
            True,
            id="overtaken long before the subscription",
        ),
        pytest.param(
            run(2, FAILED),
            RunContext(watched_since=at(2 + LONG_AGO), newest_over=UNTIMED),
            False,
            id="nothing is known to have overtaken it",
        ),
    ],
)
def test_what_was_over_before_anyone_subscribed_is_history(
    this: TaskRun, context: RunContext, *, expected: bool
) -> None:
    assert is_older_than_the_watch(this, context) is expected
