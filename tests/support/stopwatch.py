"""Holds the product to its seconds on a crowded machine, too: time for which no core was free is not the product's."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

_OFTEN = 0.02  # seconds
_T = TypeVar("_T")


class Stopwatch:
    """Runs from the beginning. `pids`: the processes, beside this one, that are at work meanwhile."""

    def __init__(self, *pids: int) -> None:
        self._began = monotonic()
        self._before = {pid: _waited_for_a_core(pid) for pid in (os.getpid(), *pids)}
        self._waited = dict(self._before)

    @property
    def seconds(self) -> float:
        """By the clock on a machine that has nothing else to do; less where others keep us waiting."""
        self._look()
        return monotonic() - self._began - (sum(self._waited.values()) - sum(self._before.values()))

    async def over(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Await this and keep looking: of a process that ends in it nothing can be learned afterwards."""
        task = asyncio.create_task(work)
        while not task.done():
            self._look()
            await asyncio.wait({task}, timeout=_OFTEN)
        return task.result()

    def _look(self) -> None:
        for pid, waited in self._waited.items():
            self._waited[pid] = max(waited, _waited_for_a_core(pid))


def _waited_for_a_core(pid: int) -> float:
    """Seconds in which the process was ready to work and had to wait, as Linux tells; elsewhere 0.

    https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat
    """
    try:
        _, waited, *_ = Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return 0.0
    return int(waited) / 1e9
