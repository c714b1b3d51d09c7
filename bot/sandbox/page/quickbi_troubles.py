"""Trouble on Quick BI's side: outages of every kind, and a storm of failures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.sandbox.page.faults import Trouble
from bot.sandbox.page.storm import Storm
from bot.sandbox.quickbi import Mode

if TYPE_CHECKING:
    from bot.sandbox.page.faults import Where
    from bot.sandbox.page.stage import Stage

SLOW = 12.0  # seconds: longer than Quick BI's own limit of 10

_MODES = (
    (
        Mode.DOWN,
        "Quick BI is down",
        "Who asks is told within 2 s, and that it says nothing of the mail; #operators once, after 3 minutes.",
    ),
    (
        Mode.THROTTLED,
        "Quick BI throttles",
        "The bot slows down and feels its way back up; who asks sees the last known state meanwhile.",
    ),
    (
        Mode.GARBAGE,
        "Quick BI answers with a web page",
        "Nothing is guessed from it: who asks is told that the answer made no sense.",
    ),
    (
        Mode.SLOW,
        "Quick BI takes 12 seconds",
        "The answer comes at once with what is known, and is replaced when the call is done or given up.",
    ),
    (
        Mode.KEY_REVOKED,
        "Quick BI revokes the credentials",
        "Who asks learns that it is not the mail's fault; #operators gets one line.",
    ),
)


def quickbi_troubles(stage: Stage) -> tuple[Trouble, ...]:
    modes = (_mode(stage, mode, title, effect) for mode, title, effect in _MODES)
    return (Storm(stage).trouble(), *modes)


def _mode(stage: Stage, mode: Mode, title: str, effect: str) -> Trouble:
    faults = stage.quickbi.faults

    def is_on() -> bool:
        return any(fault.mode is mode for fault in faults.active())

    async def press(_where: Where) -> None:
        if is_on():
            faults.clear(mode)
        else:
            faults.add(mode, seconds=SLOW)

    return Trouble(key=mode, side="quickbi", title=title, effect=effect, press=press, is_on=is_on)
