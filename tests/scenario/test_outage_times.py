"""How soon people know, with the production check interval and one mail: minutes pass by the bot's clock only."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain import NotifyReason
from bot.domain.incident_rules import CONFIRM_AFTER
from bot.domain.outage_rules import TOLD_AFTER
from bot.monitoring.outages import PROBE_EVERY
from bot.sandbox.quickbi.faults import Mode
from tests.support.leader_stage import leader_stage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from tests.support.leader_stage import LeaderStage

CHECK_INTERVAL = timedelta(seconds=300)
OPERATORS = "finance"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[LeaderStage]:
    """A leader that has looked at the one mail that it watches."""
    async with leader_stage(
        f"sqlite:///{tmp_path}/mailbot.db", check_interval=CHECK_INTERVAL.total_seconds()
    ) as stage:
        await stage.start()
        yield stage


async def becomes_true(is_true: Callable[[], Awaitable[bool]], *, seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not await is_true():  # noqa: ASYNC110 (what the bot knows by now tells nobody)
            await asyncio.sleep(0.02)


async def until_answered(stage: LeaderStage) -> None:
    async def answered() -> bool:
        return stage.poller.stats.last_answer_at is not None

    await becomes_true(answered)


@pytest.mark.parametrize("is_restarted", [False, True], ids=["", "restarted meanwhile"])
async def test_an_outage_is_told_after_three_minutes_and_its_end_within_half_a_minute(
    stage: LeaderStage, *, is_restarted: bool
) -> None:
    """Nobody waits for the mail's next regular look."""
    await stage.watch("Daily Sales")
    await until_answered(stage)
    stage.quickbi.faults.add(Mode.DOWN)
    stage.clock_error += CHECK_INTERVAL

    async def has_begun() -> bool:
        return await stage.store.outages.current() is not None

    await becomes_true(has_begun)
    stage.clock_error += TOLD_AFTER
    await stage.until_said("not been able to reach Quick BI", channel=OPERATORS, seconds=20)
    if is_restarted:
        await stage.stop()
        await stage.start()
    stage.quickbi.faults.clear()
    stage.clock_error += PROBE_EVERY
    over = await stage.until_said("I can reach Quick BI again", channel=OPERATORS, seconds=40)
    assert "after 3 min" in over.text or "after 4 min" in over.text


async def test_a_mail_that_is_gone_is_told_after_one_more_look(stage: LeaderStage) -> None:
    """The second look comes when it can confirm the first, not with the next round of mails that rest."""
    mail_id = await stage.watch("Daily Sales")
    await until_answered(stage)
    stage.world.delete(mail_id)
    stage.clock_error += CHECK_INTERVAL

    async def is_doubted() -> bool:
        return NotifyReason.UNCONFIRMED in stage.poller.stats.outcomes

    await becomes_true(is_doubted)
    stage.clock_error += CONFIRM_AFTER
    await stage.until_said("can no longer be seen", seconds=20)
