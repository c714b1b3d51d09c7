"""A throw-away PostgreSQL for tests: its own cluster in a temporary folder, reached over loopback."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_TIME_LIMIT = 60
_AS_POSTGRES = {True: ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"), False: ()}
WITH_PASSWORD = "with_password"


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
    access = data / "pg_hba.conf"
    access.write_text(f"host all {WITH_PASSWORD} 127.0.0.1/32 scram-sha-256\n{access.read_text()}")
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


@contextmanager
def running_pgbouncer(server: str, *, certificate: Path | None = None) -> Iterator[str]:
    """The address of a PgBouncer in transaction mode, with two connections to that server.

    With a `certificate`, which holds its key, too, it offers TLS.
    """
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        reason = "no PgBouncer here"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    place, port = urlsplit(server), _free_port()
    with tempfile.TemporaryDirectory(prefix="mailbot-pgbouncer-") as folder:
        settings = Path(folder) / "pgbouncer.ini"
        settings.write_text(
            f"[databases]\n* = host={place.hostname} port={place.port} user=postgres\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
            "pool_mode = transaction\nauth_type = any\ndefault_pool_size = 2\n"
        )
        if certificate is not None:
            own = Path(shutil.copy(certificate, folder))
            with settings.open("a") as more:
                more.write(
                    f"client_tls_sslmode = allow\nclient_tls_key_file = {own}\nclient_tls_cert_file = {own}\n"
                )
        if os.geteuid() == 0:
            for each in (Path(folder), *Path(folder).iterdir()):
                shutil.chown(each, "postgres", "postgres")
        process = subprocess.Popen(  # noqa: S603
            [*_AS_POSTGRES[os.geteuid() == 0], program, "--quiet", str(settings)], stderr=subprocess.DEVNULL
        )
        try:
            _wait_for(port)
            yield place._replace(netloc=f"postgres@127.0.0.1:{port}").geturl()
        finally:
            process.terminate()
            process.wait(_TIME_LIMIT)


def _wait_for(port: int) -> None:
    end = time.monotonic() + _TIME_LIMIT
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return


def _find_programs() -> Path | None:
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    folders = [*installed, *([Path(on_path).parent] if on_path else [])]
    return next((each for each in folders if (each / "initdb").exists() and (each / "pg_ctl").exists()), None)


def _run(*command: object) -> None:
    """PostgreSQL refuses to run as root, so root runs it as `postgres`."""
    words = [*_AS_POSTGRES[os.geteuid() == 0], *(str(word) for word in command)]
    subprocess.run(  # noqa: S603
        words, check=True, timeout=_TIME_LIMIT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd="/"
    )


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
