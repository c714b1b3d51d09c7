"""How long a name takes among thousands: resolved, searched, and as a typeahead through the real bot.

    python -m tests.benchmarks.directory [--mails 5000] [--rounds 30] [--json]

The floor is a plain substring scan over the same prepared names: the least that any search could do. These
count CPU, so that whatever else runs here does not. The typeahead is the whole way, by the clock: simulated
Slack, Socket Mode, the bot as a process of its own, and back. Ends with 1 where a name takes over 20 ms or a
typeahead over 100 ms at p95.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import track
from rich.table import Table

from bot.domain import Mail, MailId
from bot.mails.directory import MailDirectory
from bot.sandbox.world import World
from tests.support.rig import rig

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.domain import MailPage, StatusAnswer

RESOLVED_WITHIN, TYPED_WITHIN = 20.0, 100.0  # milliseconds
PARTS = (
    *("Daily", "Weekly", "Monthly", "Sales", "Ops", "Stock", "Margin", "Regional", "East", "West", "Store"),
    *(
        "Board Pack",
        "Finance",
        "Handover",
        "Churn",
        "Orders",
        "Returns",
        "Forecast",
        "Budget",
        "销售日报",
        "库存",
    ),
)
OWNERS = ("Lin Mei", "Ada Okafor", "王小明", "Sofia Rossi")


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """Milliseconds a question; `limit` is what p95 must stay under, `times_floor` compares medians."""

    name: str
    p50: float
    p95: float
    times_floor: float
    limit: float

    @property
    def is_fine(self) -> bool:
        return self.p95 < self.limit


class KeptMails:
    """A shelf with the mails, so that nothing has to be asked."""

    def __init__(self, mails: Sequence[Mail]) -> None:
        self._mails = tuple(mails)

    async def next_list_no(self) -> int:
        raise NotImplementedError

    async def save_mails(self, mails: Sequence[Mail], *, seen_at: datetime, list_no: int) -> None:
        raise NotImplementedError

    async def load_mails(self) -> tuple[Mail, ...]:
        return self._mails


class NoQuickBI:
    """Nobody asks: a directory answers by itself."""

    async def get_task_status(self, *_: object, **__: object) -> StatusAnswer:
        raise NotImplementedError

    async def list_mails(self, *, page: int = 1, page_size: int = 100) -> MailPage:
        raise NotImplementedError

    async def run_mail(self, mail_id: MailId) -> str:
        raise NotImplementedError


def made_up(count: int, chance: random.Random) -> list[Mail]:
    """Names that share most of their words, as names of reports do."""
    return [
        Mail(
            mail_id=MailId(f"{chance.getrandbits(128):032x}"),
            name=f"{' '.join(chance.sample(PARTS, chance.randint(2, 4)))} {number}",
            owner_name=chance.choice(OWNERS),
            paused=False,
        )
        for number in range(count)
    ]


def questions(mails: Sequence[Mail], chance: random.Random) -> list[str]:
    """Names as people type them: some right, most with slips, some in part, some of nothing."""
    names = [mail.name for mail in chance.sample(mails, min(12, len(mails)))]
    slips = [name[:3] + name[4:] for name in names]
    swapped = [name[:2] + name[3] + name[2] + name[4:] for name in names]
    return [*names, *slips, *swapped, "sales", "mei board", "销售", "no such thing at all", "x" * 100]


def timed(ask: Callable[[str], object], asked: Sequence[str], rounds: int) -> list[float]:
    """Milliseconds of CPU of each question."""
    took = []
    for _ in range(rounds):
        for words in asked:
            began = time.process_time()
            ask(words)
            took.append((time.process_time() - began) * 1000)
    return took


async def in_process(mails: Sequence[Mail], asked: Sequence[str], rounds: int) -> list[Result]:
    directory = MailDirectory(NoQuickBI(), KeptMails(mails), now=lambda: datetime.now(UTC))
    await directory.load()
    texts = [f"{mail.name} {mail.owner_name}".casefold() for mail in mails]
    floor = timed(lambda words: [text for text in texts if words in text], asked, rounds)
    resolved = timed(directory.resolve, asked, rounds)
    searched = timed(lambda words: directory.search(words, limit=50), asked, rounds)
    return [
        result("plain substring scan", floor, floor=floor),
        result("resolve a name", resolved, floor=floor, limit=RESOLVED_WITHIN),
        result("search while typing", searched, floor=floor, limit=TYPED_WITHIN),
    ]


async def typeahead(mails: Sequence[Mail], asked: Sequence[str], rounds: int, *, quiet: bool) -> Result:
    """Slack's own view of it: from the letters that were typed to the options that are offered."""
    world = World()
    for mail in mails:
        world.add_mail(mail.name, owner_name=mail.owner_name)
    took = []
    with tempfile.TemporaryDirectory() as folder:
        async with rig(Path(folder), world=world, calls_per_second=1) as stage:
            await stage.start_bot()
            await stage.slack.people.type_command("ada", "reports", "/mail-status")
            view = await stage.slack.changes.until(lambda: stage.slack.open_view("ada"), seconds=10)
            for _ in track(range(rounds), "typing", console=Console(stderr=True, quiet=quiet)):
                for words in asked:
                    outcome = await stage.slack.people.suggest("ada", "mail_search", words, view_id=view.id)
                    took.append(outcome.seconds * 1000)
    return result("typeahead, all the way", took, limit=TYPED_WITHIN)


def result(
    name: str, took: Sequence[float], *, floor: Sequence[float] = (), limit: float = float("inf")
) -> Result:
    times_floor = median(took) / median(floor) if floor else float("inf")
    return Result(
        name=name, p50=median(took), p95=quantiles(took, n=20)[-1], times_floor=times_floor, limit=limit
    )


def as_json(results: Sequence[Result], mails: int) -> str:
    figures = {
        each.name: {
            "p50_ms": round(each.p50, 2),
            "p95_ms": round(each.p95, 2),
            "times_floor": _figure(each.times_floor),
            "limit_ms": _figure(each.limit),
        }
        for each in results
    }
    return json.dumps({"mails": mails, **figures})


def _figure(value: float) -> float | None:
    """JSON knows no infinity."""
    return round(value, 2) if value < float("inf") else None


def as_table(results: Sequence[Result]) -> Table:
    table = Table("", "p50 ms", "p95 ms", "times the floor", "p95 under")
    for each in results:
        rest = ["–" if value == float("inf") else f"{value:.1f}" for value in (each.times_floor, each.limit)]
        table.add_row(each.name, f"{each.p50:.2f}", f"{each.p95:.2f}", *rest)
    return table


async def measure(*, mails: int, rounds: int, quiet: bool) -> list[Result]:
    chance = random.Random(1)
    known = made_up(mails, chance)
    asked = questions(known, chance)
    return [
        *await in_process(known, asked, rounds),
        await typeahead(known, asked, max(1, rounds // 5), quiet=quiet),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--mails", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--json", action="store_true", help="one line of JSON instead of a table")
    options = parser.parse_args()
    results = asyncio.run(measure(mails=options.mails, rounds=options.rounds, quiet=options.json))
    if options.json:
        print(as_json(results, options.mails))
    else:
        Console().print(as_table(results))
    return 0 if all(each.is_fine for each in results) else 1


if __name__ == "__main__":
    sys.exit(main())
