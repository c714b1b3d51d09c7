"""What is done to several bots on one PostgreSQL: they are killed, stopped and cut off from it.

Each mail has a channel of its own, so that whatever is said there is about it.
"""

from __future__ import annotations

import asyncio
import random
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic

from bot.sandbox.slack import Change, ChangeKind
from tests.chaos.failures import Deed, Play, Result, calls_over, judge
from tests.chaos.replicas import Replica, fleet, start, subscribed_mails

COMMITS = 12  # a trap springs at one of so many
STOPPED_FOR = (17.0, 22.0)  # seconds of SIGSTOP: longer than a lease
LATE_BY = (24.0, 28.0)  # seconds: another has taken over, looked for the message and sent it
TRAP_LIMIT = 20.0
BETWEEN_DEEDS = (2.0, 8.0)
STALL_FOR = (2.0, 8.0)


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
        if (is_hit and deed not in {Deed.TRAP, Deed.COMMIT, Deed.LATE}) or deed is Deed.AWAY:
            self.play.hit(deed)
        match deed:
            case Deed.KILL | Deed.RESTART:
                await victim.begin_anew(signal.SIGKILL if deed is Deed.KILL else signal.SIGTERM)
            case Deed.FREEZE:
                await victim.freeze(self.luck.uniform(*STOPPED_FOR))
            case Deed.CUT:
                victim.proxy.cut()
            case Deed.SWALLOW:
                victim.proxy.swallow()
            case Deed.STALL:
                await victim.proxy.stall(seconds)
            case Deed.AWAY:
                await asyncio.gather(*(each.proxy.be_away(seconds) for each in self.replicas))
            case Deed.TRAP | Deed.COMMIT | Deed.LATE:
                await self._spring(deed, victim)

    async def _spring(self, trap: Deed, victim: Replica) -> None:
        match trap:
            case Deed.TRAP:
                await self._kill_when_posted()
            case Deed.COMMIT:
                await self._kill_at_commit(victim)
            case _:
                await self._stop_before_a_message(
                    next((each for each in self.replicas if each.leads), victim)
                )

    async def _kill_when_posted(self) -> None:
        """The leader dies when Slack has its message and before it has Slack's answer."""
        killed: list[Replica] = []
        sprung = asyncio.Event()

        def spring(change: Change) -> None:
            if change.kind is ChangeKind.MESSAGE_POSTED and not killed:
                killed.extend(each for each in self.replicas if each.leads)
                for each in killed:
                    each.send(signal.SIGKILL)
                self.play.hit(Deed.TRAP)
                sprung.set()

        with self.play.stage.slack.changes.subscribe(spring), suppress(TimeoutError):
            async with asyncio.timeout(TRAP_LIMIT):
                await sprung.wait()
        for each in killed:
            await each.begin_anew(signal.SIGKILL)

    async def _stop_before_a_message(self, victim: Replica) -> None:
        """It wakes up when the message that it was about to write has been sent by another."""
        victim.send(signal.SIGUSR1)
        try:
            async with asyncio.timeout(TRAP_LIMIT):
                while victim.state != "T":  # noqa: ASYNC110 (a file)
                    await asyncio.sleep(0.02)
        except TimeoutError:  # it must not stop later, when nobody would wake it
            await victim.begin_anew(signal.SIGKILL)
            return
        self.play.hit(Deed.LATE)
        await victim.freeze(self.luck.uniform(*LATE_BY))

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
                self.play.hit(Deed.COMMIT)
            victim.send(signal.SIGKILL)
            sprung.set()
            return is_passed

        victim.proxy.may_commit = spring
        with suppress(TimeoutError):
            async with asyncio.timeout(TRAP_LIMIT):
                await sprung.wait()
        victim.proxy.may_commit = lambda: True
        if sprung.is_set():
            await victim.begin_anew(signal.SIGKILL)


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
    """`server` and `apart`: see `fleet`."""
    luck, begun = random.Random(seed), monotonic()
    result = Result(seed=seed, replicas=replicas)
    async with fleet(server, replicas=replicas, calls_per_second=limit, apart=apart) as (stage, crew):
        play = Play(stage=stage, mails=await subscribed_mails(stage, mails), luck=luck, limit=limit)
        await start(stage, crew)
        mischief = Mischief(replicas=crew, play=play, luck=luck, advance=advance)
        stopped, watched = asyncio.Event(), monotonic()
        with stage.slack.changes.subscribe(play.watch):
            watching = asyncio.create_task(play.gaps.watch(lambda: any(each.is_at_work for each in crew)))
            happening = asyncio.create_task(play.happen(stopped))
            try:
                await mischief.deeds(deeds, kinds)
                stopped.set()
                await happening
            finally:
                watching.cancel()
                happening.cancel()
        result.deeds = dict(sorted(mischief.done.items()))
        play.measure(result, since=watched)
        judge(result, play)
        result.over = calls_over(stage, limit)
    result.seconds = round(monotonic() - begun, 1)
    result.ok = result.told > 0 and not (result.lost or result.twice or result.over)
    return result
