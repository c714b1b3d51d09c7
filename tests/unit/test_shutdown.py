"""The end of the process: a stop is heard at any time, no step outlives its instant, none spoils another's."""

from __future__ import annotations

import asyncio

import pytest

from bot.app.shutdown import GONE_BY, QUIET_BY, Shutdown
from tests.support.stopwatch import Stopwatch


async def forever(cancelled: asyncio.Event) -> bool:
    """Something that must be told to end."""
    try:
        return await asyncio.Event().wait()
    finally:
        cancelled.set()


async def test_work_that_ends_first_has_its_result() -> None:
    """And its failure, if it fails."""

    async def works() -> int:
        return 7

    async def fails() -> int:
        raise ValueError("no")

    shutdown = Shutdown()
    assert await shutdown.unless_requested(works()) == 7
    with pytest.raises(ValueError, match="no"):
        await shutdown.unless_requested(fails())


async def test_work_that_is_stopped_is_cancelled() -> None:
    """It has ended when the next step begins."""
    shutdown, cancelled = Shutdown(), asyncio.Event()
    asyncio.get_running_loop().call_later(0.05, shutdown.requested.set)
    assert await shutdown.unless_requested(forever(cancelled)) is None
    assert cancelled.is_set()


async def test_a_step_that_hangs_is_cut_and_named(caplog: pytest.LogCaptureFixture) -> None:
    """Also one that does not heed its cancellation."""
    shutdown = Shutdown()
    release = asyncio.Event()

    async def deaf() -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    stopwatch = Stopwatch()
    shutdown.left(0)  # the end begins
    await shutdown.within(0.1, "deaf", deaf())
    assert stopwatch.seconds < 1
    (record,) = [each for each in caplog.records if each.getMessage() == "shutdown_step_cut_short"]
    assert vars(record)["step"] == "deaf"
    release.set()
    await asyncio.sleep(0)


async def test_a_step_that_fails_is_logged_and_the_next_one_begins(caplog: pytest.LogCaptureFixture) -> None:
    """A broken connection must not keep people from their answer."""

    async def fails() -> None:
        raise RuntimeError("broken")

    shutdown = Shutdown()
    await shutdown.within(QUIET_BY, "first", fails())
    (record,) = [each for each in caplog.records if each.getMessage() == "shutdown_step_failed"]
    assert record.exc_info
    assert "broken" in str(record.exc_info[1])


async def test_all_steps_share_one_clock() -> None:
    """What the first takes the second has not."""
    shutdown = Shutdown()
    assert shutdown.left(GONE_BY) == pytest.approx(GONE_BY, abs=0.05)
    await asyncio.sleep(0.2)
    assert shutdown.left(GONE_BY) == pytest.approx(GONE_BY - 0.2, abs=0.15)
    assert shutdown.left(0.1) == 0.0
