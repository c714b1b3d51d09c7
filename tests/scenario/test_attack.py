"""HTTP mode while strangers do what they can: commands are acked in time, and the memory stays."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from bot.sandbox.slack import Answered
from tests.support.rig import Rig, rig
from tests.support.stopwatch import Stopwatch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

FORM = "application/x-www-form-urlencoded"
IDLE, SLOW, HUGE, FORGED, REPLAYS = 200, 20, 4, 100, 20
MIB = 2**20
MORE_MEMORY = 64 * MIB  # all connections and the bodies of those that are not refused yet
_CHUNK = 65_536


class Strangers:
    """They reach the port that Slack reaches."""

    def __init__(self, stage: Rig, stack: AsyncExitStack) -> None:
        self._stage = stage
        self._stack = stack

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._stage.http_port)
        self._stack.callback(writer.close)
        return reader, writer

    async def post(self, body: bytes, headers: dict[str, str]) -> bytes:
        """Returns the first line of the answer."""
        reader, writer = await self.connect()
        writer.write(_head(len(body), headers) + body)
        return await reader.readline()

    async def send_slowly(self) -> None:
        """A byte now and then, for as long as the server listens."""
        _, writer = await self.connect()
        writer.write(_head(1_000, {}))
        with suppress(ConnectionError):
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.1)

    async def send_too_much(self) -> bytes:
        """A hundred megabytes. Returns the first line of the answer; nothing where the server hung up before."""
        reader, writer = await self.connect()
        writer.write(_head(100 * MIB, {}))
        with suppress(ConnectionError):
            for _ in range(100 * MIB // _CHUNK):
                writer.write(b"x" * _CHUNK)
                await writer.drain()
        with suppress(ConnectionError):
            return await reader.readline()
        return b""

    async def break_off(self) -> None:
        """In the middle of a body."""
        _, writer = await self.connect()
        writer.write(_head(1_000, {}) + b"command=%2Fmail-he")
        await writer.drain()
        writer.close()


def _head(length: int, headers: dict[str, str]) -> bytes:
    lines = {
        "Host": "x",
        "Content-Type": FORM,
        "Content-Length": str(length),
        "Connection": "close",
        **headers,
    }
    shown = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST /slack/events HTTP/1.1\r\n{shown}\r\n".encode()


def signed(stage: Rig, body: bytes, *, secret: str = "") -> dict[str, str]:
    """https://docs.slack.dev/authentication/verifying-requests-from-slack."""
    at = str(int(time.time()))
    key = (secret or stage.slack.signing_secret).encode()
    digest = hmac.new(key, f"v0:{at}:".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={digest}"}


def memory(pid: int) -> int:
    """Of a process, resident, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS"))


async def typed(stage: Rig, pid: int) -> AsyncIterator[float]:
    """The seconds to each ack of ten commands."""
    for _ in range(10):
        stopwatch = Stopwatch(pid)
        outcome = await stage.slack.people.type_command("ada", "reports", "/mail-help")
        assert outcome.answered is Answered.ACKED
        yield stopwatch.seconds


async def test_commands_are_acked_under_attack(tmp_path: Path) -> None:
    """Idle and slow connections, bodies of 100 MB, broken off and forged requests, all at once."""
    async with rig(tmp_path, http=True) as stage, AsyncExitStack() as stack:
        bot = await stage.start_bot()
        pid = bot.process.pid
        await stage.ask("/mail-help")
        before, strangers = memory(pid), Strangers(stage, stack)
        for _ in range(IDLE):
            await strangers.connect()
        slow = [asyncio.create_task(strangers.send_slowly()) for _ in range(SLOW)]
        huge = [asyncio.create_task(strangers.send_too_much()) for _ in range(HUGE)]
        body = urlencode({"command": "/mail-help", "text": "forged"}).encode()
        forged = [
            asyncio.create_task(strangers.post(body, signed(stage, body, secret="another")))
            for _ in range(FORGED)
        ]
        await strangers.break_off()
        seconds = [each async for each in typed(stage, pid)]
        assert median(seconds) < 0.5
        assert {(await each).split()[1] for each in forged} == {b"401"}
        assert {(await each)[9:12] for each in huge} <= {b"413", b""}
        assert memory(pid) - before < MORE_MEMORY
        for each in slow:
            each.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        assert not any("Traceback" in line for line in bot.log), "\n".join(bot.log)


async def test_a_signed_body_that_is_sent_again_is_handled_once(tmp_path: Path) -> None:
    """By whoever has seen it on its way, within the five minutes for which Slack's signature is good."""
    async with rig(tmp_path, http=True) as stage, AsyncExitStack() as stack:
        bot = await stage.start_bot()
        await stage.slack.people.type_command("ada", "reports", "/mail-help")
        payload = {key: str(value) for key, value in stage.slack.delivered[-1].payload.items()}
        body = urlencode(payload | {"trigger_id": "1.2.stolen"}).encode()
        headers, strangers = signed(stage, body), Strangers(stage, stack)
        answers = [await strangers.post(body, headers) for _ in range(REPLAYS)]
        assert {answer.split()[1] for answer in answers} == {b"200"}
        await bot.stop()
        handled = [line for line in bot.log if " handled " in line and "where=/mail-help" in line]
        assert len(handled) == 2  # Ada's own, and the first of the stolen ones
        assert sum("request_replayed" in line for line in bot.log) == REPLAYS - 1
