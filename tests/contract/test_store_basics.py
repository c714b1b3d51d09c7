"""The store over both databases: opening, subscriptions, the directory, call slots and the lease."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from datetime import time, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import DBAPIError

from bot.domain import (
    WORKDAYS,
    DueTime,
    LeaseLost,
    Mail,
    MailId,
    ManualRun,
    RunStatus,
    StoreError,
    SubscribeOutcome,
)
from bot.store.store import open_store
from bot.store.tables import metadata
from tests.support.sample_values import (
    ADA,
    BOB,
    FINANCE,
    MAIL,
    NOON,
    REPORTS,
    answer,
    at,
    run,
    subscription,
)

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path
    from typing import Any

    from sqlalchemy.engine import Connection

    from bot.store.store import Store

OTHER = MailId("2342526")
pytest_plugins = ["tests.support.store_fixtures"]


async def test_schema_equals_the_sum_of_its_migrations(empty_database_url: str) -> None:
    """A table that was changed without a migration is found here."""

    def differences(connection: Connection) -> Any:
        return compare_metadata(MigrationContext.configure(connection), metadata)

    async with open_store(empty_database_url) as store, store.database.reading() as connection:
        assert await connection.run_sync(differences) == []


async def test_a_second_process_on_one_file_is_refused_in_words(tmp_path: Path) -> None:
    """Two processes on one SQLite file would both poll and post."""
    url = f"sqlite:///{tmp_path}/mailbot.db"
    async with open_store(url):
        with pytest.raises(StoreError, match="another process is using this SQLite file"):
            async with open_store(url):
                pass
    async with open_store(url):
        pass


@pytest.mark.parametrize(
    ("url", "words"),
    [
        pytest.param("mysql://root:hunter2@db/x", "not supported", id="other-database"),
        pytest.param("sqlite://", "name a file", id="memory"),
        pytest.param("postgresql://bob:hunter2@127.0.0.1:1/x", "cannot be used", id="unreachable"),
        pytest.param("sqlite:////nowhere/at/all/m.db", "cannot write", id="no-folder"),
    ],
)
async def test_a_database_that_cannot_be_opened_is_named_without_its_password(url: str, words: str) -> None:
    """The line goes to a terminal and to a log."""
    with pytest.raises(StoreError, match=words) as refused:
        async with open_store(url):
            pass
    assert "hunter2" not in str(refused.value)


async def test_a_damaged_file_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "mailbot.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(StoreError, match="file is not a database"):
        async with open_store(f"sqlite:///{tmp_path}/mailbot.db"):
            pass


async def test_a_newer_schema_is_left_alone(tmp_path: Path) -> None:
    """An older bot must not write into what it does not understand."""
    url = f"sqlite:///{tmp_path}/mailbot.db"
    async with open_store(url):
        pass
    with sqlite3.connect(tmp_path / "mailbot.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoreError, match="newer version"):
        async with open_store(url):
            pass


async def test_a_value_that_no_database_takes_is_our_mistake(store: Store) -> None:
    """It is loud at once: as trouble of the database it would be tried again for ever."""

    async def record(action: str, detail: str = "") -> bool:
        return await store.audit.record_once(
            at=NOON, user_id=ADA, action=action, channel_id=REPORTS, mail_id=MAIL, detail=detail
        )

    values = ["half a surrogate pair \ud800"]
    if store.database.dialect == "postgresql":
        values.append("NUL \0")
    for value in values:
        with pytest.raises((DBAPIError, UnicodeEncodeError)):
            await record("try", value)
    if store.database.dialect == "postgresql":
        with pytest.raises(DBAPIError):
            await record("too long for its column" * 3)
    assert await record("go on")
    assert [row[2] for row in await store.audit.actions()] == ["go on"]


async def test_subscribing_twice_is_once(store: Store) -> None:
    first, _ = await store.subscriptions.subscribe(subscription(), baseline=None)
    again, state = await store.subscriptions.subscribe(subscription(by=BOB), baseline=None)
    assert (first, again) == (SubscribeOutcome.CREATED, SubscribeOutcome.ALREADY)
    assert state.subscription.created_by == ADA
    assert await store.subscriptions.count() == 1


async def test_a_due_time_is_taken_over_by_subscribing_again(store: Store) -> None:
    due = DueTime(at=time(9, 30), weekdays=WORKDAYS, grace=timedelta(minutes=20))
    await store.subscriptions.subscribe(subscription(), baseline=None)
    outcome, state = await store.subscriptions.subscribe(subscription(due=due), baseline=None)
    assert outcome is SubscribeOutcome.UPDATED
    assert state.subscription.due == due
    (watch,) = await store.watches.changed_since(0)
    assert watch.dues == {due}


async def test_a_subscription_shows_the_baseline_run(store: Store) -> None:
    _, state = await store.subscriptions.subscribe(
        subscription(), baseline=answer(run(2, RunStatus.FAILED), run(1, RunStatus.SENT))
    )
    assert state.latest == run(2, RunStatus.FAILED)
    assert state.incident is None
    assert [known.run.task_id for known in await store.history.runs_of(MAIL)] == [2, 1]


async def test_leaving_one_or_all(store: Store) -> None:
    for channel in (REPORTS, FINANCE):
        for mail in (MAIL, OTHER):
            await store.subscriptions.subscribe(subscription(channel, mail), baseline=None)
    assert await store.subscriptions.unsubscribe(REPORTS, [MAIL], by=ADA, now=NOON) == (MAIL,)
    assert await store.subscriptions.unsubscribe(REPORTS, [MAIL], by=ADA, now=NOON) == ()
    assert set(await store.subscriptions.unsubscribe(FINANCE, None, by=ADA, now=NOON)) == {MAIL, OTHER}
    left = await store.subscriptions.of_channels([REPORTS, FINANCE])
    assert [(each.subscription.channel_id, each.subscription.mail_id) for each in left] == [(REPORTS, OTHER)]


async def test_the_leader_reads_only_the_watches_that_changed(store: Store) -> None:
    """Ten thousand subscriptions must not be read anew for one that joins."""
    await store.subscriptions.subscribe(subscription(), baseline=None)
    (first,) = await store.watches.changed_since(0)
    await store.subscriptions.subscribe(subscription(mail_id=OTHER), baseline=None)
    (second,) = await store.watches.changed_since(first.change_no)
    assert (second.mail_id, second.is_watched) == (OTHER, True)
    await store.subscriptions.unsubscribe(REPORTS, [OTHER], by=ADA, now=NOON)
    (third,) = await store.watches.changed_since(second.change_no)
    assert (third.mail_id, third.is_watched) == (OTHER, False)


async def test_a_running_baseline_is_handed_to_the_leader(store: Store) -> None:
    """It is followed to its end, although it began before anyone subscribed."""
    running = run(7, RunStatus.PROCESSING)
    await store.subscriptions.subscribe(subscription(), baseline=answer(running))
    (watch,) = await store.watches.changed_since(0)
    assert watch.open_runs == (running,)


async def test_the_directory_outlives_a_restart(database_url: str) -> None:
    sales = Mail(mail_id=MAIL, name="Daily Sales", owner_name="Ada", paused=False)
    ops = Mail(mail_id=OTHER, name="Weekly Ops", owner_name="Bob", paused=True)
    async with open_store(database_url) as store:
        await store.mails.save_mails([sales, ops], seen_at=NOON)
        await store.mails.save_mails([sales], seen_at=at(10))
    async with open_store(database_url) as store:
        assert await store.mails.load_mails() == (sales,)
        await store.mails.save_mails([sales, ops], seen_at=at(20))
        assert set(await store.mails.load_mails()) == {sales, ops}


async def test_call_slots_never_come_closer_than_the_interval(store: Store) -> None:
    """Many ask at once; each gets a slot of its own, one interval after the other."""
    waits = await asyncio.gather(*(store.calls.reserve_call(interval=1.0) for _ in range(10)))
    ordered = sorted(waits)
    gaps = [later - earlier for earlier, later in pairwise(ordered)]
    assert ordered[0] == 0.0
    assert all(0.5 < gap <= 1.0 for gap in gaps)


async def test_the_poller_takes_a_slot_only_if_nobody_waits(store: Store) -> None:
    assert await store.calls.take_call_if_free(interval=5.0) == 0.0
    assert 4.0 < await store.calls.take_call_if_free(interval=5.0) <= 5.0
    assert 4.0 < await store.calls.reserve_call(interval=5.0) <= 5.0
    assert 9.0 < await store.calls.take_call_if_free(interval=5.0) <= 10.0


async def test_a_hold_keeps_everybody_waiting_and_never_shortens(store: Store) -> None:
    await store.calls.hold_calls(30.0)
    await store.calls.hold_calls(1.0)
    assert 29.0 < await store.calls.reserve_call(interval=1.0) <= 30.0


async def test_each_holder_of_the_lease_has_a_higher_term(store: Store) -> None:
    first = await store.lease.acquire("a", timedelta(seconds=0))
    second = await store.lease.acquire("b", timedelta(seconds=30))
    assert first is not None
    assert second is not None
    assert second.term > first.term
    with pytest.raises(LeaseLost):
        await store.lease.renew(first, timedelta(seconds=30))
    renewed = await store.lease.renew(second, timedelta(seconds=60))
    assert renewed.expires_at > second.expires_at


async def test_a_held_lease_is_not_given_away(store: Store) -> None:
    """On SQLite nobody else can have the file, so a restart need not wait for the old lease."""
    held = await store.lease.acquire("a", timedelta(seconds=30))
    assert held is not None
    other = await store.lease.acquire("b", timedelta(seconds=30))
    if store.database.is_exclusive:
        assert other is not None
        return
    assert other is None
    await store.lease.release(held)
    assert await store.lease.acquire("b", timedelta(seconds=30)) is not None


async def test_racing_clicks_start_one_run(store: Store) -> None:
    """A double click, a redelivery and two replicas: one of them asks Quick BI."""
    claims = [
        ManualRun(
            manual_run_id=f"{number}",
            mail_id=MAIL,
            channel_id=REPORTS,
            message_ts="1.0",
            user_id=ADA,
            previous_run_key="1",
            claimed_at=NOON,
        )
        for number in range(5)
    ]
    taken = await asyncio.gather(
        *(store.manual_runs.claim(claim, click=f"trigger-{claim.manual_run_id}") for claim in claims)
    )
    assert sorted(taken) == [False, False, False, False, True]


async def test_a_term_is_told_since_when_each_mail_waits(store: Store) -> None:
    """Since the last look at its latest run; before any, since the subscription. A look at an earlier run is none."""
    await store.subscriptions.subscribe(subscription(), baseline=None)

    async def looked_at() -> datetime | None:
        (watch,) = await store.watches.changed_since(0)
        return watch.looked_at

    assert await looked_at() == subscription().created_at
    record = store.observations.record_answer
    await record(MAIL, answer(), now=at(7), term=None)
    await record(MAIL, replace(answer(), is_latest=False), now=at(9), term=None)
    assert await looked_at() == at(7)
