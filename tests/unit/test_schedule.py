"""The schedule as a whole, over a virtual clock: fair, deterministic, soon there, and quiet where nothing is."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import (
    AccessForbidden,
    MailId,
    MissingAccess,
    ProtocolError,
    QuickBIError,
    QuickBIUnavailable,
    RunStatus,
    StatusAnswer,
    TaskId,
    TaskRun,
    Throttled,
)
from bot.schedule import Ask, Due, MailMemory, Schedule, Sleep
from tests.benchmarks import simulation, workloads
from tests.benchmarks.workloads import Run, Workload

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2025, 3, 3, tzinfo=SHANGHAI)
MAIL = MailId("mail")
NOTHING = StatusAnswer(runs=(), request_id="")


def a_schedule(*, check_interval: float = 300.0, calls_per_second: float = 1.0) -> Schedule:
    return Schedule(
        calls_per_second=calls_per_second,
        check_interval=timedelta(seconds=check_interval),
        timezone=SHANGHAI,
    )


def a_run(started: datetime, status: RunStatus, task_id: int = 1) -> StatusAnswer:
    run = TaskRun(
        mail_id=MAIL, task_id=TaskId(task_id), exec_at=started, status=status, status_word=status.value
    )
    return StatusAnswer(runs=(run,), request_id="")


def daily_runs(days: int, *, hour: float = 9, lasts: float = 30, skip: tuple[int, ...] = ()) -> Workload:
    starts = [
        MONDAY.timestamp() + day * 86_400 + hour * 3600 + Random(day).uniform(0, 5)
        for day in range(days)
        if day not in skip
    ]
    runs = [
        Run(mail_id=MAIL, task_id=number + 1, start=start, end=start + lasts, status="FAILED")
        for number, start in enumerate(starts)
    ]
    return Workload(runs=runs, mail_ids=[MAIL], planned_until=MONDAY.timestamp() + days * 86_400)


def slots(people: float = 0.0) -> simulation.Slots:
    return simulation.Slots(interval=1.0, people=people, random=Random(1))


def delays(workload: Workload, outcome: simulation.Outcome) -> list[float]:
    return [outcome.seen_at[run.task_id] - run.end for run in workload.runs]


def test_a_learned_run_is_seen_within_seconds() -> None:
    """After a week of daily runs the next one's end is noticed at once."""
    workload = daily_runs(12)
    outcome = simulation.ours(workload, a_schedule(), slots())
    assert max(delays(workload, outcome)[7:]) < 5


def test_a_run_by_hand_does_not_hide_the_next_one() -> None:
    """A time seen once, just before the hour, is no reason to overlook what every hour brings: not a week later."""
    hours = [MONDAY.timestamp() + hour * 3600 + Random(hour).uniform(0, 5) for hour in range(200)]
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
    workload = workloads.generate(mails=30, mix="clustered", days=2, seed=3)
    outcome = simulation.ours(workload, a_schedule(), slots(people=0.2))
    times = [call.t for call in outcome.calls]
    assert min(later - earlier for earlier, later in pairwise(times)) >= 1.0


def test_the_same_story_gives_the_same_calls() -> None:
    """Nothing but its input decides what the schedule does."""
    workload = workloads.generate(mails=20, mix="office", days=3, seed=4)
    one, other = (simulation.ours(workload, a_schedule(), slots()) for _ in range(2))
    assert one.calls == other.calls


@settings(max_examples=15, deadline=None)
@given(
    mails=st.integers(1, 60),
    calls_per_second=st.sampled_from([0.2, 1.0]),
    hot=st.integers(0, 20),
    seed=st.integers(0, 99),
)
def test_nobody_starves(mails: int, calls_per_second: float, hot: int, seed: int) -> None:
    """Even while some mails always have news, every mail is asked about in ten rounds, or about the interval."""
    random = Random(seed)
    schedule = a_schedule(calls_per_second=calls_per_second)
    now, step = MONDAY, timedelta(seconds=1 / calls_per_second)
    ids = [MailId(f"mail{number}") for number in range(mails)]
    asked = dict.fromkeys(ids, now)
    for mail_id in ids:
        schedule.watch(mail_id, now)
    bound = timedelta(seconds=max(330.0, 10 * mails / calls_per_second)) + (mails + 1) * step
    for number in range(1500):
        decision = schedule.next(now)
        if isinstance(decision, Ask):
            asked[decision.mail_id] = now
            busy = decision.mail_id in ids[:hot]
            began = now - timedelta(seconds=random.uniform(1, 200))
            answer = a_run(began, random.choice(list(RunStatus)), number + 1) if busy else NOTHING
            schedule.answered(decision, answer, now)
        assert all(now - at <= bound for at in asked.values())
        now += step


def test_an_interval_is_kept_where_the_budget_allows() -> None:
    """A hundred mails are each looked at every five minutes, but for a short rush."""
    workload = workloads.generate(mails=100, mix="spread", days=2, seed=5)
    outcome = simulation.ours(workload, a_schedule(), slots())
    last: dict[str, float] = {}
    gaps = []
    for call in outcome.calls:
        gaps.append(call.t - last.get(call.mail_id, call.t))
        last[call.mail_id] = call.t
    assert max(gaps) < 360


def test_a_restart_costs_at_most_one_look_at_each_mail() -> None:
    """With its memories, a new schedule does as well as the old one would have."""
    workload = workloads.generate(mails=40, mix="clustered", days=9, seed=6)
    cut = workload.begins + 8 * 86_400
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


def test_an_overtaken_run_is_followed_to_its_end() -> None:
    """A run still going when the next began is asked for by its own task ID."""
    schedule, start = a_schedule(), MONDAY
    schedule.watch(MAIL, start)
    schedule.answered(Ask(mail_id=MAIL), a_run(start, RunStatus.PROCESSING, 1), start + timedelta(seconds=9))
    newer = start + timedelta(minutes=2)
    schedule.answered(Ask(mail_id=MAIL), a_run(newer, RunStatus.SENT, 2), newer + timedelta(seconds=20))
    asks = _asks(schedule, newer + timedelta(seconds=21), seconds=60, answer=a_run(newer, RunStatus.SENT, 2))
    assert Ask(mail_id=MAIL, task_id=TaskId(1)) in asks
    schedule.answered(
        Ask(mail_id=MAIL, task_id=TaskId(1)),
        a_run(start, RunStatus.FAILED, 1),
        newer + timedelta(seconds=90),
    )
    later = newer + timedelta(seconds=91)
    assert all(ask.task_id is None for ask in _asks(schedule, later, seconds=900, answer=NOTHING))


def test_an_overtaken_run_survives_a_restart() -> None:
    """The memory holds the runs that are still to be followed."""
    schedule, start = a_schedule(), MONDAY
    schedule.watch(MAIL, start)
    schedule.answered(Ask(mail_id=MAIL), a_run(start, RunStatus.PROCESSING, 1), start + timedelta(seconds=9))
    newer = start + timedelta(minutes=2)
    schedule.answered(Ask(mail_id=MAIL), a_run(newer, RunStatus.SENT, 2), newer + timedelta(seconds=20))
    again = a_schedule()
    again.watch(MAIL, newer + timedelta(seconds=30), memory=schedule.memory(MAIL))
    asks = _asks(again, newer + timedelta(seconds=31), seconds=60, answer=a_run(newer, RunStatus.SENT, 2))
    assert Ask(mail_id=MAIL, task_id=TaskId(1)) in asks


def going(task_id: int, started: datetime) -> TaskRun:
    (run,) = a_run(started, RunStatus.PROCESSING, task_id).runs
    return run


def test_a_run_that_another_replica_saw_is_followed_to_its_end() -> None:
    """It began and was overtaken between two looks of the leader's, but a person had seen it meanwhile."""
    schedule, start = a_schedule(), MONDAY
    schedule.watch(MAIL, start)
    schedule.answered(Ask(mail_id=MAIL), a_run(start, RunStatus.SENT, 1), start + timedelta(seconds=9))
    schedule.follow(MAIL, going(2, start + timedelta(seconds=60)), start + timedelta(seconds=70))
    newer = start + timedelta(seconds=80)
    schedule.answered(Ask(mail_id=MAIL), a_run(newer, RunStatus.SENT, 3), newer + timedelta(seconds=5))
    later = newer + timedelta(seconds=6)
    asks = _asks(schedule, later, seconds=60, answer=a_run(newer, RunStatus.SENT, 3))
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
    asks = _asks(schedule, newer + timedelta(seconds=2), seconds=60, answer=a_run(newer, RunStatus.SENT, 2))
    assert {ask.task_id for ask in asks if ask.task_id is not None} == {1}
    assert asks.count(Ask(mail_id=MAIL, task_id=TaskId(1))) == 1


def test_a_run_by_hand_is_followed_closely() -> None:
    """After someone pressed Run the mail is asked about within seconds, not after the interval."""
    schedule = a_schedule()
    schedule.watch(MAIL, MONDAY)
    now = MONDAY + timedelta(seconds=10)
    schedule.answered(Ask(mail_id=MAIL), NOTHING, now)
    assert not _asks(schedule, now, seconds=60, answer=NOTHING)
    schedule.run_expected(MAIL, now + timedelta(seconds=60))
    assert _asks(schedule, now + timedelta(seconds=60), seconds=60, answer=NOTHING)


def test_a_paused_mail_is_hardly_ever_asked_about() -> None:
    """Paused: a look an hour, and as usual again when it is resumed."""
    schedule = a_schedule()
    schedule.watch(MAIL, MONDAY, paused=True)
    asks = _asks(schedule, MONDAY, seconds=4 * 3600, answer=NOTHING)
    assert 1 <= len(asks) <= 6
    now = MONDAY + timedelta(hours=4)
    schedule.set_paused(MAIL, now, paused=False)
    assert len(_asks(schedule, now, seconds=3600, answer=NOTHING)) > 10


def test_a_forgotten_mail_is_not_asked_about() -> None:
    """Forgetting is final, and an answer that still comes is passed over."""
    schedule = a_schedule()
    schedule.watch(MAIL, MONDAY)
    schedule.forget(MAIL)
    assert schedule.answered(Ask(mail_id=MAIL), NOTHING, MONDAY) is False
    assert isinstance(schedule.next(MONDAY), Sleep)
    assert schedule.memory(MAIL) is None


def test_a_mail_out_of_reach_rests() -> None:
    """A mail that may not be seen is asked about as seldom as a paused one, until it answers again."""
    schedule = a_schedule()
    schedule.watch(MAIL, MONDAY)
    ask = schedule.next(MONDAY)
    assert isinstance(ask, Ask)
    schedule.failed(ask, AccessForbidden(missing=MissingAccess.MAIL), MONDAY)
    asks = _asks(schedule, MONDAY + timedelta(seconds=1), seconds=3500, answer=NOTHING)
    assert not asks


@pytest.mark.parametrize(
    ("error", "most"),
    [
        pytest.param(AccessForbidden(missing=MissingAccess.MAIL), 1, id="out of reach"),
        pytest.param(ProtocolError("garbage"), 14, id="garbage"),
    ],
)
@pytest.mark.parametrize("status", [RunStatus.PROCESSING, RunStatus.FAILED])
def test_a_mail_that_is_not_answered_for_leaves_the_calls_to_the_others(
    error: QuickBIError, most: int, status: RunStatus
) -> None:
    """However much is expected of it: its run was going, or may be taken back."""
    schedule = a_schedule()
    mails = [MAIL, MailId("one"), MailId("two")]
    for mail_id in mails:
        schedule.watch(mail_id, MONDAY)
    looks, refused, now = Counter[MailId](), 0, MONDAY
    while now < MONDAY + timedelta(minutes=15):
        now += timedelta(seconds=1)
        decision = schedule.next(now)
        if not isinstance(decision, Ask):
            continue
        if decision.mail_id == MAIL and looks[MAIL]:
            refused += 1
            schedule.failed(decision, error, now)
            continue
        looks[decision.mail_id] += 1
        schedule.answered(decision, a_run(MONDAY, status), now)
    assert refused <= most
    assert min(looks[mail_id] for mail_id in mails[1:]) >= 3


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


@pytest.mark.parametrize(
    "error",
    [QuickBIUnavailable(outcome_unknown=False), AccessForbidden(missing=MissingAccess.RAM_ACTION)],
    ids=["down", "a permission of the whole account"],
)
def test_a_call_that_failed_is_made_again(error: QuickBIError) -> None:
    """Trouble that is not one mail's costs a mail at most one interval."""
    schedule = a_schedule()
    schedule.watch(MAIL, MONDAY)
    ask = schedule.next(MONDAY)
    assert isinstance(ask, Ask)
    schedule.failed(ask, error, MONDAY)
    assert _asks(schedule, MONDAY + timedelta(seconds=1), seconds=400, answer=NOTHING)


def test_a_skipped_run_of_a_learned_mail_is_late_once() -> None:
    """The absence of a run that has always been there is news, told once, soon after its grace."""
    workload = daily_runs(14, skip=(10,))
    outcome = simulation.ours(workload, a_schedule(), slots())
    ((told_at, late),) = outcome.late
    expected = MONDAY + timedelta(days=10, hours=9)
    assert abs(late.expected_at - expected) < timedelta(minutes=1)
    assert told_at - (late.expected_at + late.grace).timestamp() < 10
    assert late.declared is None


def test_a_run_skipped_on_the_same_weekday_twice_is_late_both_times() -> None:
    """Whether a run is missed is judged by what was known before its time, not by its absence."""
    outcome = simulation.ours(daily_runs(14, skip=(4, 11), lasts=200), a_schedule(), slots())
    told = [late.expected_at.timestamp() for _, late in outcome.late]
    expected = [(MONDAY + timedelta(days=day, hours=9)).timestamp() for day in (4, 11)]
    assert told == pytest.approx(expected, abs=60)


def test_a_run_skipped_soon_after_its_time_was_changed_is_late() -> None:
    """Sunday to Thursday at the new time, nothing on Friday: the days before the change are no sign of a plan."""
    before = daily_runs(13, hour=9).runs
    moved = [
        replace(run, task_id=run.task_id + 100, start=run.start + 600, end=run.end + 600)
        for run in daily_runs(24, hour=9).runs[13:]
    ]
    skipped = MONDAY + timedelta(days=18, hours=9, minutes=10)  # a Friday
    runs = [run for run in [*before, *moved] if abs(run.start - skipped.timestamp()) > 60]
    workload = Workload(runs=runs, mail_ids=[MAIL], planned_until=(MONDAY + timedelta(days=24)).timestamp())
    outcome = simulation.ours(workload, a_schedule(), slots())
    assert any(abs(late.expected_at - skipped) < timedelta(minutes=1) for _, late in outcome.late)


@pytest.mark.parametrize("days", [1, 2, 3])
def test_a_young_mail_is_never_late(days: int) -> None:
    """What was seen a few times only promises nothing."""
    workload = daily_runs(7, skip=tuple(range(days, 6)))
    assert not simulation.ours(workload, a_schedule(), slots()).late


def test_a_paused_mail_is_never_late() -> None:
    """Nobody waits for a mail that was paused on purpose."""
    schedule = a_schedule()
    workload = daily_runs(8)
    simulation.ours(workload, schedule, slots())
    now = MONDAY + timedelta(days=8, hours=2)
    schedule.set_paused(MAIL, now, paused=True)
    last = a_run(datetime.fromtimestamp(int(workload.runs[-1].start), UTC), RunStatus.SENT, 8)
    _asks(schedule, now, seconds=86_400, answer=last)
    assert not schedule.late()


def test_a_declared_time_is_missed_after_its_grace() -> None:
    """A person's `due` needs no learning."""
    schedule = a_schedule()
    due = Due(at=time(9, 30), weekdays_only=True, grace=timedelta(minutes=15))
    schedule.watch(MAIL, MONDAY, dues=[due])
    now, told = MONDAY, []
    while now < MONDAY + timedelta(days=7):
        decision = schedule.next(now)
        if isinstance(decision, Sleep):
            now = max(decision.until, now + timedelta(seconds=1))
            continue
        schedule.answered(decision, NOTHING, now)
        told += [(now, late) for late in schedule.late()]
        now += timedelta(seconds=1)
    assert [late.expected_at for _, late in told] == [
        MONDAY + timedelta(days=day, hours=9, minutes=30) for day in range(5)
    ]
    assert all(late.declared == due for _, late in told)
    assert all(at - late.expected_at < timedelta(minutes=15, seconds=5) for at, late in told)


@pytest.mark.parametrize("memory", ["", "{}", "[]", "null", '{"v":0}', '{"v":1}', "\x00"])
def test_an_unreadable_memory_counts_as_none(memory: str) -> None:
    """Whatever the store held, the mail is watched."""
    schedule = a_schedule()
    schedule.watch(MAIL, MONDAY, memory=MailMemory(memory))
    assert schedule.next(MONDAY) == Ask(mail_id=MAIL)


def test_a_memory_from_before_failures_were_counted_is_read() -> None:
    """What an earlier version learned is not thrown away."""
    schedule = a_schedule()
    schedule.watch(MAIL, MONDAY)
    schedule.answered(Ask(mail_id=MAIL), a_run(MONDAY, RunStatus.SENT), MONDAY + timedelta(seconds=60))
    told = json.loads(schedule.memory(MAIL) or "")
    beliefs = told.pop("lasts")
    del told["failures"]
    schedule = a_schedule()
    schedule.watch(MAIL, MONDAY + timedelta(seconds=90), memory=MailMemory(json.dumps(told)))
    again = json.loads(schedule.memory(MAIL) or "")
    assert beliefs
    assert again == {**told, "failures": [0.0, 0.0, 0.0, 0.0, False], "lasts": []}


def test_a_memory_stays_small() -> None:
    """A year of hourly runs, some by hand, is remembered in a few thousand characters."""
    schedule, random = a_schedule(), Random(7)
    schedule.watch(MAIL, MONDAY)
    for hour in range(24 * 365):
        start = MONDAY + timedelta(hours=hour, seconds=random.randrange(9))
        if random.random() < 0.02:
            start += timedelta(minutes=random.randrange(50))
        answer = a_run(start, RunStatus.SENT, hour + 1)
        schedule.answered(Ask(mail_id=MAIL), answer, start + timedelta(seconds=60))
    assert len(schedule.memory(MAIL) or "") < 6000


def _asks(schedule: Schedule, now: datetime, *, seconds: float, answer: StatusAnswer) -> list[Ask]:
    """What is asked within `seconds`, when every answer about the latest run is the same."""
    until, asks = now + timedelta(seconds=seconds), []
    while now < until:
        decision = schedule.next(now)
        if isinstance(decision, Sleep):
            now = max(decision.until, now + timedelta(seconds=1))
            continue
        asks.append(decision)
        if decision.task_id is None:
            schedule.answered(decision, answer, now)
        now += timedelta(seconds=1)
    return asks
