"""A throw-away PostgreSQL for tests: its own cluster in a temporary folder, reached over loopback."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_TIME_LIMIT = 60


@dataclass(frozen=True, kw_only=True)
class Server:
    """One that can be taken away and brought back, with what it holds."""

    url: str
    control: tuple[object, ...]
    options: str

    def stop(self) -> None:
        """At once, as if its machine were gone."""
        _run(*self.control, "-m", "immediate", "stop")

    def start(self) -> None:
        _run(*self.control, "-o", self.options, "-w", "start")


@contextmanager
def running_postgres() -> Iterator[str]:
    """The address of a fresh, empty server: `postgresql://…/postgres`. Skips where there is none to start."""
    with postgres_server_that_stops() as server:
        yield server.url


@contextmanager
def postgres_server_that_stops() -> Iterator[Server]:
    """A fresh, empty server. Whoever stops it starts it again."""
    programs = _find_programs()
    if programs is None:
        reason = "no PostgreSQL here: initdb and pg_ctl were not found"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="mailbot-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    data, port = folder / "data", _free_port()
    _run(programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
    server = Server(
        url=f"postgresql://postgres@127.0.0.1:{port}/postgres",
        control=(programs / "pg_ctl", "-D", data, "-l", folder / "log"),
        options=f"-p {port} -h 127.0.0.1 -k {folder} -c fsync=off -c full_page_writes=off",
    )
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _find_programs() -> Path | None:
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    folders = [*installed, *([Path(on_path).parent] if on_path else [])]
    return next((each for each in folders if (each / "initdb").exists() and (each / "pg_ctl").exists()), None)


def _run(*command: object) -> None:
    """PostgreSQL refuses to run as root, so root runs it as `postgres`."""
    words = [str(word) for word in command]
    if os.geteuid() == 0:
        words = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *words]
    subprocess.run(  # noqa: S603
        words, check=True, timeout=_TIME_LIMIT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd="/"
    )


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
