"""Opens the database, brings its schema up to date, and hands out transactions. Knows no table."""

from __future__ import annotations

import asyncio
import importlib.util
from collections import Counter
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic_ns
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import BigInteger, ColumnElement, cast, event, extract, func, literal
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import create_async_engine

from bot.domain import MailBotError, StoreError
from bot.store.lock import FileLock
from bot.store.migrate import upgrade
from bot.store.tables import to_micros

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterator, Sequence

    from sqlalchemy import Table
    from sqlalchemy.engine import URL
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

T = TypeVar("T")
_REMEMBERED = 10_000  # answers; then all are forgotten
_BUSY_SECONDS = 5.0  # for another connection of ours to end its write (SQLite)
_POSTGRES_TIMEOUT = 10.0  # seconds for a connection to be there


class Database:
    """A connection pool over one database whose schema is this version's.

    Build with `opened`. Statements run inside `reading()` or `writing()`: one transaction each, rolled back
    where the block raises. On SQLite a write takes the file's write lock at its beginning, so that two
    writers queue instead of failing in the middle.
    """

    def __init__(self, engine: AsyncEngine, lock: FileLock | None) -> None:
        self._engine = engine
        self._lock = lock
        self._one_writer = asyncio.Lock()
        self._opened_at = to_micros(datetime.now(UTC)) - monotonic_ns() // 1_000
        self.is_exclusive = lock is not None
        self._written: set[str] = set()  # tables, by the transaction that writes at present
        self._changes: Counter[str] = Counter()  # committed transactions, by the table that they wrote
        self._remembered: dict[Hashable, tuple[list[int], Any]] = {}
        if self.is_exclusive:
            event.listen(engine.sync_engine, "after_execute", self._note_write)
        self.dialect = engine.dialect.name

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Raises StoreError where the database refuses: what was asked can be asked again."""
        with _in_our_words():
            async with self._engine.connect() as connection, connection.begin():
                yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """Raises StoreError where the database refuses (locked, full, away): nothing was written."""
        with _in_our_words():
            if not self.is_exclusive:
                async with self._engine.begin() as connection:
                    yield connection
                return
            async with self._one_writer, self._engine.connect() as connection:
                await connection.execution_options(writes=True)
                try:
                    async with connection.begin():
                        yield connection
                finally:
                    self._changes.update(self._written)
                    self._written.clear()

    async def remembered(
        self, key: Hashable, tables: Sequence[Table], read: Callable[[AsyncConnection], Awaitable[T]]
    ) -> T:
        """What `read` finds in these tables. Kept until one of them is written, where no other process can write."""
        if not self.is_exclusive:
            async with self.reading() as connection:
                return await read(connection)
        changes = [self._changes[table.name] for table in tables]  # of before: a write meanwhile counts
        known = self._remembered.get(key)
        if known is not None and known[0] == changes:
            return known[1]  # type: ignore[no-any-return]
        async with self.reading() as connection:
            found = await read(connection)
        if len(self._remembered) >= _REMEMBERED:
            self._remembered.clear()
        self._remembered[key] = changes, found
        return found

    def clock(self) -> ColumnElement[int]:
        """Now in microseconds, by the clock that all replicas share: the database's own.

        SQLite has one process, so that is its own clock, and one that nobody can set back while it runs.
        """
        if self.dialect == "postgresql":
            return cast(extract("epoch", func.clock_timestamp()) * 1_000_000, BigInteger)
        return literal(self._opened_at + monotonic_ns() // 1_000, BigInteger)

    def _note_write(self, _connection: object, statement: Any, *_: object) -> None:
        if getattr(statement, "is_dml", False):
            self._written.add(statement.table.name)

    async def close(self) -> None:
        await self._engine.dispose()
        if self._lock is not None:
            self._lock.release()


def insert_if_absent(database: Database, table: Table, values: Any) -> Any:
    """INSERT that does nothing where the key is taken; `rowcount` tells."""
    make = postgres_insert if database.dialect == "postgresql" else sqlite_insert
    return make(table).values(values).on_conflict_do_nothing()


@asynccontextmanager
async def opened(database_url: str) -> AsyncIterator[Database]:
    """Open, lock (SQLite) and upgrade. Raises StoreError, in words for the operator and without the URL."""
    url = _driver_url(database_url)
    lock = None
    if url.get_backend_name() == "sqlite":
        lock = FileLock(_sqlite_path(url))
        lock.take()
    database = Database(_engine(url), lock)
    try:
        await _upgrade(database)
        yield database
    finally:
        await database.close()


async def _upgrade(database: Database) -> None:
    try:
        async with database.writing() as connection:
            await connection.run_sync(upgrade)
    except MailBotError:
        raise
    except Exception as error:  # drivers refuse a login with errors of their own
        raise _refused(error) from error


@contextmanager
def _in_our_words() -> Iterator[None]:
    """A statement that is wrong in itself is our mistake and stays as loud as it is."""
    try:
        yield
    except DBAPIError as error:
        if _is_our_mistake(error):
            raise
        raise _refused(error) from error
    except (PoolTimeout, OSError) as error:
        raise _refused(error) from error


def _is_our_mistake(error: DBAPIError) -> bool:
    """The statement or a value in it will never be taken: trying again would go on for ever.

    PostgreSQL's driver has a name for few of these; the others show in SQL's class 22, "data exception", or
    as a value that could not even be put on the wire.
    """
    if isinstance(error, ProgrammingError | IntegrityError | DataError):
        return True
    state = getattr(error.orig, "sqlstate", None) or ""
    return state.startswith("22") or isinstance(getattr(error.orig, "__cause__", None), ValueError)


def _refused(error: Exception) -> StoreError:
    reason = getattr(error, "orig", None) or error
    return StoreError(f"DATABASE_URL: the database cannot be used ({_in_words(reason)})")


def _in_words(error: Any) -> str:
    """The driver's reason without the address, which may carry a password."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__ if "://" in str(error) else str(error).splitlines()[0]


def _driver_url(text: str) -> URL:
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise StoreError("DATABASE_URL: not a database address") from error
    match url.get_backend_name():
        case "sqlite":
            return url.set(drivername="sqlite+aiosqlite")
        case "postgresql" | "postgres":
            if importlib.util.find_spec("asyncpg") is None:
                raise StoreError(
                    "DATABASE_URL: PostgreSQL needs the extra: pip install 'quickbi-mailbot[postgres]'"
                )
            return url.set(drivername="postgresql+asyncpg")
        case other:
            raise StoreError(f"DATABASE_URL: {other} is not supported; use sqlite:// or postgresql://")


def _sqlite_path(url: URL) -> Path:
    if not url.database or url.database == ":memory:":
        raise StoreError("DATABASE_URL: name a file, as in sqlite:///mailbot.db")
    return Path(url.database)


def _engine(url: URL) -> AsyncEngine:
    if url.get_backend_name() == "sqlite":
        engine = create_async_engine(url, connect_args={"timeout": _BUSY_SECONDS}, pool_size=4)
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine
    return create_async_engine(
        url, pool_size=8, pool_pre_ping=True, connect_args={"timeout": _POSTGRES_TIMEOUT}
    )


def _prepare_sqlite(connection: Any, _record: object) -> None:
    """WAL: readers never wait for the writer. FULL: what was committed survives a power cut too."""
    connection.isolation_level = None  # transactions begin where we say, not where the driver guesses
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
