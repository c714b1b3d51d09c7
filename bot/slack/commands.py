"""Pure: what was typed behind a command -> a request, or a UsageError that says how to type it.

Which mail a name means is not decided here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from bot.domain import UsageError
from bot.mails.id_parsing import Unreadable, innermost, tidy
from bot.mails.references import EXAMPLE_TASK, known, read_mail, read_mails
from bot.slack.due_time import DueUnreadable, split_due

if TYPE_CHECKING:
    from bot.domain import DueTime
    from bot.mails.references import Knows, Target

EXAMPLE_ID = "d5a59a898b634d75be5584f8dc159c62"


class Verb(StrEnum):
    """The commands, by the end of their names: a second app may put its own prefix before them."""

    STATUS = "mail-status"
    SUBSCRIBE = "mail-subscribe"
    UNSUBSCRIBE = "mail-unsubscribe"
    SUBSCRIPTIONS = "mail-subscriptions"
    LIST = "mail-list"
    HISTORY = "mail-history"
    RUN = "mail-run"
    HELP = "mail-help"


@dataclass(frozen=True, kw_only=True, slots=True)
class AskForm:
    """Nothing was typed behind the command: offer a form."""

    verb: Verb


@dataclass(frozen=True, kw_only=True, slots=True)
class AskHelp:
    verb: Verb


@dataclass(frozen=True, kw_only=True, slots=True)
class AskStatus:
    target: Target


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscribe:
    targets: tuple[Target, ...]
    due: DueTime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Unsubscribe:
    """`targets` is None for all of the channel's mails."""

    targets: tuple[Target, ...] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ListSubscriptions:
    pass


@dataclass(frozen=True, kw_only=True, slots=True)
class ListMails:
    words: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AskHistory:
    target: Target


@dataclass(frozen=True, kw_only=True, slots=True)
class RunMail:
    target: Target


Request: TypeAlias = (
    AskForm
    | AskHelp
    | AskStatus
    | Subscribe
    | Unsubscribe
    | ListSubscriptions
    | ListMails
    | AskHistory
    | RunMail
)

_HELP_WORDS = frozenset({"help", "?", "-h", "--help", "-help", "hilfe", "帮助", "？"})
_EVERYTHING = frozenset({"all", "everything", "*"})
_TYPED_AGAIN = re.compile(rf"^/\S*(?:{'|'.join(Verb)})(?:\s+|$)")


def parse(verb: Verb, text: str, *, command: str = "", knows: Knows = lambda _: False) -> Request:
    """Understand what was typed behind a command.

    `knows` tells whether words are exactly the name or the ID of a mail: such words are that mail, whatever
    else they look like. Raises UsageError, with an example of the same `command` as this workspace calls it,
    where it makes no sense.
    """
    try:
        return _request(verb, _TYPED_AGAIN.sub("", tidy(text)), knows)
    except Unreadable as unreadable:
        is_due = isinstance(unreadable, DueUnreadable)
        example = f"{command or f'/{verb}'} {_example(verb, is_due=is_due)}"
        raise UsageError(str(unreadable), example=example) from None


def _request(verb: Verb, text: str, knows: Knows) -> Request:
    if verb is Verb.HELP or {text.casefold(), innermost(text).casefold()} & _HELP_WORDS:
        return AskHelp(verb=verb)
    match verb:
        case Verb.SUBSCRIPTIONS:
            return ListSubscriptions()
        case Verb.LIST:
            return ListMails(words=innermost(text))
        case Verb.STATUS:
            return AskStatus(target=read_mail(text, knows)) if text else AskForm(verb=verb)
        case Verb.SUBSCRIBE:
            return _subscribe(text, knows) if text else AskForm(verb=verb)
        case Verb.UNSUBSCRIBE:
            is_all = innermost(text).casefold() in _EVERYTHING
            return Unsubscribe(targets=None if is_all else read_mails(text, knows))
        case Verb.HISTORY:
            return AskHistory(target=replace(read_mail(text, knows), task_id=None))
        case Verb.RUN:
            return RunMail(target=replace(read_mail(text, knows), task_id=None))


def _subscribe(text: str, knows: Knows) -> Subscribe:
    def is_named(words: str) -> bool:
        return known(words, knows) is not None

    words, due = (text, None) if is_named(text) else split_due(innermost(text), is_named)
    return Subscribe(targets=read_mails(words if due else text, knows), due=due)


def _example(verb: Verb, *, is_due: bool) -> str:
    if is_due:
        return f"{EXAMPLE_ID} due 09:30 weekdays grace 15m"
    return f"{EXAMPLE_ID} {EXAMPLE_TASK}" if verb is Verb.STATUS else EXAMPLE_ID
