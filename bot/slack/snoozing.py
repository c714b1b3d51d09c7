"""Lets a channel have its peace about a mail for a while. The notice that stands there goes on being true."""

from __future__ import annotations

import logging
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from bot.domain import MailId
from bot.slack import subscription_messages as views
from bot.slack.controls import ALL, Act, Snooze, read_snooze

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo

    from slack_sdk.web.async_client import AsyncWebClient

    from bot.ports import Audit, Subscriptions
    from bot.slack.boundary import Answer
    from bot.slack.incoming import Clicked
    from bot.slack.people import People

MORNING = time(9)
_log = logging.getLogger(__name__)


class SnoozeDesk:
    def __init__(
        self,
        subscriptions: Subscriptions,
        people: People,
        slack: AsyncWebClient,
        audit: Audit,
        *,
        now: Callable[[], datetime],
        zone: tzinfo,
    ) -> None:
        self._subscriptions = subscriptions
        self._people = people
        self._slack = slack
        self._audit = audit
        self._now = now
        self._zone = zone

    async def clicked(self, clicked: Clicked, answer: Answer) -> None:
        """Snooze or wake, and say in the notice's thread who did it."""
        snooze, mail_id = read_snooze(clicked.value)
        if clicked.action_id == f"{Act.SNOOZE}:{ALL}":
            mail_ids = [MailId(value) for value in clicked.offered.get(Act.CHECK, ())]
        else:
            mail_ids = [mail_id]
        zone = await self._people.zone_of(clicked.person.user_id)
        changed = await self._subscriptions.snooze(
            clicked.channel_id,
            mail_ids,
            until=until(snooze, self._now(), zone),
            until_recovered=snooze is Snooze.RECOVERED,
        )
        state = await self._subscriptions.get(clicked.channel_id, changed[0]) if changed else None
        if state is None:
            which = mail_id if len(mail_ids) == 1 else "any of these mails"
            await answer.send(views.not_subscribed(which), replace=False)
            return
        for each in changed:
            await self._note(clicked, snooze, each)
        message = views.snoozed(
            state, clicked.person.user_id, count=len(changed), now=self._now(), zone=self._zone
        )
        if clicked.ephemeral or not clicked.message_ts:
            await answer.send(message, replace=False, in_channel=True)
        else:
            await self._slack.chat_postMessage(
                channel=clicked.channel_id,
                thread_ts=clicked.thread_ts or clicked.message_ts,
                **message.payload(),
            )

    async def _note(self, clicked: Clicked, snooze: Snooze, mail_id: MailId) -> None:
        """Who wanted it: one line in the log, one row in the audit table for each mail."""
        user_id, channel_id = clicked.person.user_id, clicked.channel_id
        about = {"user_id": user_id, "channel_id": channel_id, "mail_id": mail_id, "how_long": snooze}
        _log.info("snooze", extra=about)
        await self._audit.record_action(
            at=self._now(),
            user_id=user_id,
            action="wake" if snooze is Snooze.WAKE else "snooze",
            channel_id=channel_id,
            mail_id=mail_id,
            detail=snooze,
        )


def until(snooze: Snooze, now: datetime, zone: tzinfo) -> datetime | None:
    """When the quiet ends; None for what ends otherwise. `zone` is the person's own."""
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
