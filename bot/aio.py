"""What asyncio lacks: retry a database step until it succeeds, finish tasks in time, tell whose log line it is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, TypeVar
from uuid import uuid4

from bot.domain import StoreError

# Seconds. Where the database is known to be away, a try costs nothing, and it may be back at any moment.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 1.0
_T = TypeVar("_T")
correlation_id: ContextVar[str | None] = ContextVar("correlation_id", default=None)


@contextmanager
def correlated(by: str | None = None) -> Iterator[str]:
    """All log lines of this block, and of the tasks that it starts, carry this ID; a new one if none is given."""
    given = by or uuid4().hex[:8]
    token = correlation_id.set(given)
    try:
        yield given
    finally:
        correlation_id.reset(token)


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
