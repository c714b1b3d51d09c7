"""The store over both databases: what is kept in memory is as true as the database."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from sqlalchemy import event, select

from bot.domain import RunStatus
from bot.store.tables import channels
from tests.support.sample_values import ADA, FINANCE, MAIL, REPORTS, at, run
from tests.support.store_leader import subscribed

if TYPE_CHECKING:
    from bot.store.store import Store
    from tests.support.store_leader import StoreLeader

pytest_plugins = ["tests.support.store_fixtures"]


async def test_every_change_is_seen_at_once(leader: StoreLeader) -> None:
    """Whoever changes it: a person, the mail's own failure and recovery, and leaving."""
    store = leader.store
    assert await store.subscriptions.here(REPORTS, MAIL) is None
    await subscribed(leader)
    assert (await shown(leader)) == (False, None)
    await leader.saw(2, run(1, RunStatus.FAILED))
    assert (await shown(leader)) == (True, None)
    await store.subscriptions.snooze(REPORTS, MAIL, until=at(60), by=ADA, now=at(3))
    assert (await shown(leader)) == (True, at(60))
    await leader.saw(4, run(2, RunStatus.SENT))
    assert (await shown(leader)) == (False, at(60))
    await store.subscriptions.unsubscribe(REPORTS, [MAIL], by=ADA, now=at(5))
    assert await store.subscriptions.here(REPORTS, MAIL) is None


async def shown(leader: StoreLeader) -> tuple[bool, object]:
    """Whether the mail is failing, and until when the channel is not called."""
    for _ in range(2):  # the second is remembered, where that may be
        here = await leader.store.subscriptions.here(REPORTS, MAIL)
    assert here is not None
    return here[1], here[0].snoozed_until


async def test_a_closed_channel_is_known_at_once(leader: StoreLeader) -> None:
    closed = leader.store.gates
    assert await closed.closed_reason(REPORTS) is None
    await closed.close_channel(REPORTS, reason="is_archived", now=at(1), operator_channel=FINANCE, term=None)
    assert await closed.closed_reason(REPORTS) == "is_archived"
    await closed.reopen_channel(REPORTS, term=None)
    assert await closed.closed_reason(REPORTS) is None


async def test_what_was_read_while_it_changed_is_not_kept(store: Store) -> None:
    """A reader began before the change and ends after it."""
    database = store.database
    read_it, written = asyncio.Event(), asyncio.Event()

    async def read(connection: object) -> int:
        found = len((await connection.execute(select(channels))).all())  # type: ignore[attr-defined]
        read_it.set()
        await written.wait()
        return found

    reader = asyncio.create_task(database.remembered("closed", (channels,), read))
    await read_it.wait()
    await store.gates.close_channel(
        REPORTS, reason="is_archived", now=at(1), operator_channel=None, term=None
    )
    written.set()
    assert await reader == 0
    assert await database.remembered("closed", (channels,), read) == 1


async def test_an_exclusive_database_is_not_read_for_what_did_not_change(leader: StoreLeader) -> None:
    """PostgreSQL has other writers: there it is read each time."""
    await subscribed(leader)
    database, reads = leader.store.database, 0

    def count(_: object, statement: Any, *__: object) -> None:
        nonlocal reads
        reads += statement.is_select and "is_firing" in statement.exported_columns

    event.listen(database._engine.sync_engine, "after_execute", count)
    for _ in range(3):
        await leader.store.subscriptions.here(REPORTS, MAIL)
        await leader.saw(2, run(1, RunStatus.SENT))  # writes the mail's watch and runs
    assert reads == (1 if database.is_exclusive else 3)


async def test_what_lists_and_histories_show_is_of_now(leader: StoreLeader) -> None:
    store = leader.store
    assert await recorded(store) == (0, None, None, 0)
    await subscribed(leader)
    await leader.saw(2, run(1, RunStatus.FAILED))
    assert await recorded(store) == (1, RunStatus.FAILED, True, 1)
    await leader.saw(4, run(2, RunStatus.SENT))
    assert await recorded(store) == (2, RunStatus.SENT, False, 1)
    await store.subscriptions.unsubscribe(REPORTS, [MAIL], by=ADA, now=at(5))
    assert await recorded(store) == (2, RunStatus.SENT, False, 0)


async def recorded(store: Store) -> tuple[int, RunStatus | None, bool | None, int]:
    """How many runs, how the newest ended, whether the mail is failing, how many channels are subscribed."""
    for _ in range(2):  # the second is remembered, where that may be
        standing = (await store.history.standings([MAIL])).get(MAIL)
        count = await store.history.count_runs(MAIL)
        channels_of = await store.subscriptions.channels_of(MAIL)
    latest = standing.latest.status if standing and standing.latest else None
    is_failing = standing.incident is not None if standing else None
    return count, latest, is_failing, len(channels_of)
