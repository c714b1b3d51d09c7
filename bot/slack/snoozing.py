"""Lets a channel have its peace about a mail for a while. The notice that stands there goes on being true."""

from __future__ import annotations

import logging
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from bot.slack import subscription_messages as views
from bot.slack.controls import Snooze, read_snooze

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
        zone = await self._people.zone_of(clicked.person.user_id)
        changed = await self._subscriptions.snooze(
            clicked.channel_id,
            [mail_id],
            until=until(snooze, self._now(), zone),
            until_recovered=snooze is Snooze.RECOVERED,
        )
        state = await self._subscriptions.get(clicked.channel_id, mail_id)
        if not changed or state is None:
            await answer.send(views.not_subscribed(mail_id), replace=False)
            return
        _log.info(
            "snooze",
            extra={
                "user_id": clicked.person.user_id,
                "channel_id": clicked.channel_id,
                "mail_id": mail_id,
                "how_long": snooze,
            },
        )
        await self._audit.record_action(
            at=self._now(),
            user_id=clicked.person.user_id,
            action="wake" if snooze is Snooze.WAKE else "snooze",
            channel_id=clicked.channel_id,
            mail_id=mail_id,
            detail=snooze,
        )
        message = views.snoozed(state, clicked.person.user_id, now=self._now(), zone=self._zone)
        if clicked.ephemeral or not clicked.message_ts:
            await answer.send(message, replace=False, in_channel=True)
        else:
            await self._slack.chat_postMessage(
                channel=clicked.channel_id,
                thread_ts=clicked.thread_ts or clicked.message_ts,
                **message.payload(),
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
