"""The end of tasks that are under way: time to finish, then no more."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection


async def finish(tasks: Collection[asyncio.Task[Any]], patience: float) -> int:
    """Wait for them; cancel those that are not done after `patience` seconds. Returns how many those were.

    What they raise is for whoever else holds them.
    """
    if not tasks:
        return 0
    tasks = set(tasks)  # their owner may strike them off as they end
    _, late = await asyncio.wait(tasks, timeout=patience)
    for task in late:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return len(late)
