"""Two waits that asyncio does not have: retry a database step until it succeeds, and finish tasks within a limit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from typing import Any, TypeVar

from bot.domain import StoreError

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0  # seconds
_T = TypeVar("_T")


async def until_stored(step: Callable[[], Awaitable[_T]]) -> _T:
    """Repeat `step` until the database, which logs its failures itself, accepts it.

    Every exception other than StoreError is raised, LeaseLost above all.
    """
    pause = _FIRST_PAUSE
    while True:
        with suppress(StoreError):
            return await step()
        await asyncio.sleep(pause)
        pause = min(_LONGEST_PAUSE, pause * 2)


async def finish(tasks: Collection[asyncio.Task[Any]], time_limit: float) -> int:
    """Wait up to `time_limit` seconds for the tasks, then cancel the rest. Returns how many were cancelled.

    Their exceptions are left to whoever else holds the tasks.
    """
    if not tasks:
        return 0
    tasks = set(tasks)  # the owner may remove tasks from its own set as they end
    _, late = await asyncio.wait(tasks, timeout=time_limit)
    for task in late:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return len(late)
