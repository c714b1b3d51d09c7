"""Starts the bot as a process forked from one that has imported it: importing costs more than most tests do.

Each worker of the test run has one fork server, which the first start brings up. A forked bot finds a SQLite
database of the present schema where it would create one. `Rig.launch` starts `python -m bot` with nothing prepared.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.__main__ import main
from bot.app import run
from bot.app.core import utc_now
from tests.support.databases import create_sqlite

if TYPE_CHECKING:
    import signal
    from collections.abc import Mapping
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkServerProcess
    from pathlib import Path

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        "bot.app.run",
        "bot.app.settings",
        "aiosqlite",
        "asyncpg",
        "httpcore",
        "anyio._backends._asyncio",
        __name__,
    ]
)


class ForkedProcess:
    """As much of `asyncio.subprocess.Process` as tests use. `stderr` has what it prints, too."""

    def __init__(self, process: ForkServerProcess, stderr: asyncio.StreamReader) -> None:
        assert process.pid is not None
        self.pid = process.pid
        self.stdout: asyncio.StreamReader | None = None
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
    environment: Mapping[str, str], folder: Path, clock_ahead: timedelta = timedelta(0)
) -> ForkedProcess:
    """Start a bot in `folder`. Its machine's clock is ahead of ours by `clock_ahead`, which may be negative."""
    if environment["DATABASE_URL"].startswith("sqlite:"):
        create_sqlite(environment["DATABASE_URL"])
    reader, writer = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(
        target=_run, args=(dict(environment), str(folder), writer, clock_ahead), daemon=True
    )
    process.start()
    writer.close()
    stderr = asyncio.StreamReader()
    pipe = os.fdopen(os.dup(reader.fileno()), "rb", 0)
    reader.close()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stderr), pipe)
    return ForkedProcess(process, stderr)


def _run(environment: dict[str, str], folder: str, log: Connection, clock_ahead: timedelta) -> None:
    vars(run).update(utc_now=lambda: utc_now() + clock_ahead)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(folder)
    os.dup2(log.fileno(), 1)
    os.dup2(log.fileno(), 2)
    log.close()
    os._exit(main([]))
