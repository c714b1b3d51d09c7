"""The end of the process: a stop is heard at any time, no step outlives its instant, none spoils another's."""

from __future__ import annotations

import asyncio

import pytest

from bot.app.shutdown import GONE_AT, QUIET_AT, Shutdown
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

    stopping = Shutdown()
    assert await stopping.unless_asked(works()) == 7
    with pytest.raises(ValueError, match="no"):
        await stopping.unless_asked(fails())


async def test_work_that_is_stopped_is_cancelled() -> None:
    """It has ended when the next step begins."""
    stopping, cancelled = Shutdown(), asyncio.Event()
    asyncio.get_running_loop().call_later(0.05, stopping.asked.set)
    assert await stopping.unless_asked(forever(cancelled)) is None
    assert cancelled.is_set()


async def test_a_step_that_hangs_is_cut_and_named(caplog: pytest.LogCaptureFixture) -> None:
    """Also one that does not heed its cancellation."""
    stopping = Shutdown()
    release = asyncio.Event()

    async def deaf() -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    stopwatch = Stopwatch()
    stopping.left(0)  # the end begins
    await stopping.within(0.1, "deaf", deaf())
    assert stopwatch.seconds < 1
    (record,) = [each for each in caplog.records if each.getMessage() == "cut_short"]
    assert vars(record)["step"] == "deaf"
    release.set()
    await asyncio.sleep(0)


async def test_a_step_that_fails_is_logged_and_the_next_one_begins(caplog: pytest.LogCaptureFixture) -> None:
    """A broken connection must not keep people from their answer."""

    async def fails() -> None:
        raise RuntimeError("broken")

    stopping = Shutdown()
    await stopping.within(QUIET_AT, "first", fails())
    (record,) = [each for each in caplog.records if each.getMessage() == "not_ended_well"]
    assert record.exc_info
    assert "broken" in str(record.exc_info[1])


async def test_all_steps_share_one_clock() -> None:
    """What the first takes the second has not."""
    stopping = Shutdown()
    assert stopping.left(GONE_AT) == pytest.approx(GONE_AT, abs=0.05)
    await asyncio.sleep(0.2)
    assert stopping.left(GONE_AT) == pytest.approx(GONE_AT - 0.2, abs=0.15)
    assert stopping.left(0.1) == 0.0
