"""How soon people know, with the production check interval and one mail: minutes pass by the bot's clock only."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.incidents import CONFIRM_AFTER
from bot.outages import TOLD_AFTER
from bot.probing import PROBE_EVERY
from bot.sandbox.quickbi.faults import Mode
from tests.telling import telling

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.telling import Telling

CHECK_INTERVAL = 300.0
OPERATORS = "finance"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Telling]:
    """A leader that has looked at the one mail that it watches."""
    async with telling(f"sqlite:///{tmp_path}/mailbot.db", check_interval=CHECK_INTERVAL) as desk:
        await desk.start()
        yield desk


async def passes(desk: Telling, wait: timedelta, *, looks: int = 1) -> None:
    """So much time goes by on the bot's machine, and the bot looks again."""
    calls = desk.poller.pulse.calls
    desk.clock_error += wait
    await desk.until_looked(times=max(0, calls + looks - desk.poller.pulse.calls), seconds=20)


@pytest.mark.parametrize("is_restarted", [False, True], ids=["", "restarted meanwhile"])
async def test_an_outage_is_told_after_three_minutes_and_its_end_within_half_a_minute(
    desk: Telling, *, is_restarted: bool
) -> None:
    """Nobody waits for the mail's next regular look."""
    await desk.watch("Daily Sales")
    await desk.until_looked()
    desk.quickbi.faults.add(Mode.DOWN)
    await passes(desk, timedelta(seconds=CHECK_INTERVAL))
    await passes(desk, PROBE_EVERY)
    await passes(desk, TOLD_AFTER - PROBE_EVERY)
    await desk.until_said("Quick BI cannot be asked", channel=OPERATORS, seconds=20)
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
    await desk.until_looked()
    desk.world.delete(mail_id)
    await passes(desk, timedelta(seconds=CHECK_INTERVAL))
    await passes(desk, CONFIRM_AFTER)
    await desk.until_said("can no longer be seen", seconds=20)
