"""SQLite where it cannot be used: one clear line each, that says what to do."""

from __future__ import annotations

import errno
import fcntl
import sqlite3
from typing import TYPE_CHECKING

import pytest

from bot.domain import StoreError
from bot.store import sqlite
from bot.store.store import open_store
from tests.support.small_disk import fill, make_read_only, small_disk

if TYPE_CHECKING:
    from pathlib import Path

    from bot.store.store import Store


async def refusal(url: str) -> str:
    """What is said where it cannot be opened: one line."""
    with pytest.raises(StoreError) as refused:
        async with open_store(url):
            pass
    assert "\n" not in str(refused.value)
    return str(refused.value)


async def write_much(store: Store) -> None:
    """What is allocated already can still be written on a full disk."""
    for _ in range(100):
        await store.look_over()


async def test_a_full_disk(tmp_path: Path) -> None:
    """At the start, and while the bot runs."""
    with small_disk(tmp_path / "disk") as disk:
        url = f"sqlite:///{disk}/mailbot.db"
        async with open_store(url) as store:
            ballast = fill(disk)
            with pytest.raises(StoreError, match="disk is full"):
                await write_much(store)
        assert "disk is full" in await refusal(url)
        ballast.unlink()
        async with open_store(url):
            pass


async def test_a_read_only_folder(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        url = f"sqlite:///{disk}/mailbot.db"
        async with open_store(url):
            pass
        make_read_only(disk)
        assert await refusal(url) == "DATABASE_URL: cannot write beside the file (Read-only file system)"


async def test_a_file_that_may_only_be_read(tmp_path: Path) -> None:
    """It can be opened and read, so only the write shows it."""
    async with open_store(f"sqlite:///{tmp_path}/mailbot.db") as store:
        async with store.database.reading() as connection:
            await connection.exec_driver_sql("PRAGMA query_only = 1")
        with pytest.raises(StoreError, match="let the bot's user write both"):
            await write_much(store)


async def test_a_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the kernel says it of many network file systems."""

    def no_locks(_descriptor: int, _how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    said = await refusal(f"sqlite:///{tmp_path}/mailbot.db")
    assert "file system has no locks" in said
    assert "local disk, or use PostgreSQL" in said


def test_a_file_system_without_shared_memory() -> None:
    """SQLite keeps another journal there without complaint: readers would wait for the writer."""
    connection = sqlite3.connect(":memory:")
    with pytest.raises(StoreError, match="file system has no locks"):
        sqlite._prepare(connection, None)
    connection.close()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        pytest.param(
            "mailbot.db?mode=ro", "leave out ?mode: the bot reads and writes its file", id="mode=ro"
        ),
        pytest.param("file:mailbot.db?mode=ro&uri=true", "name a file", id="a URI"),
        pytest.param(":memory:", "name a file", id="memory"),
    ],
)
async def test_an_address_that_names_no_file_to_write(address: str, words: str) -> None:
    assert words in await refusal(f"sqlite:///{address}")
