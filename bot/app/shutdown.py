"""Ends the process in time: people are answered first, and whatever hangs is left behind.

Whoever sends SIGTERM sends SIGKILL 10 s later. So each step ends at an instant counted from the signal; one
that does not is cancelled and logged.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Coroutine
from threading import Timer
from time import monotonic
from typing import Any, TypeVar

# Seconds after the signal.
ANSWERS_BY = 5.0  # people's commands; whoever still waits is then told to ask again
RUNS_BY = 5.5  # Quick BI's answer about a run by hand
QUIET_BY = 7.0  # handlers and background loops have ended, and the leader's answers are stored
DISCONNECTED_BY = 7.8  # Slack's sockets and our own server
CLOSED_BY = 8.4  # the database, and all else
GONE_BY = 9.0  # a busy machine needs the rest
_LEFTOVERS = 1.0  # seconds for threads, which cannot be cancelled
_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class Shutdown:
    """`requested` is set by SIGTERM, SIGINT and SIGHUP. Time is counted from there, or else from the first step.

    Call `finished` when only threads can be left: one that waits for a name server would keep the process for
    minutes.
    """

    def __init__(self) -> None:
        self.requested = asyncio.Event()
        self._began: float | None = None

    def listen(self) -> None:
        """Handle the signals, for the whole process."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._request)

    def _request(self) -> None:
        if self.requested.is_set():
            return
        _exit_in(self.left(GONE_BY), code=1)
        self.requested.set()

    def finished(self) -> None:
        _exit_in(min(_LEFTOVERS, self.left(GONE_BY)), code=0)

    def left(self, until: float) -> float:
        """Seconds from now until that instant; 0 if it has passed."""
        if self._began is None:
            self._began = monotonic()
        return max(0.0, self._began + until - monotonic())

    async def unless_requested(self, work: Coroutine[Any, Any, _T]) -> _T | None:
        """The result of the work; None where the shutdown came first and the work was cancelled."""
        task, requested = asyncio.create_task(work), asyncio.create_task(self.requested.wait())
        try:
            await asyncio.wait({task, requested}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            await self.within(QUIET_BY, "start", _cancelled(task))
            return None
        finally:
            task.cancel()
            requested.cancel()

    async def within(self, until: float, step: str, work: Coroutine[Any, Any, object]) -> None:
        """Do one step, until that instant at most. Its failure is logged and does not stop the others."""
        task = asyncio.create_task(work)
        done, _ = await asyncio.wait({task}, timeout=self.left(until))
        if not done:
            task.cancel()
            _log.warning("shutdown_step_cut_short", extra={"step": step})
        elif not task.cancelled() and (error := task.exception()) is not None:
            _log.error("shutdown_step_failed", exc_info=error, extra={"step": step})


async def _cancelled(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.wait({task})


def _exit_in(seconds: float, *, code: int) -> None:
    """From a daemon thread, which nothing that hangs can hold up and which does not hold up the process."""
    timer = Timer(seconds, os._exit, (code,))
    timer.daemon = True
    timer.start()
