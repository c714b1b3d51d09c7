"""The store over both databases: a message is claimed, sent, edited, and known to be there or not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bot.domain import (
    ByHand,
    IncidentState,
    Mail,
    MailId,
    ManualRun,
    ManualRunState,
    Notice,
    NotifyReason,
    PostKind,
    RunStatus,
)
from bot.domain.notices import Nothing
from bot.store.notices import IN_FLIGHT
from tests.support.sample_values import ADA, FINANCE, MAIL, REPORTS, at, run
from tests.support.store_leader import TTL, expire, subscribed

if TYPE_CHECKING:
    from tests.support.store_leader import StoreLeader

pytest_plugins = ["tests.support.store_fixtures"]
SENT, FAILED = RunStatus.SENT, RunStatus.FAILED
OTHER = MailId("2342526")


async def test_news_after_the_message_is_an_edit_and_a_reply(leader: StoreLeader) -> None:
    await subscribed(leader)
    await leader.saw(2, run(1, FAILED))
    root = await leader.send(3)
    await leader.saw(5, run(4, FAILED))
    assert isinstance(await leader.try_claim(6), Nothing), (
        "the message above must be true before anyone replies"
    )
    assert await leader.redraw_all() == 1
    reply = await leader.send(6)
    assert (reply.kind, reply.thread_ts) == (PostKind.REPLY, "3.000000")
    assert reply.items[0].incident.failed_runs == 2
    assert root.post_id != reply.post_id
    assert await leader.redraw_all() == 0


async def test_a_name_that_is_learned_later_comes_with_the_next_edit(leader: StoreLeader) -> None:
    """The mail was made a minute ago: the list did not have it when the message was posted."""
    await subscribed(leader)
    await leader.saw(2, run(1, FAILED))
    assert (await leader.send(3)).items[0].mail is None
    mail = Mail(mail_id=MAIL, name="Daily Sales", owner_name="Ada", paused=False)
    await leader.store.mails.save_mails([mail], seen_at=at(4))
    await leader.saw(5, run(4, FAILED))
    (post_id,) = await leader.store.deliveries.stale(REPORTS)
    redraw = await leader.store.deliveries.redraw(post_id)
    assert redraw is not None
    assert redraw.items[0].mail == mail


async def test_failed_and_recovered_before_anything_was_sent_is_one_message(leader: StoreLeader) -> None:
    await subscribed(leader)
    await leader.saw(2, run(1, FAILED))
    await leader.saw(4, run(3, SENT))
    notice = await leader.send(5)
    assert notice.kind is PostKind.ROOT
    assert notice.items[0].incident.state is IncidentState.RECOVERED
    assert await leader.nothing_owed()
    assert await leader.redraw_all() == 0


async def test_what_happens_while_the_message_is_on_its_way_is_told_behind_it(leader: StoreLeader) -> None:
    await subscribed(leader)
    await leader.saw(2, run(1, FAILED))
    notice = await leader.claim(3)
    await leader.saw(4, run(3, SENT))
    assert isinstance(await leader.try_claim(4), Nothing)
    await leader.store.deliveries.mark_sent(notice.post_id, ts="3.0", now=at(4))
    assert await leader.redraw_all() == 1
    reply = await leader.send(5)
    assert reply.items[0].reasons == (NotifyReason.RECOVERED,)


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([ManualRunState.STARTED] * 2 + [ManualRunState.ENDED], [ByHand(user_id=ADA, asked_at=at(4)), None]),
        ([ManualRunState.REFUSED], []),
    ],
    ids=["it runs", "Quick BI refused it"],
)
async def test_a_run_by_hand_is_shown_while_it_goes_on(
    leader: StoreLeader, states: list[ManualRunState], expected: list[ByHand | None]
) -> None:
    """From when it has surely been asked for until it is over; drawn anew for either, and for nothing else."""
    await subscribed(leader)
    await leader.saw(2, run(1, FAILED))
    await leader.send(3)
    by_hand = ManualRun(
        manual_run_id="r1",
        mail_id=MAIL,
        channel_id=REPORTS,
        message_ts="3.000000",
        user_id=ADA,
        previous_run_key="",
        claimed_at=at(4),
    )
    shown = []
    await leader.store.manual_runs.claim(by_hand, click="click")
    assert await leader.redraw_all() == 0
    for state in states:
        await leader.store.manual_runs.note("r1", state, now=at(5), run_key="k")
        for post_id in await leader.store.deliveries.stale(REPORTS):
            redraw = await leader.store.deliveries.redraw(post_id)
            assert redraw is not None
            shown.append(redraw.items[0].by_hand)
            await leader.store.deliveries.mark_shown(post_id, wanted=redraw.wanted)
    assert shown == expected


async def test_racing_claims_take_different_news(leader: StoreLeader) -> None:
    """Conditional updates, counted: nothing is in two messages."""
    mails = [MailId(f"mail{number}") for number in range(5)]
    for mail in mails:
        await subscribed(leader, mail_id=mail)
        await leader.saw(2, run(1, FAILED, mail_id=mail), mail_id=mail)
    claims = await asyncio.gather(*(leader.try_claim(3) for _ in range(6)))
    told = [item.incident.mail_id for claim in claims if isinstance(claim, Notice) for item in claim.items]
    assert sorted(told) == sorted(mails)


async def test_a_released_message_is_owed_again(leader: StoreLeader) -> None:
    await subscribed(leader)
    await leader.saw(2, run(1, FAILED))
    first = await leader.claim(3)
    await leader.store.deliveries.release(first.post_id)
    again = await leader.claim(4)
    assert (again.kind, again.may_repeat) == (PostKind.ROOT, False)
    assert again.post_id != first.post_id


@pytest.mark.parametrize("outcome", ["sent", "refused", "deleted"])
async def test_a_known_outcome_stays(leader: StoreLeader, outcome: str) -> None:
    """A process that was suspended in the middle of its call stores what it believes after the next leader knew."""
    await subscribed(leader)
    await leader.saw(2, run(1, FAILED))
    notice = await leader.claim(3)
    deliveries = leader.store.deliveries
    if outcome == "refused":
        await deliveries.mark_refused(notice.post_id)
    else:
        await deliveries.mark_sent(notice.post_id, ts="3.0", now=at(3))
    if outcome == "deleted":
        await deliveries.mark_gone(REPORTS, "3.0")
    await deliveries.mark_unsure(notice.post_id, settle_at=at(4))
    await deliveries.mark_refused(notice.post_id)
    await deliveries.mark_sent(notice.post_id, ts="9.0", now=at(9))
    assert await deliveries.unsure(REPORTS, now=at(60)) is None
    await leader.saw(12, run(11, FAILED))
    redraws = [await deliveries.redraw(post_id) for post_id in await deliveries.stale(REPORTS)]
    assert [each.ts for each in redraws if each] == (["3.0"] if outcome == "sent" else [])


async def test_a_message_that_is_known_to_be_there_is_not_released(leader: StoreLeader) -> None:
    """Whoever found it was quicker than whoever gave it up."""
    await subscribed(leader)
    await leader.saw(2, run(1, FAILED))
    sent = await leader.send(3)
    await leader.store.deliveries.release(sent.post_id)
    assert await leader.nothing_owed()
    await leader.saw(5, run(4, SENT))
    assert await leader.redraw_all() == 1


async def test_what_was_on_its_way_as_the_channel_left_is_not_sent_again(leader: StoreLeader) -> None:
    """Slack was too busy to take it; by then nobody there wants to know any more. Of other mails they do."""
    await subscribed(leader)
    await subscribed(leader, mail_id=OTHER)
    await leader.saw(2, run(1, FAILED))
    lost = await leader.claim(3)
    await leader.saw(3, run(1, FAILED, mail_id=OTHER), mail_id=OTHER)
    other = await leader.claim(3)
    await leader.store.subscriptions.unsubscribe(REPORTS, [MAIL], by=ADA, now=at(4))
    await leader.store.deliveries.release(lost.post_id)
    assert await leader.nothing_owed()
    await leader.store.deliveries.release(other.post_id)
    assert (await leader.send(5)).items[0].incident.mail_id == OTHER


async def test_what_is_about_no_subscription_is_sent_again(leader: StoreLeader) -> None:
    """A word to the operators, whose channel is subscribed to nothing."""
    await subscribed(leader, REPORTS)
    await leader.store.gates.close_channel(
        REPORTS, reason="is_archived", now=at(3), operator_channel=FINANCE, term=None
    )
    word = await leader.claim(4, channel=FINANCE)
    await leader.store.deliveries.release(word.post_id)
    assert (await leader.send(5, channel=FINANCE)).lines == word.lines


async def test_nobody_could_look_so_it_is_marked_as_a_possible_repeat(leader: StoreLeader) -> None:
    await subscribed(leader)
    await leader.saw(2, run(1, FAILED))
    first = await leader.claim(3)
    await leader.store.deliveries.mark_unsure(first.post_id, settle_at=at(3.05))
    await leader.store.deliveries.release(first.post_id, may_repeat=True)
    assert (await leader.send(4)).may_repeat
    await leader.saw(6, run(5, SENT))
    (post_id,) = await leader.store.deliveries.stale(REPORTS)
    redraw = await leader.store.deliveries.redraw(post_id)
    assert redraw is not None
    assert redraw.may_repeat, "it says so as long as it stands there"


async def test_what_a_dead_leader_was_sending_is_unsure(leader: StoreLeader) -> None:
    """It is looked for once nothing of it can be under way any more."""
    await subscribed(leader)
    await leader.saw(2, run(1, FAILED))
    lost = await leader.claim(3)
    store = leader.store
    assert await store.deliveries.give_up_sending(term=leader.term, in_flight=[lost.post_id], now=at(3)) == 0
    await expire(leader)
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


async def test_a_channel_in_which_something_fails_is_known_from_one_with_good_news(
    leader: StoreLeader,
) -> None:
    """Bad news go first where Slack allows less than is wanted."""
    await subscribed(leader)

    async def is_failing(minutes: float) -> list[bool]:
        return [each.is_failing for each in await leader.store.outbox.backlog(now=at(minutes))]

    await leader.saw(2, run(1, FAILED))
    assert await is_failing(3) == [True]
    await leader.send(3)
    await leader.saw(4, run(2, FAILED))
    assert await is_failing(5) == [True]
    await leader.saw(6, run(3, RunStatus.SENT))
    assert await is_failing(7) == [False]


async def test_a_claim_whose_commit_was_not_heard_of_is_taken_up_again(leader: StoreLeader) -> None:
    """The database committed and the connection broke: nobody is sending this message."""
    await subscribed(leader)
    await leader.saw(2, run(1, FAILED))
    await leader.claim(3)
    store = leader.store
    assert await store.deliveries.give_up_sending(term=leader.term, in_flight=[], now=at(3)) == 0
    assert await store.deliveries.give_up_sending(term=leader.term, in_flight=[], now=at(4)) == 1


async def test_a_deleted_message_is_posted_afresh_with_the_next_news(leader: StoreLeader) -> None:
    await subscribed(leader)
    await leader.saw(2, run(1, FAILED))
    await leader.send(3)
    await leader.saw(5, run(4, FAILED))
    await leader.store.deliveries.mark_gone(REPORTS, "3.000000")
    again = await leader.send(6)
    assert again.kind is PostKind.ROOT
    assert again.items[0].incident.failed_runs == 2
    assert await leader.redraw_all() == 0
