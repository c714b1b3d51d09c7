"""Subscribes a channel by a rule, and ends that. Shows what the rule matches before anything is done."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.domain import ChannelId, MailId, SubscriptionRule, TeamId, UserId
from bot.domain.subscriptions import Posting
from bot.mails.directory import MailDirectory
from bot.mails.mail_rules import MailRule, read_rule
from bot.slack.command_names import NamesHeard
from bot.slack.kit.actions import OldButton
from bot.slack.payloads import Clicked, Home, Typed
from bot.slack.transport.channel_access import ChannelAccess
from bot.slack.transport.responders import Answer
from bot.slack.views import subscription_rules as views
from bot.slack.views.subscriptions import cannot_post

_log = logging.getLogger(__name__)


class SubscriptionRules(Protocol):
    async def of_channel(self, channel_id: ChannelId) -> tuple[tuple[SubscriptionRule, int], ...]:
        """Each with the number of mails that are subscribed because of it."""
        ...

    async def add(self, rule: SubscriptionRule) -> tuple[MailId, ...]:
        """Returns the mails that the channel was not subscribed to."""
        ...

    async def remove(self, channel_id: ChannelId, text: str, *, by: UserId, now: datetime) -> int | None:
        """Returns how many mails left; None where there is no such rule."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class SubscriptionRuleHandler:
    """`call_interval` is in seconds, between two calls for status."""

    rules: SubscriptionRules
    directory: MailDirectory
    channels: ChannelAccess
    on_channel_used: Callable[[ChannelId], Awaitable[None]]
    home: Home
    commands: NamesHeard
    call_interval: float
    now: Callable[[], datetime]

    async def asked(self, typed: Typed, rule: MailRule, answer: Answer) -> None:
        posting = await self.channels.posting(typed.channel_id)
        if posting not in {Posting.FINE, Posting.SHARED, Posting.UNKNOWN}:
            await answer.send(cannot_post(posting, self.home.app_name))
            return
        mails = [mail for mail in self.directory.find("").mails if rule.matches(mail)]
        a_round = timedelta(seconds=len(mails) * self.call_interval)
        shared = posting is Posting.SHARED
        await answer.send(views.preview(rule, mails, is_shared=shared, a_round=a_round))

    async def confirmed(self, clicked: Clicked, answer: Answer) -> None:
        rule = read_rule(clicked.value)
        if rule is None:
            raise OldButton(clicked.value)
        by = clicked.person.user_id
        await self.on_channel_used(clicked.channel_id)
        joined = await self.rules.add(
            SubscriptionRule(
                team_id=TeamId(clicked.person.team_id),
                channel_id=clicked.channel_id,
                text=rule.text,
                created_by=by,
                created_at=self.now(),
            )
        )
        _log.info("subscribe_by_rule", extra=_who_where(clicked) | {"mails": len(joined)})
        await answer.send(views.is_known(), replace=True)
        mails = [mail for mail_id in joined if (mail := self.directory.get(mail_id)) is not None]
        await answer.send(views.subscribed(rule, mails, by), replace=False, in_channel=True)

    async def dismissed(self, clicked: Clicked, answer: Answer) -> None:  # noqa: ARG002
        await answer.send(views.dismissed(), replace=True)

    async def ended(self, typed: Typed, rule: MailRule, answer: Answer) -> None:
        by = typed.person.user_id
        left = await self.rules.remove(typed.channel_id, rule.text, by=by, now=self.now())
        if left is None:
            rules = [each for each, _ in await self.rules.of_channel(typed.channel_id)]
            await answer.send(views.no_such_rule(rule, rules, self.commands.names))
            return
        _log.info("unsubscribe_by_rule", extra=_who_where(typed) | {"mails": left})
        await answer.send(views.unsubscribed(rule, left, by), replace=False, in_channel=True)


def _who_where(who: Typed | Clicked) -> dict[str, object]:
    return {"user_id": who.person.user_id, "channel_id": who.channel_id}
