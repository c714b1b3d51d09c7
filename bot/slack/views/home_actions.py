"""What can be done about a mail from the Home tab, channel by channel, and what its buttons carry.

Each `read_…` raises OldButton for a value that no button of this version carries.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, tzinfo
from enum import StrEnum

from slack_sdk.models.blocks import Block, InteractiveElement, OverflowMenuElement

from bot.domain import ChannelId, MailId, SubscriptionState
from bot.slack.kit.actions import Act, OldButton, Snooze, confirm_leaving, read_snooze, read_word, snooze_menu
from bot.slack.kit.blocks import Message, actions, button, message, overflow, section, small
from bot.slack.kit.text import clip, label_of, title_of
from bot.slack.views.states import NEVER_RAN, condition
from bot.slack.views.unsubscribe import snooze_words

MENU, SNOOZE, LEAVE = f"{Act.HOME}:menu", f"{Act.HOME}:snooze", f"{Act.HOME}:leave"
_MOST_CHANNELS = 20


class HomeChoice(StrEnum):
    """What the menu beside a mail offers, as the first word of the chosen value."""

    CHECK = "check"
    MANAGE = "manage"


def mail_menu(place: str, mail_id: MailId) -> OverflowMenuElement:
    """`place` tells the menus of one page apart."""
    choices = [
        ("Check again", f"{HomeChoice.CHECK} {mail_id}"),
        ("Snooze or unsubscribe…", f"{HomeChoice.MANAGE} {mail_id}"),
    ]
    return overflow(choices, action_id=f"{MENU}:{place}")


def read_mail(value: str) -> tuple[HomeChoice, MailId]:
    choice, mail_id = read_word(HomeChoice, value)
    if not mail_id:
        raise OldButton(value)
    return choice, MailId(mail_id)


def read_place(value: str) -> tuple[MailId, ChannelId]:
    mail_id, _, channel_id = value.partition(" ")
    if not mail_id or not re.fullmatch(r"[A-Z0-9]+", channel_id):
        raise OldButton(value)
    return MailId(mail_id), ChannelId(channel_id)


def read_snooze_in(value: str) -> tuple[Snooze, MailId, ChannelId]:
    snooze, rest = read_snooze(value)
    return snooze, *read_place(rest)


def places(mail_id: MailId, states: Sequence[SubscriptionState], *, now: datetime, zone: tzinfo) -> Message:
    """Which of a person's channels are told about a mail, and what can be changed about that."""
    mail = states[0].mail if states else None
    if not states:
        return message(f"{title_of(mail_id, mail)}\nNone of your channels is told about it any more.")
    known = condition(states[0].latest, states[0].incident, now=now, zone=zone)
    blocks: list[Block | str] = [
        f"{(known or NEVER_RAN).sign} {title_of(mail_id, mail)} {known.words if known else ''}".strip()
    ]
    shown = states[:_MOST_CHANNELS]
    for index, state in enumerate(shown):
        how = snooze_words(state.subscription, now, zone) or "is told"
        blocks += [
            section(f"<#{state.subscription.channel_id}> · {how}"),
            actions(_elements(index, state, label_of(mail_id, mail), now)),
        ]
    rest = f"and {len(states) - len(shown)} more. " if len(states) > len(shown) else ""
    return message(*blocks, small(f"{rest}The channel is told who changed what"))


def _elements(index: int, state: SubscriptionState, label: str, now: datetime) -> list[InteractiveElement]:
    """Only what fails can be snoozed."""
    where = f"{state.subscription.mail_id} {state.subscription.channel_id}"
    leave = button(
        "Unsubscribe",
        action_id=f"{LEAVE}:{index}",
        value=where,
        reads_as=f"Unsubscribe from {clip(label, 40)}",
        confirm=confirm_leaving(
            "Unsubscribe that channel?", f"It will no longer be told when {clip(label, 80)} fails."
        ),
    )
    is_snoozed = state.subscription.is_snoozed(now)
    if not is_snoozed and (state.incident is None or not state.incident.is_firing):
        return [leave]
    return [snooze_menu(where, is_snoozed=is_snoozed, action_id=f"{SNOOZE}:{index}"), leave]
