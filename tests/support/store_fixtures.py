"""Fixtures for what must behave the same over both databases; a test module names this file in `pytest_plugins`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.store.store import open_store
from tests.support.databases import create_sqlite, emptied_postgres_database, new_postgres_database
from tests.support.postgres import running_postgres
from tests.support.store_leader import TTL, StoreLeader

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from bot.store.store import Store


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of this worker's server. Take a database of your own there with `new_postgres_database`."""
    with running_postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
async def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/mailbot.db"
    return await new_postgres_database(request.getfixturevalue("postgres_server"))


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind, of the present schema and without rows."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/mailbot.db"
        create_sqlite(url)
        return url
    return await emptied_postgres_database(request.getfixturevalue("postgres_server"))


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with open_store(database_url) as opened:
        yield opened


@pytest.fixture
async def leader(store: Store) -> StoreLeader:
    lease = await store.lease.acquire("leader", TTL)
    assert lease is not None
    return StoreLeader(store, lease.term)
