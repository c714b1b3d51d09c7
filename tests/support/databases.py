"""Fixtures for whatever must behave the same over both databases: `database_url`, `store`, `desk`."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from bot.store.store import open_store
from tests.support.postgres import running_postgres
from tests.support.store_desk import TTL, Desk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from bot.store.store import Store


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    with running_postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/mailbot.db"
    return await new_postgres_database(request.getfixturevalue("postgres_server"))


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with open_store(database_url) as opened:
        yield opened


@pytest.fixture
async def desk(store: Store) -> Desk:
    lease = await store.lease.acquire("desk", TTL)
    assert lease is not None
    return Desk(store, lease.term)


async def new_postgres_database(server: str) -> str:
    name = f"mailbot_{uuid4().hex[:12]}"
    admin = server.replace("postgresql://", "postgresql+asyncpg://")
    engine = create_async_engine(admin, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
    await engine.dispose()
    return server.rsplit("/", 1)[0] + f"/{name}"
