"""Pure: what a mail is called where people read it: by its name, else by its ID. One choice, in each kind of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain import MAX_MAIL_ID_LENGTH
from bot.slack.kit.blocks import bold, code, name, one_line

if TYPE_CHECKING:
    from bot.domain import Mail, MailId


def has_name(mail: Mail | None) -> bool:
    """A name of blanks, or of characters that show nothing, is none."""
    return mail is not None and bool(one_line(mail.name))


def name_or_id(mail_id: MailId, mail: Mail | None) -> str:
    """As it is, to be put among other words: nothing is escaped or clipped."""
    return mail.name if mail and has_name(mail) else mail_id


def title_of(mail_id: MailId, mail: Mail | None) -> str:
    """In bold, for mrkdwn."""
    return bold(mail.name) if mail and has_name(mail) else f"*Mail* {code(mail_id)}"


def bare_title_of(mail_id: MailId, mail: Mail | None) -> str:
    """For mrkdwn that is bold or struck out as a whole: stars inside would end that."""
    return title_of(mail_id, mail).replace("*", "")


def plain_title_of(mail_id: MailId, mail: Mail | None, *, begins: bool = False) -> str:
    """In words, for a message's own text, which Slack reads as mrkdwn too. `begins`: a sentence starts with it."""
    if mail and has_name(mail):
        return name(mail.name)
    return f"{'Mail' if begins else 'mail'} {name(mail_id, MAX_MAIL_ID_LENGTH)}"


def label_of(mail_id: MailId, mail: Mail | None) -> str:
    """For labels and dialogs, which show every character as it is: nothing is escaped. The caller clips it."""
    return one_line(mail.name) if mail and has_name(mail) else f"Mail {mail_id}"
