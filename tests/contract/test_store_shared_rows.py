"""Rows that all replicas share, over both databases: the first write of each, and writes that come too late."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import delete

from bot.domain import LeaseLost, Mail, MailId, ManualRun, Outage, RunStatus
from bot.domain.outage_rules import judge_failure
from bot.store.store import open_store
from bot.store.tables import metadata
from tests.support.sample_values import ADA, FINANCE, MAIL, NOON, REPORTS, answer, at, run, subscription
from tests.support.store_leader import TTL

if TYPE_CHECKING:
    from bot.store.store import Store

pytest_plugins = ["tests.support.store_fixtures"]
TIMES = 20
LISTED = [
    Mail(mail_id=MailId(f"mail {number}"), name="Daily Sales", owner_name="Ada", paused=False)
    for number in range(50)
]


async def test_three_that_start_on_an_empty_database_do_not_collide(store: Store, database_url: str) -> None:
    """Whatever the first of them writes, the others write at the same moment."""
    async with AsyncExitStack() as stack:
        stores = [store] * 3
        if not store.database.is_exclusive:
            stores = [await stack.enter_async_context(open_store(database_url)) for _ in range(3)]
        for _ in range(TIMES):
            async with store.database.writing() as connection:
                for table in reversed(metadata.sorted_tables):
                    await connection.execute(delete(table))
            await asyncio.gather(*(first_writes(each, number) for number, each in enumerate(stores)))
            assert len(await store.mails.load_mails()) == len(LISTED)
            assert len(await store.history.runs_of(MAIL)) == 1
            assert len(await store.manual_runs.open_runs()) == 1


async def first_writes(store: Store, number: int) -> None:
    lease = await store.lease.acquire(f"replica {number}", TTL)
    with suppress(LeaseLost):  # on SQLite the next one takes it
        term = lease.term if lease else 0
        outage = judge_failure(None, cause="x", now=NOON, new_id="o")
        await store.outages.keep(outage, now=NOON, operator_channel=FINANCE, term=term)
        await store.gates.hold("chat.postMessage", now=NOON, until=at(1), term=term)
    by_hand = ManualRun(
        manual_run_id=f"run {number}",
        mail_id=MAIL,
        channel_id=REPORTS,
        message_ts="1.0",
        user_id=ADA,
        previous_run_key="",
        claimed_at=NOON,
    )
    listed = LISTED if number % 2 else LISTED[::-1]
    await asyncio.gather(
        store.calls.reserve_call(interval=0.001),
        store.mails.save_mails(listed, seen_at=NOON, list_no=await store.mails.next_list_no()),
        store.subscriptions.subscribe(subscription(), baseline=None),
        store.observations.record_answer(MAIL, answer(run(1, RunStatus.FAILED)), now=at(2), term=None),
        store.gates.close_channel(REPORTS, reason="x", now=NOON, operator_channel=FINANCE, term=None),
        store.manual_runs.claim(by_hand, click="click"),
    )


async def test_a_list_that_was_begun_before_a_pause_is_not_stored_after_it(store: Store) -> None:
    """One replica reads the list slowly; meanwhile somebody pauses a mail, and another replica reads it."""
    mail = LISTED[0]
    slow = await store.mails.next_list_no()
    quick = await store.mails.next_list_no()
    await store.mails.save_mails([replace(mail, paused=True)], seen_at=at(1), list_no=quick)
    await store.mails.save_mails([mail], seen_at=at(2), list_no=slow)
    assert await store.mails.load_mails() == (replace(mail, paused=True),)
    await store.mails.save_mails([mail], seen_at=at(3), list_no=await store.mails.next_list_no())
    assert await store.mails.load_mails() == (mail,)


async def test_an_outage_that_two_leaders_write_is_one(store: Store) -> None:
    """The second knows it from the first."""
    lease = await store.lease.acquire("a", TTL)
    assert lease is not None
    decision = judge_failure(None, cause="x", now=NOON, new_id="o")
    for _ in range(2):
        await store.outages.keep(decision, now=NOON, operator_channel=None, term=lease.term)
    assert await store.outages.current() == Outage(outage_id="o", began_at=NOON, cause="x")
