"""The end of the process: one deadline for all of it, people first, and whatever hangs is left behind.

The process is gone 10 s after SIGTERM, or whoever sent it sends SIGKILL. So no step waits for as long as it
likes: each has until an instant that is counted from the signal, and is cut there with a word in the log.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from threading import Timer
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

# Seconds behind the signal.
PEOPLE_UNTIL = 5.0  # people's commands; who still waits then is told to ask again
RUNS_UNTIL = 5.5  # Quick BI's word on a run that was just asked for
QUIET_AT = 7.0  # nothing is at work any more: those are told, the leader's calls are written down
DOORS_UNTIL = 7.8  # Slack's sockets and our own server
CLOSED_AT = 8.4  # the database, and all else
GONE_AT = 9.0  # a busy machine needs the rest
_LEFTOVERS = 1.0  # seconds for what is still there when all is done: threads cannot be cancelled
_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class Shutdown:
    """`asked` is set by SIGTERM and SIGINT; the clock of the end runs from there, or from the first step.

    Say `is_over` when only threads can be left: one that waits for a name server would keep the process for
    minutes.
    """

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self._began: float | None = None

    def listen(self) -> None:
        """Take the signals. Only a whole process may: they are nobody else's."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._ask)

    def _ask(self) -> None:
        if self.asked.is_set():
            return
        _leave_in(self.left(GONE_AT), code=1)
        self.asked.set()

    def is_over(self) -> None:
        """All is done that had to be."""
        _leave_in(min(_LEFTOVERS, self.left(GONE_AT)), code=0)

    def left(self, until: float) -> float:
        """Seconds from now until that instant; 0 if it has passed."""
        if self._began is None:
            self._began = monotonic()
        return max(0.0, self._began + until - monotonic())

    async def unless_asked(self, work: Coroutine[Any, Any, _T]) -> _T | None:
        """The result of the work, or None where the stop came first: the work is cancelled then."""
        task, asked = asyncio.create_task(work), asyncio.create_task(self.asked.wait())
        try:
            await asyncio.wait({task, asked}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            await self.within(QUIET_AT, "start", _ended(task))
            return None
        finally:
            task.cancel()
            asked.cancel()

    async def within(self, until: float, step: str, work: Coroutine[Any, Any, object]) -> None:
        """Do one step of the end, until that instant at most. Its failure must not keep the others from theirs."""
        task = asyncio.create_task(work)
        done, _ = await asyncio.wait({task}, timeout=self.left(until))
        if not done:
            task.cancel()
            _log.warning("cut_short", extra={"step": step})
        elif not task.cancelled() and (error := task.exception()) is not None:
            _log.error("not_ended_well", exc_info=error, extra={"step": step})


async def _ended(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.wait({task})


def _leave_in(seconds: float, *, code: int) -> None:
    """In a thread of its own: nothing that hangs can keep it. Whoever ends sooner never hears of it."""
    last_resort = Timer(seconds, os._exit, (code,))
    last_resort.daemon = True
    last_resort.start()
