"""Several real bots on one PostgreSQL, each behind a proxy of its own, while they are killed, stopped and cut off.

The clocks of the bots are apart. Each mail has a channel of its own, so that whatever is said there is about it.
"""

from __future__ import annotations

import asyncio
import random
import signal
from collections import Counter
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.domain import ChannelId, MailId, StatusAnswer, Subscription, TeamId, UserId
from bot.sandbox.quickbi.limits import STATUS
from bot.sandbox.slack import ChangeKind
from bot.sandbox.world import World
from bot.store.store import open_store
from tests.chaos.failures import Deed, Play, Result, calls_over, judge
from tests.chaos.proxy import Proxy, proxy
from tests.support.forked_process import forked_bot
from tests.support.rig import BotProcess, Rig, read_log, rig

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.sandbox.slack import Change

TAKEOVER = 12.0  # seconds: a lease, the longest wait between two tries to lead, and the first looks
RECOVERY = 5.0  # seconds to connect again, or to lead after another has given the lease back
COMMITS = 12  # a trap springs at one of so many
STOPPED_FOR = (17.0, 22.0)  # seconds of SIGSTOP: longer than a lease
TRAP_LIMIT = 20.0
BETWEEN_DEEDS = (2.0, 8.0)
STALL_FOR = (2.0, 8.0)


@dataclass(kw_only=True)
class Replica:
    clock_ahead: timedelta
    proxy: Proxy
    url: str
    stage: Rig
    bot: BotProcess | None = None

    async def start(self) -> None:
        environment = self.stage.environment(DATABASE_URL=self.url, HTTP_PORT="0")
        self.bot = read_log(
            await forked_bot(environment=environment, folder=self.stage.folder, clock_ahead=self.clock_ahead)
        )

    @property
    def leads(self) -> bool:
        words = [line for line in (self.bot.log if self.bot else ()) if "lead" in line]
        return bool(words) and "leading" in words[-1]

    def send(self, how: signal.Signals) -> None:
        if self.bot:
            with suppress(ProcessLookupError):
                self.bot.process.send_signal(how)

    async def end(self, how: signal.Signals) -> None:
        if self.bot:
            try:
                await self.bot.stop(how=how, seconds=20)
            except TimeoutError:
                await self.bot.stop(how=signal.SIGKILL)


@dataclass(kw_only=True)
class Mischief:
    replicas: list[Replica]
    play: Play
    luck: random.Random
    advance: Callable[[], None]
    done: Counter[str] = field(default_factory=Counter)

    async def deeds(self, count: int, kinds: tuple[Deed, ...] = tuple(Deed)) -> None:
        order = [kinds[number % len(kinds)] for number in range(count)]
        self.luck.shuffle(order)
        for deed in order:
            leaders = [each for each in self.replicas if each.leads]
            victim = self.luck.choice(leaders if leaders and self.luck.random() < 0.6 else self.replicas)
            await self._do(deed, victim, is_hit=victim in leaders or not leaders)
            self.done[deed] += 1
            self.advance()
            await asyncio.sleep(self.luck.uniform(*BETWEEN_DEEDS))

    async def _do(self, deed: Deed, victim: Replica, *, is_hit: bool) -> None:
        seconds = self.luck.uniform(*STALL_FOR)
        if (is_hit and deed not in {Deed.TRAP, Deed.COMMIT}) or deed is Deed.AWAY:
            self.play.hit(deed, seconds=_gap(deed, seconds))
        match deed:
            case Deed.KILL | Deed.RESTART:
                await victim.end(signal.SIGKILL if deed is Deed.KILL else signal.SIGTERM)
                await victim.start()
            case Deed.FREEZE:
                victim.send(signal.SIGSTOP)
                await asyncio.sleep(self.luck.uniform(*STOPPED_FOR))
                victim.send(signal.SIGCONT)
            case Deed.CUT:
                victim.proxy.cut()
            case Deed.SWALLOW:
                victim.proxy.swallow()
            case Deed.STALL:
                await victim.proxy.stall(seconds)
            case Deed.AWAY:
                await asyncio.gather(*(each.proxy.be_away(seconds) for each in self.replicas))
            case Deed.TRAP:
                await self._kill_when_posted()
            case Deed.COMMIT:
                await self._kill_at_commit(victim)

    async def _kill_when_posted(self) -> None:
        """The leader dies when Slack has its message and before it has Slack's answer."""
        killed: list[Replica] = []
        sprung = asyncio.Event()

        def spring(change: Change) -> None:
            if change.kind is ChangeKind.MESSAGE_POSTED and not killed:
                killed.extend(each for each in self.replicas if each.leads)
                for each in killed:
                    each.send(signal.SIGKILL)
                self.play.hit(Deed.TRAP, seconds=TAKEOVER)
                sprung.set()

        with self.play.stage.slack.changes.subscribe(spring), suppress(TimeoutError):
            async with asyncio.timeout(TRAP_LIMIT):
                await sprung.wait()
        for each in killed:
            await each.end(signal.SIGKILL)
            await each.start()

    async def _kill_at_commit(self, victim: Replica) -> None:
        """It dies as one of its next transactions commits; whether the database still learns of it is luck."""
        left, is_passed = self.luck.randint(1, COMMITS), self.luck.random() < 0.5
        sprung = asyncio.Event()

        def spring() -> bool:
            nonlocal left
            left -= 1
            if left != 0:
                return True
            if victim.leads:
                self.play.hit(Deed.COMMIT, seconds=TAKEOVER)
            victim.send(signal.SIGKILL)
            sprung.set()
            return is_passed

        victim.proxy.may_commit = spring
        with suppress(TimeoutError):
            async with asyncio.timeout(TRAP_LIMIT):
                await sprung.wait()
        victim.proxy.may_commit = lambda: True
        if sprung.is_set():
            await victim.end(signal.SIGKILL)
            await victim.start()


def _gap(deed: Deed, seconds: float) -> float:
    match deed:
        case Deed.RESTART | Deed.CUT:
            return RECOVERY
        case Deed.STALL | Deed.AWAY:
            return seconds + RECOVERY
        case _:
            return TAKEOVER


async def replicas_under_fire(
    server: str,
    *,
    replicas: int,
    deeds: int,
    limit: float,
    mails: int,
    seed: int,
    apart: float = 1.0,
    kinds: tuple[Deed, ...] = tuple(Deed),
    advance: Callable[[], None] = lambda: None,
) -> Result:
    """`server`: the address of an empty PostgreSQL database that the run may fill.

    The clocks are right, `apart` seconds behind and `apart` ahead, in turn.
    """
    luck, begun = random.Random(seed), monotonic()
    result = Result(seed=seed, replicas=replicas)
    place = urlsplit(server)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="mailbot-chaos-")))
        settings = {"DATABASE_URL": server, "QUICKBI_CHECK_INTERVAL": "5"}
        stage = await stack.enter_async_context(
            rig(folder, world=World(), calls_per_second=limit, settings=settings)
        )
        play = Play(stage=stage, mails=await _cast(stage, mails), luck=luck, round_seconds=mails / limit)
        crew = []
        for number in range(replicas):
            between = await stack.enter_async_context(proxy(place.hostname or "", place.port or 5432))
            url = place._replace(netloc=f"{place.username}@127.0.0.1:{between.own_port}").geturl()
            ahead = timedelta(seconds=apart * (0, -1, 1)[number % 3])
            crew.append(Replica(clock_ahead=ahead, proxy=between, url=url, stage=stage))
        for each in crew:
            stack.push_async_callback(each.end, signal.SIGKILL)
            await each.start()
        await stage.slack.wait_for_socket(count=2)
        stack.enter_context(stage.slack.changes.subscribe(play.watch))
        stopped = asyncio.Event()
        happening = asyncio.create_task(play.happen(stopped))
        mischief = Mischief(replicas=crew, play=play, luck=luck, advance=advance)
        await mischief.deeds(deeds, kinds)
        stopped.set()
        await happening
        result.deeds = dict(sorted(mischief.done.items()))
        judge(result, play.failures, stage.quickbi.ledger.calls(STATUS))
        result.over = calls_over(stage, limit)
    result.seconds = round(monotonic() - begun, 1)
    result.ok = result.told > 0 and not (result.lost or result.twice or result.over)
    return result


async def _cast(stage: Rig, count: int) -> dict[str, str]:
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
