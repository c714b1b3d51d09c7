"""SQLite: one file for one process, and in words what its disk or file system refuses."""

from __future__ import annotations

import errno
import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.domain import StoreError

if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _take(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


BUSY_LIMIT = 5.0  # seconds for another connection to end its write
_TAKEN = frozenset({errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK})
_NO_LOCKS = (
    "DATABASE_URL: the file's file system has no locks, as many network file systems. "
    "Put the file on a local disk, or use PostgreSQL."
)
# https://www.sqlite.org/rescode.html, the primary codes
_WORDS = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "the file or its folder may only be read: let the bot's user write both",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened: may the bot's user read and write it and its folder?",
    sqlite3.SQLITE_IOERR: "reading or writing the file failed: is the disk full, broken or a network file system?",
    sqlite3.SQLITE_PROTOCOL: "its file system has no locks: put the file on a local disk, or use PostgreSQL",
    sqlite3.SQLITE_BUSY: "another program holds its write lock",
}


class SqliteInUse(StoreError):
    """Another process has the file."""


class FileLock:
    """An operating-system lock beside the file: one process for each, and gone with it however that ends.

    Its file stays: removing it would race with the next process.
    """

    def __init__(self, database: Path) -> None:
        self._database = database
        self._descriptor = -1

    def take(self) -> None:
        """Raises SqliteInUse, or StoreError where no file or lock can be had."""
        try:
            descriptor = os.open(f"{self._database}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StoreError(f"DATABASE_URL: cannot write beside the file ({error.strerror})") from error
        try:
            _take(descriptor)
        except OSError as error:
            os.close(descriptor)
            if error.errno not in _TAKEN:
                raise StoreError(_NO_LOCKS) from error
            raise SqliteInUse(
                "DATABASE_URL: another process is using this SQLite file. "
                "Stop it first, or use PostgreSQL for several replicas."
            ) from error
        self._descriptor = descriptor

    def release(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def file_of(address: str) -> Path:
    """Raises StoreError where it names none, or one that may not be written."""
    url = _url(address)
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise StoreError("DATABASE_URL: name a file, as in sqlite:///mailbot.db")
    if url.query:
        raise StoreError(
            f"DATABASE_URL: leave out ?{'&'.join(sorted(url.query))}: the bot reads and writes its file"
        )
    return Path(url.database)


def engine_for(address: str) -> AsyncEngine:
    engine = create_async_engine(
        _url(address).set(drivername="sqlite+aiosqlite"), connect_args={"timeout": BUSY_LIMIT}, pool_size=4
    )
    event.listen(engine.sync_engine, "connect", _prepare)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def copy(address: str, target: Path) -> None:
    """Write a consistent copy, also while a bot writes. Raises StoreError."""
    source = file_of(address).absolute().as_uri() + "?mode=rw"  # one that is not there is not created
    try:
        with closing(sqlite3.connect(source, uri=True)) as file, closing(sqlite3.connect(target)) as twin:
            file.backup(twin)
    except sqlite3.Error as error:
        raise StoreError(f"DATABASE_URL: no copy could be made ({in_words(error) or error})") from error


def _url(address: str) -> URL:
    try:
        return make_url(address)
    except ArgumentError as error:
        raise StoreError("DATABASE_URL: not a database address") from error


def _prepare(connection: Any, _record: object) -> None:
    """WAL: readers never wait for the writer. FULL: what was committed survives a power cut too."""
    connection.isolation_level = None  # transactions begin where we say, not where the driver guesses
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    mode = cursor.fetchone()[0]
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
    if mode != "wal":  # it needs memory that processes share, which network file systems lack
        raise StoreError(_NO_LOCKS)


def _begin(connection: Any) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def in_words(error: BaseException) -> str | None:
    """What to do about it, where SQLite's own words do not say."""
    return _WORDS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
