"""What the store deletes in time, over both databases: every table has a rule, and what is needed stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from bot.domain import Mail, MailId, RunStatus
from bot.domain.outage_rules import judge_failure
from bot.store import retention
from bot.store.tables import metadata
from tests.support.sample_values import ADA, MAIL, NOON, REPORTS, answer, at, run, subscription
from tests.support.store_leader import lead_a_full_life, subscribed

if TYPE_CHECKING:
    from datetime import datetime

    import pytest

    from bot.store.store import Store
    from tests.support.store_leader import StoreLeader

pytest_plugins = ["tests.support.store_fixtures"]
FAILED = RunStatus.FAILED
LATER = timedelta(days=200)
OTHER = MailId("other")


def test_every_table_is_pruned_or_cannot_grow() -> None:
    """Who adds a table says how long its rows are kept."""
    pruned = {table.name for table, _ in retention.rules(NOON, NOON)}
    assert pruned | retention.BOUNDED.keys() == set(metadata.tables)
    assert pruned.isdisjoint(retention.BOUNDED)


async def rows(store: Store) -> dict[str, int]:
    """How many rows each table has, without those that have some always."""
    counts = {}
    async with store.database.reading() as connection:
        for table in metadata.sorted_tables:
            if table.name not in retention.BOUNDED:
                found = await connection.execute(select(func.count()).select_from(table))
                counts[table.name] = found.scalar_one()
    return {name: count for name, count in counts.items() if count}


async def prune(store: Store, now: datetime) -> None:
    await store.retention.prune(before=now - timedelta(days=180), audit_before=now - timedelta(days=730))


async def test_what_is_over_is_deleted_everywhere(leader: StoreLeader) -> None:
    """First everything stays, then everything goes but the audit, and that goes after two years."""
    await lead_a_full_life(leader)
    before = await rows(leader.store)
    assert before.keys() | retention.BOUNDED.keys() == set(metadata.tables)
    await prune(leader.store, NOON + timedelta(days=179))
    assert await rows(leader.store) == before
    await prune(leader.store, NOON + LATER)
    assert await rows(leader.store) == {"audit": before["audit"]}
    await prune(leader.store, NOON + timedelta(days=731))
    assert await rows(leader.store) == {}


async def test_what_is_still_needed_stays(leader: StoreLeader) -> None:
    """A subscribed mail, its name, its newest run and open incident; an outage that lasts; a closed channel."""
    store = leader.store
    mail = Mail(mail_id=MAIL, name="Daily Sales", owner_name="Ada", paused=False)
    await store.mails.save_mails([mail], seen_at=at(0))
    await store.mails.save_mails([], seen_at=at(1))
    await subscribed(leader)
    await leader.saw(2, run(1, FAILED))
    await leader.send(3)
    began = judge_failure(None, cause="x", now=at(0), new_id="o")
    await store.outages.keep(began, now=at(6), operator_channel=None, term=leader.term)
    await store.gates.close_channel(REPORTS, reason="x", now=at(9), operator_channel=None, term=None)
    await prune(store, NOON + LATER)
    (state,) = await store.subscriptions.of_channels([REPORTS])
    assert (state.mail, state.latest, state.paused_reason) == (mail, run(1, FAILED), "x")
    assert state.incident is not None
    assert await store.outages.current() is not None
    (watch,) = await store.watches.changed_since(0)
    assert watch.is_watched


async def test_a_mail_that_is_subscribed_again_is_watched_from_then_on(store: Store) -> None:
    """The time at which it was left counts for nothing but how long its row is kept."""
    await store.subscriptions.subscribe(subscription(), baseline=None)
    await store.subscriptions.unsubscribe(REPORTS, None, by=ADA, now=at(5))
    again = replace(subscription(), created_at=at(60))
    await store.subscriptions.subscribe(again, baseline=None)
    (watch,) = await store.watches.changed_since(0)
    assert watch.looked_at == at(60)


async def test_it_goes_in_small_steps(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Years of runs are more than one transaction should delete."""
    monkeypatch.setattr(retention, "STEP", 2)
    for task in range(5):
        seen = answer(run(task, RunStatus.SENT, mail_id=OTHER))
        await store.observations.record_answer(OTHER, seen, now=at(task), term=None)
    await prune(store, NOON + LATER)
    assert await rows(store) == {}
