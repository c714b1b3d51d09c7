"""A wait that a person was told of is true: it is renewed, ends within 30 s, and outlives the process."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from bot.sandbox.quickbi.faults import Mode
from tests.support.rig import rig

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.waits
async def test_a_wait_is_renewed_and_ends(tmp_path: Path) -> None:
    """Its turn comes after 4 s, but Quick BI keeps silent: that is said, and after 30 s there is an apology."""
    async with rig(tmp_path, calls_per_second=0.25) as stage:
        await stage.start_bot()
        stage.quickbi.faults.add(Mode.SLOW, action="GetMailTaskStatus", seconds=60)
        await stage.slack.people.type_command("bob", "reports", "/mail-status Weekly Ops")
        await stage.until_text("Checking", user="bob")
        await stage.slack.people.type_command("ada", "reports", "/mail-status Daily Sales")
        first = await stage.until_text("waiting its turn")
        await stage.until_text("Quick BI is taking its time", seconds=15)
        last = await stage.until_text("Check again in a minute", seconds=35)
    assert last.ts == first.ts
    assert "Daily Sales" in last.text


@pytest.mark.parametrize("command", ["/mail-status Daily Sales", "/mail-subscribe Daily Sales"])
async def test_whoever_waits_when_the_process_dies_is_answered_by_the_next(
    tmp_path: Path, command: str
) -> None:
    """What was open is not left standing as “Checking”."""
    async with rig(tmp_path) as stage:
        bot = await stage.start_bot()
        stage.quickbi.faults.add(Mode.SLOW, action="GetMailTaskStatus", seconds=60)
        await stage.slack.people.type_command("ada", "reports", command)
        await stage.until_text("Checking")
        await bot.stop(how=signal.SIGKILL)
        await stage.start_bot()
        told = await stage.until_text("I was restarted before I could finish this", seconds=10)
        assert len(stage.answers("ada")) == 1, told
