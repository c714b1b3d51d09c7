"""A simulated Quick BI on a free port, over a world whose clock stands still until a test moves it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from bot.sandbox.quickbi import Limits, SimulatedQuickBI
from bot.sandbox.world import World
from tests.contract.caller import Caller, plain_http
from tests.support.stepped_clock import SteppedClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

# Before the vendor's SDK is imported: its credentials library must not ask the cloud's metadata address.
os.environ["ALIBABA_CLOUD_ECS_METADATA_DISABLED"] = "true"

WITHOUT_LIMITS = Limits(status=10_000.0, run=10_000.0, others=10_000.0)


@pytest.fixture
def world_clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def world(world_clock: SteppedClock) -> World:
    """Nobody is in it yet."""
    return World(clock=world_clock)


@pytest.fixture
async def quickbi(world: World) -> AsyncIterator[SimulatedQuickBI]:
    """Takes any number of calls, so that a test need not wait."""
    async with SimulatedQuickBI(world, limits=WITHOUT_LIMITS, slow_seconds=0.2) as quickbi:
        yield quickbi


@pytest.fixture
async def caller(quickbi: SimulatedQuickBI) -> AsyncIterator[Caller]:
    """Calls it with its own key."""
    async with plain_http() as http:
        yield Caller(quickbi=quickbi, http=http)
