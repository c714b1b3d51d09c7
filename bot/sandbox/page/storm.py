"""A bad morning: the open channel subscribes a hundred mails, then all of them fail at one moment."""

from collections.abc import Sequence

from bot.sandbox.page.faults import Trouble, Where
from bot.sandbox.page.stage import Stage
from bot.sandbox.world import Group

CONFIRMED_WITHIN = 60.0  # seconds


class Storm:
    """Knows how far it is."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._progress = ""

    def trouble(self) -> Trouble:
        count = len(self._mails())
        return Trouble(
            key="storm",
            side="quickbi",
            title=f"Storm: {count} mails fail at once",
            effect="The open channel subscribes them first, as you: about 10 s. Then they fail, "
            "and it gets a few messages with all of them, not a hundred.",
            press=self.press,
            progress=lambda: self._progress,
        )

    async def press(self, where: Where) -> None:
        """Raises ValueError with words for a person if the channel cannot subscribe."""
        if self._progress:
            raise ValueError("The storm is on its way.")
        mails = self._mails()
        self._progress = f"Subscribing {len(mails)} mails…"
        try:
            await self._subscribe(where, mails)
            self._stage.quickbi.world.storm(mails)
        finally:
            self._progress = ""

    async def _subscribe(self, where: Where, mails: Sequence[str]) -> None:
        """Subscribe and wait for the answer: a failure before the bot's first look would not be announced."""
        slack = self._stage.slack
        before = self._confirmed(where.channel)
        outcome = await slack.people.type_command(
            where.user, where.channel, f"/mail-subscribe {' '.join(mails)}"
        )
        if outcome.words:
            raise ValueError(outcome.words)
        try:
            await slack.changes.until(
                lambda: self._confirmed(where.channel) > before, seconds=CONFIRMED_WITHIN
            )
        except TimeoutError:
            raise ValueError("The bot did not subscribe the mails: no storm.") from None

    def _confirmed(self, channel: str) -> int:
        """How often the bot has said that mails are subscribed, now or already."""
        messages = self._stage.slack.workspace.messages(channel)
        return sum(each.from_app and " subscribed " in each.text for each in messages)

    def _mails(self) -> list[str]:
        return [mail.mail_id for mail in self._stage.quickbi.world.mails(Group.STORM)]
