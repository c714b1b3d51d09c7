"""All that can go wrong, in the order in which the page lists it, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.sandbox.page.faults import Trouble
from bot.sandbox.page.quickbi_troubles import quickbi_troubles
from bot.sandbox.page.slack_troubles import bring_back, slack_troubles

if TYPE_CHECKING:
    from bot.sandbox.page.faults import Where
    from bot.sandbox.page.stage import Stage
    from bot.sandbox.world import Mail


def all_troubles(stage: Stage) -> tuple[Trouble, ...]:
    """Made once: some remember what they did."""
    return (*quickbi_troubles(stage), *slack_troubles(stage.slack), _kill(stage))


class Healer:
    """Remembers which mails were paused, or forbidden to the bot, from the first: those stay so."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        mails = stage.quickbi.world.mails()
        self._paused = {mail.mail_id for mail in mails if mail.paused}
        self._forbidden = {mail.mail_id for mail in mails if not mail.permitted}

    async def heal(self) -> str:
        """Everything works again, on both sides. What came back, in words."""
        slack = self._stage.slack
        self._stage.quickbi.faults.clear()
        slack.faults.clear()
        slack.limiter.change(slack.limiter.rates)
        back = [f"#{name} is back" for name in await bring_back(slack)]
        mended = self._mend_mails()
        count = [f"{mended} {'mail is' if mended == 1 else 'mails are'} mended"] if mended else []
        return f"All well again: {', '.join([*back, *count]) or 'nothing goes wrong any more'}."

    def _mend_mails(self) -> int:
        world = self._stage.quickbi.world
        troubled = [mail for mail in world.mails() if self._is_troubled(mail)]
        for mail in troubled:
            world.mend(mail.mail_id)
            if mail.mail_id not in self._paused:
                world.resume(mail.mail_id)
            if mail.mail_id not in self._forbidden:
                world.grant(mail.mail_id)
        return len(troubled)

    def _is_troubled(self, mail: Mail) -> bool:
        to_come = mail.fail_next or mail.hang_next or mail.skip_next or mail.failing_until is not None
        is_paused = mail.paused and mail.mail_id not in self._paused
        return bool(to_come) or is_paused or (not mail.permitted and mail.mail_id not in self._forbidden)


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
