"""Ten thousand subscriptions: how soon the real bot is ready, does its memory stay, and what does a look cost?

python -m tests.benchmarks.scale [--mails 10000] [--minutes 3] [--json]

Each case is a process of its own between the simulations, looking faster than Quick BI would allow. The cost of
a look must not depend on how many mails are watched: a hundred are measured beside.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from time import monotonic
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import event

from bot.store.store import open_store
from tests.benchmarks.seasoned import Seasoned
from tests.support.leader_stage import leader_stage
from tests.support.rig import Rig, rig

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.sandbox.quickbi.call_log import CallLog

FEW = 100
LOOKS_A_SECOND = 40
STARTS = 3  # of which the middle one counts
WARM_UP = 20.0  # seconds: the directory is read, every import is made
COUNTED_LOOKS = 200
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """Seconds from the start of the process, and how long it computed in them. Memory is in MiB.

    `ready`: people's commands are answered, and mails are asked about. `all_known`: what was learned of every
    mail is loaded, too; people are answered meanwhile.
    A look: CPU of the process, SQL of the leader.
    """

    subscriptions: int
    ready_s: float
    ready_cpu_s: float
    all_known_s: float
    all_known_cpu_s: float
    looks: int
    memory_before: float
    memory_after: float
    cpu_ms_a_look: float
    statements_a_look: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    ready_s: float
    ready_cpu_s: float
    all_known_s: float
    all_known_cpu_s: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Vitals:
    cpu_s: float
    memory: float

    @classmethod
    def of(cls, pid: int) -> Vitals:
        """As Linux tells them."""
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        resident = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
        return cls(cpu_s=(int(stat[11]) + int(stat[12])) / _TICKS, memory=resident * _PAGE / _MEBIBYTE)


async def scale(count: int, *, minutes: float) -> Result:
    seasoned = Seasoned(count)
    with tempfile.TemporaryDirectory(prefix="mailbot-scale-") as folder:
        interval = str(max(1, count // LOOKS_A_SECOND))
        settings = {"QUICKBI_CHECK_INTERVAL": interval, "LOG_LEVEL": "INFO"}
        async with rig(
            Path(folder), world=seasoned.world, calls_per_second=LOOKS_A_SECOND, settings=settings
        ) as stage:
            async with open_store(stage.environment()["DATABASE_URL"]) as store:
                await seasoned.fill(store, stage.slack.team_id)
            starts = [await _start(stage) for _ in range(STARTS)]
            looks, before, after = await _live(stage, minutes)
    return Result(
        subscriptions=count,
        ready_s=round(median(start.ready_s for start in starts), 2),
        ready_cpu_s=round(median(start.ready_cpu_s for start in starts), 2),
        all_known_s=round(median(start.all_known_s for start in starts), 2),
        all_known_cpu_s=round(median(start.all_known_cpu_s for start in starts), 2),
        looks=looks,
        memory_before=round(before.memory, 1),
        memory_after=round(after.memory, 1),
        cpu_ms_a_look=round((after.cpu_s - before.cpu_s) / looks * 1_000, 2) if looks else 0.0,
        statements_a_look=round(await _statements_a_look(count), 1),
    )


async def _start(stage: Rig) -> Start:
    """Leaves the bot running. The one before it is ended first."""
    if stage.bot is not None:
        await stage.bot.stop()
    begun = monotonic()
    bot = stage.bot = await stage.launch_python()
    await bot.until_logged(" ready")
    await bot.until_logged(" polling")
    ready_s, ready_cpu_s = monotonic() - begun, Vitals.of(bot.process.pid).cpu_s
    await bot.until_logged(" watching")
    return Start(
        ready_s=ready_s,
        ready_cpu_s=ready_cpu_s,
        all_known_s=monotonic() - begun,
        all_known_cpu_s=Vitals.of(bot.process.pid).cpu_s,
    )


async def _live(stage: Rig, minutes: float) -> tuple[int, Vitals, Vitals]:
    """How many looks there are in that time, and how the process is before and after."""
    assert stage.bot
    await asyncio.sleep(WARM_UP)
    before, looked = Vitals.of(stage.bot.process.pid), _looks(stage.quickbi.ledger)
    await asyncio.sleep(60 * minutes)
    after, looks = Vitals.of(stage.bot.process.pid), _looks(stage.quickbi.ledger) - looked
    await stage.bot.stop()
    return looks, before, after


async def _statements_a_look(count: int) -> float:
    """Counted in this process, with everything else that the leader does meanwhile."""
    seasoned = Seasoned(count)
    with tempfile.TemporaryDirectory(prefix="mailbot-scale-") as folder:
        async with leader_stage(
            f"sqlite:///{folder}/mailbot.db",
            world=seasoned.world,
            calls_per_second=LOOKS_A_SECOND,
            check_interval=max(1.0, count / LOOKS_A_SECOND),
        ) as stage:
            await seasoned.fill(stage.store, stage.slack.team_id)
            await stage.start()
            await stage.until_looked(times=2 * FEW, seconds=120)
            counted = 0

            def executes(*_: Any) -> None:
                nonlocal counted
                counted += 1

            engine = stage.store.database._engine.sync_engine
            event.listen(engine, "before_cursor_execute", executes)
            before = stage.poller.stats.calls
            await stage.until_looked(times=COUNTED_LOOKS, seconds=120)
            return counted / (stage.poller.stats.calls - before)


def _looks(ledger: CallLog) -> int:
    return sum(call.action == "GetMailTaskStatus" for call in ledger)


def _show(results: Sequence[Result]) -> None:
    table = Table(
        "subscriptions",
        "ready s",
        "CPU s until then",
        "all known s",
        "CPU s until then",
        "looks",
        "MiB before",
        "MiB after",
        "CPU ms a look",
        "SQL a look",
    )
    for each in results:
        table.add_row(*map(str, asdict(each).values()))
    Console().print(table)


async def measure(count: int, minutes: float) -> list[Result]:
    return [await scale(each, minutes=minutes) for each in (FEW, count)]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mails", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results = asyncio.run(measure(options.mails, options.minutes))
    if options.json:
        print(json.dumps([asdict(each) for each in results], indent=2))
    else:
        _show(results)


if __name__ == "__main__":
    main()
