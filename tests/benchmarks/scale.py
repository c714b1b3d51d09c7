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
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import event, insert

from bot.domain import EVERY_EVENT
from bot.sandbox.world import Status, World
from bot.store.store import open_store
from bot.store.tables import counters, mails, subscriptions, watches
from tests.rig import Rig, rig
from tests.telling import telling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.sandbox.quickbi.ledger import Ledger
    from bot.sandbox.world import Mail
    from bot.store.store import Store

FEW = 100
CHANNELS = 200
LOOKS_A_SECOND = 40
WARM_UP = 20.0  # seconds: the directory is read, every import is made
COUNTED_LOOKS = 200
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """`ready_s`: from the start of the process, of which it computed for `ready_cpu_s`. Memory is in MiB.

    A look: CPU of the process, SQL of the leader.
    """

    subscriptions: int
    ready_s: float
    ready_cpu_s: float
    looks: int
    memory_before: float
    memory_after: float
    cpu_ms_a_look: float
    statements_a_look: float


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
    world = _world(count)
    with tempfile.TemporaryDirectory(prefix="mailbot-scale-") as folder:
        interval = str(max(1, count // LOOKS_A_SECOND))
        settings = {"QUICKBI_CHECK_INTERVAL": interval, "LOG_LEVEL": "INFO"}
        async with rig(
            Path(folder), world=world, calls_per_second=LOOKS_A_SECOND, settings=settings
        ) as stage:
            async with open_store(stage.environment()["DATABASE_URL"]) as store:
                await _subscribe(store, stage.slack.team_id, world.mails())
            ready_s, ready_cpu_s, looks, before, after = await _live(stage, minutes)
    return Result(
        subscriptions=count,
        ready_s=round(ready_s, 2),
        ready_cpu_s=round(ready_cpu_s, 2),
        looks=looks,
        memory_before=round(before.memory, 1),
        memory_after=round(after.memory, 1),
        cpu_ms_a_look=round((after.cpu_s - before.cpu_s) / looks * 1_000, 2),
        statements_a_look=round(await _statements_a_look(count), 1),
    )


async def _live(stage: Rig, minutes: float) -> tuple[float, float, int, Vitals, Vitals]:
    begun = monotonic()
    stage.bot = await stage.launch()
    await stage.bot.until_logged(" ready")
    ready_s, ready_cpu_s = monotonic() - begun, Vitals.of(stage.bot.process.pid).cpu_s
    await asyncio.sleep(WARM_UP)
    before, looked = Vitals.of(stage.bot.process.pid), _looks(stage.quickbi.ledger)
    await asyncio.sleep(60 * minutes)
    after, looks = Vitals.of(stage.bot.process.pid), _looks(stage.quickbi.ledger) - looked
    await stage.bot.stop()
    return ready_s, ready_cpu_s, looks, before, after


async def _statements_a_look(count: int) -> float:
    """Counted in this process, with everything else that the leader does meanwhile."""
    world = _world(count)
    with tempfile.TemporaryDirectory(prefix="mailbot-scale-") as folder:
        async with telling(
            f"sqlite:///{folder}/mailbot.db",
            world=world,
            calls_per_second=LOOKS_A_SECOND,
            check_interval=max(1.0, count / LOOKS_A_SECOND),
        ) as stage:
            await _subscribe(stage.store, stage.slack.team_id, world.mails())
            await stage.start()
            await stage.until_looked(times=2 * FEW, seconds=120)
            counted = 0

            def executes(*_: Any) -> None:
                nonlocal counted
                counted += 1

            engine = stage.store.database._engine.sync_engine
            event.listen(engine, "before_cursor_execute", executes)
            before = stage.poller.pulse.calls
            await stage.until_looked(times=COUNTED_LOOKS, seconds=120)
            return counted / (stage.poller.pulse.calls - before)


def _world(count: int) -> World:
    """Mails that were sent once, and do nothing more."""
    world = World()
    for number in range(count):
        mail = world.add_mail(f"Report {number:05}")
        world.run_now(mail.mail_id, takes=timedelta(0), outcome=Status.SENT)
    return world


async def _subscribe(store: Store, team_id: str, listed: Sequence[Mail]) -> None:
    """As if each had been subscribed long ago: in one transaction, for ten thousand take minutes."""
    now = datetime.now(UTC)
    events = ",".join(sorted(EVERY_EVENT))
    async with store.database.writing() as connection:
        await connection.execute(
            insert(subscriptions),
            [
                {
                    "channel_id": f"C{number % CHANNELS:09}",
                    "mail_id": mail.mail_id,
                    "team_id": team_id,
                    "created_by": "U0ADA00001",
                    "created_at": now,
                    "due": None,
                    "events": events,
                    "late_learned": True,
                    "snoozed_until": None,
                    "snoozed_until_recovered": False,
                }
                for number, mail in enumerate(listed)
            ],
        )
        await connection.execute(
            insert(watches),
            [
                {
                    "mail_id": mail.mail_id,
                    "is_watched": True,
                    "has_baseline": True,
                    "memory": None,
                    "looked_at": now,
                    "denied_at": None,
                    "expects_run_at": None,
                    "change_no": number,
                }
                for number, mail in enumerate(listed, start=1)
            ],
        )
        await connection.execute(insert(counters), [{"name": "watches", "value": len(listed)}])
        await connection.execute(
            insert(mails),
            [
                {
                    "mail_id": mail.mail_id,
                    "name": mail.name,
                    "owner_name": mail.owner_name,
                    "paused": False,
                    "seen_at": now,
                    "gone_at": None,
                }
                for mail in listed
            ],
        )


def _looks(ledger: Ledger) -> int:
    return sum(call.action == "GetMailTaskStatus" for call in ledger)


def _show(results: Sequence[Result]) -> None:
    table = Table(
        "subscriptions", "ready s", "looks", "MiB before", "MiB after", "CPU ms a look", "SQL a look"
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
