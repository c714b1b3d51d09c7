"""Pure: what people read when a channel has its peace about a mail for a while, or no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.slack.kit.blocks import Message, absolute, plural, section, when
from bot.slack.kit.mail_titles import plain_title_of, title_of

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from bot.domain import Mail, MailId, Subscription, SubscriptionState, UserId


def snoozed(state: SubscriptionState, by: UserId, *, count: int = 1, now: datetime, zone: tzinfo) -> Message:
    """The word in the notice's thread that nothing new comes for a while. `count`: of so many mails, all alike."""
    mail_id, mail = state.subscription.mail_id, state.mail
    title, plain, whom = title_of(mail_id, mail), plain_title_of(mail_id, mail), "it"
    if count > 1:
        title, plain, whom = f"*{plural(count, 'mail')}*", plural(count, "mail"), "them"
    how_long = snooze_words(state.subscription, now, zone)
    if not how_long[0]:
        return Message(
            text=f"<@{by}> woke {plain}: this channel is told about {whom} again.",
            blocks=(section(f"🔔 <@{by}> woke {title}: this channel is told about {whom} again"),),
        )
    return Message(
        text=f"<@{by}> snoozed {plain}: {how_long[1]}.",
        blocks=(section(f"😴 <@{by}> snoozed {title}: {how_long[0]}"),),
    )


def nothing_wrong(mail_id: MailId, mail: Mail | None) -> Message:
    """A click on a notice that no longer says how things are."""
    why = "A snooze now would only hide the next failure, so there is none."
    return Message(
        text=f"{plain_title_of(mail_id, mail, begins=True)} has recovered already. {why}",
        blocks=(section(f"🟢 {title_of(mail_id, mail)} has recovered already\n{why}"),),
    )


def none_failing() -> Message:
    """A click on the menu for all of a message whose mails are all fine by now, or no longer told of here."""
    words = "None of these mails is failing here any more, so there was nothing to change."
    return Message(text=words, blocks=(section(f"🟢 {words}"),))


def snooze_words(subscription: Subscription, now: datetime, zone: tzinfo) -> tuple[str, str]:
    """Until when, in mrkdwn and in plain words; both empty where it is not snoozed."""
    if not subscription.is_snoozed(now):
        return "", ""
    if subscription.snoozed_until_recovered or subscription.snoozed_until is None:
        return ("quiet until it recovers",) * 2
    until = subscription.snoozed_until
    return f"quiet until {when(until, zone)}", f"quiet until {absolute(until, zone)}"
