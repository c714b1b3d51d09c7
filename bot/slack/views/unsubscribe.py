"""What people read when a channel is told less: it leaves a mail, or snoozes it. And when it is told again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from bot.domain import Mail, MailId, MailRef, Subscription, SubscriptionState, UserId
from bot.slack.command_names import CommandNames
from bot.slack.commands import Verb
from bot.slack.kit.actions import (
    ALL,
    CONFIRMED,
    Act,
    More,
    ask_first,
    confirm_leaving,
    dismiss_button,
    subscribe_button,
)
from bot.slack.kit.blocks import Message, actions, button, message
from bot.slack.kit.text import bold, clip, code, joined, label_of, plural, title_of, when

_ROOM = 600  # characters of names: a phone's screen


def unsubscribed(mails: Sequence[tuple[MailId, Mail | None]], by: UserId) -> Message:
    """The public word that a channel is no longer told, with a way back for a single mail."""
    who = f"🔕 <@{by}> unsubscribed this channel from"
    if len(mails) > 1:
        names = joined([title_of(mail_id, mail) for mail_id, mail in mails], _ROOM)
        return message(f"{who} {plural(len(mails), 'mail')}: {names}")
    mail_id, mail = mails[0]
    back = subscribe_button(mail_id, label_of(mail_id, mail), is_subscribed=False)
    return message(f"{who} {title_of(mail_id, mail)}", actions([back]))


def not_subscribed(*words: str, names: CommandNames) -> Message:
    which = joined([bold(each, 60) for each in words], _ROOM)
    shows = f"{code(names.of(Verb.SUBSCRIPTIONS))} shows what it is told about."
    return message(f"This channel is not subscribed to {which}. {shows}")


def ask_to_leave(mail_id: MailId, mail: Mail | None) -> Message:
    """The step before leaving a mail that was chosen from a menu."""
    yes = button(
        "Unsubscribe",
        action_id=CONFIRMED,
        value=mail_id,
        style="danger",
        reads_as=f"Unsubscribe this channel from {clip(label_of(mail_id, mail), 40)}",
    )
    return ask_first(
        f"🔕 Unsubscribe this channel from {title_of(mail_id, mail)}?\n"
        "It will no longer be told when it fails.",
        yes,
        dismiss_button(More.UNSUBSCRIBE, MailRef(mail_id=mail_id)),
    )


def left(mail_id: MailId, mail: Mail | None) -> Message:
    """What becomes of the question; the channel is told beside it."""
    return message(f"🔕 You unsubscribed this channel from {title_of(mail_id, mail)}")


def left_all(count: int) -> Message:
    """What becomes of the question about all of them; the channel is told beside it, by their names."""
    return message(f"🔕 You unsubscribed this channel from {plural(count, 'mail')}")


def stays(mail_id: MailId, mail: Mail | None) -> Message:
    """The answer to No."""
    return message(f"✋ Nothing was changed: this channel is told about {title_of(mail_id, mail)} as before")


def confirm_all(count: int) -> Message:
    """Leaving every mail is asked about first."""
    what, whose = ("its only mail", "it") if count == 1 else (f"all {plural(count, 'mail')}", "any of them")
    question = f"Unsubscribe this channel from {what}?"
    leave = button(
        f"Unsubscribe from {plural(count, 'mail')}",
        action_id=f"{Act.UNSUBSCRIBE}:{ALL}",
        value=ALL,
        style="danger",
        confirm=confirm_leaving("Unsubscribe from all?", question),
    )
    return message(f"*{question}*\nIt will no longer be told when {whose} fails.", actions([leave]))


def snoozed(state: SubscriptionState, by: UserId, *, count: int = 1, now: datetime, zone: tzinfo) -> Message:
    """Says in the notice's thread that nothing new comes for a while. `count`: of so many mails, all alike."""
    title, whom = title_of(state.subscription.mail_id, state.mail), "it"
    if count > 1:
        title, whom = f"*{plural(count, 'mail')}*", "them"
    if how_long := snooze_words(state.subscription, now, zone):
        return message(f"💤 <@{by}> snoozed {title}: {how_long}")
    return message(f"🔔 <@{by}> ended the snooze of {title}: this channel is told about {whom} again")


def nothing_wrong(mail_id: MailId, mail: Mail | None) -> Message:
    """A click on a notice that no longer says how things are."""
    return message(
        f"✅ {title_of(mail_id, mail)} has already recovered\n"
        "Snoozing it now would only hide the next failure, so I did not."
    )


def none_failing() -> Message:
    """A click on the menu for all of a message whose mails are all fine by now, or no longer told of here."""
    return message("✅ None of these mails is failing here any more, so there was nothing to change.")


def snooze_words(subscription: Subscription, now: datetime, zone: tzinfo) -> str:
    """Until when; empty where it is not snoozed."""
    if not subscription.is_snoozed(now):
        return ""
    if subscription.snoozed_until_recovered or subscription.snoozed_until is None:
        return "quiet until it recovers"
    return f"quiet until {when(subscription.snoozed_until, zone)}"
