"""Databases for tests, SQLite and PostgreSQL: empty ones and ones of the present schema.

One of the present schema is a copy of one that was upgraded once: the steps cost more than most tests do.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from bot.store.migrate import upgrade
from bot.store.store import open_store
from bot.store.tables import metadata

_END_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
_EMPTY = [f"DELETE FROM {table.name}" for table in reversed(metadata.sorted_tables)]  # noqa: S608 (our own names)


def create_sqlite(url: str) -> None:
    """Write a file of the present schema, unless there is one or no folder for it."""
    path = Path(make_url(url).database or "")
    if path.parent.exists() and not path.exists():
        path.write_bytes(_upgraded_sqlite_file())


@cache
def _upgraded_sqlite_file() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "mailbot.db"
        engine = create_engine(f"sqlite:///{path}")
        with engine.begin() as connection:
            upgrade(connection)
        engine.dispose()
        return path.read_bytes()


async def new_postgres_database(server: str, *, template: str = "template1") -> str:
    """Returns the address of a new database on this server."""
    name = f"mailbot_{uuid4().hex[:12]}"
    await _execute(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    return server.rsplit("/", 1)[0] + f"/{name}"


_templates: dict[str, str] = {}  # by server


async def upgraded_postgres_database(server: str) -> str:
    if server not in _templates:
        template = await new_postgres_database(server)
        async with open_store(template):
            pass
        _templates[server] = template.rsplit("/", 1)[1]
    return await new_postgres_database(server, template=_templates[server])


_shared: dict[str, str] = {}  # by server


async def emptied_postgres_database(server: str) -> str:
    """The address of the one that a worker's tests use one after the other: to create one costs ten times as much."""
    if server not in _shared:
        _shared[server] = await upgraded_postgres_database(server)
    await _execute(_shared[server], "; ".join([_END_OTHERS, *_EMPTY]))
    return _shared[server]


async def _execute(server: str, statement: str) -> None:
    engine = create_async_engine(
        make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()
