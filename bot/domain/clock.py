"""A clock that never goes back and goes on while the machine is suspended."""

from __future__ import annotations

import time

_BOOT_TIME = getattr(time, "CLOCK_BOOTTIME", None)  # Linux; elsewhere the monotonic clock has to do


def uptime() -> float:
    """Seconds. `time.monotonic` stands still during a suspension, and a lease runs out meanwhile."""
    return time.monotonic() if _BOOT_TIME is None else time.clock_gettime(_BOOT_TIME)
