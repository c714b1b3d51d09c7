"""Seconds that are counted while the machine is suspended, too."""

from __future__ import annotations

import inspect
import time

import pytest

from bot.app.leadership import Leadership
from bot.domain.clock import uptime


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="this system has no such clock")
def test_a_suspension_counts() -> None:
    """Linux counts it on this clock only."""
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    now = uptime()
    assert before <= now <= time.clock_gettime(time.CLOCK_BOOTTIME)


def test_whether_this_process_still_leads_is_told_by_it() -> None:
    """A leader that was suspended beyond its lease must not post any more."""
    assert inspect.signature(Leadership).parameters["clock"].default is uptime
