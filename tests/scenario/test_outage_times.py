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
from tests.support.telling import telling

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from tests.support.telling import Telling

CHECK_INTERVAL = timedelta(seconds=300)
OPERATORS = "finance"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Telling]:
    """A leader that has looked at the one mail that it watches."""
    async with telling(
        f"sqlite:///{tmp_path}/mailbot.db", check_interval=CHECK_INTERVAL.total_seconds()
    ) as desk:
        await desk.start()
        yield desk


async def becomes_true(is_true: Callable[[], Awaitable[bool]], *, seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not await is_true():  # noqa: ASYNC110 (what the bot knows by now tells nobody)
            await asyncio.sleep(0.02)


async def until_answered(desk: Telling) -> None:
    async def answered() -> bool:
        return desk.poller.stats.last_answer_at is not None

    await becomes_true(answered)


@pytest.mark.parametrize("is_restarted", [False, True], ids=["", "restarted meanwhile"])
async def test_an_outage_is_told_after_three_minutes_and_its_end_within_half_a_minute(
    desk: Telling, *, is_restarted: bool
) -> None:
    """Nobody waits for the mail's next regular look."""
    await desk.watch("Daily Sales")
    await until_answered(desk)
    desk.quickbi.faults.add(Mode.DOWN)
    desk.clock_error += CHECK_INTERVAL

    async def has_begun() -> bool:
        return await desk.store.outages.current() is not None

    await becomes_true(has_begun)
    desk.clock_error += TOLD_AFTER
    await desk.until_said("not been able to reach Quick BI", channel=OPERATORS, seconds=20)
    if is_restarted:
        await desk.stop()
        await desk.start()
    desk.quickbi.faults.clear()
    desk.clock_error += PROBE_EVERY
    over = await desk.until_said("Quick BI can be asked again", channel=OPERATORS, seconds=40)
    assert "after 3 min" in over.text or "after 4 min" in over.text


async def test_a_mail_that_is_gone_is_told_after_one_more_look(desk: Telling) -> None:
    """The second look comes when it can confirm the first, not with the next round of mails that rest."""
    mail_id = await desk.watch("Daily Sales")
    await until_answered(desk)
    desk.world.delete(mail_id)
    desk.clock_error += CHECK_INTERVAL

    async def is_doubted() -> bool:
        return NotifyReason.UNCONFIRMED in desk.poller.stats.outcomes

    await becomes_true(is_doubted)
    desk.clock_error += CONFIRM_AFTER
    await desk.until_said("can no longer be seen", seconds=20)
