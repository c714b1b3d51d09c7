"""Commands a second, time to the ack and CPU of a command: this bot beside a bare Bolt app, in one run.

    python -m tests.benchmarks.commands [--commands 300] [--rounds 5] [--json]

Both are processes of their own, asked over HTTP by signed requests, and answer through a `response_url`. The
command is one that needs no call of Quick BI, whose limit would measure nothing but itself.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, time
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from aiohttp import ClientSession, web
from slack_sdk.signature import SignatureVerifier

from tests.support.rig import free_port, rig

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

AT_ONCE = 20
TYPED = "d5a59a898b634d75be5584f8dc159c62 yesterday"
PATIENCE = 120.0  # seconds for one round
BARE = """
import os
from slack_bolt.app.async_app import AsyncApp
app = AsyncApp(token=os.environ["SLACK_BOT_TOKEN"], signing_secret=os.environ["SLACK_SIGNING_SECRET"])
app.client.base_url = os.environ["SLACK_API_URL"]

@app.command("/mail-status")
async def status(ack, respond):
    await ack()
    await respond("That is not a task ID. A task ID is a number.")

app.start(port=int(os.environ["HTTP_PORT"]), host="127.0.0.1")
"""


@dataclass(kw_only=True)
class Asker:
    """Plays Slack: sends signed commands and receives the answers."""

    session: ClientSession
    secret: str
    hook: str
    answered: int = 0
    acks: list[float] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self, url: str) -> None:
        body = urlencode(
            {
                "command": "/mail-status",
                "text": TYPED,
                "user_id": "U0ADA00001",
                "team_id": "T0SANDBOX",
                "channel_id": "C0REPORTS2",
                "response_url": self.hook,
                "trigger_id": "1.2",
            }
        )
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": str(int(time())),
        }
        stamp = headers["X-Slack-Request-Timestamp"]
        signature = SignatureVerifier(self.secret).generate_signature(timestamp=stamp, body=body)
        began = perf_counter()
        async with self.session.post(
            url, data=body, headers=headers | {"X-Slack-Signature": signature or ""}
        ) as ack:
            if ack.status != web.HTTPOk.status_code:
                raise RuntimeError(f"the command was answered with HTTP {ack.status}")
        self.acks.append(perf_counter() - began)

    async def receive(self, request: web.Request) -> web.Response:
        await request.read()
        self.answered += 1
        self.arrived.set()
        return web.json_response({"ok": True})

    async def round(self, url: str, commands: int) -> float:
        """Commands a second, from the first question to the last answer; some at once, as from many people."""
        self.answered, gate = 0, asyncio.Semaphore(AT_ONCE)

        async def one() -> None:
            async with gate:
                await self.ask(url)

        began = perf_counter()
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*(one() for _ in range(commands)))
            while self.answered < commands:
                self.arrived.clear()
                await self.arrived.wait()
        return commands / (perf_counter() - began)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    times = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[11:13]
    return sum(map(int, times)) / os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def bare_bolt(environment: dict[str, str], port: int) -> AsyncIterator[int]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        BARE,
        env=environment | {"HTTP_PORT": str(port)},
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(30):
            while True:
                try:
                    (await asyncio.open_connection("127.0.0.1", port))[1].close()
                    break
                except OSError:
                    await asyncio.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        await process.wait()


async def measure(commands: int, rounds: int) -> dict[str, dict[str, float]]:
    """Both, round by round in turn, so that whatever else the machine does meets both."""
    with tempfile.TemporaryDirectory() as folder:
        async with rig(Path(folder), http=True) as stage, ClientSession() as session:
            asker = Asker(session=session, secret=stage.slack.signing_secret, hook="")
            app = web.Application()
            app.router.add_post("/hook", asker.receive)
            runner = web.AppRunner(app, access_log=None)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            asker.hook = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
            bot, port = await stage.start_bot(), free_port()
            async with bare_bolt(stage.environment(), port) as bare_pid:
                apps = {
                    "ours": (f"http://127.0.0.1:{stage.http_port}/slack/events", bot.process.pid),
                    "bare": (f"http://127.0.0.1:{port}/slack/events", bare_pid),
                }
                seen: dict[str, list[tuple[float, float, list[float], list[float]]]] = {
                    name: [] for name in apps
                }
                for number in range(rounds + 1):
                    for name, (url, pid) in apps.items():
                        asker.acks = []
                        before = cpu_seconds(pid)
                        rate = await asker.round(url, commands)
                        spent, busy = (cpu_seconds(pid) - before) / commands, asker.acks
                        asker.acks = []
                        for _ in range(50):
                            await asker.ask(url)
                        if number:  # the first round warms up
                            seen[name].append((rate, spent, asker.acks, busy))
            await runner.cleanup()
    return {name: _figures(each) for name, each in seen.items()}


def _figures(rounds: list[tuple[float, float, list[float], list[float]]]) -> dict[str, float]:
    alone = [ack for _, _, acks, _ in rounds for ack in acks]
    return {
        "commands_per_second": round(median(rate for rate, _, _, _ in rounds), 1),
        "cpu_ms_per_command": round(1000 * median(spent for _, spent, _, _ in rounds), 2),
        "ack_ms_p50": round(1000 * median(alone), 2),
        "ack_ms_p99": round(1000 * quantiles(alone, n=100)[-1], 2),
        "ack_ms_p50_of_20_at_once": round(1000 * median(a for _, _, _, acks in rounds for a in acks), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--commands", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    figures = asyncio.run(measure(arguments.commands, arguments.rounds))
    if arguments.json:
        print(json.dumps(figures))
        return
    for name, each in figures.items():
        print(name, *(f"{key}={value}" for key, value in each.items()))
    ratio = figures["ours"]["commands_per_second"] / figures["bare"]["commands_per_second"]
    print(f"ours / bare: {ratio:.2f} times as many commands a second")


if __name__ == "__main__":
    main()
