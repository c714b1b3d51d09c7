"""Commands a second, CPU of a command and time to the ack: this bot beside a bare Bolt app, in one run.

    python -m tests.benchmarks.commands [--transport socket http] [--database sqlite postgresql]
                                        [--row ROW ...] [--commands 300] [--rounds 5] [--json]

Both are processes of their own. 32 people type at once, each waits for the answer; the bare app sends the very
message that this bot sent. All answers come out of an observation that is a few seconds old, so that Quick BI's
limit is not what is measured. A round of the one is followed by a round of the other.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bot.sandbox.world import World
from tests.benchmarks.slack_driver import Ask, Driver, Round, driver
from tests.support.databases import new_postgres_database
from tests.support.postgres import running_postgres
from tests.support.rig import free_port, rig

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

MAILS = 20
BARE = """
import asyncio, json, os, sys
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp

told = json.load(open(sys.argv[1]))
app = AsyncApp(
    token=os.environ["SLACK_BOT_TOKEN"],
    signing_secret=os.environ.get("SLACK_SIGNING_SECRET"),
)
app.client.base_url = os.environ["SLACK_API_URL"]

async def reply(ack, respond):
    await ack()
    await respond(told)

async def options(ack):
    await ack(told)

app.command("/mail-status")(reply)
app.command("/mail-list")(reply)
app.command("/mail-history")(reply)
app.command("/mail-subscriptions")(reply)
app.action("mail_check")(reply)
app.options("mail_search")(options)

async def socket_mode():
    await AsyncSocketModeHandler(app, os.environ["SLACK_APP_TOKEN"]).start_async()

if "SLACK_APP_TOKEN" in os.environ:
    asyncio.run(socket_mode())
else:
    app.start(port=int(os.environ["HTTP_PORT"]), host="127.0.0.1")
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where people type: one channel is subscribed to all mails, the other to none."""

    team_id: str
    user_id: str
    subscribed: str
    other: str
    mails: Sequence[tuple[str, str]]  # ID and name

    def command(self, name: str, text: str = "", *, channel: str = "") -> Ask:
        payload = {
            "command": name,
            "text": text,
            "team_id": self.team_id,
            "user_id": self.user_id,
            "channel_id": channel or self.subscribed,
        }
        return Ask(kind="slash_commands", payload=payload)

    def interaction(self, kind: str, **more: Any) -> Ask:
        person = {"id": self.user_id, "team_id": self.team_id}
        payload = {"type": kind, "team": {"id": self.team_id}, "user": person, **more}
        return Ask(kind="interactive", payload=payload)

    def check_again(self, mail_id: str) -> Ask:
        action = {
            "type": "button",
            "action_id": "mail_check",
            "block_id": "b",
            "value": mail_id,
            "action_ts": "1.2",
        }
        container = {
            "type": "message",
            "message_ts": "1700000000.000100",
            "channel_id": self.subscribed,
            "is_ephemeral": True,
        }
        channel = {"id": self.subscribed, "name": "reports"}
        return self.interaction("block_actions", actions=[action], container=container, channel=channel)

    def typeahead(self, words: str) -> Ask:
        container = {"type": "view", "view_id": "V1"}
        return self.interaction(
            "block_suggestion", action_id="mail_search", block_id="b", value=words, container=container
        )


def rows(at: Place) -> dict[str, Callable[[int], Ask]]:
    """What people do, by name: makes the question with that number."""

    def mail_id(number: int) -> str:
        return at.mails[number % MAILS][0]

    def name(number: int) -> str:
        return at.mails[number % MAILS][1]

    return {
        "status by ID": lambda n: at.command("/mail-status", mail_id(n), channel=at.other),
        "status by name": lambda n: at.command("/mail-status", name(n), channel=at.other),
        "status by ID, subscribed": lambda n: at.command("/mail-status", mail_id(n)),
        "status by name, subscribed": lambda n: at.command("/mail-status", name(n)),
        "check again": lambda n: at.check_again(mail_id(n)),
        "list": lambda _: at.command("/mail-list"),
        "history": lambda n: at.command("/mail-history", mail_id(n)),
        "subscriptions": lambda _: at.command("/mail-subscriptions"),
        "typeahead": lambda n: at.typeahead(name(n)[:5]),
        "usage error": lambda n: at.command("/mail-status", f"{mail_id(n)} yesterday"),
    }


@dataclass(kw_only=True)
class Measured:
    """One app's rounds of one row."""

    rates: list[float]
    cpu: list[float]
    acks: list[float]

    def add(self, told: Round, cpu: float) -> None:
        self.rates.append(told.per_second)
        self.cpu.append(cpu)
        self.acks += told.acks

    def figures(self) -> dict[str, float]:
        cuts = quantiles(self.acks, n=100)
        return {
            "commands_per_second": round(median(self.rates), 1),
            "cpu_ms": round(1000 * median(self.cpu), 2),
            "ack_ms_p50": round(1000 * cuts[49], 1),
            "ack_ms_p99": round(1000 * cuts[98], 1),
        }


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    times = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[11:13]
    return sum(map(int, times)) / os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def bare_bolt(
    slack: Driver, environment: Mapping[str, str], answer: object, folder: Path
) -> AsyncIterator[int]:
    """A bare Bolt app that gives this one answer, as a process; its ID."""
    said = folder / "answer.json"
    said.write_text(json.dumps(answer), encoding="utf-8")
    port = free_port()
    if slack.request_url:
        slack.request_url = f"http://127.0.0.1:{port}/slack/events"
    own = {"SLACK_API_URL": slack.api_url, "HTTP_PORT": str(port)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", BARE, str(said), env={**environment, **own}, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        await slack.until_connected(1)
        if slack.request_url:
            await _until_listening(port)
        yield process.pid
    finally:
        process.terminate()
        await process.wait()


async def _until_listening(port: int) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                (await asyncio.open_connection("127.0.0.1", port))[1].close()
            except OSError:
                await asyncio.sleep(0.05)
            else:
                return


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """This bot at work, with a Slack of its own, and another for the bare app."""

    ours: Driver
    bare: Driver
    place: Place
    bot_pid: int
    environment: Mapping[str, str]
    folder: Path

    async def look_at_all(self) -> None:
        """Have every mail observed, so that what follows needs no call of Quick BI."""
        for mail_id, _ in self.place.mails:
            await self.ours.ask(self.place.command("/mail-status", mail_id, channel=self.place.other))

    async def row(
        self, make: Callable[[int], Ask], *, commands: int, rounds: int, on_round: Callable[[], None]
    ) -> dict[str, dict[str, float]]:
        """This bot's figures (`ours`) and bare Bolt's (`bare`)."""
        await self.look_at_all()
        answer, _ = await self.ours.ask(make(0))
        measured = {name: Measured(rates=[], cpu=[], acks=[]) for name in ("ours", "bare")}
        async with bare_bolt(self.bare, self.environment, answer, self.folder) as bare_pid:
            for number in range(rounds + 1):
                await self.look_at_all()
                for name, slack, pid in (("ours", self.ours, self.bot_pid), ("bare", self.bare, bare_pid)):
                    before = cpu_seconds(pid)
                    told = await slack.round(make, commands)
                    if number:  # the first round warms up
                        measured[name].add(told, (cpu_seconds(pid) - before) / commands)
                on_round()
        return {name: each.figures() for name, each in measured.items()}


@asynccontextmanager
async def staged(transport: str, database: str) -> AsyncIterator[Stage]:
    """The bot, subscribed to every mail in one channel."""
    world = World()
    mails = [(mail.mail_id, mail.name) for mail in world.add_mails(MAILS, prefix="Daily Sales")]
    for mail_id, _ in mails:
        world.run_now(mail_id)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        settings = {}
        if database == "postgresql":
            server = stack.enter_context(running_postgres())
            settings["DATABASE_URL"] = await new_postgres_database(server)
        stage = await stack.enter_async_context(
            rig(folder, world=world, http=transport == "http", calls_per_second=50, settings=settings)
        )
        slacks = [
            await stack.enter_async_context(
                driver(web_api=stage.slack.api_url, secret=stage.slack.signing_secret)
            )
            for _ in range(2)
        ]
        if stage.http:
            stage.http_port = free_port()
            for slack in slacks:
                slack.request_url = f"http://127.0.0.1:{stage.http_port}/slack/events"
        ours, bare = slacks
        bot = await stage.launch(SLACK_API_URL=ours.api_url)
        stack.push_async_callback(bot.stop)
        await bot.until_logged(" ready")
        await bot.until_logged("directory_read")
        await ours.until_connected(2)
        place = Place(
            team_id=stage.slack.team_id,
            user_id=stage.slack.workspace.user("ada").id,
            subscribed=stage.slack.workspace.channel("reports").id,
            other=stage.slack.workspace.channel("finance").id,
            mails=mails,
        )
        for mail_id, _ in mails:
            await ours.ask(place.command("/mail-subscribe", mail_id))
        yield Stage(
            ours=ours,
            bare=bare,
            place=place,
            bot_pid=bot.process.pid,
            environment=stage.environment(),
            folder=folder,
        )


async def measure(
    transport: str,
    database: str,
    wanted: Sequence[str],
    *,
    commands: int,
    rounds: int,
    on_round: Callable[[], None],
) -> dict[str, dict[str, dict[str, float]]]:
    """Each row's figures."""
    async with staged(transport, database) as stage:
        every = rows(stage.place)
        return {
            row: await stage.row(every[row], commands=commands, rounds=rounds, on_round=on_round)
            for row in wanted
        }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    every = list(rows(Place(team_id="", user_id="", subscribed="", other="", mails=())))
    parser.add_argument("--transport", nargs="+", default=["socket", "http"], choices=["socket", "http"])
    parser.add_argument("--database", nargs="+", default=["sqlite"], choices=["sqlite", "postgresql"])
    parser.add_argument(
        "--row", nargs="+", default=every, choices=every, metavar="ROW", help=", ".join(every)
    )
    parser.add_argument("--commands", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    figures = {}
    with Progress(console=Console(stderr=True)) as progress:
        steps = len(chosen.transport) * len(chosen.database) * len(chosen.row) * (chosen.rounds + 1)
        task = progress.add_task("rounds", total=steps)
        for transport in chosen.transport:
            for database in chosen.database:
                figures[f"{transport}, {database}"] = asyncio.run(
                    measure(
                        transport,
                        database,
                        chosen.row,
                        commands=chosen.commands,
                        rounds=chosen.rounds,
                        on_round=lambda: progress.advance(task),
                    )
                )
    if chosen.json:
        print(json.dumps(figures))
    else:
        for title, each in figures.items():
            Console().print(table(title, each))


def table(title: str, figures: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Table:
    drawn = Table(
        "what people do",
        "commands/s",
        "of bare Bolt's",
        "CPU ms",
        "times bare Bolt's",
        "ack p50 / p99 ms",
        title=title,
    )
    for row, apps in figures.items():
        ours, bare = apps["ours"], apps["bare"]
        drawn.add_row(
            row,
            f"{ours['commands_per_second']:.0f}",
            f"{ours['commands_per_second'] / bare['commands_per_second']:.2f}",
            f"{ours['cpu_ms']:.2f}",
            f"{ours['cpu_ms'] / (bare['cpu_ms'] or 0.01):.1f}",
            f"{ours['ack_ms_p50']:.0f} / {ours['ack_ms_p99']:.0f}",
        )
    return drawn


if __name__ == "__main__":
    main()
