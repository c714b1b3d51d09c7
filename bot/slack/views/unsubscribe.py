"""Pure: what people read when a channel leaves a mail: the question before it, that it did, that there was none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain import MailRef
from bot.slack.commands import Verb
from bot.slack.kit.actions import CONFIRMED, Act, More, dismiss_button, subscribe_button
from bot.slack.kit.blocks import Message, actions, button, clip, code, confirm, name, plural, section
from bot.slack.kit.mail_titles import label_of, plain_title_of, title_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slack_sdk.models.blocks import Block

    from bot.domain import Mail, MailId, UserId
    from bot.slack.command_names import CommandNames

_MOST_NAMES = 10  # a phone's screen


def unsubscribed(mails: Sequence[tuple[MailId, Mail | None]], by: UserId) -> Message:
    """The public word that a channel is no longer told, with a way back for a single mail."""
    plain = ", ".join(plain_title_of(mail_id, mail) for mail_id, mail in mails)
    shown = ", ".join(title_of(mail_id, mail) for mail_id, mail in mails[:_MOST_NAMES])
    if len(mails) > _MOST_NAMES:
        shown += f" and {len(mails) - _MOST_NAMES} more"
    blocks: list[Block] = [section(f"🔕 <@{by}> unsubscribed this channel from {shown}")]
    if len(mails) == 1:
        mail_id, mail = mails[0]
        title = plain_title_of(mail_id, mail)
        blocks.append(actions([subscribe_button(mail_id, title, is_subscribed=False)]))
    return Message(
        text=f"This channel is no longer told about {plain}; <@{by}> unsubscribed it.", blocks=tuple(blocks)
    )


def not_subscribed(words: str, *, names: CommandNames) -> Message:
    shown, listing = name(words, 60), names.of(Verb.SUBSCRIPTIONS)
    return Message(
        text=f"This channel is not subscribed to {shown}. Type {listing} to see what it is told of.",
        blocks=(
            section(
                f"This channel is not subscribed to “{shown}”. {code(listing)} shows what it is told of."
            ),
        ),
    )


def ask_first(mail_id: MailId, mail: Mail | None) -> Message:
    """The step before leaving a mail that was chosen from a menu."""
    plain = plain_title_of(mail_id, mail)
    ref = MailRef(mail_id=mail_id)
    yes = button(
        "Unsubscribe",
        action_id=CONFIRMED,
        value=mail_id,
        style="danger",
        reads_as=f"Unsubscribe this channel from {clip(label_of(mail_id, mail), 40)}",
    )
    what = "Nobody here will be told any more when it fails."
    return Message(
        text=f"Unsubscribe this channel from {plain}? {what} Confirm with Unsubscribe, or Cancel.",
        blocks=(
            section(f"🔕 Unsubscribe this channel from {title_of(mail_id, mail)}?\n{what}"),
            actions([yes, dismiss_button(More.UNSUBSCRIBE, ref)]),
        ),
    )


def left(mail_id: MailId, mail: Mail | None) -> Message:
    """What becomes of the question; the channel is told beside it."""
    return Message(
        text=f"You unsubscribed this channel from {plain_title_of(mail_id, mail)}.",
        blocks=(section(f"🔕 You unsubscribed this channel from {title_of(mail_id, mail)}"),),
    )


def left_all(count: int) -> Message:
    """What becomes of the question about all of them; the channel is told beside it, by their names."""
    words = f"You unsubscribed this channel from {plural(count, 'mail')}"
    return Message(text=f"{words}.", blocks=(section(f"🔕 {words}"),))


def stays(mail_id: MailId, mail: Mail | None) -> Message:
    """The answer to No."""
    what = "Nothing was changed: this channel is told about"
    return Message(
        text=f"{what} {plain_title_of(mail_id, mail)} as before.",
        blocks=(section(f"✋ {what} {title_of(mail_id, mail)} as before"),),
    )


def confirm_all(count: int) -> Message:
    """Leaving every mail is asked about first."""
    what = "its only mail" if count == 1 else f"all {plural(count, 'mail')}"
    question = f"Unsubscribe this channel from {what}?"
    lost = f"It will no longer be told when {'it' if count == 1 else 'one of them'} fails."
    return Message(
        text=f"{question} Press the button to do it.",
        blocks=(
            section(f"*{question}*\n{lost}"),
            actions(
                [
                    button(
                        f"Unsubscribe from {plural(count, 'mail')}",
                        action_id=f"{Act.UNSUBSCRIBE}:all",
                        value="all",
                        style="danger",
                        confirm=confirm("Unsubscribe from all?", question, yes="Unsubscribe", danger=True),
                    )
                ]
            ),
        ),
    )
