"""Pure: what people read when a channel has its peace about a mail for a while, or no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.slack.blocks import Message, absolute, section, when
from bot.slack.conditions import plain_title_of, title_of

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from bot.domain import Mail, MailId, Subscription, SubscriptionState, UserId


def snoozed(state: SubscriptionState, by: UserId, *, now: datetime, zone: tzinfo) -> Message:
    """The word in the notice's thread that nothing new comes for a while."""
    mail_id, mail = state.subscription.mail_id, state.mail
    title, plain = title_of(mail_id, mail), plain_title_of(mail_id, mail)
    how_long = snooze_words(state.subscription, now, zone)
    if not how_long[0]:
        return Message(
            text=f"<@{by}> woke {plain}: this channel is told about it again.",
            blocks=(section(f"🔔 <@{by}> woke {title}: this channel is told about it again"),),
        )
    return Message(
        text=f"<@{by}> snoozed {plain}: {how_long[1]}.",
        blocks=(section(f"😴 <@{by}> snoozed {title}: {how_long[0]}"),),
    )


def nothing_wrong(mail_id: MailId, mail: Mail | None) -> Message:
    """A click on a notice that no longer says how things are."""
    why = "A snooze now would only hide the next failure, so there is none."
    return Message(
        text=f"{plain_title_of(mail_id, mail)} has recovered already. {why}",
        blocks=(section(f"🟢 {title_of(mail_id, mail)} has recovered already\n{why}"),),
    )


def snooze_words(subscription: Subscription, now: datetime, zone: tzinfo) -> tuple[str, str]:
    """Until when, in mrkdwn and in plain words; both empty where it is not snoozed."""
    if not subscription.is_snoozed(now):
        return "", ""
    if subscription.snoozed_until_recovered or subscription.snoozed_until is None:
        return ("quiet until it recovers",) * 2
    until = subscription.snoozed_until
    return f"quiet until {when(until, zone)}", f"quiet until {absolute(until, zone)}"
