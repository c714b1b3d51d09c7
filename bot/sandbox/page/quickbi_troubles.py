"""Trouble on Quick BI's side: outages of every kind, and a storm of failures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.sandbox.page.troubles import Trouble
from bot.sandbox.quickbi import Mode
from bot.sandbox.world import Group

if TYPE_CHECKING:
    from bot.sandbox.page.stage import Stage
    from bot.sandbox.page.troubles import Where

SLOW = 12.0  # seconds: longer than Quick BI's own limit of 10
JOINED_AT_ONCE = 20  # as many as /mail-subscribe takes

_MODES = (
    (
        Mode.DOWN,
        "Quick BI is down",
        "Who asks is told so, with the last known state. The operators get one line after 3 minutes.",
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
        "Who asks learns that it is not the mail's fault; the operators get one line.",
    ),
)


def quickbi_troubles(stage: Stage) -> tuple[Trouble, ...]:
    modes = (_mode(stage, mode, title, effect) for mode, title, effect in _MODES)
    return (_join_storm(stage), _storm(stage), *modes)


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


def _join_storm(stage: Stage) -> Trouble:
    """Press by press the channel is told of more of them."""
    waiting = [mail.mail_id for mail in stage.quickbi.world.mails(Group.STORM)]

    async def press(where: Where) -> object:
        batch, waiting[:] = waiting[:JOINED_AT_ONCE], waiting[JOINED_AT_ONCE:]
        waiting.extend(batch)
        command = f"/mail-subscribe {' '.join(batch)}"
        return await stage.slack.people.type_command(where.user, where.channel, command)

    return Trouble(
        key="storm_join",
        side="quickbi",
        title=f"Before a storm: subscribe {JOINED_AT_ONCE} of its mails",
        effect="In the open channel, as you. Quick BI allows one look a second, so it takes a while.",
        press=press,
    )


def _storm(stage: Stage) -> Trouble:
    world = stage.quickbi.world

    async def press(_where: Where) -> None:
        world.storm([mail.mail_id for mail in world.mails(Group.STORM)])

    count = len(world.mails(Group.STORM))
    return Trouble(
        key="storm",
        side="quickbi",
        title=f"Storm: {count} mails fail at once",
        effect="A channel that subscribed them gets a few messages with all of them, not a hundred. "
        "Quick BI allows one look a second, so they are found one by one.",
        press=press,
    )
