"""A run is followed to its end: overtaken, seen by another replica, started by hand, after a call that failed."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from bot.domain import (
    MailId,
    QuickBIError,
    QuickBIUnavailable,
    RunStatus,
    TaskId,
    Throttled,
)
from bot.monitoring.schedule import Ask, Schedule
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


def test_a_run_by_hand_goes_before_a_rush() -> None:
    """Two hundred runs are going and may be over; the mail that somebody has just run hardly ever surprises."""
    schedule = a_schedule()
    rush = [MailId(f"mail{number}") for number in range(200)]
    for mail_id in [*rush, MAIL]:
        schedule.watch(mail_id, MONDAY)
        schedule.answered(Ask(mail_id=mail_id), NOTHING, MONDAY)
    for day in range(1, 30):  # it never fails
        run = a_run(MONDAY + timedelta(days=day), RunStatus.SENT, day)
        schedule.answered(Ask(mail_id=MAIL), run, MONDAY + timedelta(days=day, seconds=60))
    now = MONDAY + timedelta(days=29, hours=3)
    for mail_id in rush:
        schedule.answered(Ask(mail_id=mail_id), a_run(now, RunStatus.PROCESSING, 1), now)
    now += timedelta(minutes=5)
    schedule.run_expected(MAIL, now)
    for _ in range(8):
        now += timedelta(seconds=1)
        decision = schedule.next(now)
        assert isinstance(decision, Ask)
        if decision.mail_id == MAIL:
            return
        schedule.answered(decision, a_run(now, RunStatus.PROCESSING, 1), now)
    pytest.fail("not asked about within eight seconds")


def test_where_calls_are_short_a_mail_that_tends_to_fail_has_shorter_rounds() -> None:
    """Four hundred mails, one call a second: nothing is expected, and what would be lost decides."""
    schedule, shaky, now = a_schedule(), MailId("mail7"), MONDAY
    mails = [MailId(f"mail{number}") for number in range(400)]
    for mail_id in mails:
        schedule.watch(mail_id, now)
    for number in range(1, 7):
        now += timedelta(hours=17)
        for mail_id in mails:
            status = RunStatus.FAILED if mail_id == shaky else RunStatus.SENT
            schedule.answered(Ask(mail_id=mail_id), a_run(now, status, number), now)
    now += timedelta(hours=6)
    schedule = restarted(schedule, mails, now)
    looks: list[datetime] = []
    for _ in range(1_500):
        now += timedelta(seconds=1)
        decision = schedule.next(now)
        if isinstance(decision, Ask):
            schedule.answered(decision, NOTHING, now)
            looks += [now] * (decision.mail_id == shaky)
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(looks)]
    assert len(gaps) > 3
    assert max(gaps) < 360


def restarted(schedule: Schedule, mails: list[MailId], now: datetime) -> Schedule:
    again = a_schedule()
    for mail_id in mails:
        again.watch(mail_id, now, memory=schedule.memory(mail_id), looked_at=now)
    return again
