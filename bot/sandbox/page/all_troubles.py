"""All that can go wrong, in the order in which the page lists it, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.sandbox.page.quickbi_troubles import quickbi_troubles
from bot.sandbox.page.slack_troubles import slack_troubles
from bot.sandbox.page.troubles import Trouble

if TYPE_CHECKING:
    from bot.sandbox.page.stage import Stage
    from bot.sandbox.page.troubles import Where


def all_troubles(stage: Stage) -> tuple[Trouble, ...]:
    """Made once: some remember what they did."""
    return (*quickbi_troubles(stage), *slack_troubles(stage.slack), _kill(stage))


async def heal(stage: Stage) -> None:
    """Everything works again, on both sides."""
    stage.quickbi.faults.clear()
    stage.slack.faults.clear()
    stage.slack.limiter.change(stage.slack.limiter.rates)


def _kill(stage: Stage) -> Trouble:
    async def press(_where: Where) -> None:
        stage.bot.kill()

    return Trouble(
        key="kill",
        side="bot",
        title="Kill the bot",
        effect="It starts again within seconds, and goes on where it was: what failed meanwhile is told afterwards.",
        press=press,
    )
