"""The bot's own machine is in trouble: a locked database, a full disk, a clock that jumps. Nothing is lost."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.sandbox.world import Status
from tests.support.leader_stage import leader_stage
from tests.support.rig import Rig, rig
from tests.support.small_disk import fill, small_disk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.sandbox.quickbi.call_log import Call
    from bot.sandbox.slack.model import Message
    from tests.support.leader_stage import LeaderStage

SENT, FAILED = Status.SENT, Status.FAILED
DAY = timedelta(days=1)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[LeaderStage]:
    """A leader at work. Nothing is subscribed yet."""
    async with leader_stage(f"sqlite:///{tmp_path}/mailbot.db") as stage:
        await stage.start()
        yield stage


def looks_at(stage: Rig, mail_id: str) -> list[Call]:
    return [call for call in stage.quickbi.ledger if call.mail_id == mail_id and call.outcome == "OK"]


async def until_told(stage: Rig, words: str, *, seconds: float = 40) -> Message:
    def said() -> Message | None:
        messages = stage.slack.workspace.messages("reports")
        return next((one for one in messages if one.ephemeral_for is None and words in one.text), None)

    return await stage.slack.changes.until(said, seconds=seconds)


@pytest.mark.waits
async def test_a_locked_database_delays_the_news_and_loses_none(stage: LeaderStage, tmp_path: Path) -> None:
    """Somebody's backup holds the write lock for longer than the bot waits for it."""
    mail_id = await stage.watch("Daily Sales")
    await stage.until_looked(times=2)
    other = sqlite3.connect(tmp_path / "mailbot.db", isolation_level=None, check_same_thread=False)
    try:
        await asyncio.to_thread(
            other.execute, "BEGIN IMMEDIATE"
        )  # in this thread the bot's own write waits for us
        stage.run(mail_id, FAILED)
        await asyncio.sleep(20)  # longer than a lease
        assert stage.posts() == []
        other.execute("COMMIT")
    finally:
        other.close()
    await stage.until_said("Daily Sales failed", seconds=30)
    assert len(stage.posts()) == 1


@pytest.mark.waits
async def test_a_full_disk_delays_the_news_and_loses_none(tmp_path: Path) -> None:
    """People are answered meanwhile. A failure that was only seen while nothing could be written is told."""
    with small_disk(tmp_path / "disk") as disk:
        async with rig(disk, calls_per_second=50, settings={"QUICKBI_CHECK_INTERVAL": "2"}) as stage:
            bot = await stage.start_bot()
            mail = stage.world.named("Supplier Scorecard")
            await stage.slack.people.type_command("ada", "reports", f"/mail-subscribe {mail.mail_id}")
            await until_told(stage, "subscribed this channel to Supplier Scorecard")
            ballast = fill(disk)
            stage.world.run_now(mail.mail_id, takes=timedelta(0), outcome=FAILED)
            looks = len(looks_at(stage, mail.mail_id))
            while len(looks_at(stage, mail.mail_id)) == looks:  # noqa: ASYNC110 (a record tells nobody)
                await asyncio.sleep(0.1)
            stage.world.run_now(mail.mail_id, takes=timedelta(0), outcome=SENT)
            await bot.until_logged("database_failed")
            await stage.slack.people.type_command("ada", "reports", "/mail-status Daily Sales")
            await stage.until_text("Daily Sales was sent", seconds=20)
            refused = await stage.ask("/mail-subscribe Daily Sales", seconds=30)
            assert "I cannot save anything right now" in refused.text
            await asyncio.sleep(16)  # longer than a lease
            ballast.unlink()
            told = await until_told(stage, "Supplier Scorecard recovered")
            assert "1 failed run" in told.text
            await bot.until_logged("database_recovered")
            assert (await bot.stop()) == 0


@pytest.mark.parametrize("jump", [DAY, -DAY], ids=["forward", "back"])
async def test_a_clock_that_jumps_neither_loses_nor_repeats(stage: LeaderStage, jump: timedelta) -> None:
    """A failure before and one after the jump: each told once; the recovery, too."""
    before, after = await stage.watch("Before"), await stage.watch("After")
    await stage.until_looked(times=4)
    stage.run(before, FAILED)
    await stage.until_said("Before failed")
    stage.clock_error += jump
    stage.run(after, FAILED)
    await stage.until_said("After failed", seconds=30)
    await asyncio.sleep(1.1)
    stage.run(before, SENT)
    await stage.until_said("Before recovered", edited=True, seconds=30)
    await stage.until_posted(3)
    await asyncio.sleep(2)
    assert len(stage.posts()) == 3


@pytest.mark.parametrize("jump", [DAY, -DAY], ids=["forward", "back"])
async def test_a_clock_that_jumped_over_a_restart(stage: LeaderStage, jump: timedelta) -> None:
    """What was on its way, and what was held back, is measured by a clock that is another now."""
    mail_id = await stage.watch("Daily Sales")
    stage.slack.faults.rate_limit("chat.postMessage", seconds=2)
    stage.run(mail_id, FAILED)
    await stage.slack.changes.until(
        lambda: stage.slack.ledger.calls("chat.postMessage", outcome="ratelimited"), seconds=20
    )
    await asyncio.sleep(0.3)
    await stage.stop()
    stage.clock_error += jump
    await asyncio.sleep(2)
    await stage.start()
    await stage.until_said("Daily Sales failed", seconds=30)
    assert stage.slack.ledger.sends_while_limited() == 0
    assert len(stage.posts()) == 1
