"""A channel's daily message: turned on and off through real Bolt, posted and kept up to date by the leader."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain import EVERY_DAY, TeamId, UserId
from bot.domain.roll_call import RollCallPlan
from bot.sandbox.world import Status
from tests.scenario.steps import audited, open_form, until_public
from tests.support.leader_stage import REPORTS, leader_stage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.leader_stage import LeaderStage
    from tests.support.rig import Rig

SENT, FAILED = Status.SENT, Status.FAILED


async def test_it_is_turned_on_changed_and_turned_off(stage: Rig) -> None:
    """By words or in a form, in the person's own zone; the channel is told who did it, and the audit knows."""
    bot = stage
    await bot.start_bot()
    assert "has no daily message" in (await bot.ask("/mail-digest off")).text
    assert "“sharp”" in (await bot.ask("/mail-digest 09:15 sharp")).text
    assert "Write it as Europe/Berlin" in (await bot.ask("/mail-digest 09:15 Mars/Olympus")).text
    await bot.slack.people.type_command("ada", "reports", "/mail-digest 09:15 weekdays America/New_York")
    told = await until_public(bot, "turned on the daily message")
    assert "at 09:15 on weekdays (America/New_York)" in told.text
    view = await open_form(bot, "/mail-digest")
    assert "09:15" in str(view.source["blocks"])
    await bot.slack.people.submit_view("ada", view.id, {"due": "10:00", "days": "daily"})
    assert "(America/New_York)" in (await until_public(bot, "at 10:00 daily")).text
    await bot.slack.people.type_command("ada", "reports", "/mail-digest off")
    await until_public(bot, "turned off the daily message")
    assert [action for _, action, _, _ in await audited(bot)] == ["digest", "digest", "digest off"]


@pytest.fixture
async def leader(tmp_path: Path) -> AsyncIterator[LeaderStage]:
    async with leader_stage(f"sqlite:///{tmp_path}/mailbot.db") as stage:
        yield stage


async def plan_for_now(leader: LeaderStage) -> None:
    """Its time has just come."""
    begins = datetime.now(UTC).replace(second=0, microsecond=0)
    plan = RollCallPlan(
        team_id=TeamId(leader.slack.team_id),
        channel_id=REPORTS,
        created_by=UserId("U0ADA00001"),
        created_at=begins - timedelta(seconds=1),
        at=begins.time(),
        weekdays=EVERY_DAY,
        zone="Etc/UTC",
    )
    await leader.store.roll_calls.set(plan)


async def test_it_is_posted_once_and_follows_the_day(leader: LeaderStage) -> None:
    """Also over a restart: one message, which says at last that all was sent."""
    sales, ops = await leader.watch("Daily Sales"), await leader.watch("Weekly Ops")
    await plan_for_now(leader)
    await leader.start()
    first = await leader.until_said("no report mail is expected")
    leader.run(sales, SENT)
    leader.run(ops, FAILED)
    await leader.until_said("Weekly Ops failed")
    await leader.stop()
    await leader.start()
    trouble = await leader.until_said("1 of 2 sent, 1 needs attention", edited=True)
    leader.run(ops, SENT)
    await leader.until_said("Weekly Ops recovered")
    await leader.stop()
    await leader.start()
    done = await leader.until_said("both report mails were sent", edited=True)
    assert first.ts == trouble.ts == done.ts
