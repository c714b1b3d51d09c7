"""Pure: the words around sharing a status with a channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.slack.kit.actions import Act, More, dismiss_button, ref_value
from bot.slack.kit.blocks import Message, actions, button, clip, escape, section
from bot.slack.kit.mail_titles import label_of, plain_title_of, title_of

if TYPE_CHECKING:
    from bot.domain import ChannelId, Mail, MailRef


def ask_first(ref: MailRef, mail: Mail | None, channel_id: ChannelId) -> Message:
    """It names the mail and who will see it."""
    plain = plain_title_of(ref.mail_id, mail)
    where = f"<#{escape(channel_id)}>"
    who = "will see it, with your name"
    share = button(
        "Share it",
        action_id=Act.SHARE,
        value=ref_value(ref),
        style="primary",
        reads_as=f"Share the status of {clip(label_of(ref.mail_id, mail), 40)}",
    )
    return Message(
        text=f"Share the status of {plain}? Everybody in this channel {who}. Confirm with Share it, or Cancel.",
        blocks=(
            section(f"📣 Share the status of {title_of(ref.mail_id, mail)}?\n*Everybody in {where}* {who}."),
            actions([share, dismiss_button(More.SHARE, ref)]),
        ),
    )


def shared_now(ref: MailRef, mail: Mail | None) -> Message:
    return Message(
        text=f"You shared the status of {plain_title_of(ref.mail_id, mail)} with this channel.",
        blocks=(section(f"📣 You shared the status of {title_of(ref.mail_id, mail)} with this channel"),),
    )


def not_shared(ref: MailRef, mail: Mail | None) -> Message:
    return Message(
        text=f"The status of {plain_title_of(ref.mail_id, mail)} was not shared. Only you saw it.",
        blocks=(section(f"✋ The status of {title_of(ref.mail_id, mail)} was not shared\nOnly you saw it."),),
    )
