"""Several real bots on one PostgreSQL, each behind a proxy of its own and with a clock of its own."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from bot.domain import ChannelId, MailId, StatusAnswer, Subscription, TeamId, UserId
from bot.sandbox.world import World
from bot.store.store import open_store
from tests.chaos.proxy import Proxy, proxy
from tests.chaos.steps import stop_when_asked
from tests.support.forked_process import forked_bot, set_clock
from tests.support.rig import START_LIMIT, BotProcess, Rig, read_log, rig

# What the log says of leading, and of reaching the database.
_SAYS = {
    "leading": {"leads": True},
    "lease_lost": {"leads": False},
    "stopping": {"leads": False},
    "database_failed": {"reaches": False},
    "database_recovered": {"reaches": True},
}


@dataclass(kw_only=True)
class Replica:
    clock_ahead: timedelta
    proxy: Proxy
    url: str
    stage: Rig
    bot: BotProcess | None = None
    _said: dict[str, bool] = field(default_factory=dict)  # by the process that runs now
    _read: int = 0  # lines of its log

    async def start(self) -> None:
        process = await forked_bot(
            environment=self.stage.environment(DATABASE_URL=self.url, HTTP_PORT="0"),
            folder=self.stage.folder,
            prepare=(partial(set_clock, self.clock_ahead), stop_when_asked),
        )
        self.bot, self._said, self._read = read_log(process), {}, 0

    @property
    def leads(self) -> bool:
        return self._says("leads", default=False)

    @property
    def is_at_work(self) -> bool:
        """It leads, runs, and reaches the database."""
        return (
            self.leads
            and self.state not in {"dead", "T"}
            and self._says("reaches", default=True)
            and self.proxy.is_through
        )

    @property
    def state(self) -> str:
        """T: stopped. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html"""
        if self.bot is None or self.bot.process.returncode is not None:
            return "dead"
        return Path(f"/proc/{self.bot.process.pid}/stat").read_text().rpartition(")")[2].split()[0]

    def _says(self, what: str, *, default: bool) -> bool:
        lines = self.bot.log[self._read :] if self.bot else []
        self._read += len(lines)
        for line in lines:
            for event in line.split(maxsplit=4)[3:4]:
                self._said |= _SAYS.get(event, {})
        return self._said.get(what, default)

    def send(self, how: signal.Signals) -> None:
        if self.bot:
            with suppress(ProcessLookupError):
                self.bot.process.send_signal(how)

    async def freeze(self, seconds: float) -> None:
        self.send(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        self.send(signal.SIGCONT)

    async def begin_anew(self, how: signal.Signals) -> None:
        await self.end(how)
        await self.start()

    async def end(self, how: signal.Signals) -> None:
        if self.bot:
            try:
                await self.bot.stop(how=how, seconds=20)
            except TimeoutError:
                await self.bot.stop(how=signal.SIGKILL)


@asynccontextmanager
async def fleet(
    server: str, *, replicas: int, calls_per_second: float, check_interval: float = 5, apart: float = 0.0
) -> AsyncIterator[tuple[Rig, list[Replica]]]:
    """The simulations, and the bots, which are not started yet.

    `server` is the address of an empty PostgreSQL database, which is filled. The clocks of the bots are right,
    `apart` seconds behind and `apart` ahead, in turn.
    """
    place = urlsplit(server)
    settings = {"DATABASE_URL": server, "QUICKBI_CHECK_INTERVAL": f"{check_interval:g}"}
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="mailbot-chaos-")))
        stage = await stack.enter_async_context(
            rig(folder, world=World(), calls_per_second=calls_per_second, settings=settings)
        )
        crew = []
        for number in range(replicas):
            between = await stack.enter_async_context(proxy(place.hostname or "", place.port or 5432))
            url = place._replace(netloc=f"{place.username}@127.0.0.1:{between.own_port}").geturl()
            ahead = timedelta(seconds=apart * (0, -1, 1)[number % 3])
            crew.append(Replica(clock_ahead=ahead, proxy=between, url=url, stage=stage))
            stack.push_async_callback(crew[-1].end, signal.SIGKILL)
        yield stage, crew


async def start(stage: Rig, crew: list[Replica]) -> None:
    """Return when all can be reached by Slack."""
    for each in crew:
        await each.start()
    await stage.slack.wait_for_socket(count=2 * len(crew), seconds=START_LIMIT)


async def subscribed_mails(stage: Rig, count: int) -> dict[str, str]:
    """Mails by ID, each with the channel that is subscribed to it."""
    cast = {}
    async with open_store(stage.environment()["DATABASE_URL"]) as store:
        for number in range(count):
            mail = stage.world.add_mail(f"Report {number:03}")
            channel = stage.slack.workspace.add_channel(f"report-{number:03}")
            wish = Subscription(
                team_id=TeamId(stage.slack.team_id),
                channel_id=ChannelId(channel.id),
                mail_id=MailId(mail.mail_id),
                created_by=UserId("U0ADA00001"),
                created_at=datetime.now(UTC),
            )
            await store.subscriptions.subscribe(wish, baseline=StatusAnswer(runs=(), request_id=""))
            cast[mail.mail_id] = channel.id
    return cast
