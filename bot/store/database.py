"""Opens the database, brings its schema up to date, and hands out transactions. Knows no table.

Every wait for PostgreSQL has a limit. Where the server cannot be reached, transactions fail at once until a probe
in the background finds it again, so that nobody waits for one limit after the other.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterator, Sequence
from contextlib import (
    AbstractContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
    nullcontext,
    suppress,
)
from datetime import UTC, datetime
from time import monotonic_ns
from typing import Any, TypeVar

from sqlalchemy import BigInteger, ColumnElement, Table, cast, event, extract, func, literal
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.domain import DatabaseAway, MailBotError, StoreError
from bot.store import postgres, sqlite
from bot.store.migrate import upgrade
from bot.store.tables import to_micros

T = TypeVar("T")
_REMEMBERED = 10_000  # answers; then all are forgotten
_CHECKOUT_LIMIT = 4.0  # seconds for a connection, whether of the pool or new
_PROBE_LIMIT = 10.0  # seconds: of several hosts the first may be silent
_PROBE_EVERY = 0.5  # seconds
_RECONNECT_LIMIT = 0.3  # seconds: where connections were cut and the server is there, nobody need notice
_UPGRADE_LIMIT = 600.0  # seconds, also for replicas that wait for the one that upgrades
_NOT_ALLOWED = "42501"  # permission denied: not the statement is wrong
_log = logging.getLogger(__name__)


class Database:
    """A connection pool over one database whose schema is this version's.

    Build with `opened`. Statements run inside `reading()` or `writing()`: one transaction each, rolled back
    where the block raises. On SQLite a write takes the file's write lock at its beginning, so that two
    writers queue instead of failing in the middle.
    """

    def __init__(self, engine: AsyncEngine, lock: sqlite.FileLock | None = None) -> None:
        self._engine = engine
        self._lock = lock
        self._one_writer = asyncio.Lock()
        self._opened_at = to_micros(datetime.now(UTC)) - monotonic_ns() // 1_000
        self._probe: asyncio.Task[None] | None = None
        self._failing: set[str] = set()
        self.dialect = engine.dialect.name
        self.is_exclusive = lock is not None
        self._written: set[str] = set()  # tables, by the transaction that writes at present
        self._changes: Counter[str] = Counter()  # committed transactions, by the table that they wrote
        self._remembered: dict[Hashable, tuple[list[int], Any]] = {}
        if self.is_exclusive:
            event.listen(engine.sync_engine, "after_execute", self._note_write)

    @asynccontextmanager
    async def reading(self, *, limit: float = postgres.TRANSACTION_LIMIT) -> AsyncIterator[AsyncConnection]:
        """Raises StoreError where the database refuses: what was asked can be asked again."""
        async with self._transaction("reading", limit=limit) as connection:
            yield connection

    @asynccontextmanager
    async def writing(self, *, limit: float = postgres.TRANSACTION_LIMIT) -> AsyncIterator[AsyncConnection]:
        """Raises StoreError where the database refuses (locked, full, away).

        Nothing was written then, unless the connection broke while it was being committed.
        """
        async with AsyncExitStack() as stack:
            if self.is_exclusive:
                await stack.enter_async_context(self._one_writer)
                stack.callback(self._count_changes)
            yield await stack.enter_async_context(self._transaction("writing", writes=True, limit=limit))

    @asynccontextmanager
    async def _transaction(
        self, kind: str, *, writes: bool = False, limit: float = postgres.TRANSACTION_LIMIT
    ) -> AsyncIterator[AsyncConnection]:
        with self._in_our_words(kind):
            async with AsyncExitStack() as stack:
                connection = await self._begun(writes=writes, limit=limit)
                stack.push_async_exit(connection)
                with self._cut_after(connection, limit):
                    yield connection
                    await connection.commit()
        self._succeeded(kind)

    def _note_write(self, _connection: object, statement: Any, *_: object) -> None:
        if getattr(statement, "is_dml", False):
            self._written.add(statement.table.name)

    def _count_changes(self) -> None:
        self._changes.update(self._written)
        self._written.clear()

    async def _begun(self, **options: Any) -> AsyncConnection:
        """A connection that died in the pool shows only here: then a new one is tried, once."""
        for is_last in (False, True):
            connection = await self._connected()
            try:
                await connection.execution_options(**options)
                with self._cut_after(connection, postgres.BEGIN_LIMIT):
                    await connection.begin()
            except BaseException as error:
                await connection.close()
                if is_last or not (isinstance(error, DBAPIError) and error.connection_invalidated):
                    raise
            else:
                return connection
        raise AssertionError("the last try either returns or raises")

    async def _connected(self) -> AsyncConnection:
        if self._probe is not None:
            done, _ = await asyncio.wait({self._probe}, timeout=_RECONNECT_LIMIT)
            if not done:
                raise DatabaseAway("DATABASE_URL: the database does not answer")
        async with asyncio.timeout(_CHECKOUT_LIMIT if self.dialect == "postgresql" else None):
            return await self._engine.connect()

    def _cut_after(self, connection: AsyncConnection, seconds: float) -> AbstractContextManager[None]:
        return postgres.cut_after(connection, seconds) if self.dialect == "postgresql" else nullcontext()

    @contextmanager
    def _in_our_words(self, kind: str) -> Iterator[None]:
        """A statement that is wrong in itself is our mistake and stays as loud as it is."""
        try:
            yield
        except DBAPIError as error:
            if _is_our_mistake(error):
                raise
            raise self._failed(kind, error) from error
        except (PoolTimeout, TimeoutError, OSError) as error:
            raise self._failed(kind, error) from error

    def _failed(self, kind: str, error: Exception) -> StoreError:
        is_away = self.dialect == "postgresql" and _is_out_of_reach(error)
        trouble = _refused(error, DatabaseAway if is_away else StoreError)
        if not self._failing:
            _log.error("database_failed", extra={"error": str(trouble)})
        self._failing.add("reading" if is_away else kind)
        if is_away and self._probe is None:
            self._probe = asyncio.create_task(self._until_it_answers())
        return trouble

    def _succeeded(self, kind: str) -> None:
        """What can be written can be read, too."""
        if self._failing:
            self._failing -= {"reading", kind}
            if not self._failing:
                _log.info("database_recovered")

    async def _until_it_answers(self) -> None:
        while True:
            with suppress(DBAPIError, PoolTimeout, OSError):
                async with asyncio.timeout(_PROBE_LIMIT), self._engine.connect() as connection:
                    with self._cut_after(connection, postgres.BEGIN_LIMIT):
                        await connection.exec_driver_sql("SELECT 1")
                self._probe = None
                self._succeeded("reading")
                return
            await asyncio.sleep(_PROBE_EVERY)

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

    async def close(self) -> None:
        if self._probe is not None:
            self._probe.cancel()
            await asyncio.gather(self._probe, return_exceptions=True)
        await self._engine.dispose()
        if self._lock is not None:
            self._lock.release()


@asynccontextmanager
async def opened(address: str, *, beside_a_bot: bool = False) -> AsyncIterator[Database]:
    """Open, lock (SQLite) and upgrade. Raises StoreError, in words for the operator and without the password.

    `beside_a_bot`: neither lock nor upgrade.
    """
    match address.partition(":")[0].partition("+")[0]:
        case "sqlite":
            lock = sqlite.FileLock(sqlite.file_of(address))
            if not beside_a_bot:
                lock.take()
            database = Database(sqlite.engine_for(address), lock)
        case "postgresql" | "postgres":
            database = Database(postgres.engine_for(address))
        case _:
            raise StoreError("DATABASE_URL: not supported; use sqlite:// or postgresql://")
    try:
        if not beside_a_bot:
            await _upgrade(database)
        yield database
    finally:
        await database.close()


async def _upgrade(database: Database) -> None:
    try:
        async with database.writing(limit=_UPGRADE_LIMIT) as connection:
            if database.dialect == "postgresql":
                await _refuse_other_encodings(connection)
            await connection.run_sync(upgrade)
    except MailBotError:
        raise
    except Exception as error:  # drivers refuse a login with errors of their own
        raise _refused(error) from error


async def _refuse_other_encodings(connection: AsyncConnection) -> None:
    encoding = (await connection.exec_driver_sql("SHOW server_encoding")).scalar_one()
    if encoding != "UTF8":
        raise StoreError(
            f"DATABASE_URL: the database's encoding is {encoding}, which lacks letters of mails' names: "
            "create it with ENCODING 'UTF8' TEMPLATE template0"
        )


def _is_our_mistake(error: DBAPIError) -> bool:
    """The statement or a value in it will never be taken: trying again would go on for ever."""
    is_wrong = isinstance(error, ProgrammingError | IntegrityError | DataError)
    return is_wrong and postgres.sqlstate(error.orig) != _NOT_ALLOWED


def _is_out_of_reach(error: Exception) -> bool:
    """No answer, rather than a refusal in the server's own words."""
    if isinstance(error, DBAPIError):
        return postgres.sqlstate(error.orig) in {"", "57P03"}
    return isinstance(error, OSError)


def _refused(error: Exception, kind: type[StoreError] = StoreError) -> StoreError:
    reason: Any = getattr(error, "orig", None) or error
    words = postgres.in_words(reason) or sqlite.in_words(reason) or _first_line(reason)
    return kind(f"DATABASE_URL: the database cannot be used ({words})")


def _first_line(error: Any) -> str:
    """The driver's reason without the address, which may carry a password."""
    if isinstance(error, TimeoutError):
        return "it does not answer in time"
    if isinstance(error, OSError) and error.strerror:
        return str(error.strerror)
    lines = str(error).splitlines()
    return type(error).__name__ if not lines or "://" in str(error) else lines[0]
