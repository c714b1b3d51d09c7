"""The store over both databases: what channels wish to hear, their peace for a while, and who wished so."""

from __future__ import annotations

import asyncio
from datetime import time
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import DBAPIError

from bot.domain import (
    DueTime,
    Event,
    IncidentState,
    NotifyReason,
    PostKind,
    RunStatus,
    SnoozeOutcome,
    StoreError,
    SubscribeOutcome,
)
from bot.domain.notices import Nothing
from bot.store.store import open_store
from bot.store.tables import audit
from tests.support.sample_values import ADA, BOB, FINANCE, MAIL, NOON, REPORTS, at, run, subscription
from tests.support.store_leader import subscribed

if TYPE_CHECKING:
    from datetime import datetime

    from bot.store.store import Store
    from tests.support.store_leader import StoreLeader

pytest_plugins = ["tests.support.store_fixtures"]
SENT, FAILED = RunStatus.SENT, RunStatus.FAILED


@pytest.fixture
async def failing(leader: StoreLeader) -> StoreLeader:
    """A mail that failed, and a channel that was told."""
    await subscribed(leader, REPORTS, FINANCE)
    await leader.saw(2, run(1, FAILED))
    await leader.send(3)
    await leader.send(3.1, channel=FINANCE)
    return leader


async def snooze(leader: StoreLeader, until: datetime | None, *, recovered: bool = False) -> SnoozeOutcome:
    return await leader.store.subscriptions.snooze(
        REPORTS, MAIL, until=until, until_recovered=recovered, by=BOB, now=at(6)
    )


@pytest.mark.parametrize(
    ("until", "recovered"), [pytest.param(None, True, id="until it recovers"), (at(60), False)]
)
async def test_a_snooze_that_comes_too_late_hides_no_later_failure(
    failing: StoreLeader, until: datetime | None, *, recovered: bool
) -> None:
    """The notice looked as if it failed still; by the click it had recovered. The next failure is told at once."""
    await failing.saw(5, run(4, SENT))
    await failing.redraw_all()
    await failing.send(6)
    assert await snooze(failing, until, recovered=recovered) is SnoozeOutcome.NOTHING_WRONG
    await failing.saw(9, run(8, FAILED))
    assert (await failing.claim(10)).items[0].incident.is_firing


async def test_who_is_not_subscribed_has_nothing_to_snooze(failing: StoreLeader) -> None:
    """Nor to wake."""
    await failing.store.subscriptions.unsubscribe(REPORTS, [MAIL], by=ADA, now=at(5))
    assert await snooze(failing, at(60)) is SnoozeOutcome.NOT_SUBSCRIBED
    assert await snooze(failing, None) is SnoozeOutcome.NOT_SUBSCRIBED
    await failing.saw(7, run(6, SENT))
    assert await snooze(failing, None, recovered=True) is SnoozeOutcome.NOT_SUBSCRIBED


async def test_the_end_of_a_snooze_is_drawn(failing: StoreLeader) -> None:
    """“Snoozed until 13:00” is no longer true at 13:00: in that channel, once, by the leader."""
    assert await snooze(failing, at(60)) is SnoozeOutcome.DONE
    assert await failing.redraw_all() == 1
    ends = failing.store.deliveries.end_snoozes
    assert await ends(now=at(59), term=failing.term) == 0
    assert await failing.redraw_all() == 0
    assert await ends(now=at(60), term=failing.term) == 1
    assert await failing.redraw_all(channel=FINANCE) == 0
    assert await failing.redraw_all() == 1
    assert await ends(now=at(61), term=failing.term) == 0


async def test_the_notice_of_a_channel_that_left_says_so_while_others_stay(failing: StoreLeader) -> None:
    """And of one that comes back, too."""
    await failing.store.subscriptions.unsubscribe(REPORTS, [MAIL], by=ADA, now=at(5))
    assert await shown_as_subscribed(failing) is False
    assert await failing.redraw_all(channel=FINANCE) == 0
    await failing.store.subscriptions.subscribe(subscription(), baseline=None)
    assert await shown_as_subscribed(failing) is True


async def shown_as_subscribed(leader: StoreLeader) -> bool:
    (post_id,) = await leader.store.deliveries.stale(REPORTS)
    redraw = await leader.store.deliveries.redraw(post_id)
    assert redraw is not None
    await leader.store.deliveries.mark_shown(post_id, wanted=redraw.wanted)
    return redraw.items[0].is_subscribed


async def test_a_snoozed_channel_gets_edits_and_no_messages(leader: StoreLeader) -> None:
    await subscribed(leader)
    await leader.saw(2, run(1, FAILED))
    await leader.send(3)
    await leader.store.subscriptions.snooze(REPORTS, MAIL, until=at(60), by=ADA, now=at(4))
    await leader.saw(5, run(4, FAILED))
    assert await leader.redraw_all() == 1
    assert isinstance(await leader.try_claim(30), Nothing)
    still = await leader.send(61)
    assert (still.kind, still.items[0].incident.failed_runs) == (PostKind.REPLY, 2)


async def test_what_recovered_while_snoozed_calls_nobody(leader: StoreLeader) -> None:
    """The message shows it."""
    await subscribed(leader)
    await leader.saw(2, run(1, FAILED))
    await leader.send(3)
    await leader.store.subscriptions.snooze(REPORTS, MAIL, until=at(60), by=ADA, now=at(4))
    await leader.saw(5, run(4, SENT))
    assert await leader.redraw_all() == 1
    assert await leader.nothing_owed(61)


async def test_the_backlog_tells_since_when_the_oldest_notice_could_have_been_sent(
    leader: StoreLeader,
) -> None:
    """A snoozed one only since the snooze ended; an alert waits for those that nothing holds back."""
    await subscribed(leader)
    await leader.saw(2, run(1, FAILED))
    await leader.saw(5, run(4, FAILED))
    (backlog,) = await leader.store.outbox.backlog(now=at(6))
    assert (backlog.owed, backlog.oldest_at, backlog.newest_at) == (2, at(2), at(5))
    await leader.store.subscriptions.snooze(REPORTS, MAIL, until=at(60), by=ADA, now=at(7))
    await leader.saw(9, run(8, FAILED))
    assert [each.oldest_at for each in await leader.store.outbox.backlog(now=at(61))] == [at(60)]


async def test_a_failure_that_came_and_went_while_snoozed_is_told_afterwards(leader: StoreLeader) -> None:
    """Silence for a while is not silence for ever: no failure is lost."""
    await subscribed(leader)
    await leader.saw(2, run(1, FAILED))
    await leader.store.subscriptions.snooze(REPORTS, MAIL, until=at(60), by=ADA, now=at(4))
    await leader.saw(5, run(4, SENT))
    assert isinstance(await leader.try_claim(30), Nothing)
    notice = await leader.send(61)
    assert (notice.kind, notice.items[0].incident.state) == (PostKind.ROOT, IncidentState.RECOVERED)


async def test_snoozed_until_it_recovers_ends_with_the_recovery(leader: StoreLeader) -> None:
    await subscribed(leader)
    await leader.saw(2, run(1, FAILED))
    await leader.send(3)
    await leader.store.subscriptions.snooze(
        REPORTS, MAIL, until=None, until_recovered=True, by=ADA, now=at(4)
    )
    await leader.saw(5, run(4, FAILED))
    await leader.redraw_all()
    assert await leader.nothing_owed()
    await leader.saw(8, run(7, SENT))
    await leader.redraw_all()
    reply = await leader.send(9)
    assert reply.items[0].reasons[-1] is NotifyReason.RECOVERED
    state = await leader.store.subscriptions.get(REPORTS, MAIL)
    assert state is not None
    assert not state.subscription.snoozed_until_recovered


async def test_waking_tells_at_once(leader: StoreLeader) -> None:
    await subscribed(leader)
    await leader.saw(2, run(1, FAILED))
    await leader.store.subscriptions.snooze(REPORTS, MAIL, until=at(60), by=ADA, now=at(4))
    assert isinstance(await leader.try_claim(3), Nothing)
    await leader.store.subscriptions.snooze(REPORTS, MAIL, until=None, by=ADA, now=at(4))
    assert (await leader.send(3)).kind is PostKind.ROOT


async def test_who_left_hears_no_more_but_sees_the_truth(leader: StoreLeader) -> None:
    await subscribed(leader, REPORTS, FINANCE)
    await leader.saw(2, run(1, FAILED))
    await leader.send(3)
    await leader.store.subscriptions.unsubscribe(REPORTS, [MAIL], by=ADA, now=at(4))
    await leader.store.subscriptions.unsubscribe(FINANCE, [MAIL], by=ADA, now=at(4))
    assert await leader.nothing_owed(channel=FINANCE)
    (post_id,) = await leader.store.deliveries.stale(REPORTS)
    redraw = await leader.store.deliveries.redraw(post_id)
    assert redraw is not None
    assert redraw.items[0].incident.state is IncidentState.UNWATCHED


async def test_a_channel_chooses_what_it_is_told_of(leader: StoreLeader) -> None:
    await subscribed(leader, events=frozenset({Event.FAILED}))
    await leader.saw(2, run(1, FAILED))
    await leader.send(3)
    await leader.saw(5, run(4, SENT))
    await leader.redraw_all()
    assert await leader.nothing_owed()


async def test_chosen_events_are_taken_over_typed_ones_are_not_meant(store: Store) -> None:
    """A form says what to tell; `/mail-subscribe MAIL` says nothing about it. A due time goes only for another."""
    due = DueTime(at=time(9, 30))
    await store.subscriptions.subscribe(subscription(due=due), baseline=None)
    wish = subscription(events=frozenset({Event.FAILED}), due=None)
    outcome, _ = await store.subscriptions.subscribe(wish, baseline=None)
    assert outcome is SubscribeOutcome.ALREADY
    outcome, state = await store.subscriptions.subscribe(wish, baseline=None, with_events=True)
    assert outcome is SubscribeOutcome.UPDATED
    assert (state.subscription.events, state.subscription.due) == (frozenset({Event.FAILED}), due)
    outcome, _ = await store.subscriptions.subscribe(wish, baseline=None, with_events=True)
    assert outcome is SubscribeOutcome.ALREADY
    assert [(row[2], row[5]) for row in await store.audit.actions()] == [
        ("change", "events failed"),
        ("subscribe", "due 09:30 0,1,2,3,4,5,6 900"),
    ]


async def test_every_change_has_its_row_and_no_more(failing: StoreLeader) -> None:
    """Who, what, where; what changed nothing leaves none."""
    await snooze(failing, at(60))
    await snooze(failing, None)
    await failing.store.subscriptions.unsubscribe(REPORTS, None, by=BOB, now=at(7))
    await failing.store.subscriptions.unsubscribe(REPORTS, None, by=BOB, now=at(7))
    await snooze(failing, None)
    rows = await failing.store.audit.actions()
    assert [row[1:5] for row in rows] == [
        (BOB, "unsubscribe", REPORTS, MAIL),
        (BOB, "wake", REPORTS, MAIL),
        (BOB, "snooze", REPORTS, MAIL),
        (ADA, "subscribe", FINANCE, MAIL),
        (ADA, "subscribe", REPORTS, MAIL),
    ]
    assert [row[0] for row in rows] == [at(7), at(6), at(6), NOON, NOON]


async def test_no_row_no_change(empty_database_url: str) -> None:
    """Both are one transaction: where the audit cannot be written, nothing is changed."""
    async with open_store(empty_database_url) as store:  # a database of its own: a table is taken away
        await store.subscriptions.subscribe(subscription(), baseline=None)
        async with store.database.writing() as connection:
            await connection.run_sync(audit.drop)
        with pytest.raises((StoreError, DBAPIError), match="audit"):
            await store.subscriptions.unsubscribe(REPORTS, None, by=ADA, now=NOON)
        assert await store.subscriptions.count() == 1


async def test_the_same_click_is_recorded_once_however_many_replicas_hear_it(store: Store) -> None:
    """A share is claimed by its row; another question is another wish."""

    async def click(message_ts: str) -> bool:
        return await store.audit.record_once(
            at=NOON, user_id=ADA, action="share", channel_id=REPORTS, mail_id=MAIL, detail=message_ts
        )

    assert sorted(await asyncio.gather(*(click("1.0") for _ in range(5)))) == [False] * 4 + [True]
    assert await click("2.0")


async def test_what_is_recently_over_is_not_crowded_out_by_what_is_not(failing: StoreLeader) -> None:
    """The newest incidents may all be firing, or long over: the limit counts only what was asked for."""
    await failing.saw(5, run(4, SENT))
    await failing.saw(9, run(8, FAILED))
    found = failing.store.history.incidents_of
    (over,) = await found([MAIL], limit=1, over_since=at(0))
    assert over.state is IncidentState.RECOVERED
    assert await found([MAIL], limit=1, over_since=at(6)) == ()
    (newest,) = await found([MAIL], limit=1)
    assert newest.is_firing
