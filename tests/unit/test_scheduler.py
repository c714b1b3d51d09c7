"""The schedule as a whole, over a virtual clock: fair, deterministic, soon there, and quiet where nothing is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import MailId, RunStatus
from bot.monitoring.schedule import Ask
from tests.benchmarks import simulation, workloads
from tests.benchmarks.workloads import Run, Workload
from tests.support.schedule_stage import (
    MAIL,
    MONDAY,
    NOTHING,
    a_run,
    a_schedule,
    daily_runs,
    delays,
    slots,
)


def test_a_learned_run_is_seen_within_seconds() -> None:
    """After a week of daily runs the next one's end is noticed at once."""
    workload = daily_runs(12)
    outcome = simulation.ours(workload, a_schedule(), slots())
    assert max(delays(workload, outcome)[7:]) < 5


def test_a_run_by_hand_does_not_hide_the_next_one() -> None:
    """A time seen once, just before the hour, is no reason to overlook what every hour brings: not a week later."""
    hours = [MONDAY.timestamp() + hour * 3600 + Random(hour).uniform(0, 5) for hour in range(192)]
    by_hand = [hours[20] + 2880]  # twelve minutes before the next
    runs = [
        Run(mail_id=MAIL, task_id=number + 1, start=start, end=start + 30, status="FAILED")
        for number, start in enumerate(sorted([*hours, *by_hand]))
    ]
    workload = Workload(runs=runs, mail_ids=[MAIL], planned_until=hours[-1] + 3600)
    outcome = simulation.ours(workload, a_schedule(), slots())
    late = [
        wait for wait, run in zip(delays(workload, outcome), runs, strict=True) if run.start not in by_hand
    ]
    assert max(late[24:]) < 10


@pytest.mark.parametrize("restarted", [False, True], ids=["while it runs", "over a restart"])
def test_of_two_that_have_ended_the_one_that_tends_to_fail_is_asked_first(*, restarted: bool) -> None:
    """The call goes where a failure is most likely: also after a restart, whatever the order of watching."""
    sound, shaky = MailId("sound"), MailId("shaky")
    schedule = a_schedule()
    for mail_id in (sound, shaky):
        schedule.watch(mail_id, MONDAY)
    for day in range(10):
        start = MONDAY + timedelta(days=day, hours=9)
        ended = RunStatus.FAILED if day % 2 else RunStatus.SENT
        for mail_id, status in ((sound, RunStatus.SENT), (shaky, ended)):
            for seconds, seen in ((5, RunStatus.PROCESSING), (40, status), (110, status)):
                now = start + timedelta(seconds=seconds)
                schedule.answered(Ask(mail_id=mail_id), a_run(start, seen, day + 1), now)
    if restarted:
        memories = {mail_id: schedule.memory(mail_id) for mail_id in (sound, shaky)}
        schedule = a_schedule()
        for mail_id, memory in memories.items():
            schedule.watch(mail_id, start + timedelta(hours=1), memory=memory)
    ninth = MONDAY + timedelta(days=10, hours=9)
    schedule.answered(
        Ask(mail_id=sound), a_run(ninth, RunStatus.PROCESSING, 11), ninth + timedelta(seconds=5)
    )
    schedule.answered(
        Ask(mail_id=shaky), a_run(ninth, RunStatus.PROCESSING, 11), ninth + timedelta(seconds=5)
    )
    decision = schedule.next(ninth + timedelta(seconds=200))
    assert decision == Ask(mail_id=shaky)


@pytest.mark.parametrize("restarted", [False, True], ids=["while it runs", "over a restart"])
def test_a_clock_that_is_set_back_leaves_no_mail_unlooked_at(*, restarted: bool) -> None:
    """A clock that was a day ahead is put right: every mail is looked at within the interval, not in a day."""
    ahead = MONDAY + timedelta(days=1)
    schedule = a_schedule()
    mails = [MailId(f"mail{number}") for number in range(10)]
    for mail_id in mails:
        schedule.watch(mail_id, ahead)
        schedule.answered(Ask(mail_id=mail_id), NOTHING, ahead)
    memories = {mail_id: schedule.memory(mail_id) for mail_id in mails}
    if restarted:
        schedule = a_schedule()
        for mail_id in mails:
            schedule.watch(mail_id, MONDAY, memory=memories[mail_id])
    asked, now = set(), MONDAY
    while now < MONDAY + timedelta(seconds=330):
        decision = schedule.next(now)
        if isinstance(decision, Ask):
            asked.add(decision.mail_id)
            schedule.answered(decision, NOTHING, now)
        now += timedelta(seconds=1)
    assert asked == set(mails)


def test_nothing_is_asked_for_nothing() -> None:
    """A daily mail costs hardly more than its check interval."""
    workload = daily_runs(12)
    outcome = simulation.ours(workload, a_schedule(), slots())
    assert len(outcome.calls) / 12 < 86_400 / 300 + 40


def test_calls_keep_their_distance() -> None:
    """No two calls within a second, however much there is to ask."""
    workload = workloads.generate(mails=30, mix="clustered", days=1, seed=3)
    outcome = simulation.ours(workload, a_schedule(), slots(people=0.2))
    times = [call.t for call in outcome.calls]
    assert min(later - earlier for earlier, later in pairwise(times)) >= 1.0


def test_the_same_story_gives_the_same_calls() -> None:
    """Nothing but its input decides what the schedule does."""
    workload = workloads.generate(mails=10, mix="office", days=1, seed=4)
    one, other = (simulation.ours(workload, a_schedule(), slots()) for _ in range(2))
    assert one.calls == other.calls


@settings(max_examples=10)
@given(
    mails=st.integers(1, 60),
    calls_per_second=st.sampled_from([0.2, 1.0]),
    hot=st.integers(0, 20),
    seed=st.integers(0, 99),
)
def test_nobody_starves(mails: int, calls_per_second: float, hot: int, seed: int) -> None:
    """Even while some mails always have news, every mail is asked about in nine rounds, or about the interval."""
    random = Random(seed)
    schedule = a_schedule(calls_per_second=calls_per_second)
    now, step = MONDAY, timedelta(seconds=1 / calls_per_second)
    ids = [MailId(f"mail{number}") for number in range(mails)]
    asked = dict.fromkeys(ids, now)
    for mail_id in ids:
        schedule.watch(mail_id, now)
    one_round = mails / calls_per_second
    bound = timedelta(seconds=330.0 if one_round <= 150 else 9 * max(300.0, one_round)) + (mails + 1) * step
    for number in range(1000):
        decision = schedule.next(now)
        if isinstance(decision, Ask):
            asked[decision.mail_id] = now
            busy = decision.mail_id in ids[:hot]
            began = now - timedelta(seconds=random.uniform(1, 200))
            answer = a_run(began, random.choice(list(RunStatus)), number + 1) if busy else NOTHING
            schedule.answered(decision, answer, now)
        assert now - min(asked.values()) <= bound
        now += step


def test_an_interval_is_kept_where_the_budget_allows() -> None:
    """A hundred mails are each looked at every five minutes, but for a short rush."""
    workload = workloads.generate(mails=100, mix="spread", days=1, seed=5)
    outcome = simulation.ours(workload, a_schedule(), slots())
    last: dict[str, float] = {}
    gaps = []
    for call in outcome.calls:
        gaps.append(call.t - last.get(call.mail_id, call.t))
        last[call.mail_id] = call.t
    assert max(gaps) < 360


def test_a_restart_costs_at_most_one_look_at_each_mail() -> None:
    """With its memories, a new schedule does as well as the old one would have."""
    workload = workloads.generate(mails=8, mix="clustered", days=5, seed=6)
    cut = workload.begins + 4 * 86_400
    before = Workload(runs=[run for run in workload.runs if run.end < cut], mail_ids=workload.mail_ids)
    after = Workload(runs=[run for run in workload.runs if run.end >= cut], mail_ids=workload.mail_ids)
    old = a_schedule()
    simulation.ours(before, old, slots(), until=cut)
    new = a_schedule()
    now = datetime.fromtimestamp(cut, UTC)
    for mail_id in map(MailId, workload.mail_ids):
        new.watch(mail_id, now, memory=old.memory(mail_id))
    whole = simulation.SimulatedAPI(workload)
    calls = [
        len(simulation.ours(after, schedule, slots(), begin=cut, api=whole).calls) for schedule in (old, new)
    ]
    assert calls[1] <= calls[0] + len(workload.mail_ids)
