"""A rolling restart while people type: each of several bots on one PostgreSQL is restarted in turn, again and again.

Slack hands each command to any open connection. Every command must be acked, and answered with more than the request
to ask again.
"""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from bot.sandbox.slack.model import Answered, Message
from bot.slack.views import errors
from tests.chaos.replicas import Replica, fleet, start, subscribed_mails
from tests.support.rig import Rig

EVERY = 0.2  # seconds between two commands
MAILS = 20
CHANNELS = 100  # nobody types in one again before the command before is long answered
CALLS_PER_SECOND = 20.0  # what people wait for is the bot, not Quick BI
ANSWERED_WITHIN = 15.0  # seconds
_ASK_AGAIN = {errors.restarting().text, errors.interrupted().text}


@dataclass(kw_only=True, slots=True)
class Rolled:
    """What the run came to. Times are in seconds."""

    seed: int
    replicas: int
    rounds: int
    commands: int = 0
    not_acked: list[str] = field(default_factory=list)
    not_answered: list[str] = field(default_factory=list)
    slowest_ack: float = 0.0
    slowest_answer: float = 0.0
    slowest_restart: float = 0.0
    seconds: float = 0.0
    ok: bool = False


@dataclass(kw_only=True)
class Typists:
    """People who type, each command in the next channel."""

    stage: Rig
    luck: random.Random
    result: Rolled
    channels: list[str]

    async def type(self, stopped: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as group:
            while not stopped.is_set():
                group.create_task(self._command(self.channels[self.result.commands % CHANNELS]))
                self.result.commands += 1
                await asyncio.sleep(EVERY)

    async def _command(self, channel: str) -> None:
        text = self.luck.choice(
            [f"/mail-status Report {self.luck.randrange(MAILS):03}"] * 3
            + ["/mail-list", "/mail-subscriptions", "/mail-help"]
        )
        begun, before = monotonic(), len(self.stage.answers("ada", channel))
        outcome = await self.stage.slack.people.type_command("ada", channel, text)
        if outcome.answered is not Answered.ACKED:
            self.result.not_acked.append(f"{text}: {outcome.answered}")
            return
        self.result.slowest_ack = max(self.result.slowest_ack, round(outcome.seconds, 2))

        def answered() -> Message | None:
            return next(iter(self.stage.answers("ada", channel)[before:]), None)

        try:
            answer = await self.stage.slack.changes.until(answered, seconds=ANSWERED_WITHIN)
        except TimeoutError:
            self.result.not_answered.append(f"{text}: nothing")
            return
        self.result.slowest_answer = max(self.result.slowest_answer, round(monotonic() - begun, 2))
        if answer.text in _ASK_AGAIN:
            self.result.not_answered.append(f"{text}: {answer.text}")


async def rolling_restarts(
    server: str, *, replicas: int, rounds: int, seed: int, advance: Callable[[], None] = lambda: None
) -> Rolled:
    """`server`: see `fleet`."""
    luck, begun = random.Random(seed), monotonic()
    result = Rolled(seed=seed, replicas=replicas, rounds=rounds)
    async with fleet(server, replicas=replicas, calls_per_second=CALLS_PER_SECOND) as (stage, crew):
        await subscribed_mails(stage, MAILS)
        channels = [stage.slack.workspace.add_channel(f"people-{number}").id for number in range(CHANNELS)]
        await start(stage, crew)
        stopped = asyncio.Event()
        typists = Typists(stage=stage, luck=luck, result=result, channels=channels)
        async with asyncio.TaskGroup() as group:
            group.create_task(typists.type(stopped))
            for _ in range(rounds):
                for each in crew:
                    await _restart(each, result)
                    advance()
            stopped.set()
    result.seconds = round(monotonic() - begun, 1)
    result.ok = result.commands > 0 and not (result.not_acked or result.not_answered)
    return result


async def _restart(replica: Replica, result: Rolled) -> None:
    """The next one's turn is when this one takes commands again."""
    begun = monotonic()
    await replica.begin_anew(signal.SIGTERM)
    assert replica.bot
    await replica.bot.until_logged(" ready")
    result.slowest_restart = max(result.slowest_restart, round(monotonic() - begun, 2))
