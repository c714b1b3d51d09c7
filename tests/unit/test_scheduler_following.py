"""A run is followed to its end: overtaken, seen by another replica, started by hand, after a call that failed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain import (
    MailId,
    QuickBIError,
    QuickBIUnavailable,
    RunStatus,
    TaskId,
    Throttled,
)
from bot.monitoring.schedule import Ask
from tests.support.schedule_stage import (
    MAIL,
    MONDAY,
    NOTHING,
    a_run,
    a_schedule,
    asked_within,
    going,
)


def test_an_overtaken_run_is_followed_to_its_end() -> None:
    """A run still going when the next began is asked for by its own task ID."""
    schedule, start = a_schedule(), MONDAY
    schedule.watch(MAIL, start)
    schedule.answered(Ask(mail_id=MAIL), a_run(start, RunStatus.PROCESSING, 1), start + timedelta(seconds=9))
    newer = start + timedelta(minutes=2)
    schedule.answered(Ask(mail_id=MAIL), a_run(newer, RunStatus.SENT, 2), newer + timedelta(seconds=20))
    asks = asked_within(
        schedule, newer + timedelta(seconds=21), seconds=60, answer=a_run(newer, RunStatus.SENT, 2)
    )
    assert Ask(mail_id=MAIL, task_id=TaskId(1)) in asks
    schedule.answered(
        Ask(mail_id=MAIL, task_id=TaskId(1)),
        a_run(start, RunStatus.FAILED, 1),
        newer + timedelta(seconds=90),
    )
    later = newer + timedelta(seconds=91)
    assert all(ask.task_id is None for ask in asked_within(schedule, later, seconds=900, answer=NOTHING))


def test_an_overtaken_run_survives_a_restart() -> None:
    """The memory holds the runs that are still to be followed."""
    schedule, start = a_schedule(), MONDAY
    schedule.watch(MAIL, start)
    schedule.answered(Ask(mail_id=MAIL), a_run(start, RunStatus.PROCESSING, 1), start + timedelta(seconds=9))
    newer = start + timedelta(minutes=2)
    schedule.answered(Ask(mail_id=MAIL), a_run(newer, RunStatus.SENT, 2), newer + timedelta(seconds=20))
    again = a_schedule()
    again.watch(MAIL, newer + timedelta(seconds=30), memory=schedule.memory(MAIL))
    asks = asked_within(
        again, newer + timedelta(seconds=31), seconds=60, answer=a_run(newer, RunStatus.SENT, 2)
    )
    assert Ask(mail_id=MAIL, task_id=TaskId(1)) in asks


def test_a_run_that_another_replica_saw_is_followed_to_its_end() -> None:
    """It began and was overtaken between two looks of the leader's, but a person had seen it meanwhile."""
    schedule, start = a_schedule(), MONDAY
    schedule.watch(MAIL, start)
    schedule.answered(Ask(mail_id=MAIL), a_run(start, RunStatus.SENT, 1), start + timedelta(seconds=9))
    schedule.follow(MAIL, going(2, start + timedelta(seconds=60)), start + timedelta(seconds=70))
    newer = start + timedelta(seconds=80)
    schedule.answered(Ask(mail_id=MAIL), a_run(newer, RunStatus.SENT, 3), newer + timedelta(seconds=5))
    later = newer + timedelta(seconds=6)
    asks = asked_within(schedule, later, seconds=60, answer=a_run(newer, RunStatus.SENT, 3))
    assert Ask(mail_id=MAIL, task_id=TaskId(2)) in asks


def test_a_run_that_was_overtaken_before_the_leader_heard_of_it_is_followed_too() -> None:
    """Once, however often it is heard of; and not where the leader knows its end, or nobody watches the mail."""
    schedule, start = a_schedule(), MONDAY
    schedule.watch(MAIL, start)
    newer = start + timedelta(minutes=2)
    schedule.answered(Ask(mail_id=MAIL), a_run(newer, RunStatus.SENT, 2), newer)
    for run in (going(1, start), going(1, start), going(2, newer)):
        schedule.follow(MAIL, run, newer + timedelta(seconds=1))
    schedule.follow(MailId("another"), going(3, start), newer)
    asks = asked_within(
        schedule, newer + timedelta(seconds=2), seconds=60, answer=a_run(newer, RunStatus.SENT, 2)
    )
    assert {ask.task_id for ask in asks if ask.task_id is not None} == {1}
    assert asks.count(Ask(mail_id=MAIL, task_id=TaskId(1))) == 1


def test_a_run_by_hand_is_followed_closely() -> None:
    """After someone pressed Run the mail is asked about within seconds, not after the interval."""
    schedule = a_schedule()
    schedule.watch(MAIL, MONDAY)
    now = MONDAY + timedelta(seconds=10)
    schedule.answered(Ask(mail_id=MAIL), NOTHING, now)
    assert not asked_within(schedule, now, seconds=60, answer=NOTHING)
    schedule.run_expected(MAIL, now + timedelta(seconds=60))
    assert asked_within(schedule, now + timedelta(seconds=60), seconds=60, answer=NOTHING)


@pytest.mark.parametrize("error", [Throttled(retry_after=None), QuickBIUnavailable(outcome_unknown=False)])
def test_an_overtaken_run_is_asked_about_again_after_a_call_that_failed(error: QuickBIError) -> None:
    """It is not lost sight of for the hour that an unanswered call would cost."""
    schedule = a_schedule()
    schedule.watch(MAIL, MONDAY)
    schedule.answered(Ask(mail_id=MAIL), a_run(MONDAY, RunStatus.PROCESSING, 1), MONDAY)
    later = MONDAY + timedelta(seconds=30)
    schedule.answered(Ask(mail_id=MAIL), a_run(later, RunStatus.PROCESSING, 2), later)
    asked, now = 0, later
    while now < later + timedelta(minutes=2):
        now += timedelta(seconds=1)
        decision = schedule.next(now)
        if isinstance(decision, Ask) and decision.task_id == TaskId(1):
            asked += 1
            schedule.failed(decision, error, now)
        elif isinstance(decision, Ask):
            schedule.answered(decision, a_run(later, RunStatus.PROCESSING, 2), now)
    assert asked >= 3
