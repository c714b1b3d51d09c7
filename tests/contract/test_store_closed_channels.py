"""The store over both databases: closed channels, holds, and times in which Quick BI cannot be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.domain import (
    ChannelId,
    LeaseLost,
    Mail,
    MailId,
    NotifyReason,
    Outage,
    RunStatus,
)
from bot.domain.outage_rules import judge_failure, judge_success
from tests.support.sample_values import ADA, BOB, FINANCE, MAIL, REPORTS, at, run
from tests.support.store_leader import TTL, expire, subscribed

if TYPE_CHECKING:
    from tests.support.store_leader import StoreLeader

pytest_plugins = ["tests.support.store_fixtures"]
FAILED = RunStatus.FAILED


async def test_a_closed_channel_keeps_what_it_is_owed_and_its_people_hear_of_it(leader: StoreLeader) -> None:
    await subscribed(leader, REPORTS)
    await subscribed(leader, REPORTS, mail_id=MailId("other"), by=BOB)
    daily = Mail(mail_id=MAIL, name="Daily\nSales", owner_name="", paused=False)
    await leader.store.mails.save_mails([daily], seen_at=at(0))
    await leader.saw(2, run(1, FAILED))
    gates = leader.store.gates
    assert await gates.close_channel(
        REPORTS, reason="is_archived", now=at(3), operator_channel=FINANCE, term=None
    )
    assert not await gates.close_channel(
        REPORTS, reason="is_archived", now=at(4), operator_channel=FINANCE, term=None
    )
    waiting = {each.channel_id for each in await leader.store.outbox.backlog(now=at(5))}
    assert waiting == {ADA, BOB, FINANCE}
    word = await leader.send(5, channel=FINANCE)
    assert (word.lines[0].reason, word.lines[0].detail) == (
        NotifyReason.CHANNEL_LOST,
        "is_archived 2\nDaily Sales\nMail other",
    )
    state = await leader.store.subscriptions.get(REPORTS, MAIL)
    assert state is not None
    assert state.paused_reason == "is_archived"
    assert await gates.reopen_channel(REPORTS, term=leader.term)
    assert not await gates.reopen_channel(REPORTS, term=leader.term)
    assert (await leader.send(6)).items[0].incident.mail_id == MAIL


async def test_a_channel_with_a_new_id_keeps_all_that_it_had(leader: StoreLeader) -> None:
    """Subscriptions, what is firing, the message about it and what is still pending; nothing is told twice."""
    new = ChannelId("C0SHARED42")
    await subscribed(leader, REPORTS)
    await subscribed(leader, REPORTS, mail_id=MailId("other"), by=BOB)
    await leader.saw(2, run(1, FAILED))
    await leader.send(3)
    assert await leader.store.gates.move_channel(REPORTS, new) == 2
    assert await leader.store.subscriptions.of_channels([REPORTS]) == ()
    state = await leader.store.subscriptions.get(new, MAIL)
    assert state is not None
    assert state.incident is not None
    await leader.saw(4, run(2, RunStatus.SENT))
    assert {each.channel_id for each in await leader.store.outbox.backlog(now=at(5))} == {new}
    assert await leader.redraw_all(channel=new) == 1
    reply = await leader.send(6, channel=new)
    assert reply.thread_ts == "3.000000"
    await leader.saw(7, run(2, RunStatus.SENT))
    assert await leader.nothing_owed(channel=new)
    assert await leader.store.gates.move_channel(REPORTS, new) == 0


async def test_a_new_id_that_is_subscribed_already_stays_so(leader: StoreLeader) -> None:
    """Somebody typed a command there before we were told of the new ID; a closed channel is open under it."""
    new = ChannelId("C0SHARED42")
    await subscribed(leader, REPORTS)
    await subscribed(leader, REPORTS, mail_id=MailId("other"))
    await subscribed(leader, new, by=BOB)
    gates = leader.store.gates
    await gates.close_channel(
        REPORTS, reason="channel_not_found", now=at(3), operator_channel=FINANCE, term=None
    )
    assert await gates.move_channel(REPORTS, new) == 1
    assert {each.subscription.mail_id for each in await leader.store.subscriptions.of_channels([new])} == {
        MAIL,
        "other",
    }
    state = await leader.store.subscriptions.get(new, MAIL)
    assert state is not None
    assert state.subscription.created_by == BOB
    assert await gates.closed_channels() == {}


async def test_a_hold_is_remembered_and_never_lasts_longer_than_it_was_set_for(leader: StoreLeader) -> None:
    """A clock that was an hour ahead must not silence the bot for an hour, and its hold must not be overlooked."""
    gates = leader.store.gates
    await gates.hold("chat.postMessage", now=at(0), until=at(0.5), term=leader.term)
    assert await gates.holds(now=at(0.1)) == {"chat.postMessage": at(0.5)}
    assert await gates.holds(now=at(1)) == {}
    await gates.hold("chat.postMessage", now=at(60), until=at(61), term=leader.term)
    assert await gates.holds(now=at(0)) == {"chat.postMessage": at(1)}


async def test_a_shorter_hold_does_not_end_a_longer_one(leader: StoreLeader) -> None:
    """Two calls were under way together, and Slack named the longer time first. A hold of the future gives way."""
    gates = leader.store.gates
    await gates.hold("chat.update", now=at(0), until=at(2), term=leader.term)
    await gates.hold("chat.update", now=at(0.1), until=at(0.2), term=leader.term)
    assert await gates.holds(now=at(1)) == {"chat.update": at(2)}
    await gates.hold("chat.update", now=at(60), until=at(62), term=leader.term)
    await gates.hold("chat.update", now=at(3), until=at(4), term=leader.term)
    assert await gates.holds(now=at(3)) == {"chat.update": at(4)}


async def test_who_no_longer_leads_closes_and_opens_no_channel_and_holds_no_method(
    leader: StoreLeader,
) -> None:
    """A leader that was suspended wakes up with what Slack told it long ago. An event or a command has no term."""
    closed = leader.store.gates
    await expire(leader)
    assert await leader.store.lease.acquire("next", TTL) is not None
    with pytest.raises(LeaseLost):
        await closed.close_channel(
            REPORTS, reason="is_archived", now=at(3), operator_channel=None, term=leader.term
        )
    with pytest.raises(LeaseLost):
        await closed.hold("chat.postMessage", now=at(3), until=at(4), term=leader.term)
    assert await closed.close_channel(
        REPORTS, reason="is_archived", now=at(3), operator_channel=None, term=None
    )
    with pytest.raises(LeaseLost):
        await closed.reopen_channel(REPORTS, term=leader.term)
    assert (await closed.closed_channels(), await closed.holds(now=at(3))) == ({REPORTS: "is_archived"}, {})


async def test_an_outage_is_told_once_and_its_end_once(leader: StoreLeader) -> None:
    outages = leader.store.outages
    current: Outage | None = None
    for minutes in (0, 1, 4, 5):
        verdict = judge_failure(current, cause="QuickBIUnavailable", now=at(minutes), new_id=f"o{minutes}")
        current = verdict.outage
        await outages.keep(verdict, now=at(minutes), operator_channel=FINANCE, term=leader.term)
        assert await outages.current() == current
    await outages.keep(
        judge_success(current, now=at(9)), now=at(9), operator_channel=FINANCE, term=leader.term
    )
    assert await outages.current() is None
    assert [line.reason for line in (await leader.send(10, channel=FINANCE)).lines] == [
        NotifyReason.OUTAGE_BEGAN
    ]
    over = await leader.send(11, channel=FINANCE)
    assert (over.lines[0].reason, over.lines[0].since) == (NotifyReason.OUTAGE_OVER, at(0))
    assert await leader.nothing_owed(channel=FINANCE)


async def test_a_short_silence_leaves_nothing_behind(leader: StoreLeader) -> None:
    verdict = judge_failure(None, cause="x", now=at(0), new_id="o")
    await leader.store.outages.keep(verdict, now=at(0), operator_channel=FINANCE, term=leader.term)
    over = judge_success(verdict.outage, now=at(1))
    await leader.store.outages.keep(over, now=at(1), operator_channel=FINANCE, term=leader.term)
    assert await leader.store.outages.current() is None
    assert await leader.nothing_owed(channel=FINANCE)
