"""Pure: what can be done about a mail from the Home tab, channel by channel, and what its buttons carry."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from slack_sdk.models.blocks import StaticSelectElement

from bot.domain import ChannelId, MailId
from bot.slack.kit.actions import SNOOZE_LABELS, Act, OldButton, Snooze, read_snooze
from bot.slack.kit.blocks import (
    Message,
    actions,
    button,
    clip,
    confirm,
    option,
    overflow,
    plural,
    section,
    small,
)
from bot.slack.kit.mail_titles import label_of, plain_title_of, title_of
from bot.slack.views.conditions import condition
from bot.slack.views.snooze import snooze_words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, tzinfo

    from slack_sdk.models.blocks import Block, InteractiveElement, OverflowMenuElement

    from bot.domain import SubscriptionState

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
    """Raises OldButton for what no menu of ours carries."""
    word, _, mail_id = value.partition(" ")
    if word not in HomeChoice.__members__.values() or not mail_id:
        raise OldButton(value)
    return HomeChoice(word), MailId(mail_id)


def read_place(value: str) -> tuple[MailId, ChannelId]:
    """Raises OldButton for what no button of ours carries."""
    mail_id, _, channel_id = value.partition(" ")
    if not mail_id or not re.fullmatch(r"[A-Z0-9]+", channel_id):
        raise OldButton(value)
    return MailId(mail_id), ChannelId(channel_id)


def read_snooze_in(value: str) -> tuple[Snooze, MailId, ChannelId]:
    """Raises OldButton for what no menu of ours carries."""
    snooze, rest = read_snooze(value)
    return snooze, *read_place(rest)


def places(mail_id: MailId, states: Sequence[SubscriptionState], *, now: datetime, zone: tzinfo) -> Message:
    """Where a mail is told among a person's channels, and what can be changed about that."""
    mail = states[0].mail if states else None
    title, plain = title_of(mail_id, mail), plain_title_of(mail_id, mail, begins=True)
    if not states:
        words = "None of your channels is told about it any more."
        return Message(text=f"{plain}: {words}", blocks=(section(f"{title}\n{words}"),))
    known = condition(states[0].latest, states[0].incident, now=now, zone=zone)
    said = f" {known.marked}" if known else ""
    said_plain = f" {known.plain}" if known else ""
    shown = states[:_MOST_CHANNELS]
    blocks: list[Block] = [section(f"{known.sign if known else '⚪'} {title}{said}")]
    for index, state in enumerate(shown):
        how = snooze_words(state.subscription, now, zone)[0] or "is told"
        blocks += [
            section(f"<#{state.subscription.channel_id}> · {how}"),
            actions(_elements(index, state, label_of(mail_id, mail), now)),
        ]
    rest = f"and {len(states) - len(shown)} more. " if len(states) > len(shown) else ""
    blocks.append(small(f"{rest}The channel is told who changed what"))
    return Message(
        text=f"{plain}{said_plain}. {plural(len(states), 'channel')} of yours told about it.",
        blocks=tuple(blocks),
    )


def _elements(index: int, state: SubscriptionState, label: str, now: datetime) -> list[InteractiveElement]:
    """Only what fails can be snoozed."""
    where = f"{state.subscription.mail_id} {state.subscription.channel_id}"
    leave = button(
        "Unsubscribe",
        action_id=f"{LEAVE}:{index}",
        value=where,
        reads_as=f"Unsubscribe from {clip(label, 40)}",
        confirm=confirm(
            "Unsubscribe that channel?",
            f"It will no longer be told when {clip(label, 80)} fails.",
            yes="Unsubscribe",
            danger=True,
        ),
    )
    if state.subscription.is_snoozed(now):
        return [button("Wake", action_id=f"{SNOOZE}:{index}", value=f"{Snooze.WAKE} {where}"), leave]
    if state.incident is None or not state.incident.is_firing:
        return [leave]
    options = [option(label, f"{snooze} {where}") for snooze, label in SNOOZE_LABELS.items()]
    return [
        StaticSelectElement(action_id=f"{SNOOZE}:{index}", placeholder="Snooze …", options=options),
        leave,
    ]
