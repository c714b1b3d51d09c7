"""Finds the mail that somebody's message is about: by an ID, else by the name of a known mail among its words."""

from __future__ import annotations

from bot.domain import Choice, MailId, MailRef
from bot.mails import id_parsing as pasted
from bot.mails.directory import MailDirectory
from bot.mails.references import read_mail

MOST_WORDS = 60  # characters: more is a sentence, of which no name is made


def mail_in(text: str, directory: MailDirectory) -> MailRef | Choice:
    """The mail, or a Choice of several; an empty one where there is none."""
    text = pasted.tidy(text)
    try:
        target = read_mail(text, directory.knows)
    except pasted.Unreadable:
        target = None
    if isinstance(target, MailRef):
        return target
    if target is not None and directory.knows(target.words):
        return directory.meant(target)
    if ids := {MailId(word) for word in pasted.words(text) if pasted.is_unmistakable(word)}:
        return _one_of(ids, directory)
    if named := directory.named_in(text):
        return _one_of({mail.mail_id for mail in named}, directory)
    meant = directory.meant(target) if target is not None and len(text) <= MOST_WORDS else None
    return meant if isinstance(meant, MailRef) else Choice(words=pasted.short(text), mails=())


def _one_of(mail_ids: set[MailId], directory: MailDirectory) -> MailRef | Choice:
    if len(mail_ids) == 1:
        return MailRef(mail_id=mail_ids.pop())
    mails = [mail for mail_id in sorted(mail_ids) if (mail := directory.get(mail_id)) is not None]
    return Choice(words="this message", mails=tuple(mails))
