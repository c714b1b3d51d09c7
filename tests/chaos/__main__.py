"""Kill the real bot at random moments and at every step between seeing and marking; then ask the simulated Slack.

    python -m tests.chaos --kills 200 --seed 1 [--without-history] [--json]
    python -m tests.chaos --replicas 3 --deeds 60 --limit 4 --mails 80 --seed 1 [--json]
    python -m tests.chaos --replicas 3 --rolling 10 [--json]

The second and the third start several bots on one PostgreSQL; see `tests.chaos.under_fire` and `.rolling`.

Without `channels:history` nobody can look whether a message arrived: then at most one repeat a kill is
allowed, and each says that it may be one. Exit code 0 only if the promise held.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import tempfile
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress

from bot.domain import ChannelId, MailId, StatusAnswer, Subscription, TeamId, UserId
from bot.sandbox.slack import ChangeKind
from bot.sandbox.world import World
from bot.store.store import open_store
from tests.chaos.failures import Result
from tests.chaos.rolling import Rolled, rolling_restarts
from tests.chaos.steps import ONCE_IN_A_LIFE, Step, deaths
from tests.chaos.story import Actor, Story
from tests.chaos.under_fire import replicas_under_fire
from tests.support.postgres import running_postgres
from tests.support.rig import Rig, rig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bot.sandbox.slack import Change

MAILS, CHANNELS = 12, 4
SHORTEST_LIFE, LONGEST_LIFE = 0.3, 3.0  # seconds until a death at a random moment
TRAP_LIMIT = 30.0  # seconds: a step that is not reached by then is not reached
LAST_LIFE_LIMIT = 120.0
HISTORY_SCOPES = ("channels:history", "groups:history", "im:history")


@dataclass(kw_only=True, slots=True)
class Outcome:
    """What the run came to. `repeated_unmarked` are repeats that do not say so.

    `by_step` counts the deaths that were died at their step; `not_reached` the steps that did not come.
    """

    seed: int
    kills: int = 0
    by_step: dict[str, int] = field(default_factory=dict)
    not_reached: dict[str, int] = field(default_factory=dict)
    with_reconciliation: bool = True
    told: int = 0
    lost: list[str] = field(default_factory=list)
    repeated: int = 0
    repeated_unmarked: int = 0
    sends_while_limited: int = 0
    slowest: float = 0.0
    seconds: float = 0.0
    ok: bool = False


class Life:
    """One process of the bot: born from the nursery, dead by SIGKILL or by ours."""

    def __init__(self, nursery: asyncio.subprocess.Process) -> None:
        self._nursery = nursery
        self.pid = 0

    async def begin(self, step: Step | None, nth: int) -> None:
        own = step is not None and step is not Step.ACCEPTED
        assert self._nursery.stdin
        self._nursery.stdin.write(f"{step} {nth}\n".encode() if own else b"- 0\n")
        await self._nursery.stdin.drain()
        self.pid = int(await self._line())

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, how)

    async def end(self) -> None:
        await self._line()

    async def _line(self) -> str:
        assert self._nursery.stdout
        line = await self._nursery.stdout.readline()
        if not line:
            raise RuntimeError("the nursery is gone")
        return line.decode().split()[-1]


async def chaos(
    *,
    kills: int,
    seed: int,
    with_history: bool,
    progress: Progress,
    plan: Iterable[Step | None] | None = None,
) -> Outcome:
    """`plan` says where each life ends; without it every step has its turn."""
    luck = random.Random(seed)
    plan = plan or deaths(luck, with_history=with_history)
    outcome = Outcome(seed=seed, with_reconciliation=with_history)
    bar = partial(progress.advance, progress.add_task("kills", total=kills))
    begun = monotonic()
    with tempfile.TemporaryDirectory(prefix="mailbot-chaos-") as folder:
        settings = {"QUICKBI_CHECK_INTERVAL": "1", "LOG_LEVEL": "WARNING"}
        async with rig(Path(folder), world=World(), calls_per_second=40, settings=settings) as stage:
            if not with_history:
                stage.slack.withhold_scopes(HISTORY_SCOPES)
            story = Story(
                slack=stage.slack,
                world=stage.world,
                actors=await _cast(stage, luck),
                random=luck,
                database=Path(folder) / "mailbot.db",
            )
            nursery = await _nursery(stage, Path(folder))
            playing = asyncio.create_task(story.play())
            try:
                await _kill_again_and_again(
                    stage, nursery, islice(plan, kills), luck, outcome=outcome, bar=bar
                )
                await _last_life(nursery, story, playing)
            finally:
                playing.cancel()
                nursery.kill()
                await nursery.wait()
            outcome.told = sum(story.expected.values())
            outcome.lost = story.lost()
            outcome.repeated, outcome.repeated_unmarked = story.repeated()
            outcome.sends_while_limited = stage.slack.ledger.sends_while_limited()
            outcome.slowest = round(story.slowest, 1)
    outcome.seconds = round(monotonic() - begun, 1)
    outcome.ok = _held(outcome)
    return outcome


def _held(outcome: Outcome) -> bool:
    if outcome.lost or outcome.repeated_unmarked or outcome.sends_while_limited:
        return False
    return outcome.repeated <= (0 if outcome.with_reconciliation else outcome.kills)


async def _cast(stage: Rig, luck: random.Random) -> tuple[Actor, ...]:
    """Mails, each subscribed by one or two of the channels."""
    channel_ids = [stage.slack.workspace.add_channel(f"team-{number}").id for number in range(CHANNELS)]
    actors = []
    async with open_store(stage.environment()["DATABASE_URL"]) as store:
        for number in range(MAILS):
            mail = stage.world.add_mail(f"Report {number:02}")
            chosen = luck.sample(channel_ids, k=luck.choice([1, 1, 2]))
            for channel_id in chosen:
                wish = Subscription(
                    team_id=TeamId(stage.slack.team_id),
                    channel_id=ChannelId(channel_id),
                    mail_id=MailId(mail.mail_id),
                    created_by=UserId("U0ADA00001"),
                    created_at=datetime.now(UTC),
                )
                await store.subscriptions.subscribe(wish, baseline=StatusAnswer(runs=(), request_id=""))
            actors.append(Actor(mail_id=mail.mail_id, name=mail.name, channel_ids=tuple(chosen)))
    return tuple(actors)


async def _nursery(stage: Rig, folder: Path) -> asyncio.subprocess.Process:
    with (folder / "bot.log").open("wb") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.chaos.nursery",
            cwd=folder,
            env=stage.environment() | {"PYTHONPATH": str(Path(__file__).parents[2])},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )


async def _kill_again_and_again(
    stage: Rig,
    nursery: asyncio.subprocess.Process,
    plan: Iterable[Step | None],
    luck: random.Random,
    *,
    outcome: Outcome,
    bar: Callable[[], None],
) -> None:
    by_step: Counter[str] = Counter()
    not_reached: Counter[str] = Counter()
    for step in plan:
        if await _live_and_die(stage, nursery, step, luck):
            by_step[step or "moment"] += 1
        else:
            not_reached[step or "moment"] += 1
        outcome.kills += 1
        bar()
    outcome.by_step = dict(sorted(by_step.items()))
    outcome.not_reached = dict(sorted(not_reached.items()))


async def _live_and_die(
    stage: Rig, nursery: asyncio.subprocess.Process, step: Step | None, luck: random.Random
) -> bool:
    """One life, ended at its step or (None) at a random moment. Returns whether it ended as it should."""
    life = Life(nursery)
    await life.begin(step, 1 if step in ONCE_IN_A_LIFE else luck.randint(1, 3))
    dying = asyncio.create_task(life.end())
    taken = luck.randint(1, 3)

    def accepted(change: Change) -> None:
        nonlocal taken
        if step is Step.ACCEPTED and change.kind is ChangeKind.MESSAGE_POSTED:
            taken -= 1
            if taken == 0:
                life.kill()

    with stage.slack.changes.subscribe(accepted):
        limit = luck.uniform(SHORTEST_LIFE, LONGEST_LIFE) if step is None else TRAP_LIMIT
        done, _ = await asyncio.wait({dying}, timeout=limit)
        if not done:
            life.kill()
            await dying
    return bool(done) or step is None


async def _last_life(nursery: asyncio.subprocess.Process, story: Story, playing: asyncio.Task[None]) -> None:
    """Let it live, and let what has begun come to its end. What is not told by then is lost."""
    life = Life(nursery)
    await life.begin(None, 0)
    story.is_ending = True
    with suppress(TimeoutError):
        async with asyncio.timeout(LAST_LIFE_LIMIT):
            await asyncio.shield(playing)
    await asyncio.sleep(2.0)  # a late repeat would come now
    life.kill(signal.SIGTERM)
    await life.end()


def _show(outcome: Outcome | Result | Rolled, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(outcome), indent=2))
    else:
        Console().print(asdict(outcome))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--without-history", action="store_true")
    parser.add_argument("--replicas", type=int, default=0, help="so many bots on one PostgreSQL")
    parser.add_argument("--rolling", type=int, default=0, help="restart each in turn, so many times")
    parser.add_argument("--deeds", type=int, default=60, help="kills, stops, restarts, cuts in all")
    parser.add_argument("--limit", type=float, default=4.0, help="Quick BI's calls a second")
    parser.add_argument("--mails", type=int, default=80)
    parser.add_argument("--apart", type=float, default=1.0, help="seconds between the clocks of two bots")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.replicas:
        return _replicas(options)
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
        outcome = asyncio.run(
            chaos(
                kills=options.kills,
                seed=options.seed,
                with_history=not options.without_history,
                progress=progress,
            )
        )
    _show(outcome, as_json=options.json)
    return 0 if outcome.ok else 1


def _replicas(options: argparse.Namespace) -> int:
    with running_postgres() as server, Progress(console=Console(stderr=True)) as progress:
        total = options.rolling * options.replicas or options.deeds
        advance = partial(progress.advance, progress.add_task("restarts or deeds", total=total))
        run = _rolling if options.rolling else _under_fire
        result = asyncio.run(run(options, server, advance))
    _show(result, as_json=options.json)
    return 0 if result.ok else 1


async def _rolling(options: argparse.Namespace, server: str, advance: Callable[[], None]) -> Result | Rolled:
    return await rolling_restarts(
        server, replicas=options.replicas, rounds=options.rolling, seed=options.seed, advance=advance
    )


async def _under_fire(
    options: argparse.Namespace, server: str, advance: Callable[[], None]
) -> Result | Rolled:
    return await replicas_under_fire(
        server,
        replicas=options.replicas,
        deeds=options.deeds,
        limit=options.limit,
        mails=options.mails,
        seed=options.seed,
        apart=options.apart,
        advance=advance,
    )


if __name__ == "__main__":
    sys.exit(main())
