"""The time that replicas share, over both databases: machines whose clocks are apart agree on what is over."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain import Notice, RunStatus
from bot.domain.grouping import Load
from bot.store.clock import SharedClock
from tests.support.sample_values import MAIL, REPORTS, answer, run
from tests.support.store_leader import TTL, expire, subscribed

if TYPE_CHECKING:
    from bot.store.store import Store
    from tests.support.store_leader import StoreLeader

pytest_plugins = ["tests.support.store_fixtures"]
APART = timedelta(seconds=90)


def machine(store: Store, *, ahead: timedelta) -> SharedClock:
    return SharedClock(store.database, wall=lambda: datetime.now(UTC) + ahead)


async def test_replicas_have_the_databases_time(store: Store) -> None:
    """On SQLite there is one process, which keeps its own."""
    clocks = [machine(store, ahead=ahead) for ahead in (APART, -APART)]
    await asyncio.gather(*(clock.synchronise() for clock in clocks))
    first, second = (clock.now() for clock in clocks)
    if store.database.is_exclusive:
        assert first - second > APART
    else:
        assert abs(first - second) < timedelta(seconds=2)
        assert abs(first - datetime.now(UTC)) < timedelta(seconds=5)


@pytest.mark.parametrize("ahead", [APART, -APART], ids=["next leader ahead", "next leader behind"])
async def test_the_next_leader_leaves_a_message_alone_that_may_still_arrive(
    leader: StoreLeader, ahead: timedelta
) -> None:
    """The last one claimed it a moment ago: looked for now, it would not be found, and be sent again."""
    store = leader.store
    if store.database.is_exclusive:  # one process, and so one machine
        ahead = timedelta()
    last, following = machine(store, ahead=timedelta()), machine(store, ahead=ahead)
    for clock in (last, following):
        await clock.synchronise()
    await subscribed(leader)
    await store.observations.record_answer(
        MAIL, answer(run(1, RunStatus.FAILED)), now=last.now(), term=leader.term
    )
    claimed = await store.outbox.claim(REPORTS, load=Load(), now=last.now(), term=leader.term)
    assert isinstance(claimed, Notice)
    await store.gates.hold(
        "chat.postMessage", now=last.now(), until=last.now() + timedelta(seconds=30), term=leader.term
    )
    await expire(leader)
    lease = await store.lease.acquire("next", TTL)
    assert lease is not None
    assert await store.deliveries.give_up_sending(term=lease.term, in_flight=(), now=following.now()) == 1
    assert await store.deliveries.unsure(REPORTS, now=following.now()) is None
    assert await store.deliveries.unsure(REPORTS, now=following.now() + timedelta(seconds=16)) is not None
    held = await store.gates.holds(now=following.now())
    assert timedelta(seconds=20) < held["chat.postMessage"] - following.now() <= timedelta(seconds=30)
