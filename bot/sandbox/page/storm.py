"""A bad morning: the open channel subscribes a hundred mails, then all of them fail at one moment."""

from collections.abc import Sequence

from bot.sandbox.page.faults import Trouble, Where
from bot.sandbox.page.stage import Stage
from bot.sandbox.world import Group

JOINED_AT_ONCE = 20  # as many as /mail-subscribe takes
CONFIRMED_WITHIN = 30.0  # seconds


class Storm:
    """Remembers which channels have subscribed, and how far it is with the one at hand."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._joined: dict[str, set[str]] = {}
        self._progress = ""

    def trouble(self) -> Trouble:
        count = len(self._mails())
        return Trouble(
            key="storm",
            side="quickbi",
            title=f"Storm: {count} mails fail at once",
            effect="The open channel subscribes them first, as you: about 15 s. Then they fail, "
            "and it gets a few messages with all of them, not a hundred.",
            press=self.press,
            progress=lambda: self._progress,
        )

    async def press(self, where: Where) -> None:
        """Raises ValueError with words for a person if the channel cannot subscribe."""
        if self._progress:
            raise ValueError("The storm is on its way.")
        mails = self._mails()
        joined = self._joined.setdefault(where.channel, set())
        try:
            while strangers := [mail for mail in mails if mail not in joined]:
                self._progress = f"Subscribing: {len(joined)} of {len(mails)}…"
                batch = strangers[:JOINED_AT_ONCE]
                await self._subscribe(where, batch)
                joined.update(batch)
            self._stage.quickbi.world.storm(mails)
        finally:
            self._progress = ""

    async def _subscribe(self, where: Where, batch: Sequence[str]) -> None:
        """Subscribe and wait for the confirmation: a failure before the bot's first look would not be announced."""
        slack = self._stage.slack
        before = len(self._told(where.channel))
        outcome = await slack.people.type_command(
            where.user, where.channel, f"/mail-subscribe {' '.join(batch)}"
        )
        if outcome.words:
            raise ValueError(outcome.words)
        try:
            await slack.changes.until(
                lambda: len(self._told(where.channel)) > before, seconds=CONFIRMED_WITHIN
            )
        except TimeoutError:
            raise ValueError("The bot did not subscribe the mails: no storm.") from None

    def _told(self, channel: str) -> list[str]:
        """What the bot has said to the whole channel."""
        messages = self._stage.slack.workspace.messages(channel)
        return [each.ts for each in messages if each.from_app and each.ephemeral_for is None]

    def _mails(self) -> list[str]:
        return [mail.mail_id for mail in self._stage.quickbi.world.mails(Group.STORM)]
