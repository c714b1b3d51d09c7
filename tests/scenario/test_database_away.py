"""PostgreSQL is taken away for longer than a lease, and comes back: what was seen meanwhile is told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bot.sandbox.quickbi.faults import Mode
from bot.sandbox.world import Status
from tests.support.leader_stage import leader_stage
from tests.support.postgres import postgres_server_that_stops

if TYPE_CHECKING:
    from tests.support.leader_stage import LeaderStage

AWAY = 14.0  # seconds: the lease is trusted for 6, and a look under way is waited for 5 more
ANSWER_TAKES = 3.0  # seconds: longer than the server needs to stop


async def until_asked(stage: LeaderStage, mail_id: str) -> None:
    """Wait for an answer about this mail that leaves Quick BI after now."""
    before = len(stage.quickbi.ledger)
    async with asyncio.timeout(20):
        while not any(  # noqa: ASYNC110 (a record tells nobody)
            call.mail_id == mail_id and call.outcome == "OK" for call in tuple(stage.quickbi.ledger)[before:]
        ):
            await asyncio.sleep(0.02)


@pytest.mark.waits
async def test_a_failure_seen_while_the_database_was_away_is_told() -> None:
    """It was the only look that could see it: by the time that the database is back, the next run was sent."""
    with postgres_server_that_stops() as server:
        async with leader_stage(server.url, check_interval=0.5) as stage:
            mail_id = await stage.watch("Daily Sales")
            await stage.start()
            await stage.until_looked(times=3)
            stage.quickbi.faults.add(Mode.SLOW, seconds=ANSWER_TAKES)
            stage.run(mail_id, Status.FAILED)
            await until_asked(stage, mail_id)
            await asyncio.to_thread(server.stop)
            stage.quickbi.faults.clear()
            await asyncio.sleep(1.1)  # Quick BI tells when a run started to the second
            stage.run(mail_id, Status.SENT)
            await asyncio.sleep(AWAY)
            assert stage.posts() == []
            await asyncio.to_thread(server.start)
            told = await stage.until_said("Daily Sales", seconds=40)
            assert "failed" in told.text
            await stage.until_looked(times=2, seconds=30)
            assert sum("Daily Sales" in one.text for one in stage.posts() if one.thread_ts is None) == 1
