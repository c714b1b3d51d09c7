"""The real bot between the simulations, over both of Slack's ways in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.rig import Rig, rig

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture(params=["socket", "http"])
async def both_ways(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    """A running bot, once over Socket Mode and once over HTTP. Quick BI allows many calls, to save time."""
    async with rig(tmp_path, http=request.param == "http", calls_per_second=50) as stage:
        await stage.start_bot()
        yield stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Rig]:
    """Both simulations, over Socket Mode, with many calls a second. The bot is not started yet."""
    async with rig(tmp_path, calls_per_second=50) as stage:
        yield stage
