"""Snoozes a failing mail in a channel and wakes it. The notice that stands there is still kept current."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from bot.domain import ChannelId, MailId, SnoozeOutcome, SubscriptionState, UserId
from bot.domain.repositories import Subscriptions
from bot.mails.directory import MailDirectory
from bot.slack.command_names import NamesHeard
from bot.slack.kit.actions import ALL, Act, Snooze, read_snooze
from bot.slack.kit.text import name_or_id
from bot.slack.payloads import Clicked
from bot.slack.transport.notifier import ChannelMessenger
from bot.slack.transport.responders import Answer
from bot.slack.transport.users import Users
from bot.slack.views import unsubscribe as views

MORNING = time(9)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class SnoozeHandler:
    subscriptions: Subscriptions
    directory: MailDirectory
    users: Users
    messenger: ChannelMessenger
    commands: NamesHeard
    now: Callable[[], datetime]
    zone: tzinfo

    async def clicked(self, clicked: Clicked, answer: Answer) -> None:
        """Snooze or wake, and say in the notice's thread who did it."""
        snooze, mail_id = read_snooze(clicked.value)
        user_id = clicked.person.user_id
        if clicked.action_id == f"{Act.SNOOZE}:{ALL}":
            await self._all_clicked(clicked, snooze, answer)
            return
        outcome, state = await self.snooze(clicked.channel_id, mail_id, snooze, user_id)
        if outcome is SnoozeOutcome.NOT_SUBSCRIBED or state is None:
            await answer.send(
                views.not_subscribed(self._title(mail_id), names=self.commands.names), replace=False
            )
        elif outcome is SnoozeOutcome.NOTHING_WRONG:
            await answer.send(views.nothing_wrong(mail_id, state.mail), replace=False)
        else:
            await self._tell(clicked, [state], answer)

    async def _all_clicked(self, clicked: Clicked, snooze: Snooze, answer: Answer) -> None:
        """All mails that the message offers to look at: those that were failing here when it was drawn."""
        done = []
        for value in clicked.offered.get(Act.CHECK, ()):
            outcome, state = await self.snooze(
                clicked.channel_id, MailId(value), snooze, clicked.person.user_id
            )
            if outcome is SnoozeOutcome.DONE and state is not None:
                done.append(state)
        if done:
            await self._tell(clicked, done, answer)
        else:
            await answer.send(views.none_failing(), replace=False)

    async def _tell(self, clicked: Clicked, done: Sequence[SubscriptionState], answer: Answer) -> None:
        by, now = clicked.person.user_id, self.now()
        message = views.snoozed(done[0], by, count=len(done), now=now, zone=self.zone)
        if not await self.messenger.reply_under(clicked, message):
            await answer.send(message, replace=False, in_channel=True)

    async def snooze(
        self, channel_id: ChannelId, mail_id: MailId, snooze: Snooze, by: UserId
    ) -> tuple[SnoozeOutcome, SubscriptionState | None]:
        """Return the outcome and the channel's subscription as it is now. Tells nobody."""
        outcome = await self.subscriptions.snooze(
            channel_id,
            mail_id,
            until=await self._until(snooze, by),
            until_recovered=snooze is Snooze.RECOVERED,
            by=by,
            now=self.now(),
        )
        where = {"user_id": by, "channel_id": channel_id, "mail_id": mail_id}
        _log.info("snooze", extra=where | {"how_long": snooze, "outcome": outcome})
        return outcome, await self.subscriptions.get(channel_id, mail_id)

    async def _until(self, snooze: Snooze, user_id: UserId) -> datetime | None:
        """Only “tomorrow” depends on the person's own zone."""
        zone = await self.users.zone_of(user_id) if snooze is Snooze.TOMORROW else self.zone
        return until(snooze, self.now(), zone)

    def _title(self, mail_id: MailId) -> str:
        return name_or_id(mail_id, self.directory.get(mail_id))


def until(snooze: Snooze, now: datetime, zone: tzinfo) -> datetime | None:
    """When the snooze ends; None where no time ends it. `zone` is the person's own."""
    match snooze:
        case Snooze.HOUR:
            return now + timedelta(hours=1)
        case Snooze.FOUR_HOURS:
            return now + timedelta(hours=4)
        case Snooze.TOMORROW:
            tomorrow = now.astimezone(zone).date() + timedelta(days=1)
            return datetime.combine(tomorrow, MORNING, zone)
        case Snooze.RECOVERED | Snooze.WAKE:
            return None
