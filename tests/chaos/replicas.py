"""Several real bots on one PostgreSQL, each behind a proxy of its own, while they are killed, stopped and cut off.

The clocks of the bots are apart. Each mail has a channel of its own, so that whatever is said there is about it.
A failure stays the mail's latest run for one round and a few seconds in which somebody may lead: the seconds of a
takeover do not count, and those of two takeovers at once are counted off once. A round is as many calls as there are
mails, and those whose answers a takeover may lose; three times its length at full speed is the most that is waited.
What no message and no edit tells by the end is lost.
"""

from __future__ import annotations

import asyncio
import random
import signal
from collections import Counter
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.domain import ChannelId, MailId, StatusAnswer, Subscription, TeamId, UserId
from bot.monitoring.poller import MOST_AT_ONCE
from bot.sandbox.quickbi.limits import STATUS
from bot.sandbox.slack import ChangeKind
from bot.sandbox.slack.model import Message
from bot.sandbox.world import Status, World
from bot.store.store import open_store
from tests.chaos.proxy import Proxy, proxy
from tests.chaos.story import REPEAT_WORDS
from tests.support.forked_process import forked_bot
from tests.support.rig import BotProcess, Rig, read_log, rig

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.sandbox.quickbi.call_log import Call
    from bot.sandbox.slack import Change

TELLING = 10.0  # seconds for what is asked about to be told
TAKEOVER = 12.0  # seconds: a lease, the longest wait between two tries to lead, and the first looks
RECOVERY = 5.0  # seconds to connect again, or to lead after another has given the lease back
SLOWEST = 3.0  # times a round at full speed: a crowded machine is slower
COMMITS = 12  # a trap springs at one of so many
STOPPED_FOR = (17.0, 22.0)  # seconds of SIGSTOP: longer than a lease
TRAP_LIMIT = 20.0
BETWEEN_DEEDS = (2.0, 8.0)
STALL_FOR = (2.0, 8.0)
OVER = ("recovered", "a newer run was sent")  # what a message says of a failure that is over
_TAKES = timedelta(seconds=0.05)
_ACCOUNT_WINDOW = 0.99  # seconds; see bot.sandbox.quickbi.limits.TOLERANCE


class Deed(StrEnum):
    KILL = "kill"
    FREEZE = "freeze"  # SIGSTOP beyond the lease, then SIGCONT
    RESTART = "restart"  # SIGTERM
    CUT = "cut"
    STALL = "stall"
    SWALLOW = "swallow"
    AWAY = "away"  # the database cannot be reached by anybody
    TRAP = "trap"  # SIGKILL at the moment a message reaches Slack
    COMMIT = "commit"  # SIGKILL at the moment a transaction commits: just before or just after


@dataclass(kw_only=True, slots=True)
class Result:
    seed: int
    replicas: int
    failures: int = 0
    told: int = 0
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    marked_repeats: int = 0
    over: int = 0
    deeds: dict[str, int] = field(default_factory=dict)
    slowest: float = 0.0
    seconds: float = 0.0
    ok: bool = False


@dataclass(kw_only=True, slots=True)
class Failure:
    """`told_at` is when Slack first took something that tells it."""

    name: str
    channel_id: str
    began: float
    mail_id: str = ""
    ended: float = float("inf")
    told_at: float | None = None
    calls_before: int = 0
    round_over_at: float | None = None
    hits: list[Deed] = field(default_factory=list)  # on the leader
    posts: list[Message] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        return self.ended < float("inf")


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
class Play:
    """The mails' failures, and what Slack's channels were told."""

    stage: Rig
    mails: dict[str, str]  # mail ID -> channel ID
    luck: random.Random
    round_seconds: float
    failures: list[Failure] = field(default_factory=list)
    gaps: list[tuple[float, float]] = field(default_factory=list)  # in which nobody may lead
    standing: dict[str, Failure] = field(default_factory=dict)  # by channel

    def watch(self, change: Change) -> None:
        if not isinstance(change.subject, Message) or not change.subject.from_app:
            return
        message = change.subject
        failure = self.standing.get(message.channel_id)
        if failure is None:
            return
        is_late = any(words in message.text for words in OVER)  # before this one ended it is the one before
        tells = "failed" in message.text and (not is_late or failure.is_over)
        if tells and failure.told_at is None:
            failure.told_at = monotonic()
        if change.kind is ChangeKind.MESSAGE_POSTED:
            failure.posts.append(message)

    def hit(self, deed: Deed, *, seconds: float) -> None:
        """The leader is hit now: for so long nobody may lead."""
        self.gaps.append((monotonic(), monotonic() + seconds))
        for failure in self.standing.values():
            if not failure.is_over:
                failure.hits.append(deed)

    def has_stood(self, failure: Failure) -> bool:
        """It was the mail's latest run for long enough."""
        calls = len(self.stage.quickbi.ledger) - failure.calls_before
        if failure.round_over_at is None and calls >= len(self.mails) + MOST_AT_ONCE * len(failure.hits):
            failure.round_over_at = monotonic()
        last = end_of_wait(failure.began, SLOWEST * self.round_seconds + TELLING, self.gaps)
        if failure.round_over_at is not None:
            last = min(last, end_of_wait(failure.round_over_at, TELLING, self.gaps))
        return monotonic() >= last

    async def happen(self, stopped: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as group:
            for mail_id, channel_id in self.mails.items():
                group.create_task(self._live(mail_id, channel_id, stopped, random.Random(self.luck.random())))

    async def _live(self, mail_id: str, channel_id: str, stopped: asyncio.Event, luck: random.Random) -> None:
        name = self.stage.world.mail(mail_id).name
        stand = self.round_seconds + TELLING
        await _or_stopped(stopped, luck.uniform(0, stand))
        while not stopped.is_set():
            failure = Failure(
                name=name,
                mail_id=mail_id,
                channel_id=channel_id,
                began=monotonic(),
                calls_before=len(self.stage.quickbi.ledger),
            )
            self.failures.append(failure)
            self.standing[channel_id] = failure
            self.stage.world.run_now(mail_id, outcome=Status.FAILED, takes=_TAKES)
            while not self.has_stood(failure):  # noqa: ASYNC110 (calls and the hits of others count)
                await asyncio.sleep(0.25)
            failure.ended = monotonic()
            self.stage.world.run_now(mail_id, outcome=Status.SENT, takes=_TAKES)
            await _or_stopped(stopped, stand + luck.uniform(0, stand))


def end_of_wait(began: float, seconds: float, gaps: Sequence[tuple[float, float]]) -> float:
    """When `seconds` outside of all gaps have passed."""
    end = began + seconds
    counted_until = began
    for gap_began, gap_ended in sorted(gaps):
        first = max(gap_began, counted_until)
        if first < min(gap_ended, end):
            end += gap_ended - first
            counted_until = gap_ended
    return end


async def _or_stopped(stopped: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stopped.wait(), seconds)


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
        result.over = _over(stage, limit)
    result.seconds = round(monotonic() - begun, 1)
    result.ok = result.told > 0 and not (result.lost or result.twice or result.over)
    return result


def judge(result: Result, failures: Sequence[Failure], calls: Sequence[Call] = ()) -> None:
    """Count what was lost and what was told twice without saying that it may be a repeat.

    `calls` are those of the bots to Quick BI: a loss where few were made is another one than where many were.
    """
    result.failures = len(failures)
    for failure in failures:
        if failure.told_at is None:
            hits = ", ".join(failure.hits) or "nothing"
            stood = failure.ended - failure.began
            meanwhile = [call for call in calls if failure.began < call.arrived < failure.ended]
            asked = sum(call.mail_id == failure.mail_id for call in meanwhile)
            result.lost.append(
                f"{failure.name} stood {stood:.0f} s, leader hit by {hits}; asked about {asked} times, "
                f"{len({call.mail_id for call in meanwhile})} mails in {len(meanwhile)} calls"
            )
            continue
        result.told += 1
        result.slowest = round(max(result.slowest, failure.told_at - failure.began), 1)
        said = Counter((each.thread_ts, each.text) for each in failure.posts)
        heads = [each for each in failure.posts if each.thread_ts is None]
        extra = max(len(heads) - 1, 0) + sum(
            count - 1 for (thread, _), count in said.items() if thread is not None
        )
        marked = sum(REPEAT_WORDS in each.text for each in failure.posts)
        result.marked_repeats += min(extra, marked)
        if extra > marked:
            result.twice.append(f"{failure.name}: {[each.text for each in failure.posts]}")


def _over(stage: Rig, limit: float) -> int:
    """How many calls arrived as one more than the limit allows within a second."""
    arrived = [call.arrived for call in stage.quickbi.ledger.calls(STATUS)]
    most = max(1, int(limit))
    return sum(
        later - earlier < _ACCOUNT_WINDOW * most / limit
        for earlier, later in zip(arrived, arrived[most:], strict=False)
    )


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
