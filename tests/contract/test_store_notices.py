"""The store over both databases: what was seen becomes news once, and is owed to whom it concerns."""

from __future__ import annotations

import asyncio
from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from bot.domain import (
    IncidentState,
    LeaseLost,
    MailId,
    NotifyReason,
    PostKind,
    RunStatus,
)
from tests.support.sample_values import FINANCE, MAIL, REPORTS, answer, at, run, subscription
from tests.support.store_leader import TTL, expire, subscribed

if TYPE_CHECKING:
    from tests.support.store_leader import StoreLeader

pytest_plugins = ["tests.support.store_fixtures"]
SENT, FAILED, RUNNING = RunStatus.SENT, RunStatus.FAILED, RunStatus.PROCESSING
OTHER = MailId("2342526")


async def test_a_failure_is_owed_to_every_subscribed_channel_once(leader: StoreLeader) -> None:
    """However often it is seen."""
    await subscribed(leader, REPORTS, FINANCE)
    assert await leader.saw(2, run(1, FAILED)) == (NotifyReason.FIRST_FAILURE,)
    assert await leader.saw(3, run(1, FAILED)) == (NotifyReason.AS_BEFORE,)
    for channel in (REPORTS, FINANCE):
        notice = await leader.send(4, channel=channel)
        assert notice.kind is PostKind.ROOT
        assert [told.incident.mail_id for told in notice.items] == [MAIL]
        assert await leader.nothing_owed(channel=channel)


async def test_an_old_failure_is_no_news(leader: StoreLeader) -> None:
    await subscribed(leader, baseline=answer(run(1, FAILED)))
    assert await leader.saw(2, run(1, FAILED)) == (NotifyReason.AS_BEFORE,)
    assert await leader.nothing_owed()


async def test_without_a_baseline_what_began_before_the_subscription_is_the_baseline(
    leader: StoreLeader,
) -> None:
    """Somebody subscribed while Quick BI was down."""
    await leader.store.subscriptions.subscribe(subscription(), baseline=None)
    assert await leader.saw(2, run(1, FAILED, minutes=-60)) == (NotifyReason.BASELINE,)
    assert await leader.saw(3, run(1, FAILED, minutes=-60)) == (NotifyReason.AS_BEFORE,)
    assert await leader.saw(5, run(4, FAILED)) == (NotifyReason.FIRST_FAILURE,)


async def test_a_failure_after_subscribing_is_told_although_quick_bi_was_down_then(
    leader: StoreLeader,
) -> None:
    """It was down when they subscribed, and for long after: the first look finds a run that began meanwhile."""
    await leader.store.subscriptions.subscribe(subscription(), baseline=None)
    assert await leader.saw(40, run(20, FAILED)) == (NotifyReason.FIRST_FAILURE,)
    assert (await leader.send(41)).items[0].reasons == (NotifyReason.FIRST_FAILURE,)


async def test_a_failure_at_the_edge_of_the_subscription_is_told(leader: StoreLeader) -> None:
    """Two clocks, and a run takes some minutes: rather told once too often."""
    await leader.store.subscriptions.subscribe(subscription(), baseline=None)
    assert await leader.saw(5, run(1, FAILED, minutes=-5)) == (NotifyReason.FIRST_FAILURE,)


async def test_the_latest_run_is_the_newest_whatever_its_time_says(leader: StoreLeader) -> None:
    """Execution times are wall-clock text: no order of them may turn a latest failure into anything else."""
    for number, began in enumerate(permutations((25, 28, 31, 36))):
        mail_id = MailId(f"mail-{number}")
        await subscribed(leader, mail_id=mail_id, created_at=at(30))
        told: list[NotifyReason] = []
        for look, (task, status) in enumerate([(1, SENT), (2, FAILED), (3, RUNNING), (3, SENT), (4, FAILED)]):
            seen = run(task, status, minutes=began[task - 1], mail_id=mail_id)
            told += await leader.saw(34 + look, seen, mail_id=mail_id)
        assert told == [
            NotifyReason.SENT,
            NotifyReason.FIRST_FAILURE,
            NotifyReason.RUNNING,
            NotifyReason.RECOVERED,
            NotifyReason.FIRST_FAILURE,
        ], began


async def test_a_failure_is_told_where_an_earlier_run_began_later_by_the_clock(leader: StoreLeader) -> None:
    """The clocks were set back, or Quick BI's servers disagree: 28 s before, 10 s after."""
    await subscribed(leader)
    await leader.saw(2, run(1, SENT, minutes=28 / 60))
    assert await leader.saw(3, run(2, FAILED, minutes=10 / 60)) == (NotifyReason.FIRST_FAILURE,)
    assert (await leader.send(4)).items[0].incident.is_firing
    assert await leader.saw(5, run(1, SENT, minutes=28 / 60)) == (NotifyReason.AS_BEFORE,)
    assert await leader.nothing_owed()


async def test_a_time_that_the_clocks_show_twice_keeps_its_first_reading(leader: StoreLeader) -> None:
    """A run that began in the first of the two hours is looked at again in the second."""
    await subscribed(leader)
    await leader.saw(2, run(1, RUNNING))
    assert await leader.saw(62, run(1, FAILED, minutes=61)) == (NotifyReason.FIRST_FAILURE,)
    assert (await leader.send(63)).items[0].incident.last_exec_at == at(1)


async def test_an_old_run_that_somebody_asks_about_is_no_news(leader: StoreLeader) -> None:
    """A person pastes an error line from before anybody subscribed."""
    await subscribed(leader, baseline=answer(run(100, SENT)), created_at=at(101))
    assert await leader.saw_task(110, run(50, FAILED)) == (NotifyReason.BASELINE,)
    assert await leader.nothing_owed()


async def test_an_old_run_is_not_counted_among_the_failures_of_today(leader: StoreLeader) -> None:
    await subscribed(leader, baseline=answer(run(100, SENT)), created_at=at(101))
    await leader.saw(121, run(120, FAILED))
    assert await leader.saw_task(122, run(50, FAILED)) == (NotifyReason.BASELINE,)
    assert (await leader.send(123)).items[0].incident.failed_runs == 1


async def test_what_was_seen_going_long_before_anyone_subscribed_is_no_news(leader: StoreLeader) -> None:
    """Somebody looked at it on Monday; on Friday a channel subscribes, and how it ended becomes known."""
    await leader.saw(1, run(1, RUNNING))
    await subscribed(leader, baseline=answer(run(4000, SENT)), created_at=at(4001))
    assert await leader.saw_task(4002, run(1, FAILED)) == (NotifyReason.BASELINE,)
    assert await leader.nothing_owed()


async def test_a_run_that_was_going_when_a_channel_subscribed_is_told(leader: StoreLeader) -> None:
    """Also where a newer one had begun by then."""
    await leader.saw(1, run(0, RUNNING))
    await subscribed(leader, baseline=answer(run(4, SENT)), created_at=at(5))
    assert await leader.saw(6, run(0, FAILED)) == (NotifyReason.OVERTAKEN_FAILURE,)


async def test_a_mail_that_never_ran_is_told_of_whatever_the_clocks_say(leader: StoreLeader) -> None:
    """With a wrong time zone its first run seems to have begun eight hours before anybody subscribed."""
    await subscribed(leader, baseline=answer())
    assert await leader.saw(10, run(1, FAILED, minutes=-470)) == (NotifyReason.FIRST_FAILURE,)


async def test_a_second_channel_does_not_lose_what_the_first_was_waiting_for(leader: StoreLeader) -> None:
    """The mail is watched already: the newcomer's baseline must not hide a failure from the others."""
    await subscribed(leader, REPORTS)
    await subscribed(leader, FINANCE, baseline=answer(run(1, FAILED)))
    assert await leader.saw(2, run(1, FAILED)) == (NotifyReason.FIRST_FAILURE,)
    assert (await leader.send(3, channel=REPORTS)).kind is PostKind.ROOT


async def test_who_subscribes_while_it_fails_is_told_of_the_end(leader: StoreLeader) -> None:
    await subscribed(leader, REPORTS)
    await leader.saw(2, run(1, FAILED))
    await subscribed(leader, FINANCE, baseline=answer(run(1, FAILED)))
    assert await leader.nothing_owed(channel=FINANCE)
    await leader.saw(4, run(3, SENT))
    notice = await leader.send(5, channel=FINANCE)
    assert notice.items[0].reasons == (NotifyReason.RECOVERED,)


async def test_a_mail_that_nobody_watches_only_gets_its_history(leader: StoreLeader) -> None:
    assert await leader.saw(1, run(1, RUNNING)) == (NotifyReason.BASELINE,)
    await leader.saw(2, run(1, FAILED))
    await leader.saw(3, run(1, RUNNING))
    assert await leader.nothing_owed()
    (known,) = await leader.store.history.runs_of(MAIL)
    assert (known.run.status, known.first_seen_at, known.ended_at) == (FAILED, at(1), at(2))


async def test_looks_at_one_moment_at_a_mail_that_nobody_watches(leader: StoreLeader) -> None:
    """Two replicas answer two people: the run is kept once, and in its last state."""
    await asyncio.gather(*(leader.saw(2, run(1, status)) for status in (RUNNING, FAILED, RUNNING, FAILED)))
    (known,) = await leader.store.history.runs_of(MAIL)
    assert known.run.status is FAILED


async def test_what_the_confirmation_shows_is_no_news_although_the_run_was_known(leader: StoreLeader) -> None:
    """It was seen going before; it has failed by the time that a channel subscribes."""
    await leader.saw(1, run(1, RUNNING))
    _, state = await leader.store.subscriptions.subscribe(
        subscription(created_at=at(6)), baseline=answer(run(1, FAILED))
    )
    assert state.latest == run(1, FAILED)
    assert await leader.saw(7, run(1, FAILED)) == (NotifyReason.AS_BEFORE,)
    assert await leader.nothing_owed()


async def test_a_run_that_was_shown_as_stuck_is_not_told_as_stuck(leader: StoreLeader) -> None:
    """It was seen as it began; forty minutes later a channel subscribes, and reads how long it has been going."""
    await leader.saw(1, run(1, RUNNING))
    await subscribed(leader, baseline=answer(run(1, RUNNING)), created_at=at(41))
    assert await leader.saw(42, run(1, RUNNING)) == (NotifyReason.AS_BEFORE,)


async def test_an_overtaken_run_is_told_although_a_newer_one_was_sent(leader: StoreLeader) -> None:
    await subscribed(leader)
    await leader.saw(2, run(1, RUNNING))
    await leader.saw(4, run(3, SENT))
    assert await leader.saw(5, run(1, FAILED)) == (NotifyReason.OVERTAKEN_FAILURE,)
    notice = await leader.send(6)
    assert notice.items[0].incident.state is IncidentState.RECOVERED


async def test_several_runs_in_one_answer_are_judged_in_their_order(leader: StoreLeader) -> None:
    await subscribed(leader)
    reasons = await leader.saw(9, run(3, SENT), run(2, FAILED), run(1, SENT))
    assert reasons == (NotifyReason.SENT, NotifyReason.FIRST_FAILURE, NotifyReason.RECOVERED)
    notice = await leader.send(10)
    assert notice.items[0].reasons == (NotifyReason.FIRST_FAILURE, NotifyReason.RECOVERED)
    assert await leader.nothing_owed()


async def test_looks_at_one_mail_at_the_same_moment_are_judged_one_after_the_other(
    leader: StoreLeader,
) -> None:
    """The poller and a person see the same failure: one incident, one notice."""
    await subscribed(leader)
    reasons = await asyncio.gather(*(leader.saw(2, run(1, FAILED)) for _ in range(6)))
    assert sorted(reason for (reason,) in reasons) == [NotifyReason.AS_BEFORE] * 5 + [
        NotifyReason.FIRST_FAILURE
    ]
    await leader.send(3)
    assert await leader.nothing_owed()


async def test_what_a_leader_writes_after_its_term_is_refused(leader: StoreLeader) -> None:
    """Its answers may be older than what the new leader knows."""
    await subscribed(leader)
    await expire(leader)
    newer = await leader.store.lease.acquire("other", TTL)
    assert newer is not None
    with pytest.raises(LeaseLost):
        await leader.saw(2, run(1, FAILED))
    with pytest.raises(LeaseLost):
        await leader.try_claim(3)
    assert await leader.store.history.runs_of(MAIL) == ()


async def test_old_history_is_forgotten_and_what_fires_is_not(leader: StoreLeader) -> None:
    await subscribed(leader)
    await subscribed(leader, mail_id=MailId("other"))
    await leader.saw(2, run(1, FAILED))
    await leader.saw(2, run(1, FAILED, mail_id=MailId("other")), mail_id=MailId("other"))
    await leader.saw(4, run(3, SENT))
    await leader.send(5)
    await leader.store.retention.prune(before=at(10), audit_before=at(0))
    (left,) = await leader.store.history.incidents_of([MAIL, MailId("other")])
    assert left.mail_id == "other"
    assert [known.run for known in await leader.store.history.runs_of(MAIL)] == [run(3, SENT)]


async def test_a_failure_is_no_news_again_because_its_history_was_forgotten(leader: StoreLeader) -> None:
    """Months without a run: Quick BI's newest is still the one that was told, or was there before anyone subscribed."""
    await subscribed(leader)
    await subscribed(leader, mail_id=OTHER, baseline=answer(run(1, FAILED, mail_id=OTHER)))
    await leader.saw(1, run(0, FAILED))
    await leader.saw(2, run(1, FAILED))
    await leader.send(3)
    months = 60 * 24 * 181
    await leader.store.retention.prune(before=at(months), audit_before=at(0))
    assert await leader.saw(months, run(1, FAILED)) == (NotifyReason.AS_BEFORE,)
    assert await leader.saw(months, run(0, FAILED)) == (NotifyReason.AS_BEFORE,)
    baseline = await leader.saw(months, run(1, FAILED, mail_id=OTHER), mail_id=OTHER)
    assert baseline == (NotifyReason.AS_BEFORE,)
    assert await leader.nothing_owed()
