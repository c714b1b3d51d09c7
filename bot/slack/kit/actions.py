"""The buttons and menus under messages, and what they carry. A button's value is all that a click tells.

Each `read_…` raises OldButton for a value that no button of this version carries.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    InteractiveElement,
    Option,
    StaticSelectElement,
)

from bot.domain import MailId, MailRef, TaskId
from bot.mails.text_normalisation import displayed
from bot.slack.kit.blocks import Message, actions, button, confirm, option, overflow, section, text_of
from bot.slack.kit.text import clip

_Word = TypeVar("_Word", bound=StrEnum)

# Of what is about all mails of a message: stands for a mail in the value, and behind a colon in the action ID.
ALL = "all"


class Act(StrEnum):
    """Action IDs. They live on in old messages: a name once used keeps its meaning."""

    CHECK = "mail_check"
    PICK = "mail_pick"
    SUBSCRIBE = "mail_subscribe"
    UNSUBSCRIBE = "mail_unsubscribe"
    RUN = "mail_run"
    RUN_CONFIRMED = "mail_run_confirmed"
    CANCEL = "mail_cancel"
    MORE = "mail_more"  # the overflow menu; its values begin with a More
    SNOOZE = "mail_snooze"
    PAGE = "mail_page"
    HOME = "mail_home"
    HELP = "mail_help"
    SHARE = "mail_share"
    TAKE = "mail_take"  # "I'm on it"
    DISMISS = "mail_dismiss"  # No, to the question before something that was chosen from a menu


class More(StrEnum):
    """What the overflow menu offers, as the first word of the chosen value; the mail's value follows."""

    CHECK = "check"
    TAKE_OVER = "takeover"
    GIVE_BACK = "giveback"
    HISTORY = "history"
    SHARE = "share"
    RUN = "run"
    UNSUBSCRIBE = "unsubscribe"


class Snooze(StrEnum):
    """How long a channel gets no new messages about a mail, as the first word of the chosen value."""

    HOUR = "1h"
    FOUR_HOURS = "4h"
    TOMORROW = "tomorrow"
    RECOVERED = "recovered"
    WAKE = "wake"


_SNOOZES = {
    Snooze.HOUR: "1 hour",
    Snooze.FOUR_HOURS: "4 hours",
    Snooze.TOMORROW: "until tomorrow 9:00",
    Snooze.RECOVERED: "until it recovers",
}
# One way of several that failed seems to be enough for “failed”; Quick BI does not say which one.
MAYBE_THERE = "Some people may have it already: a mail can also go to DingTalk, Lark or WeCom."
# These stand under a status, and carry the run that it shows: it is drawn anew after them.
UNDER_STATUS = (f"{Act.SUBSCRIBE}:status", f"{Act.UNSUBSCRIBE}:status")
CONFIRMED = f"{Act.UNSUBSCRIBE}:confirmed"


class OldButton(ValueError):
    """A button or menu carries what makes no sense to this version: another one made it."""


def ref_value(ref: MailRef) -> str:
    return f"{ref.mail_id} {ref.task_id}" if ref.task_id is not None else ref.mail_id


def read_ref(value: str) -> MailRef:
    mail_id, _, task = value.partition(" ")
    if not mail_id or not re.fullmatch(r"[0-9]{0,19}", task):
        raise OldButton(value)
    return MailRef(mail_id=MailId(mail_id), task_id=TaskId(int(task)) if task else None)


def page_value(page: int, of: str = "") -> str:
    """Which page of what: all that a pager's button carries."""
    return f"{page} {of}".strip()


def read_page(value: str) -> tuple[int, str]:
    page, _, of = value.partition(" ")
    if not re.fullmatch(r"[0-9]{1,6}", page):
        raise OldButton(value)
    return int(page), of


def more_value(more: More, ref: MailRef) -> str:
    return f"{more} {ref_value(ref)}"


def read_more(value: str) -> tuple[More, MailRef]:
    more, rest = read_word(More, value)
    return more, read_ref(rest)


def read_snooze(value: str) -> tuple[Snooze, MailId]:
    snooze, rest = read_word(Snooze, value)
    return snooze, MailId(rest)


def read_word(words: type[_Word], value: str) -> tuple[_Word, str]:
    """The first word of a value, which is one of `words`, and the rest."""
    word, _, rest = value.partition(" ")
    if word not in words.__members__.values():
        raise OldButton(value)
    return words(word), rest


def ask_first(question: str, yes: ButtonElement, no: ButtonElement, *more: Block) -> Message:
    """The question before something that was chosen from a menu or typed. `question` names what it is about."""
    asked = section(question)
    confirm_or_not = f"Confirm with {yes.text.text if yes.text else ''}, or Cancel."
    return Message(blocks=(asked, actions([yes, no]), *more), text=f"{text_of([asked])} {confirm_or_not}")


def dismiss_button(more: More, ref: MailRef) -> ButtonElement:
    """No, to the question before what was chosen."""
    return button(
        "Cancel", action_id=Act.DISMISS, value=more_value(more, ref), reads_as="Cancel, change nothing"
    )


def pager(
    kind: str,
    page: int,
    pages: int,
    *,
    of: str = "",
    labels: tuple[str, str] = ("Previous", "Next"),
    what: str,
) -> list[ButtonElement]:
    """Buttons that turn to the pages that there are. `kind` says in the action ID what is paged, `of` which one."""
    turns = [(labels[0], page - 1)] if page > 0 else []
    turns += [(labels[1], page + 1)] if page + 1 < pages else []
    return [
        button(
            label,
            action_id=f"{Act.PAGE}:{kind}:{label.lower()}",
            value=page_value(to, of),
            reads_as=f"{label} {what}",
        )
        for label, to in turns
    ]


def run_button(mail_id: MailId, title: str, *, is_first: bool = False) -> ButtonElement:
    """Asks first: a run sends the mail to all its recipients, again unless it `is_first` that is missing."""
    short = clip(displayed(title), 60)
    again, more = ("now", ".") if is_first else ("again", f" once more. {MAYBE_THERE}")
    return button(
        f"Run {again}…",
        action_id=Act.RUN,
        value=mail_id,
        style="primary",
        reads_as=f"Run {short} {again}",
        confirm=confirm(
            f"Send this mail {again}?",
            f"{short} runs now, and goes to all its recipients{more}",
            yes="Run it",
        ),
    )


def subscribe_button(
    mail_id: MailId, title: str, *, is_subscribed: bool, status_of: MailRef | None = None
) -> ButtonElement:
    """`status_of` is what the message shows the status of, where it is one."""
    short = clip(displayed(title), 40)
    subscribe, unsubscribe = UNDER_STATUS if status_of else (Act.SUBSCRIBE, Act.UNSUBSCRIBE)
    value = ref_value(status_of) if status_of else mail_id
    if not is_subscribed:
        label = "Subscribe this channel"
        return button(label, action_id=subscribe, value=value, reads_as=f"{label} to {short}")
    return button(
        "Unsubscribe",
        action_id=unsubscribe,
        value=value,
        reads_as=f"Unsubscribe this channel from {short}",
        confirm=confirm_leaving(
            "Unsubscribe this channel?", f"This channel will no longer be told when {short} fails."
        ),
    )


def confirm_leaving(title: str, question: str) -> ConfirmObject:
    return confirm(title, question, yes="Unsubscribe", danger=True)


def check_button(ref: MailRef, title: str) -> ButtonElement:
    return look_button("Check again", ref, title)


def look_button(label: str, ref: MailRef, title: str, *, action_id: str = Act.CHECK) -> ButtonElement:
    """Shows one mail's status."""
    reads_as = f"{label}: {clip(displayed(title), 50)}"
    return button(label, action_id=action_id, value=ref_value(ref), reads_as=reads_as)


def take_button(mail_id: MailId, title: str) -> ButtonElement:
    reads_as = f"I'm on it: {clip(displayed(title), 50)}"
    return button("I'm on it", action_id=Act.TAKE, value=mail_id, reads_as=reads_as)


def of_responder(ref: MailRef) -> list[tuple[str, str]]:
    """What the menu offers while somebody looks after it: nobody knows who will open it."""
    return [
        ("Take over", more_value(More.TAKE_OVER, ref)),
        ("Give back", more_value(More.GIVE_BACK, ref)),
    ]


def snooze_menu(
    which: str, *, is_snoozed: bool, action_id: str = Act.SNOOZE, of_all: bool = False
) -> InteractiveElement:
    """Snoozes, or ends that. `which` is what the value carries: a mail, a mail and a channel, or ALL."""
    them = " all" if of_all else ""
    if is_snoozed:
        return button(f"End snooze{them}", action_id=action_id, value=f"{Snooze.WAKE} {which}")
    options = [option(label, f"{snooze} {which}") for snooze, label in _SNOOZES.items()]
    return StaticSelectElement(action_id=action_id, placeholder=f"Snooze{them} …", options=options)


@dataclass(frozen=True, kw_only=True, slots=True)
class InChannel:
    """How a channel stands to a mail. None where that cannot be known now, or where there is nothing to snooze."""

    is_subscribed: bool | None = None
    is_snoozed: bool | None = None


def under_status(ref: MailRef, title: str, *, has_failed: bool, here: InChannel) -> ActionsBlock:
    """At most three buttons, the rest in the overflow menu: it must fit a phone."""
    mail = MailRef(mail_id=ref.mail_id)
    elements: list[InteractiveElement] = [check_button(ref, title)]
    more = [
        ("Recent runs", more_value(More.HISTORY, mail)),
        ("Share in this channel…", more_value(More.SHARE, ref)),
    ]
    if has_failed:
        elements.append(run_button(ref.mail_id, title))
    else:
        more.append(("Run again…", more_value(More.RUN, mail)))
    if here.is_snoozed is not None:
        elements.append(snooze_menu(ref.mail_id, is_snoozed=here.is_snoozed))
        more.append(("Unsubscribe this channel…", more_value(More.UNSUBSCRIBE, mail)))
    elif here.is_subscribed is not None:
        elements.append(subscribe_button(ref.mail_id, title, is_subscribed=here.is_subscribed, status_of=ref))
    fitting = [(label, value) for label, value in more if len(value) <= Option.value_max_length]
    return actions([*elements, overflow(fitting, action_id=Act.MORE)])
