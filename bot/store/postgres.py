"""PostgreSQL: its address as operators write it, its connections, and how long anything may take."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import re
import shlex
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from sqlalchemy import event
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.domain import StoreError

POOL_SIZE = 5  # connections of one process, at most
_POOL_LIMIT = 3.0  # seconds for one of them to be free
CONNECT_LIMIT = 2  # seconds for each host; libpq knows no less
BEGIN_LIMIT = 1.5  # seconds until a connection that does not answer is given up for a new one
TRANSACTION_LIMIT = 4.0  # seconds: a person gets an answer within 5
_IDLE_LIMIT = 5.0  # seconds that an idle transaction keeps its locks: less than a lease
# Seconds: firewalls drop what is idle, and after a failover a connection may answer that cannot write.
_CONNECTION_AGE = 180
# Read-only after a failover; shut down, crashed, starting.
_LOST = frozenset({"25006", "57P01", "57P02", "57P03"})
_WORDS = {
    "25006": "it is read-only, a standby perhaps: name every host, as in postgresql://user@host1,host2/name",
    "53100": "its disk is full",
    "53300": f"it takes no more connections: each process of the bot needs up to {POOL_SIZE}",
}
_DEFAULTS = {
    "application_name": "quickbi-mailbot",
    "keepalives_idle": "30",
    "keepalives_interval": "5",
    "keepalives_count": "3",
}
_SECRET = frozenset({"password", "sslpassword"})
# What other drivers and libraries write into an address for themselves.
_OF_OTHERS = frozenset(
    {"pgbouncer", "connection_limit", "pool_timeout", "prepared_statement_cache_size", "prepare_threshold"}
)
_SCHEME = r"postgres(?:ql)?(?:\+\w+)?://"
_TAIL = r"(?P<hosts>[^@/?]*)(?:/(?P<dbname>[^@?]*))?(?:\?(?P<query>.*))?"
_SHAPES = (
    re.compile(rf"{_SCHEME}(?:(?P<user>[^:@/?#]*)(?::(?P<password>[^@/?#]*))?@)?{_TAIL}"),
    # characters as they are, not as %40
    re.compile(rf"{_SCHEME}(?P<user>[^:@/?]*):(?P<password>.*)@{_TAIL}"),
)
_HOST = re.compile(r"(?P<host>\[[0-9A-Fa-f:.%]+\]|[^:\[\]\s]*)(?::(?P<port>\d{1,5}))?")


def parameters_of(address: str) -> dict[str, str]:
    """What libpq is told, by its own names. Raises ValueError where `address` is none.

    A password may be percent-encoded or as it is.
    """
    for shape in _SHAPES:
        if (match := shape.fullmatch(address)) and (found := _parameters(match)) is not None:
            return found
    raise ValueError("not an address of PostgreSQL")


def _parameters(match: re.Match[str]) -> dict[str, str] | None:
    hosts = [_HOST.fullmatch(each) for each in (match["hosts"] or "").split(",")]
    options = [each.partition("=") for each in (match["query"] or "").split("&") if each]
    if not all(hosts) or not all(is_set for _, is_set, _ in options):
        return None
    places = [(each["host"].strip("[]"), each["port"] or "") for each in hosts if each]
    found = {
        "user": unquote(match["user"] or ""),
        "password": unquote(match["password"] or ""),
        "host": ",".join(unquote(host) for host, _ in places),
        "port": ",".join(port for _, port in places) if any(port for _, port in places) else "",
        "dbname": unquote(match["dbname"] or ""),
    } | {unquote(name): unquote(value) for name, _, value in options if name not in _OF_OTHERS}
    if found.pop("ssl", "") in {"true", "require"}:  # as JDBC and asyncpg write it
        found.setdefault("sslmode", "require")
    return {name: value for name, value in found.items() if value}


def passwords_in(address: str) -> set[str]:
    """The password as the database is told it, and as it was typed: with %40 for @, perhaps. None of SQLite's."""
    if not re.match(_SCHEME, address):
        return set()
    typed = {match["password"] or "" for shape in _SHAPES if (match := shape.fullmatch(address))}
    return {each for each in (parameters_of(address).get("password", ""), *typed) if each}


def engine_for(address: str) -> AsyncEngine:
    """Raises StoreError where the address or an option of it is wrong."""
    if importlib.util.find_spec("psycopg") is None:
        raise StoreError("DATABASE_URL: PostgreSQL needs the extra: pip install 'quickbi-mailbot[postgres]'")
    import psycopg  # noqa: PLC0415 (an extra)

    try:
        parameters = connection_parameters(parameters_of(address))
        psycopg.conninfo.make_conninfo(**parameters)
    except ValueError as error:
        raise StoreError("DATABASE_URL: not a database address") from error
    except psycopg.ProgrammingError as error:
        raise StoreError(f"DATABASE_URL: {str(error).strip()}") from error

    async def connect() -> psycopg.AsyncConnection[Any]:
        # Statements that the server keeps prepared belong to one connection: PgBouncer hands out another.
        return await psycopg.AsyncConnection.connect(**parameters, autocommit=True, prepare_threshold=None)

    engine = create_async_engine(
        "postgresql+psycopg://",
        async_creator=connect,
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=_POOL_LIMIT,
        pool_recycle=_CONNECTION_AGE,
        pool_use_lifo=True,
        use_native_hstore=False,
        execution_options={"preserve_rowcount": True},  # psycopg forgets it with its cursor
    )
    event.listen(engine.sync_engine, "begin", _begin)
    event.listen(engine.sync_engine, "handle_error", _count_as_lost)
    return engine


def dump_command(address: str, file: Path) -> str:
    """What an operator types for a backup. Without the password, which PGPASSWORD or ~/.pgpass gives."""
    import psycopg  # noqa: PLC0415 (an extra)

    shown = {name: value for name, value in parameters_of(address).items() if name not in _SECRET}
    target = psycopg.conninfo.make_conninfo(**shown)
    return shlex.join(["pg_dump", "--format=custom", f"--file={file}", f"--dbname={target}"])


def connection_parameters(given: Mapping[str, str]) -> dict[str, Any]:
    """With what this program needs, and what an operator may leave out."""
    found = _DEFAULTS | dict(given) | {"client_encoding": "UTF8", "connect_timeout": CONNECT_LIMIT}
    if "," in given.get("host", ""):
        found.setdefault("target_session_attrs", "read-write")
    return found


def _begin(connection: Any) -> None:
    """One message to the server begins the transaction and limits it, whatever stands between us and it."""
    limit = connection.get_execution_options().get("limit", TRANSACTION_LIMIT)
    connection.exec_driver_sql(
        f"BEGIN; SET LOCAL lock_timeout = {limit * 700:.0f}; SET LOCAL statement_timeout = {limit * 900:.0f};"
        f" SET LOCAL idle_in_transaction_session_timeout = {_IDLE_LIMIT * 1000:.0f}"
    )


def _count_as_lost(context: ExceptionContext) -> None:
    if sqlstate(context.original_exception) in _LOST:
        context.is_disconnect = True


def sqlstate(error: BaseException | None) -> str:
    return getattr(error, "sqlstate", None) or ""


def in_words(error: BaseException) -> str | None:
    """What to do about it, where the server's own words do not say."""
    return _WORDS.get(sqlstate(error))


@contextmanager
def cut_after(connection: AsyncConnection, seconds: float) -> Iterator[None]:
    """Break the connection if the block takes longer: a server that says nothing must not hold us up.

    Whatever waits for the server then fails at once. Cancelling it would not do: the driver would go on to ask
    the same server to cancel the statement.
    """
    pooled = connection.sync_connection.connection if connection.sync_connection else None
    driver: Any = pooled.driver_connection if pooled else None
    timer = asyncio.get_running_loop().call_later(seconds, _cut, driver)
    try:
        yield
    finally:
        timer.cancel()


def _cut(driver: Any) -> None:
    if driver.closed:
        return
    with socket.socket(fileno=os.dup(driver.fileno())) as twin, suppress(OSError):  # the server was faster
        twin.shutdown(socket.SHUT_RDWR)
