"""The store over both databases: from what was seen to what is owed, claimed, sent, and known to be there."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import time, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.exc import StatementError

from bot.bundling import Rhythm
from bot.domain import (
    DueTime,
    Event,
    IncidentKind,
    IncidentState,
    Lease,
    LeaseLost,
    Mail,
    MailId,
    Notice,
    NotifyReason,
    Outage,
    PostKind,
    RunStatus,
)
from bot.incidents import MissedRun
from bot.outages import judge_failure, judge_success
from bot.outgoing import Nothing
from bot.store.owed import IN_FLIGHT
from tests.samples_of_news import ADA, BOB, FINANCE, MAIL, NOON, REPORTS, answer, at, run, subscription

if TYPE_CHECKING:
    from bot.domain import ChannelId, StatusAnswer
    from bot.store.store import Store

pytest_plugins = ["tests.databases"]
SENT, FAILED, RUNNING = RunStatus.SENT, RunStatus.FAILED, RunStatus.PROCESSING
CALM = Rhythm()
OTHER = MailId("2342526")
BUSY = Rhythm(recent_posts=5)
TTL = timedelta(minutes=5)


class Desk:
    """One leader's view of a store, with a clock in minutes after noon."""

    def __init__(self, store: Store, term: int) -> None:
        self.store = store
        self.term = term

    async def saw(self, minutes: float, *runs: Any, mail_id: MailId = MAIL) -> tuple[NotifyReason, ...]:
        return await self.store.observations.record_answer(
            mail_id, answer(*runs), now=at(minutes), term=self.term
        )

    async def missed(
        self, minutes: float, *, expected: float, declared: DueTime | None = None
    ) -> tuple[NotifyReason, ...]:
        """A look that finds no run, and one missing."""
        missed = MissedRun(expected_at=at(expected), declared=declared)
        return await self.store.observations.record_answer(
            MAIL, answer(), now=at(minutes), term=self.term, missed=[missed]
        )

    async def claim(self, minutes: float, *, channel: ChannelId = REPORTS, rhythm: Rhythm = CALM) -> Notice:
        claimed = await self.try_claim(minutes, channel=channel, rhythm=rhythm)
        assert isinstance(claimed, Notice), f"nothing to claim: {claimed}"
        return claimed

    async def try_claim(
        self, minutes: float, *, channel: ChannelId = REPORTS, rhythm: Rhythm = CALM
    ) -> Notice | Nothing:
        return await self.store.outbox.claim(channel, rhythm=rhythm, now=at(minutes), term=self.term)

    async def send(self, minutes: float, *, channel: ChannelId = REPORTS, rhythm: Rhythm = CALM) -> Notice:
        notice = await self.claim(minutes, channel=channel, rhythm=rhythm)
        await self.store.deliveries.mark_sent(notice.post_id, ts=f"{minutes:.6f}", now=at(minutes))
        return notice

    async def nothing_owed(self, minutes: float = 1e6, *, channel: ChannelId = REPORTS) -> bool:
        return isinstance(await self.try_claim(minutes, channel=channel), Nothing)

    async def redraw_all(self, *, channel: ChannelId = REPORTS) -> int:
        count = 0
        for post_id in await self.store.deliveries.stale(channel):
            redraw = await self.store.deliveries.redraw(post_id)
            assert redraw is not None
            await self.store.deliveries.mark_shown(post_id, wanted=redraw.wanted)
            count += 1
        return count


@pytest.fixture
async def desk(store: Store) -> Desk:
    lease = await store.lease.acquire("desk", TTL)
    assert lease is not None
    return Desk(store, lease.term)


async def subscribed(
    desk: Desk,
    *channels: ChannelId,
    mail_id: MailId = MAIL,
    baseline: StatusAnswer | None = None,
    **more: Any,
) -> None:
    for channel in channels or (REPORTS,):
        await desk.store.subscriptions.subscribe(
            subscription(channel, mail_id, **more), baseline=baseline or answer()
        )


# From seeing to owing


async def test_a_failure_is_owed_to_every_subscribed_channel_once(desk: Desk) -> None:
    """However often it is seen."""
    await subscribed(desk, REPORTS, FINANCE)
    assert await desk.saw(2, run(1, FAILED)) == (NotifyReason.FIRST_FAILURE,)
    assert await desk.saw(3, run(1, FAILED)) == (NotifyReason.AS_BEFORE,)
    for channel in (REPORTS, FINANCE):
        notice = await desk.send(4, channel=channel)
        assert notice.kind is PostKind.ROOT
        assert [told.incident.mail_id for told in notice.items] == [MAIL]
        assert await desk.nothing_owed(channel=channel)


async def test_an_old_failure_is_no_news(desk: Desk) -> None:
    await subscribed(desk, baseline=answer(run(1, FAILED)))
    assert await desk.saw(2, run(1, FAILED)) == (NotifyReason.AS_BEFORE,)
    assert await desk.nothing_owed()


async def test_without_a_baseline_what_began_before_the_subscription_is_the_baseline(desk: Desk) -> None:
    """Somebody subscribed while Quick BI was down."""
    await desk.store.subscriptions.subscribe(subscription(), baseline=None)
    assert await desk.saw(2, run(1, FAILED, minutes=-60)) == (NotifyReason.BASELINE,)
    assert await desk.saw(3, run(1, FAILED, minutes=-60)) == (NotifyReason.AS_BEFORE,)
    assert await desk.saw(5, run(4, FAILED)) == (NotifyReason.FIRST_FAILURE,)


async def test_a_failure_after_subscribing_is_told_although_quick_bi_was_down_then(desk: Desk) -> None:
    """It was down when they subscribed, and for long after: the first look finds a run that began meanwhile."""
    await desk.store.subscriptions.subscribe(subscription(), baseline=None)
    assert await desk.saw(40, run(20, FAILED)) == (NotifyReason.FIRST_FAILURE,)
    assert (await desk.send(41)).items[0].reasons == (NotifyReason.FIRST_FAILURE,)


async def test_a_failure_at_the_edge_of_the_subscription_is_told(desk: Desk) -> None:
    """Two clocks, and a run takes some minutes: rather told once too often."""
    await desk.store.subscriptions.subscribe(subscription(), baseline=None)
    assert await desk.saw(5, run(1, FAILED, minutes=-5)) == (NotifyReason.FIRST_FAILURE,)


async def test_an_old_run_that_somebody_asks_about_is_no_news(desk: Desk) -> None:
    """A person pastes an error line from before anybody subscribed."""
    await subscribed(desk, baseline=answer(run(100, SENT)), created_at=at(101))
    assert await desk.saw(110, run(50, FAILED)) == (NotifyReason.BASELINE,)
    assert await desk.nothing_owed()


async def test_an_old_run_is_not_counted_among_the_failures_of_today(desk: Desk) -> None:
    await subscribed(desk, baseline=answer(run(100, SENT)), created_at=at(101))
    await desk.saw(121, run(120, FAILED))
    assert await desk.saw(122, run(50, FAILED)) == (NotifyReason.BASELINE,)
    assert (await desk.send(123)).items[0].incident.failed_runs == 1


async def test_what_was_seen_going_long_before_anyone_subscribed_is_no_news(desk: Desk) -> None:
    """Somebody looked at it on Monday; on Friday a channel subscribes, and how it ended becomes known."""
    await desk.saw(1, run(1, RUNNING))
    await subscribed(desk, baseline=answer(run(4000, SENT)), created_at=at(4001))
    assert await desk.saw(4002, run(1, FAILED)) == (NotifyReason.BASELINE,)
    assert await desk.nothing_owed()


async def test_a_run_that_was_going_when_a_channel_subscribed_is_told(desk: Desk) -> None:
    """Also where a newer one had begun by then."""
    await desk.saw(1, run(0, RUNNING))
    await subscribed(desk, baseline=answer(run(4, SENT)), created_at=at(5))
    assert await desk.saw(6, run(0, FAILED)) == (NotifyReason.OVERTAKEN_FAILURE,)


async def test_a_mail_that_never_ran_is_told_of_whatever_the_clocks_say(desk: Desk) -> None:
    """With a wrong time zone its first run seems to have begun eight hours before anybody subscribed."""
    await subscribed(desk, baseline=answer())
    assert await desk.saw(10, run(1, FAILED, minutes=-470)) == (NotifyReason.FIRST_FAILURE,)


async def test_a_second_channel_does_not_lose_what_the_first_was_waiting_for(desk: Desk) -> None:
    """The mail is watched already: the newcomer's baseline must not hide a failure from the others."""
    await subscribed(desk, REPORTS)
    await subscribed(desk, FINANCE, baseline=answer(run(1, FAILED)))
    assert await desk.saw(2, run(1, FAILED)) == (NotifyReason.FIRST_FAILURE,)
    assert (await desk.send(3, channel=REPORTS)).kind is PostKind.ROOT


async def test_who_subscribes_while_it_fails_is_told_of_the_end(desk: Desk) -> None:
    await subscribed(desk, REPORTS)
    await desk.saw(2, run(1, FAILED))
    await subscribed(desk, FINANCE, baseline=answer(run(1, FAILED)))
    assert await desk.nothing_owed(channel=FINANCE)
    await desk.saw(4, run(3, SENT))
    notice = await desk.send(5, channel=FINANCE)
    assert notice.items[0].reasons == (NotifyReason.RECOVERED,)


async def test_a_mail_that_nobody_watches_only_gets_its_history(desk: Desk) -> None:
    assert await desk.saw(1, run(1, RUNNING)) == (NotifyReason.BASELINE,)
    await desk.saw(2, run(1, FAILED))
    await desk.saw(3, run(1, RUNNING))
    assert await desk.nothing_owed()
    (known,) = await desk.store.history.runs_of(MAIL)
    assert (known.run.status, known.first_seen_at, known.ended_at) == (FAILED, at(1), at(2))


async def test_looks_at_one_moment_at_a_mail_that_nobody_watches(desk: Desk) -> None:
    """Two replicas answer two people: the run is kept once, and in its last state."""
    await asyncio.gather(*(desk.saw(2, run(1, status)) for status in (RUNNING, FAILED, RUNNING, FAILED)))
    (known,) = await desk.store.history.runs_of(MAIL)
    assert known.run.status is FAILED


async def test_what_the_confirmation_shows_is_no_news_although_the_run_was_known(desk: Desk) -> None:
    """It was seen going before; it has failed by the time that a channel subscribes."""
    await desk.saw(1, run(1, RUNNING))
    _, state = await desk.store.subscriptions.subscribe(
        subscription(created_at=at(6)), baseline=answer(run(1, FAILED))
    )
    assert state.latest == run(1, FAILED)
    assert await desk.saw(7, run(1, FAILED)) == (NotifyReason.AS_BEFORE,)
    assert await desk.nothing_owed()


async def test_a_run_that_was_shown_as_stuck_is_not_told_as_stuck(desk: Desk) -> None:
    """It was seen as it began; forty minutes later a channel subscribes, and reads how long it has been going."""
    await desk.saw(1, run(1, RUNNING))
    await subscribed(desk, baseline=answer(run(1, RUNNING)), created_at=at(41))
    assert await desk.saw(42, run(1, RUNNING)) == (NotifyReason.AS_BEFORE,)


async def test_an_overtaken_run_is_told_although_a_newer_one_was_sent(desk: Desk) -> None:
    await subscribed(desk)
    await desk.saw(2, run(1, RUNNING))
    await desk.saw(4, run(3, SENT))
    assert await desk.saw(5, run(1, FAILED)) == (NotifyReason.OVERTAKEN_FAILURE,)
    notice = await desk.send(6)
    assert notice.items[0].incident.state is IncidentState.RECOVERED


async def test_several_runs_in_one_answer_are_judged_in_their_order(desk: Desk) -> None:
    await subscribed(desk)
    reasons = await desk.saw(9, run(3, SENT), run(2, FAILED), run(1, SENT))
    assert reasons == (NotifyReason.SENT, NotifyReason.FIRST_FAILURE, NotifyReason.RECOVERED)
    notice = await desk.send(10)
    assert notice.items[0].reasons == (NotifyReason.FIRST_FAILURE, NotifyReason.RECOVERED)
    assert await desk.nothing_owed()


async def test_looks_at_one_mail_at_the_same_moment_are_judged_one_after_the_other(desk: Desk) -> None:
    """The poller and a person see the same failure: one incident, one notice."""
    await subscribed(desk)
    reasons = await asyncio.gather(*(desk.saw(2, run(1, FAILED)) for _ in range(6)))
    assert sorted(reason for (reason,) in reasons) == [NotifyReason.AS_BEFORE] * 5 + [
        NotifyReason.FIRST_FAILURE
    ]
    await desk.send(3)
    assert await desk.nothing_owed()


async def test_what_a_leader_writes_after_its_term_is_refused(desk: Desk) -> None:
    """Its answers may be older than what the new leader knows."""
    await subscribed(desk)
    await _expire(desk)
    newer = await desk.store.lease.acquire("other", TTL)
    assert newer is not None
    with pytest.raises(LeaseLost):
        await desk.saw(2, run(1, FAILED))
    with pytest.raises(LeaseLost):
        await desk.try_claim(3)
    assert await desk.store.history.runs_of(MAIL) == ()


async def _expire(desk: Desk) -> None:
    """Time passes, and this leader did not renew."""
    held = Lease(holder="desk", term=desk.term, expires_at=NOON)
    await desk.store.lease.release(held)


# Messages


async def test_news_after_the_message_is_an_edit_and_a_reply(desk: Desk) -> None:
    await subscribed(desk)
    await desk.saw(2, run(1, FAILED))
    root = await desk.send(3)
    await desk.saw(5, run(4, FAILED))
    assert isinstance(await desk.try_claim(6), Nothing), (
        "the message above must be true before anyone replies"
    )
    assert await desk.redraw_all() == 1
    reply = await desk.send(6)
    assert (reply.kind, reply.thread_ts) == (PostKind.REPLY, "3.000000")
    assert reply.items[0].incident.failed_runs == 2
    assert root.post_id != reply.post_id
    assert await desk.redraw_all() == 0


async def test_failed_and_recovered_before_anything_was_sent_is_one_message(desk: Desk) -> None:
    await subscribed(desk)
    await desk.saw(2, run(1, FAILED))
    await desk.saw(4, run(3, SENT))
    notice = await desk.send(5)
    assert notice.kind is PostKind.ROOT
    assert notice.items[0].incident.state is IncidentState.RECOVERED
    assert await desk.nothing_owed()
    assert await desk.redraw_all() == 0


async def test_what_happens_while_the_message_is_on_its_way_is_told_behind_it(desk: Desk) -> None:
    await subscribed(desk)
    await desk.saw(2, run(1, FAILED))
    notice = await desk.claim(3)
    await desk.saw(4, run(3, SENT))
    assert isinstance(await desk.try_claim(4), Nothing)
    await desk.store.deliveries.mark_sent(notice.post_id, ts="3.0", now=at(4))
    assert await desk.redraw_all() == 1
    reply = await desk.send(5)
    assert reply.items[0].reasons == (NotifyReason.RECOVERED,)


async def test_racing_claims_take_different_news(desk: Desk) -> None:
    """Conditional updates, counted: nothing is in two messages."""
    mails = [MailId(f"mail{number}") for number in range(5)]
    for mail in mails:
        await subscribed(desk, mail_id=mail)
        await desk.saw(2, run(1, FAILED, mail_id=mail), mail_id=mail)
    claims = await asyncio.gather(*(desk.try_claim(3) for _ in range(6)))
    told = [item.incident.mail_id for claim in claims if isinstance(claim, Notice) for item in claim.items]
    assert sorted(told) == sorted(mails)


async def test_a_released_message_is_owed_again(desk: Desk) -> None:
    await subscribed(desk)
    await desk.saw(2, run(1, FAILED))
    first = await desk.claim(3)
    await desk.store.deliveries.release(first.post_id)
    again = await desk.claim(4)
    assert (again.kind, again.may_repeat) == (PostKind.ROOT, False)
    assert again.post_id != first.post_id


async def test_a_message_that_is_known_to_be_there_is_not_released(desk: Desk) -> None:
    """Whoever found it was quicker than whoever gave it up."""
    await subscribed(desk)
    await desk.saw(2, run(1, FAILED))
    sent = await desk.send(3)
    await desk.store.deliveries.release(sent.post_id)
    assert await desk.nothing_owed()
    await desk.saw(5, run(4, SENT))
    assert await desk.redraw_all() == 1


async def test_what_was_on_its_way_as_the_channel_left_is_not_sent_again(desk: Desk) -> None:
    """Slack was too busy to take it; by then nobody there wants to know any more. Of other mails they do."""
    await subscribed(desk)
    await subscribed(desk, mail_id=OTHER)
    await desk.saw(2, run(1, FAILED))
    lost = await desk.claim(3)
    await desk.saw(3, run(1, FAILED, mail_id=OTHER), mail_id=OTHER)
    other = await desk.claim(3)
    await desk.store.subscriptions.unsubscribe(REPORTS, [MAIL], by=ADA, now=at(4))
    await desk.store.deliveries.release(lost.post_id)
    assert await desk.nothing_owed()
    await desk.store.deliveries.release(other.post_id)
    assert (await desk.send(5)).items[0].incident.mail_id == OTHER


async def test_what_is_about_no_subscription_is_sent_again(desk: Desk) -> None:
    """A word to the operators, whose channel is subscribed to nothing."""
    await subscribed(desk, REPORTS)
    await desk.store.gates.close_channel(REPORTS, reason="is_archived", now=at(3), operator_channel=FINANCE)
    word = await desk.claim(4, channel=FINANCE)
    await desk.store.deliveries.release(word.post_id)
    assert (await desk.send(5, channel=FINANCE)).lines == word.lines


async def test_nobody_could_look_so_it_is_marked_as_a_possible_repeat(desk: Desk) -> None:
    await subscribed(desk)
    await desk.saw(2, run(1, FAILED))
    first = await desk.claim(3)
    await desk.store.deliveries.mark_unsure(first.post_id, settle_at=at(3.05))
    await desk.store.deliveries.release(first.post_id, may_repeat=True)
    assert (await desk.send(4)).may_repeat
    await desk.saw(6, run(5, SENT))
    (post_id,) = await desk.store.deliveries.stale(REPORTS)
    redraw = await desk.store.deliveries.redraw(post_id)
    assert redraw is not None
    assert redraw.may_repeat, "it says so as long as it stands there"


async def test_what_a_dead_leader_was_sending_is_unsure(desk: Desk) -> None:
    """It is looked for once nothing of it can be under way any more."""
    await subscribed(desk)
    await desk.saw(2, run(1, FAILED))
    lost = await desk.claim(3)
    store = desk.store
    assert await store.deliveries.give_up_sending(term=desk.term, in_flight=[lost.post_id], now=at(3)) == 0
    await _expire(desk)
    heir = await store.lease.acquire("heir", TTL)
    assert heir is not None
    assert await store.deliveries.give_up_sending(term=heir.term, in_flight=[], now=at(3)) == 1
    assert await store.deliveries.unsure(REPORTS, now=at(3)) is None
    later = at(3) + IN_FLIGHT
    unsure = await store.deliveries.unsure(REPORTS, now=later)
    assert unsure is not None
    assert (unsure.post_id, unsure.thread_ts, unsure.claimed_at) == (lost.post_id, None, at(3))
    assert [each.has_unsure for each in await store.outbox.backlog(now=later)] == [True]
    await store.deliveries.mark_sent(lost.post_id, ts="3.1", now=later)
    assert await store.outbox.backlog(now=later) == ()


async def test_a_claim_whose_commit_was_not_heard_of_is_taken_up_again(desk: Desk) -> None:
    """The database committed and the connection broke: nobody is sending this message."""
    await subscribed(desk)
    await desk.saw(2, run(1, FAILED))
    await desk.claim(3)
    store = desk.store
    assert await store.deliveries.give_up_sending(term=desk.term, in_flight=[], now=at(3)) == 0
    assert await store.deliveries.give_up_sending(term=desk.term, in_flight=[], now=at(4)) == 1


async def test_a_deleted_message_is_posted_afresh_with_the_next_news(desk: Desk) -> None:
    await subscribed(desk)
    await desk.saw(2, run(1, FAILED))
    await desk.send(3)
    await desk.saw(5, run(4, FAILED))
    await desk.store.deliveries.mark_gone(REPORTS, "3.000000")
    again = await desk.send(6)
    assert again.kind is PostKind.ROOT
    assert again.items[0].incident.failed_runs == 2
    assert await desk.redraw_all() == 0


# Storms


async def storm(desk: Desk, count: int, *, first: int = 0, minutes: float = 2) -> list[MailId]:
    mails = [MailId(f"mail{number:03}") for number in range(first, first + count)]
    for mail in mails:
        await subscribed(desk, mail_id=mail)
        await desk.saw(minutes, run(1, FAILED, mail_id=mail), mail_id=mail)
    return mails


async def test_many_failures_at_once_are_one_message(desk: Desk) -> None:
    mails = await storm(desk, 30)
    assert isinstance(await desk.try_claim(2.02, rhythm=BUSY), Nothing), "they are gathered first"
    notice = await desk.send(2.5, rhythm=BUSY)
    assert [told.incident.mail_id for told in notice.items] == mails
    assert await desk.nothing_owed()


async def test_a_message_holds_a_hundred_and_the_next_the_rest(desk: Desk) -> None:
    await storm(desk, 103)
    assert len((await desk.send(2.01, rhythm=BUSY)).items) == 100
    assert len((await desk.send(2.5, rhythm=BUSY)).items) == 3


async def test_a_storm_that_goes_on_joins_the_message_that_is_there(desk: Desk) -> None:
    await storm(desk, 10)
    root = await desk.send(2.5, rhythm=BUSY)
    await storm(desk, 5, first=10, minutes=2.6)
    assert isinstance(await desk.try_claim(2.9, rhythm=BUSY), Nothing)
    (stale,) = await desk.store.deliveries.stale(REPORTS)
    assert stale == root.post_id
    redraw = await desk.store.deliveries.redraw(stale)
    assert redraw is not None
    assert len(redraw.items) == 15
    await desk.redraw_all()
    assert await desk.nothing_owed()


async def test_what_joined_a_message_that_was_deleted_is_owed_again(desk: Desk) -> None:
    """Joined, but never shown: deleting the message must not lose them."""
    await storm(desk, 10)
    await desk.send(2.5, rhythm=BUSY)
    joined = await storm(desk, 5, first=10, minutes=2.6)
    await desk.try_claim(2.9, rhythm=BUSY)
    await desk.store.deliveries.mark_gone(REPORTS, "2.500000")
    again = await desk.send(3.2, rhythm=BUSY)
    assert [told.incident.mail_id for told in again.items] == joined


async def test_a_possible_repeat_that_joins_a_message_marks_it(desk: Desk) -> None:
    """Nobody could look whether it arrived: the message that it joins says so from then on."""
    await storm(desk, 10)
    root = await desk.send(2.5, rhythm=BUSY)
    await storm(desk, 1, first=10, minutes=2.6)
    lost = await desk.claim(2.7)
    await desk.store.deliveries.release(lost.post_id, may_repeat=True)
    assert isinstance(await desk.try_claim(2.9, rhythm=BUSY), Nothing)
    redraw = await desk.store.deliveries.redraw(root.post_id)
    assert redraw is not None
    assert (len(redraw.items), redraw.may_repeat) == (11, True)


async def test_what_joined_a_message_that_cannot_be_drawn_is_owed_again(desk: Desk) -> None:
    """Slack refuses the edit for good: a new message tells it, and nothing joins the old one any more."""
    await storm(desk, 10)
    root = await desk.send(2.5, rhythm=BUSY)
    joined = await storm(desk, 5, first=10, minutes=2.6)
    await desk.try_claim(2.9, rhythm=BUSY)
    await desk.store.deliveries.mark_undrawable(root.post_id)
    again = await desk.send(3.2, rhythm=BUSY)
    assert [told.incident.mail_id for told in again.items] == joined
    assert await desk.store.deliveries.stale(REPORTS) == ()
    assert await desk.nothing_owed()


async def test_what_joined_a_message_is_not_owed_to_a_channel_that_left(desk: Desk) -> None:
    """Left, and then somebody deleted the message."""
    await storm(desk, 10)
    await desk.send(2.5, rhythm=BUSY)
    joined = await storm(desk, 5, first=10, minutes=2.6)
    await desk.try_claim(2.9, rhythm=BUSY)
    await desk.store.subscriptions.unsubscribe(REPORTS, joined[1:], by=ADA, now=at(3))
    await desk.store.deliveries.mark_gone(REPORTS, "2.500000")
    again = await desk.send(3.2)
    assert [told.incident.mail_id for told in again.items] == joined[:1]


async def test_recoveries_of_a_storm_are_one_reply(desk: Desk) -> None:
    mails = await storm(desk, 10)
    await desk.send(2.5, rhythm=BUSY)
    for mail in mails[:4]:
        await desk.saw(10, run(9, SENT, mail_id=mail), mail_id=mail)
    assert await desk.redraw_all() == 1
    reply = await desk.send(11)
    assert (reply.kind, len(reply.items)) == (PostKind.REPLY, 4)
    assert await desk.nothing_owed()


# Snoozed, left, chosen


async def test_a_snoozed_channel_gets_edits_and_no_messages(desk: Desk) -> None:
    await subscribed(desk)
    await desk.saw(2, run(1, FAILED))
    await desk.send(3)
    await desk.store.subscriptions.snooze(REPORTS, MAIL, until=at(60), by=ADA, now=at(4))
    await desk.saw(5, run(4, FAILED))
    assert await desk.redraw_all() == 1
    assert isinstance(await desk.try_claim(30), Nothing)
    still = await desk.send(61)
    assert (still.kind, still.items[0].incident.failed_runs) == (PostKind.REPLY, 2)


async def test_what_recovered_while_snoozed_calls_nobody(desk: Desk) -> None:
    """The message shows it."""
    await subscribed(desk)
    await desk.saw(2, run(1, FAILED))
    await desk.send(3)
    await desk.store.subscriptions.snooze(REPORTS, MAIL, until=at(60), by=ADA, now=at(4))
    await desk.saw(5, run(4, SENT))
    assert await desk.redraw_all() == 1
    assert await desk.nothing_owed(61)


async def test_a_failure_that_came_and_went_while_snoozed_is_told_afterwards(desk: Desk) -> None:
    """Silence for a while is not silence for ever: no failure is lost."""
    await subscribed(desk)
    await desk.saw(2, run(1, FAILED))
    await desk.store.subscriptions.snooze(REPORTS, MAIL, until=at(60), by=ADA, now=at(4))
    await desk.saw(5, run(4, SENT))
    assert isinstance(await desk.try_claim(30), Nothing)
    notice = await desk.send(61)
    assert (notice.kind, notice.items[0].incident.state) == (PostKind.ROOT, IncidentState.RECOVERED)


async def test_snoozed_until_it_recovers_ends_with_the_recovery(desk: Desk) -> None:
    await subscribed(desk)
    await desk.saw(2, run(1, FAILED))
    await desk.send(3)
    await desk.store.subscriptions.snooze(REPORTS, MAIL, until=None, until_recovered=True, by=ADA, now=at(4))
    await desk.saw(5, run(4, FAILED))
    await desk.redraw_all()
    assert await desk.nothing_owed()
    await desk.saw(8, run(7, SENT))
    await desk.redraw_all()
    reply = await desk.send(9)
    assert reply.items[0].reasons[-1] is NotifyReason.RECOVERED
    state = await desk.store.subscriptions.get(REPORTS, MAIL)
    assert state is not None
    assert not state.subscription.snoozed_until_recovered


async def test_waking_tells_at_once(desk: Desk) -> None:
    await subscribed(desk)
    await desk.saw(2, run(1, FAILED))
    await desk.store.subscriptions.snooze(REPORTS, MAIL, until=at(60), by=ADA, now=at(4))
    assert isinstance(await desk.try_claim(3), Nothing)
    await desk.store.subscriptions.snooze(REPORTS, MAIL, until=None, by=ADA, now=at(4))
    assert (await desk.send(3)).kind is PostKind.ROOT


async def test_who_left_hears_no_more_but_sees_the_truth(desk: Desk) -> None:
    await subscribed(desk, REPORTS, FINANCE)
    await desk.saw(2, run(1, FAILED))
    await desk.send(3)
    await desk.store.subscriptions.unsubscribe(REPORTS, [MAIL], by=ADA, now=at(4))
    await desk.store.subscriptions.unsubscribe(FINANCE, [MAIL], by=ADA, now=at(4))
    assert await desk.nothing_owed(channel=FINANCE)
    (post_id,) = await desk.store.deliveries.stale(REPORTS)
    redraw = await desk.store.deliveries.redraw(post_id)
    assert redraw is not None
    assert redraw.items[0].incident.state is IncidentState.UNWATCHED


async def test_a_channel_chooses_what_it_is_told_of(desk: Desk) -> None:
    await subscribed(desk, events=frozenset({Event.FAILED}))
    await desk.saw(2, run(1, FAILED))
    await desk.send(3)
    await desk.saw(5, run(4, SENT))
    await desk.redraw_all()
    assert await desk.nothing_owed()


# Late, lost, paused


async def test_late_is_told_to_who_declared_it_or_lets_it_be_learned(desk: Desk) -> None:
    due = DueTime(at=time(9, 30))
    await subscribed(desk, REPORTS, due=due, late_learned=False)
    await subscribed(desk, FINANCE, late_learned=True)
    assert await desk.missed(20, expected=0) == (NotifyReason.LATE,)
    assert await desk.nothing_owed()
    assert (await desk.send(21, channel=FINANCE)).items[0].incident.kind is IncidentKind.LATE
    await desk.missed(25, expected=5, declared=due)
    assert (await desk.send(26)).items[0].incident.missed_runs == 1
    assert await desk.nothing_owed(channel=FINANCE)


async def test_late_that_nobody_wants_to_hear_of_is_no_incident(desk: Desk) -> None:
    await subscribed(desk, late_learned=False)
    await desk.missed(20, expected=0)
    assert await desk.store.history.incidents_of([MAIL]) == ()


async def test_that_a_run_is_late_is_told_or_not_remembered(desk: Desk) -> None:
    """What cannot be written takes the schedule's memory of it along: after a restart it is found missing again."""
    await subscribed(desk)
    naive = MissedRun(expected_at=at(0).replace(tzinfo=None))  # no database takes that
    record = desk.store.observations.record_answer
    with pytest.raises(StatementError):
        await record(MAIL, answer(run(-60, SENT)), now=at(20), term=desk.term, memory="told", missed=[naive])
    (watch,) = await desk.store.watches.changed_since(0)
    assert (watch.memory, await desk.store.history.runs_of(MAIL)) == (None, ())
    missed = MissedRun(expected_at=at(0))
    await record(MAIL, answer(run(-60, SENT)), now=at(20), term=desk.term, memory="told", missed=[missed])
    (watch,) = await desk.store.watches.changed_since(0)
    assert watch.memory == "told"
    assert (await desk.send(21)).items[0].incident.last_exec_at == at(-60)


async def test_a_mail_that_is_paused_is_not_late(desk: Desk) -> None:
    mail = Mail(mail_id=MAIL, name="Daily Sales", owner_name="Ada", paused=True)
    await desk.store.mails.save_mails([mail], seen_at=at(0))
    await subscribed(desk)
    assert await desk.missed(20, expected=0) == (NotifyReason.AS_BEFORE,)
    assert await desk.nothing_owed()


async def test_who_subscribes_while_it_is_late_is_shown_that(desk: Desk) -> None:
    """The confirmation tells it, so it is not told again."""
    await subscribed(desk, REPORTS, baseline=answer(run(-600, SENT)))
    await desk.missed(20, expected=0)
    _, state = await desk.store.subscriptions.subscribe(
        subscription(FINANCE, created_at=at(30)), baseline=answer(run(-600, SENT))
    )
    assert state.incident is not None
    assert state.incident.kind is IncidentKind.LATE
    assert await desk.nothing_owed(channel=FINANCE)


async def test_what_a_person_sees_going_is_handed_to_the_leader(desk: Desk) -> None:
    """The person asked another replica: once is enough, and of a run that is over there is nothing to follow."""
    await subscribed(desk)
    (watch,) = await desk.store.watches.changed_since(0)
    for minutes, status in ((2, RUNNING), (3, RUNNING), (4, SENT)):
        await desk.store.observations.record_answer(MAIL, answer(run(1, status)), now=at(minutes), term=None)
        changes = await desk.store.watches.changed_since(watch.change_no)
        assert [each.open_runs for each in changes] == ([(run(1, RUNNING),)] if minutes == 2 else [])
        watch = changes[0] if changes else watch


async def test_a_refusal_that_was_a_riddle_for_long_is_told_at_once(desk: Desk) -> None:
    await subscribed(desk)
    await desk.store.observations.record_denied(
        MAIL, cause="Mail.Some.Code", since=at(0), now=at(16), term=desk.term
    )
    (told,) = (await desk.send(17)).items
    assert (told.incident.kind, told.incident.cause, told.incident.began_at) == (
        IncidentKind.ACCESS_LOST,
        "Mail.Some.Code",
        at(0),
    )


async def test_access_that_is_lost_and_comes_back(desk: Desk) -> None:
    await subscribed(desk)
    for minutes in (1, 2):
        await desk.store.observations.record_denied(
            MAIL, cause="MailNotFound", now=at(minutes), term=desk.term
        )
    lost = await desk.send(3)
    assert lost.items[0].incident.kind is IncidentKind.ACCESS_LOST
    assert await desk.saw(9, run(8, SENT)) == (NotifyReason.ACCESS_BACK, NotifyReason.SENT)
    await desk.redraw_all()
    assert (await desk.send(10)).items[0].reasons == (NotifyReason.ACCESS_BACK,)


async def test_one_refusal_between_two_answers_is_forgotten(desk: Desk) -> None:
    await subscribed(desk)
    await desk.store.observations.record_denied(MAIL, cause="", now=at(1), term=desk.term)
    await desk.saw(2, run(1, SENT))
    await desk.store.observations.record_denied(MAIL, cause="", now=at(30), term=desk.term)
    assert await desk.nothing_owed()


async def test_channels_are_told_when_a_mail_is_paused_and_resumed(desk: Desk) -> None:
    mail = Mail(mail_id=MAIL, name="Daily Sales", owner_name="Ada", paused=False)
    await desk.store.mails.save_mails([mail], seen_at=at(0))
    await subscribed(desk)
    await desk.store.mails.save_mails([replace(mail, paused=True)], seen_at=at(10))
    await desk.store.mails.save_mails([replace(mail, paused=True)], seen_at=at(20))
    paused = await desk.send(21)
    assert (paused.kind, [line.reason for line in paused.lines]) == (
        PostKind.LINE,
        [NotifyReason.MAIL_PAUSED],
    )
    assert paused.lines[0].mail == replace(mail, paused=True)
    await desk.store.mails.save_mails([mail], seen_at=at(30))
    assert (await desk.send(31)).lines[0].reason is NotifyReason.MAIL_UNPAUSED


# Gates


async def test_a_closed_channel_keeps_what_it_is_owed_and_its_people_hear_of_it(desk: Desk) -> None:
    await subscribed(desk, REPORTS)
    await subscribed(desk, REPORTS, mail_id=MailId("other"), by=BOB)
    await desk.saw(2, run(1, FAILED))
    gates = desk.store.gates
    assert await gates.close_channel(REPORTS, reason="is_archived", now=at(3), operator_channel=FINANCE)
    assert not await gates.close_channel(REPORTS, reason="is_archived", now=at(4), operator_channel=FINANCE)
    waiting = {each.channel_id for each in await desk.store.outbox.backlog(now=at(5))}
    assert waiting == {ADA, BOB, FINANCE}
    word = await desk.send(5, channel=FINANCE)
    assert (word.lines[0].reason, word.lines[0].detail) == (NotifyReason.CHANNEL_LOST, "is_archived 2")
    state = await desk.store.subscriptions.get(REPORTS, MAIL)
    assert state is not None
    assert state.paused_reason == "is_archived"
    assert await gates.reopen_channel(REPORTS)
    assert not await gates.reopen_channel(REPORTS)
    assert (await desk.send(6)).items[0].incident.mail_id == MAIL


async def test_a_hold_is_remembered_and_one_from_the_future_is_not(desk: Desk) -> None:
    """A clock that was an hour ahead must not silence the bot for an hour."""
    gates = desk.store.gates
    await gates.hold("chat.postMessage", now=at(0), until=at(0.5))
    assert await gates.holds(now=at(0.1)) == {"chat.postMessage": at(0.5)}
    assert await gates.holds(now=at(1)) == {}
    await gates.hold("chat.postMessage", now=at(60), until=at(61))
    assert await gates.holds(now=at(0)) == {}


async def test_an_outage_is_told_once_and_its_end_once(desk: Desk) -> None:
    outages = desk.store.outages
    current: Outage | None = None
    for minutes in (0, 1, 4, 5):
        verdict = judge_failure(current, cause="QuickBIUnavailable", now=at(minutes), new_id=f"o{minutes}")
        current = verdict.outage
        await outages.keep(verdict, now=at(minutes), operator_channel=FINANCE, term=desk.term)
        assert await outages.current() == current
    await outages.keep(judge_success(current, now=at(9)), now=at(9), operator_channel=FINANCE, term=desk.term)
    assert await outages.current() is None
    assert [line.reason for line in (await desk.send(10, channel=FINANCE)).lines] == [
        NotifyReason.OUTAGE_BEGAN
    ]
    over = await desk.send(11, channel=FINANCE)
    assert (over.lines[0].reason, over.lines[0].since) == (NotifyReason.OUTAGE_OVER, at(0))
    assert await desk.nothing_owed(channel=FINANCE)


async def test_a_short_silence_leaves_nothing_behind(desk: Desk) -> None:
    verdict = judge_failure(None, cause="x", now=at(0), new_id="o")
    await desk.store.outages.keep(verdict, now=at(0), operator_channel=FINANCE, term=desk.term)
    over = judge_success(verdict.outage, now=at(1))
    await desk.store.outages.keep(over, now=at(1), operator_channel=FINANCE, term=desk.term)
    assert await desk.store.outages.current() is None
    assert await desk.nothing_owed(channel=FINANCE)


async def test_old_history_is_forgotten_and_what_fires_is_not(desk: Desk) -> None:
    await subscribed(desk)
    await subscribed(desk, mail_id=MailId("other"))
    await desk.saw(2, run(1, FAILED))
    await desk.saw(2, run(1, FAILED, mail_id=MailId("other")), mail_id=MailId("other"))
    await desk.saw(4, run(3, SENT))
    await desk.send(5)
    await desk.store.history.forget(before=at(10))
    (left,) = await desk.store.history.incidents_of([MAIL, MailId("other")])
    assert left.mail_id == "other"
    assert [known.run for known in await desk.store.history.runs_of(MAIL)] == [run(3, SENT)]


async def test_a_failure_is_no_news_again_because_its_history_was_forgotten(desk: Desk) -> None:
    """Months without a run: Quick BI's newest is still the one that was told, or was there before anyone subscribed."""
    await subscribed(desk)
    await subscribed(desk, mail_id=OTHER, baseline=answer(run(1, FAILED, mail_id=OTHER)))
    await desk.saw(1, run(0, FAILED))
    await desk.saw(2, run(1, FAILED))
    await desk.send(3)
    months = 60 * 24 * 181
    await desk.store.history.forget(before=at(months))
    assert await desk.saw(months, run(1, FAILED)) == (NotifyReason.AS_BEFORE,)
    assert await desk.saw(months, run(0, FAILED)) == (NotifyReason.AS_BEFORE,)
    baseline = await desk.saw(months, run(1, FAILED, mail_id=OTHER), mail_id=OTHER)
    assert baseline == (NotifyReason.AS_BEFORE,)
    assert await desk.nothing_owed()
