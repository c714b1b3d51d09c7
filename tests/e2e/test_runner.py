"""`python -m bot sandbox` as a newcomer runs it, and the door that it opens on loopback."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import pytest

from bot.sandbox.page import PageServer
from bot.sandbox.page.server import Guard
from bot.sandbox.process import bot_environment
from bot.sandbox.run import run_sandbox
from tests.support.rig import rig
from tests.support.stopwatch import Stopwatch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROOT = Path(__file__).parents[2]
READY_WITHIN = (
    4.0  # times the work of importing the libraries: both processes, both servers and the first start
)
LIBRARIES = (
    "import aiohttp.web, alembic, httpx, pydantic_settings, slack_bolt.async_app, sqlalchemy.ext.asyncio"
)
CLOCK_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
PROC = Path("/proc")
TELLS_WORK = PROC.is_dir()
ENDS_WITHIN = 10.0


@dataclass(kw_only=True)
class Sandbox:
    """The command's process and what it has printed so far."""

    process: asyncio.subprocess.Process
    printed: list[str] = field(default_factory=list)

    async def line(self, words: str, *, seconds: float = 20.0) -> str:
        """Read on until a line has these words."""
        assert self.process.stdout
        async with asyncio.timeout(seconds):
            while True:
                line = (await self.process.stdout.readline()).decode()
                assert line, "".join(self.printed)
                self.printed.append(line)
                if words in line:
                    return line.strip()

    async def end(self) -> int:
        self.process.send_signal(signal.SIGINT)
        async with asyncio.timeout(ENDS_WITHIN):
            await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode


@asynccontextmanager
async def sandbox(
    folder: Path, *arguments: str, under: tuple[str, ...] = (), command: tuple[str, ...] = ()
) -> AsyncIterator[Sandbox]:
    """`python -m bot sandbox` (or an installed command), in an empty folder, with somebody's real tokens set."""
    python_path = {} if command else {"PYTHONPATH": str(ROOT)}
    process = await asyncio.create_subprocess_exec(
        *under,
        *(command or (sys.executable, "-m", "bot")),
        "sandbox",
        *arguments,
        cwd=folder,
        env=os.environ | python_path | {"SLACK_BOT_TOKEN": "xoxb-real", "MAIL_CHANNELS": "C0REAL00001"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    started = Sandbox(process=process)
    try:
        yield started
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


def worked(process: int) -> float:
    """Seconds of work that a process and its children have done so far, whatever else the machine does."""
    fields = (PROC / str(process) / "stat").read_text().rpartition(")")[2].split()
    children = (PROC / str(process) / "task" / str(process) / "children").read_text().split()
    return sum(map(int, fields[11:15])) / CLOCK_TICKS + sum(worked(int(child)) for child in children)


async def test_it_starts_restarts_a_dead_bot_and_ends_cleanly(tmp_path: Path) -> None:
    """The page first, then both servers; the bot is soon ready; Ctrl-C ends it all with exit code 0.

    How soon is counted in work beside that of importing the libraries, so that a slow machine tells the same.
    """
    before = os.times()
    await (await asyncio.create_subprocess_exec(sys.executable, "-c", LIBRARIES)).wait()
    after = os.times()
    floor = after.children_user + after.children_system - before.children_user - before.children_system
    (tmp_path / ".env").write_text("SLACK_SIGNING_SECRET=real\nQUICKBI_REGION=not a region\n")
    async with sandbox(tmp_path, "--port", "0") as running, aiohttp.ClientSession() as session:
        first = await running.line("http")
        assert first.startswith("Open http://127.0.0.1:")
        url = first.removeprefix("Open ")
        for words in ("Simulated Quick BI", "access key ID", "access key secret", "/api/", "xoxb-", "xapp-"):
            assert await running.line(words)
        await running.line("bot.app.run ready", seconds=60.0)
        assert (await running.line("The bot is ready.")).endswith(f"Open {url}")
        if TELLS_WORK:
            assert worked(running.process.pid) < READY_WITHIN * floor
        async with session.get(url) as page:
            assert "Report Bot sandbox" in await page.text()
        async with session.ws_connect(f"{url}ws", origin=url.rstrip("/")) as socket:
            await socket.send_json(
                {"id": 1, "verb": "trouble", "args": {"key": "kill", "user": "ada", "channel": "reports"}}
            )
            await running.line("The bot was ended by SIGKILL; starting again in 1 s")
            await running.line("bot.app.run ready")
        stopwatch = Stopwatch(running.process.pid)
        assert await stopwatch.over(running.end()) == 0
        assert stopwatch.seconds < ENDS_WITHIN
    assert os.listdir(tmp_path) == [".env"]  # noqa: PTH208 (a list is all that is wanted)


def network_of_its_own() -> tuple[str, ...] | None:
    """What runs a command where there is loopback and nothing else; None where we may not."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return None
    alone = (unshare, "--net", "--map-root-user", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")
    probe = subprocess.run([*alone, "true"], capture_output=True, check=False)  # noqa: S603 (our own words)
    return alone if probe.returncode == 0 else None


async def test_it_needs_no_network(tmp_path: Path) -> None:
    """With loopback alone the page is served and the bot connects."""
    alone = await asyncio.to_thread(network_of_its_own)
    if alone is None:
        pytest.skip("needs unshare and ip, and the right to use them: a network of its own")
    async with sandbox(tmp_path, "--port", "0", under=alone) as running:
        await running.line("Open http://127.0.0.1:")
        await running.line("bot.app.run ready", seconds=60.0)
        assert await running.end() == 0


async def test_a_taken_port_is_a_clean_line(tmp_path: Path) -> None:
    """No traceback, exit code 1, and what to do instead."""
    async with rig(tmp_path) as stage, PageServer(slack=stage.slack, quickbi=stage.quickbi) as page:
        port = page.url.rstrip("/").rpartition(":")[2]
        async with sandbox(tmp_path, "--port", port) as refused:
            output, _ = await asyncio.wait_for(refused.process.communicate(), 20)
    assert refused.process.returncode == 1
    assert "is taken" in output.decode()
    assert "Traceback" not in output.decode()


async def test_a_missing_manifest_is_a_clean_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1, which file is missing and what to do."""
    assert await run_sandbox(port=0, manifests=[tmp_path / "manifest.yaml"]) == 1
    assert "Install the package again" in capsys.readouterr().err


def test_nothing_of_the_callers_credentials_reaches_the_bot() -> None:
    """Nor proxies: everything is on loopback."""
    caller = {
        "SLACK_SIGNING_SECRET": "real",
        "ALIBABA_CLOUD_SECURITY_TOKEN": "real",
        "QUICKBI_REGION": "real",
        "MAIL_CHANNELS": "real",
        "https_proxy": "real",
        "PATH": "/bin",
    }
    environment = bot_environment(caller, {"SLACK_BOT_TOKEN": "simulated"})
    assert "real" not in environment.values()
    assert environment["PATH"] == "/bin"
    assert environment["SLACK_BOT_TOKEN"] == "simulated"


@pytest.mark.parametrize(
    ("host", "origin", "socket", "expected"),
    [
        pytest.param("127.0.0.1:8080", None, False, True, id="a page"),
        pytest.param("localhost:8080", "http://localhost:8080", True, True, id="our own socket"),
        pytest.param("localhost:8080", None, True, False, id="a socket without origin"),
        pytest.param("localhost:8080", "https://evil.example", True, False, id="another site's socket"),
        pytest.param("localhost:8080", "http://localhost:3000", True, False, id="another port's socket"),
        pytest.param("localhost:8080", "null", False, False, id="a sandboxed frame"),
        pytest.param("evil.example:8080", None, False, False, id="DNS rebinding"),
        pytest.param("127.0.0.1:9090", None, False, False, id="another port's name"),
        pytest.param(None, None, False, False, id="no host"),
    ],
)
def test_only_this_computers_own_browser_is_let_in(
    *, host: str | None, origin: str | None, socket: bool, expected: bool
) -> None:
    """By loopback's names and this port, in `Host` and in `Origin`."""
    assert Guard(8080).lets_in(host, origin, needs_origin=socket) is expected


async def test_the_server_refuses_other_hosts_and_origins(tmp_path: Path) -> None:
    """On the page and on the socket; what is served carries the strict policy."""
    async with (
        rig(tmp_path) as stage,
        PageServer(slack=stage.slack, quickbi=stage.quickbi) as page,
        aiohttp.ClientSession() as session,
    ):
        async with session.get(page.url, headers={"Host": "evil.example"}) as refused:
            assert refused.status == 403
        async with session.get(page.url) as served:
            policy = served.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
        async with session.get(f"{page.url}..%2fserver.py") as outside:
            assert outside.status == 404
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await session.ws_connect(f"{page.url}ws", origin="https://evil.example")


async def test_a_browser_that_asks_for_nonsense_is_answered(tmp_path: Path) -> None:
    """In words, and the connection stays."""
    async with (
        rig(tmp_path) as stage,
        PageServer(slack=stage.slack, quickbi=stage.quickbi) as page,
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{page.url}ws", origin=page.url.rstrip("/")) as socket,
    ):
        assert (await socket.receive_json(timeout=5))["type"] == "snapshot"
        for asked in (
            {"id": 1, "verb": "shout", "args": {}},
            {"id": 1, "verb": "click", "args": {"nobody": 1}},
            {"id": 1, "verb": "post_message", "args": {"user": "nobody", "channel": "reports", "text": "x"}},
            {"id": 1, "verb": "mail", "args": {"mail_id": "none", "what": "fail_next"}},
        ):
            await socket.send_json(asked)
            answer = await socket.receive_json(timeout=5)
            assert answer["type"] == "reply"
            assert answer["error"]
        await socket.send_str("no JSON")
        assert (await socket.receive_json(timeout=5))["error"]
