"""A thousand mails fail together: how long until people know, in how many messages? Slack's limits are enforced.

python -m tests.benchmarks.storm [--mails 1000] [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import tempfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from statistics import quantiles
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from bot.domain import ChannelId, MailId, RunStatus, StatusAnswer, TaskId, TaskRun
from bot.sandbox.world import World
from tests.support.leader_stage import leader_stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.sandbox.slack.model import Entry
    from tests.support.leader_stage import LeaderStage

TIME_LIMIT = 600.0
LEADER = None
_SENDS = ("chat.postMessage", "chat.update")


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """Seconds from a failure's being known to the bot to its being in a message that Slack has taken."""

    case: str
    mails: int
    channels: int
    told: int
    p50: float
    p95: float
    longest: float
    messages: int
    edits: int
    rate_limited: int


async def storm(*, mails: int, channels: int, case: str, at_once: int | None = None) -> Result:
    """`at_once`: how many failures become known in a second (None: all of them, as fast as they are recorded)."""
    with tempfile.TemporaryDirectory(prefix="mailbot-storm-") as folder:
        async with leader_stage(f"sqlite:///{folder}/mailbot.db", world=World()) as stage:
            names = {f"mail{number:06}": f"Report {number:04}" for number in range(mails)}
            for mail_id, name in names.items():
                stage.world.add_mail(name, mail_id=mail_id)
            places = [stage.slack.workspace.add_channel(f"team-{number}").id for number in range(channels)]
            for number, mail_id in enumerate(names):
                await stage.subscribe(mail_id, channel=ChannelId(places[number % channels]))
            await stage.list_mails()
            await stage.start(polling=False)
            known_at = await _let_them_fail(stage, list(names), at_once)
            told_at = await _until_all_told(stage, set(names.values()))
            delays = sorted(
                (told_at[name] - known_at[mail_id]).total_seconds() for mail_id, name in names.items()
            )
            return _result(case, delays, channels, tuple(stage.slack.ledger))


async def _let_them_fail(
    stage: LeaderStage, mail_ids: Sequence[str], at_once: int | None
) -> dict[str, datetime]:
    known_at = {}
    exec_at = datetime.now(UTC) - timedelta(minutes=1)
    for number, mail_id in enumerate(mail_ids):
        run = TaskRun(
            mail_id=MailId(mail_id),
            task_id=TaskId(number + 1),
            exec_at=exec_at,
            status=RunStatus.FAILED,
            status_word="FAILED",
        )
        now = datetime.now(UTC)
        await stage.store.observations.record_answer(
            MailId(mail_id), StatusAnswer(runs=(run,), request_id="R"), now=now, term=LEADER
        )
        known_at[mail_id] = now
        stage.worker.wake()
        if at_once is not None:
            await asyncio.sleep(1 / at_once)
    return known_at


async def _until_all_told(stage: LeaderStage, names: set[str]) -> dict[str, datetime]:
    """When each mail's name was first in a message that Slack had taken."""
    told_at: dict[str, datetime] = {}
    seen = 0

    def all_told() -> bool:
        nonlocal seen
        for entry in stage.slack.ledger.since(seen):
            seen = entry.seq
            if entry.name in _SENDS and entry.outcome == "ok":
                text = str(entry.args.get("text", ""))
                for name in [each for each in names - told_at.keys() if each in text]:
                    told_at[name] = datetime.fromtimestamp(entry.at, UTC)
        return len(told_at) == len(names)

    await stage.slack.changes.until(all_told, seconds=TIME_LIMIT)
    return told_at


def _result(case: str, delays: list[float], channels: int, ledger: Sequence[Entry]) -> Result:
    marks = quantiles(delays, n=100, method="inclusive")
    return Result(
        case=case,
        mails=len(delays),
        channels=channels,
        told=len(delays),
        p50=round(marks[49], 2),
        p95=round(marks[94], 2),
        longest=round(delays[-1], 2),
        messages=sum(each.name == "chat.postMessage" and each.outcome == "ok" for each in ledger),
        edits=sum(each.name == "chat.update" and each.outcome == "ok" for each in ledger),
        rate_limited=sum(each.outcome == "ratelimited" for each in ledger),
    )


async def measure(mails: int) -> list[Result]:
    return [
        await storm(mails=mails, channels=1, case="one channel, all at once"),
        await storm(mails=mails, channels=1, case="one channel, 50 a second", at_once=50),
        await storm(mails=mails, channels=200, case="200 channels, all at once"),
    ]


def _show(results: list[Result]) -> None:
    table = Table("case", "mails", "p50 s", "p95 s", "longest s", "messages", "edits", "429s")
    for each in results:
        figures = (each.mails, each.p50, each.p95, each.longest, each.messages, each.edits, each.rate_limited)
        table.add_row(each.case, *map(str, figures))
    Console().print(table)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mails", type=int, default=1_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    results = asyncio.run(measure(options.mails))
    if options.json:
        print(json.dumps([asdict(each) for each in results], indent=2))
    else:
        _show(results)


if __name__ == "__main__":
    main()
