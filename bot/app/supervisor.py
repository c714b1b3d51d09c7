"""Runs the background loops: one that fails is logged and started again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from time import monotonic

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds before a loop that failed is started again
_log = logging.getLogger(__name__)


class Supervisor:
    """Owns its loops from `start` to `stop`."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, *loops: Callable[[], Awaitable[None]]) -> None:
        self._tasks += [asyncio.create_task(_restart_for_ever(loop)) for loop in loops]

    async def stop(self) -> None:
        """Cancel the loops and wait until they have cleaned up."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _restart_for_ever(loop: Callable[[], Awaitable[None]]) -> None:
    pause = FIRST_PAUSE
    while True:
        began = monotonic()
        try:
            await loop()
        except Exception:  # noqa: BLE001 (the failure of one loop must not end the others)
            _log.exception("loop_failed", extra={"loop": getattr(loop, "__qualname__", repr(loop))})
        pause = FIRST_PAUSE if monotonic() - began > LONGEST_PAUSE else min(2 * pause, LONGEST_PAUSE)
        await asyncio.sleep(pause)
