"""Databases of earlier versions open with this one: no row is lost, and the bot goes on where it was."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, MetaData, Table, Text, UniqueConstraint, create_engine, select
from sqlalchemy.ext.asyncio import create_async_engine

from bot.domain import IncidentState, Notice, NotifyReason, PostKind, RunStatus
from bot.domain.grouping import Load
from bot.store import migrations
from bot.store.migrate import upgrade
from bot.store.store import open_store
from bot.store.tables import metadata
from tests.support.sample_values import FINANCE, MAIL, REPORTS, answer, at, run

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from sqlalchemy.engine import Connection

    from bot.domain import ChannelId
    from bot.store.store import Store

SAMPLES = Path(__file__).parent.parent / "samples" / "databases"
SCHEMAS = sorted({sample.name.split(".")[0] for sample in SAMPLES.glob("*.sql")})
LATER = 60.0  # minutes after noon, when this version takes over
Rows = dict[str, list[dict[str, Any]]]
pytest_plugins = ["tests.support.store_fixtures"]


@pytest.fixture(params=SCHEMAS)
async def old(request: pytest.FixtureRequest, empty_database_url: str) -> tuple[str, Rows]:
    """The address of a database that an earlier version left, and all that is in it."""
    kind = empty_database_url.partition(":")[0]
    script = (SAMPLES / f"{request.param}.{kind}.sql").read_text(encoding="utf-8")
    if kind == "sqlite":
        return empty_database_url, _restored_file(empty_database_url, script)
    return empty_database_url, await _restored_server(empty_database_url, script)


def _restored_file(url: str, script: str) -> Rows:
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        connection.executescript(script)
    connection.close()
    engine = create_engine(url)
    with engine.connect() as opened:
        rows = _all_rows(opened)
    engine.dispose()
    return rows


async def _restored_server(url: str, script: str) -> Rows:
    engine = create_async_engine(
        url.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT"
    )
    async with engine.connect() as connection:
        raw = await connection.get_raw_connection()
        assert raw.driver_connection
        await raw.driver_connection.execute(script)
    async with engine.connect() as connection:
        rows = await connection.run_sync(_all_rows)
    await engine.dispose()
    return rows


def _all_rows(connection: Connection) -> Rows:
    """As they lie in the database, whatever schema that has."""
    found = MetaData()
    found.reflect(connection)
    return {
        name: [dict(row) for row in connection.execute(select(table)).mappings()]
        for name, table in found.tables.items()
        if name != "alembic_version"
    }


@pytest.fixture
async def upgraded(old: tuple[str, Rows]) -> AsyncIterator[Store]:
    async with open_store(old[0]) as store:
        yield store


async def test_every_row_is_still_there_in_the_schema_of_today(
    old: tuple[str, Rows], upgraded: Store
) -> None:
    """What an old version wrote is neither lost nor changed; what is new may stand beside it."""
    before = old[1]
    assert before
    assert all(before.values()), "the sample has rows in every table"
    async with upgraded.database.reading() as connection:
        differences = await connection.run_sync(
            lambda plain: compare_metadata(MigrationContext.configure(plain), metadata)
        )
        now = await connection.run_sync(_all_rows)
    assert differences == []
    for table, rows in before.items():
        missing = [row for row in rows if not any(row.items() <= kept.items() for kept in now[table])]
        assert missing == [], table


async def test_what_was_owed_is_claimed_and_what_fires_recovers_in_its_message(upgraded: Store) -> None:
    """The failure of "Daily Sales" was told in one channel and is owed to another when this version takes over."""
    lease = await upgraded.lease.acquire("this version", timedelta(minutes=5))
    assert lease is not None
    owed = await claim(upgraded, FINANCE, lease.term)
    assert owed.items[0].reasons == (NotifyReason.FIRST_FAILURE,)
    assert owed.items[0].mail is not None
    assert owed.items[0].mail.name == "Daily Sales"

    over = await upgraded.observations.record_answer(
        MAIL, answer(run(7, RunStatus.SENT)), now=at(LATER), term=lease.term
    )
    assert over == (NotifyReason.RECOVERED,)
    (post_id,) = await upgraded.deliveries.stale(REPORTS)
    redraw = await upgraded.deliveries.redraw(post_id)
    assert redraw is not None
    assert [told.incident.state for told in redraw.items] == [IncidentState.RECOVERED]
    await upgraded.deliveries.mark_shown(post_id, wanted=redraw.wanted)
    replies = [await claim(upgraded, REPORTS, lease.term) for _ in range(2)]
    (reply,) = [each for each in replies if each.kind is PostKind.REPLY]
    assert (reply.thread_ts, redraw.ts) == ("1795435380.000100", "1795435380.000100")


async def claim(store: Store, channel: ChannelId, term: int) -> Notice:
    claimed = await store.outbox.claim(channel, load=Load(), now=at(LATER), term=term)
    assert isinstance(claimed, Notice), claimed
    return claimed


REVISIONS = sorted(path.name[:4] for path in (Path(migrations.__file__).parent / "versions").glob("0*.py"))
CONTRACTS: set[str] = set()  # steps that drop what the release before them no longer uses


@pytest.mark.parametrize(("before", "after"), list(pairwise(REVISIONS)))
def test_the_version_before_goes_on_beside_a_step(before: str, after: str) -> None:
    """During a rolling upgrade it reads every column and inserts every row as it always did."""
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        schemas = []
        for revision in (before, after):
            upgrade(connection, revision)
            schemas.append(MetaData())
            schemas[-1].reflect(connection)
    engine.dispose()
    broken = list(broken_by(*schemas))
    assert not broken or after in CONTRACTS


def broken_by(old: MetaData, new: MetaData) -> Iterator[str]:
    """What the code of the old schema could not do with the new one."""
    for table in old.tables.values():
        if table.name not in new.tables:
            yield f"{table.name} is gone"
            continue
        now = new.tables[table.name]
        yield from (f"{column} is gone" for column in table.c if column.name not in now.c)
        known = {column.name: column for column in table.c}
        for column in now.c:
            may_be_left_out = column.name not in known or known[column.name].nullable
            if may_be_left_out and not column.nullable and column.server_default is None:
                yield f"{column} must be given"
        yield from (f"{columns} is unique" for columns in _unique(now) - _unique(table))


def _unique(table: Table) -> set[tuple[str, ...]]:
    """The columns of which no two rows may have the same values."""
    found = [each.columns for each in table.constraints if isinstance(each, UniqueConstraint)]
    found += [each.columns for each in table.indexes if each.unique]
    return {tuple(sorted(columns.keys())) for columns in found}


def test_a_step_that_the_version_before_could_not_live_with_is_found() -> None:
    """It reads what is gone, inserts rows without the new column, and two rows with one value."""
    old, new = MetaData(), MetaData()
    Table("holds", old, Column("until", Text))
    Table("mails", old, Column("mail_id", Text), Column("name", Text), Column("paused", Text))
    Table(
        "mails",
        new,
        Column("mail_id", Text, nullable=False),
        Column("name", Text, unique=True),
        Column("kind", Text, nullable=False),
        Column("rank", Text, nullable=False, server_default="1"),
        Column("note", Text),
    )
    assert set(broken_by(old, new)) == {
        "holds is gone",
        "mails.paused is gone",
        "mails.mail_id must be given",
        "mails.kind must be given",
        "('name',) is unique",
    }
