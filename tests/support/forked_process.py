"""Starts the bot as a process forked from one that has imported it: importing costs more than most tests do.

Each worker of the test run has one fork server, which the first start brings up. A forked bot finds a SQLite
database of the present schema where it would create one. `Rig.launch_python` starts `python -m bot` unprepared.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.__main__ import run as command
from bot.app import run
from bot.app.core import utc_now
from tests.support.databases import create_sqlite

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Mapping, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkServerProcess
    from pathlib import Path

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        "bot.app.run",
        "bot.app.settings",
        "aiosqlite",
        "psycopg",
        "psycopg_binary",
        "httpcore",
        "anyio._backends._asyncio",
        __name__,
    ]
)


class ForkedProcess:
    """As much of `asyncio.subprocess.Process` as tests use."""

    def __init__(
        self, process: ForkServerProcess, stdout: asyncio.StreamReader, stderr: asyncio.StreamReader
    ) -> None:
        assert process.pid is not None
        self.pid = process.pid
        self.stdout = stdout
        self.stderr = stderr
        self._process = process
        self._ended = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(process.sentinel, self._end)

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    async def wait(self) -> int:
        await self._ended.wait()
        code = self.returncode
        assert code is not None
        return code

    def send_signal(self, number: signal.Signals) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def _end(self) -> None:
        self._loop.remove_reader(self._process.sentinel)
        self._process.join()
        self._ended.set()


async def forked_bot(
    *arguments: str,
    environment: Mapping[str, str],
    folder: Path,
    prepare: Sequence[Callable[[], object]] = (),
) -> ForkedProcess:
    """Start a command in `folder`, after its process has called each of `prepare`."""
    if environment["DATABASE_URL"].startswith("sqlite:"):
        create_sqlite(environment["DATABASE_URL"])
    readers, writers = zip(_CONTEXT.Pipe(duplex=False), _CONTEXT.Pipe(duplex=False), strict=True)
    process = _CONTEXT.Process(
        target=_run, args=(arguments, dict(environment), str(folder), writers, tuple(prepare)), daemon=True
    )
    process.start()
    for writer in writers:
        writer.close()
    return ForkedProcess(process, *[await _stream(reader) for reader in readers])


def set_clock(ahead: timedelta) -> None:
    """Let this process's machine have a clock that is wrong by so much."""
    vars(run).update(utc_now=lambda: utc_now() + ahead)


async def _stream(reader: Connection) -> asyncio.StreamReader:
    stream = asyncio.StreamReader()
    pipe = os.fdopen(os.dup(reader.fileno()), "rb", 0)
    reader.close()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stream), pipe)
    return stream


def _run(
    arguments: tuple[str, ...],
    environment: dict[str, str],
    folder: str,
    outputs: tuple[Connection, Connection],
    prepare: Sequence[Callable[[], object]],
) -> None:
    for each in prepare:
        each()
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(folder)
    for number, output in enumerate(outputs, start=1):
        os.dup2(output.fileno(), number)
        output.close()
    sys.argv[1:] = arguments
    command()
