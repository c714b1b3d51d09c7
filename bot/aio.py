"""Two waits that asyncio does not have: retry a database step until it succeeds, and finish tasks within a limit."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, TypeVar

from bot.domain import StoreError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0  # seconds
_T = TypeVar("_T")
_log = logging.getLogger(__name__)


async def until_stored(step: Callable[[], Awaitable[_T]]) -> _T:
    """Repeat `step` until the database accepts it. Logs the first failure and the recovery, once each.

    Every exception other than StoreError is raised, LeaseLost above all.
    """
    pause = _FIRST_PAUSE
    while True:
        try:
            result = await step()
        except StoreError as error:
            if pause == _FIRST_PAUSE:
                _log.error("database_failed", extra={"error": str(error)})
        else:
            if pause > _FIRST_PAUSE:
                _log.info("database_recovered")
            return result
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
