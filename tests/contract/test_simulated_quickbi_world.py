"""The world of mails: what runs when, what its controls change, and that nobody's looking changes anything."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.world import (
    Compressed,
    Daily,
    Every,
    Law,
    Mail,
    NoSuchMail,
    Plan,
    Refusal,
    Run,
    World,
)
from tests.support.stepped_clock import SteppedClock

MONDAY = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SHANGHAI = ZoneInfo("Asia/Shanghai")
STEADY = Law(takes=timedelta(seconds=30), spread=0.0)


def hourly(world: World, history: timedelta = timedelta(0)) -> Mail:
    """Its runs start on the hour and take 30 s. Nine o'clock is now, so the first is at ten."""
    return world.add_mail("Hourly", plan=Every(interval=timedelta(hours=1)), law=STEADY, history=history)


def told(world: World, mail: Mail) -> list[str]:
    """Each run's status, oldest first."""
    return [run.status_at(world.now) for run in reversed(world.runs(mail.mail_id))]


def test_a_run_is_processing_until_its_end_and_then_says_how_it_ended(
    world: World, world_clock: SteppedClock
) -> None:
    """At the very instant of its end it is over."""
    mail = world.add_mail("Sales")
    run = world.run_now(mail.mail_id, takes=MINUTE, outcome="FAILED")
    assert run.status_at(world.now) == "PROCESSING"
    assert run.status_at(world.now + MINUTE - timedelta(microseconds=1)) == "PROCESSING"
    assert run.status_at(world.now + MINUTE) == "FAILED"
    world_clock.advance(MINUTE)
    assert told(world, mail) == ["FAILED"]


def test_planned_runs_appear_by_themselves(world: World, world_clock: SteppedClock) -> None:
    """They start at the planned instant, however late someone looks."""
    mail = hourly(world)
    assert world.latest(mail.mail_id) is None
    world_clock.advance(timedelta(hours=3, minutes=30))
    assert [run.exec_at.hour for run in world.runs(mail.mail_id)] == [12, 11, 10]
    assert mail.next_start(world.now) == MONDAY + timedelta(hours=4)


def test_of_two_runs_at_one_instant_the_later_one_is_the_latest(world: World) -> None:
    """Also where a clock stands still."""
    mail = world.add_mail("Sales")
    first, second = world.run_now(mail.mail_id), world.run_now(mail.mail_id)
    assert world.latest(mail.mail_id) == second
    assert world.runs(mail.mail_id) == [second, first]


def test_task_ids_are_large_and_never_the_same(world: World) -> None:
    """Beyond 2^53, where a float loses digits, and within 63 bits."""
    mails = world.add_mails(1_000)
    task_ids = {run.task_id for run in world.storm(mail.mail_id for mail in mails)}
    assert len(task_ids) == 1_000
    assert all(2**53 < task_id < 2**63 for task_id in task_ids)
    assert max(len(str(task_id)) for task_id in task_ids) == 19


def test_the_same_seed_gives_the_same_world() -> None:
    """IDs, durations and outcomes; another seed gives other ones."""

    def story(seed: int) -> list[Run]:
        clock = SteppedClock()
        world = World(clock=clock, seed=seed)
        mail = world.add_mail("Sales", plan=Every(interval=MINUTE), law=Law(failure_rate=0.5, spread=0.5))
        clock.advance(20 * MINUTE)
        return world.runs(mail.mail_id)

    assert story(1) == story(1)
    assert story(1) != story(2)
    assert {run.outcome for run in story(1)} == {"SENT", "FAILED"}


@given(st.lists(st.floats(min_value=0.0, max_value=400.0), max_size=30))
def test_looking_often_or_seldom_changes_nothing(steps: list[float]) -> None:
    """A world that was looked at in between tells the same as one that was not."""
    watched_clock, left_alone_clock = SteppedClock(), SteppedClock()
    watched, left_alone = World(clock=watched_clock), World(clock=left_alone_clock)
    law = Law(failure_rate=0.3)
    plan = Compressed(plan=Every(interval=timedelta(minutes=7)), origin=MONDAY, speed=7.0)
    mails = [world.add_mail("Sales", plan=plan, law=law) for world in (watched, left_alone)]
    for step in steps:
        watched_clock.advance(seconds=step)
        watched.mails()
        left_alone_clock.advance(seconds=step)
    assert watched.runs(mails[0].mail_id) == left_alone.runs(mails[1].mail_id)


def test_a_clock_set_back_does_not_repeat_runs(world: World, world_clock: SteppedClock) -> None:
    """What had begun is not visible before its time; later it is the same run again."""
    mail = hourly(world)
    world_clock.advance(timedelta(hours=2))
    before = world.runs(mail.mail_id)
    world_clock.advance(timedelta(hours=-1))
    assert world.runs(mail.mail_id) == before[1:]
    world_clock.advance(timedelta(hours=1))
    assert world.runs(mail.mail_id) == before


def test_fail_next_fails_as_many_runs_as_asked(world: World, world_clock: SteppedClock) -> None:
    """The ones after are well again."""
    mail = hourly(world)
    world.fail_next(mail.mail_id, runs=2)
    world_clock.advance(timedelta(hours=3, minutes=1))
    assert told(world, mail) == ["FAILED", "FAILED", "SENT"]


def test_fail_for_fails_what_starts_in_that_time(world: World, world_clock: SteppedClock) -> None:
    """The end of the time itself is well again."""
    mail = hourly(world)
    world.fail_for(mail.mail_id, timedelta(hours=2))
    world_clock.advance(timedelta(hours=3, minutes=1))
    assert told(world, mail) == ["FAILED", "SENT", "SENT"]


def test_a_hanging_run_is_processing_until_released(world: World, world_clock: SteppedClock) -> None:
    """The next run begins all the same."""
    mail = hourly(world)
    world.hang_next(mail.mail_id)
    world_clock.advance(timedelta(hours=2, minutes=1))
    assert told(world, mail) == ["PROCESSING", "SENT"]
    released = world.release(mail.mail_id, "FAILED")
    assert released is not None
    assert told(world, mail) == ["FAILED", "SENT"]
    assert world.release(mail.mail_id) is None


def test_a_skipped_run_never_starts(world: World, world_clock: SteppedClock) -> None:
    """Only the next one is skipped."""
    mail = hourly(world)
    world.skip_next(mail.mail_id)
    world_clock.advance(timedelta(hours=2, minutes=1))
    assert [run.exec_at.hour for run in world.runs(mail.mail_id)] == [11]


def test_a_paused_mail_does_not_run_and_does_not_catch_up(world: World, world_clock: SteppedClock) -> None:
    """Runs planned while it was paused never happen."""
    mail = hourly(world)
    world_clock.advance(timedelta(hours=1, minutes=1))
    world.pause(mail.mail_id)
    assert mail.next_start(world.now) is None
    world_clock.advance(timedelta(hours=3))
    world.resume(mail.mail_id)
    world_clock.advance(timedelta(hours=1))
    assert [run.exec_at.hour for run in world.runs(mail.mail_id)] == [14, 10]


def test_mend_takes_back_every_switch(world: World, world_clock: SteppedClock) -> None:
    """Failing, hanging, skipping."""
    mail = hourly(world)
    world.fail_next(mail.mail_id)
    world.fail_for(mail.mail_id, timedelta(hours=9))
    world.hang_next(mail.mail_id)
    world.skip_next(mail.mail_id)
    world.mend(mail.mail_id)
    world_clock.advance(timedelta(hours=1, minutes=1))
    assert told(world, mail) == ["SENT"]


def test_a_failed_run_can_turn_sent_later(world: World, world_clock: SteppedClock) -> None:
    """At once, or after a while; by default the latest run."""
    mail = world.add_mail("Sales")
    first = world.run_now(mail.mail_id, takes=timedelta(0), outcome="FAILED")
    world_clock.advance(MINUTE)
    world.run_now(mail.mail_id, takes=timedelta(0), outcome="FAILED")
    world.revise(mail.mail_id, "SENT", after=MINUTE)
    assert told(world, mail) == ["FAILED", "FAILED"]
    world_clock.advance(MINUTE)
    assert told(world, mail) == ["FAILED", "SENT"]
    world.revise(mail.mail_id, "SENT", task_id=first.task_id)
    assert told(world, mail) == ["SENT", "SENT"]
    assert world.revise(mail.mail_id, "SENT", task_id=7) is None


def test_a_mail_can_mend_its_own_failures(world: World, world_clock: SteppedClock) -> None:
    """FAILED at its end, SENT a while later, without anyone's doing."""
    law = Law(takes=MINUTE, spread=0.0, failure_rate=1.0, mends_after=MINUTE)
    mail = world.add_mail("Self-healing", law=law)
    world.run_now(mail.mail_id)
    seen = []
    for _ in range(3):
        seen += told(world, mail)
        world_clock.advance(MINUTE)
    assert seen == ["PROCESSING", "FAILED", "SENT"]


def test_a_storm_ends_many_mails_alike_at_one_moment(world: World, world_clock: SteppedClock) -> None:
    """A hundred mails, one instant."""
    mails = world.add_mails(100)
    runs = world.storm((mail.mail_id for mail in mails), takes=MINUTE)
    world_clock.advance(MINUTE)
    assert {run.exec_at for run in runs} == {MONDAY}
    assert [told(world, mail) for mail in mails] == [["FAILED"]] * 100


def test_a_deleted_mail_is_gone(world: World) -> None:
    """A control on it says so."""
    mail = world.add_mail("Sales")
    world.delete(mail.mail_id)
    assert world.find(mail.mail_id) is None
    with pytest.raises(NoSuchMail, match=mail.mail_id):
        world.fail_next(mail.mail_id)


def test_a_run_by_hand_begins_after_its_delay_and_is_refused_until_it_is_over(
    world_clock: SteppedClock,
) -> None:
    """While it is accepted but has not begun, the API does not show it, and refuses another."""
    world = World(clock=world_clock, hand_delay=timedelta(seconds=2))
    mail = world.add_mail("Sales", law=STEADY)
    begun = world.run_by_hand(mail.mail_id)
    assert isinstance(begun, Run)
    assert begun.by_hand
    assert world.runs(mail.mail_id) == []
    assert code(world.run_by_hand(mail.mail_id)) == "MailTask.Already.Running"
    world_clock.advance(seconds=2)
    assert told(world, mail) == ["PROCESSING"]
    assert code(world.run_by_hand(mail.mail_id)) == "MailTask.Already.Running"
    world_clock.advance(seconds=30)
    assert isinstance(world.run_by_hand(mail.mail_id), Run)


def test_too_many_runs_by_hand_are_refused_until_the_window_has_passed(
    world: World, world_clock: SteppedClock
) -> None:
    """Three in ten minutes; the refusal says in how many minutes to come again."""
    mail = world.add_mail("Sales", law=STEADY)
    for _ in range(3):
        assert isinstance(world.run_by_hand(mail.mail_id), Run)
        world_clock.advance(MINUTE)
    refusal = world.run_by_hand(mail.mail_id)
    assert code(refusal) == "MailApi.Beyond.ScheduleLimit"
    assert isinstance(refusal, Refusal)
    assert "Try Again In 7 Minutes." in refusal.message
    world_clock.advance(7 * MINUTE)
    assert isinstance(world.run_by_hand(mail.mail_id), Run)


def test_history_makes_a_mail_that_ran_before_anyone_looked(world: World) -> None:
    """Its past follows from its plan."""
    mail = hourly(world, history=timedelta(hours=3))
    assert [run.exec_at.hour for run in world.runs(mail.mail_id)] == [9, 8, 7]


def test_daily_keeps_wall_clock_time_and_weekdays() -> None:
    """In its own zone, also where the zone changes its clocks."""
    berlin = ZoneInfo("Europe/Berlin")
    plan = Daily(times=(time(9, 0),), zone=berlin, weekdays=frozenset({4, 0}))
    friday = datetime(2026, 3, 27, 0, 0, tzinfo=UTC)
    starts = list(plan.starts(friday, friday + timedelta(days=5)))
    assert [(start.weekday(), start.hour) for start in starts] == [(4, 8), (0, 7)]


def test_a_compressed_day_passes_in_24_minutes() -> None:
    """Sixty times as fast, from its origin on."""
    plan = Compressed(plan=Daily(times=(time(9, 30),), zone=SHANGHAI), origin=MONDAY, speed=60.0)
    starts = list(plan.starts(MONDAY, MONDAY + timedelta(hours=2)))
    assert len(starts) == 5
    assert {later - earlier for earlier, later in pairwise(starts)} == {timedelta(minutes=24)}


PLANS: tuple[Plan, ...] = (
    Every(interval=timedelta(minutes=13), offset=timedelta(minutes=5)),
    Daily(times=(time(8, 0), time(17, 45)), zone=SHANGHAI),
    Compressed(plan=Every(interval=timedelta(hours=2)), origin=MONDAY, speed=60.0),
    Compressed(plan=Daily(times=(time(2, 15),), zone=SHANGHAI), origin=MONDAY, speed=7.3),
)


@given(
    st.sampled_from(PLANS),
    st.lists(st.integers(min_value=0, max_value=60 * 60 * 24 * 10), min_size=2, max_size=12),
)
def test_no_start_is_lost_or_doubled_where_two_stretches_meet(plan: Plan, cuts: list[int]) -> None:
    """The starts of a time are those of its parts."""
    instants = sorted(MONDAY + timedelta(seconds=cut) for cut in cuts)
    whole = list(plan.starts(instants[0], instants[-1]))
    parts = [start for after, until in pairwise(instants) for start in plan.starts(after, until)]
    assert parts == whole
    assert whole == sorted(set(whole))


def code(outcome: Run | Refusal) -> str:
    assert isinstance(outcome, Refusal)
    return outcome.code
