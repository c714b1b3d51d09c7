"""Mails: how people point at them, and how Quick BI lists them."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.ids import MailId, TaskId


@dataclass(frozen=True, kw_only=True, slots=True)
class MailRef:
    """What a person points at: a mail, or one run of it."""

    mail_id: MailId
    task_id: TaskId | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Mail:
    """A line of Quick BI's list of mails."""

    mail_id: MailId
    name: str
    owner_name: str
    paused: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class MailPage:
    """One page of `GetMailTaskList`. `next_page` is None on the last one."""

    mails: tuple[Mail, ...]
    total: int
    next_page: int | None
    request_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """Several mails may be meant by some words, the likeliest first; none where no name is close.

    `task_id` is the run that was asked for, of whichever it is.
    """

    words: str
    mails: tuple[Mail, ...]
    task_id: TaskId | None = None
