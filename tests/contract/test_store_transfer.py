"""A move to another database: every row arrives, and what is not whole or does not fit changes nothing."""

from __future__ import annotations

import json
from io import StringIO
from typing import TYPE_CHECKING

import pytest

from bot.domain import MailId, RunStatus, StoreError
from bot.store.store import open_store
from bot.store.transfer import export_to, import_from
from tests.support.databases import upgraded_postgres_database
from tests.support.sample_values import REPORTS, run
from tests.support.store_leader import (
    RESPONSE_URL,
    TTL,
    StoreLeader,
    expire,
    lead_a_full_life,
    subscribed,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from bot.store.store import Store

pytest_plugins = ["tests.support.store_fixtures"]
Lines = list[str]
OTHER = MailId("other")


async def exported(store: Store) -> Lines:
    out = StringIO()
    await export_to(out, store.database)
    return out.getvalue().splitlines(keepends=True)


@pytest.fixture
async def other(store: Store, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """An empty database of the other kind, in which somebody led for a moment."""
    url = f"sqlite:///{tmp_path}/other.db"
    if store.database.dialect == "sqlite":
        url = await upgraded_postgres_database(request.getfixturevalue("postgres_server"))
    async with open_store(url) as opened:
        assert await opened.lease.acquire("somebody else", TTL)
        yield opened


async def test_every_row_arrives_but_the_secret_addresses(leader: StoreLeader, other: Store) -> None:
    """What is exported from the copy is what was exported from the original."""
    await lead_a_full_life(leader)
    lines = await exported(leader.store)
    assert await import_from(lines, other.database) == len(lines) - 2 == json.loads(lines[-1])["rows"]
    assert sorted(await exported(other)) == sorted(lines)
    assert RESPONSE_URL not in "".join(lines)


async def test_the_copy_goes_on_where_the_original_stopped(leader: StoreLeader, other: Store) -> None:
    """The leader's terms, the order of changes and the numbers of new rows are continued; so is the message."""
    await subscribed(leader)
    await leader.saw(2, run(1, RunStatus.FAILED))
    sent = await leader.send(3)
    (before,) = await leader.store.watches.changed_since(0)
    await expire(leader)
    await import_from(await exported(leader.store), other.database)
    lease = await other.lease.acquire("next", TTL)
    assert lease is not None
    assert lease.term > leader.term
    successor = StoreLeader(other, lease.term)
    await subscribed(successor, mail_id=OTHER)
    assert [each.mail_id for each in await other.watches.changed_since(before.change_no)] == [OTHER]
    await successor.saw(8, run(7, RunStatus.SENT))
    assert await other.deliveries.stale(REPORTS) == (sent.post_id,)
    assert await successor.redraw_all() == 1
    assert (await successor.send(9)).thread_ts == "3.000000"


def _cut(lines: Lines) -> Lines:
    return lines[:-2]


def _older(lines: Lines) -> Lines:
    return [json.dumps(json.loads(lines[0]) | {"schema": "0001"}), *lines[1:]]


def _of_another_table(lines: Lines) -> Lines:
    return [line.replace('"watches"', '"wishes"') for line in lines]


def _without_a_key(lines: Lines) -> Lines:
    return [line.replace('"is_watched":true', '"is_watched":null') for line in lines]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(_cut, "is not whole", id="cut off"),
        pytest.param(_older, "has schema 0001", id="of another schema"),
        pytest.param(lambda lines: lines[1:], "not an export", id="without its first line"),
        pytest.param(lambda _: [], "not an export", id="empty"),
        pytest.param(lambda lines: [*lines[:-1], "x"], r"line \d+ is not", id="not JSON"),
        pytest.param(lambda lines: [lines[0], "[]"], "line 2 is not", id="not an object"),
        pytest.param(_of_another_table, "has wishes that do not fit", id="a table that is not there"),
        pytest.param(_without_a_key, "has watches that do not fit", id="a row that is not one"),
    ],
)
async def test_what_is_no_export_changes_nothing(
    leader: StoreLeader, other: Store, change: Callable[[Lines], Lines], words: str
) -> None:
    """All or nothing: the next try finds the database as empty as before."""
    await subscribed(leader)
    lines = await exported(leader.store)
    before = await exported(other)
    with pytest.raises(StoreError, match=words):
        await import_from(change(lines), other.database)
    assert await exported(other) == before


async def test_only_an_empty_database_is_filled(leader: StoreLeader, other: Store) -> None:
    """Two histories cannot be merged."""
    await subscribed(leader)
    lines = await exported(leader.store)
    await import_from(lines, other.database)
    with pytest.raises(StoreError, match="not empty: it has"):
        await import_from(lines, other.database)
