"""Reads what was typed after a command. Raises UsageError, with an example, where it makes no sense.

Which mail a name means is not decided here.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import time
from enum import StrEnum
from typing import TypeAlias

from bot.domain import DueTime, OnCall, UsageError
from bot.mails.id_parsing import Unreadable, innermost, short, tidy
from bot.mails.mail_rules import MailRule, RuleUnreadable, read_rule
from bot.mails.references import EXAMPLE_TASK, Knows, Target, known, names_task, read_mail, read_mails
from bot.mails.text_normalisation import plain_dashes
from bot.slack.due_time import DueUnreadable, read_daily, split_due
from bot.slack.notify_clause import NotifyUnreadable, split_notify

EXAMPLE_NAME = "Daily Sales"
EXAMPLE_DIGEST = "09:15 weekdays"


class Verb(StrEnum):
    """The commands, by the end of their names: a second app may put its own prefix before them."""

    STATUS = "mail-status"
    SUBSCRIBE = "mail-subscribe"
    UNSUBSCRIBE = "mail-unsubscribe"
    SUBSCRIPTIONS = "mail-subscriptions"
    LIST = "mail-list"
    HISTORY = "mail-history"
    DIGEST = "mail-digest"
    RUN = "mail-run"
    HELP = "mail-help"


@dataclass(frozen=True, kw_only=True, slots=True)
class AskForm:
    """Nothing was typed after the command: offer a form."""

    verb: Verb


@dataclass(frozen=True, kw_only=True, slots=True)
class AskHelp:
    verb: Verb


@dataclass(frozen=True, kw_only=True, slots=True)
class AskMail:
    """Something about one mail, or one of its runs."""

    target: Target


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscribe:
    """`has_task`: a task ID was typed, too, which plays no part."""

    targets: tuple[Target, ...]
    due: DueTime | None = None
    on_call: OnCall | None = None
    has_task: bool = field(default=False, compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Unsubscribe:
    """`targets` is None for all of the channel's mails. `has_task` as in Subscribe."""

    targets: tuple[Target, ...] | None
    has_task: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class SubscribeRule:
    rule: MailRule


@dataclass(frozen=True, slots=True)
class UnsubscribeRule:
    rule: MailRule


@dataclass(frozen=True, kw_only=True, slots=True)
class AskList:
    """Of all mails that have these words, or of the channel's subscriptions."""

    words: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SetDigest:
    """`zone` is "" where none was typed."""

    at: time
    weekdays: frozenset[int]
    zone: str = ""


@dataclass(frozen=True, slots=True)
class EndDigest:
    """No roll-call any more."""


Request: TypeAlias = (
    AskForm
    | AskHelp
    | AskMail
    | Subscribe
    | SubscribeRule
    | Unsubscribe
    | UnsubscribeRule
    | AskList
    | SetDigest
    | EndDigest
)

_HELP = re.compile(r"[-/]*(?:help|hilfe|帮助|\?)|[-/]+h")
_EVERYTHING = frozenset({"all", "everything", "*"})
_OFF = frozenset({"off", "none", "never", "no", "stop", "0"})
_TYPED_AGAIN = re.compile(rf"^/\S*(?:{'|'.join(Verb)})(?:\s+|$)")


def parse(verb: Verb, text: str, *, command: str = "", knows: Knows = lambda _: False) -> Request:
    """Read what was typed after a command.

    `knows` tells whether words are exactly the name or the ID of a mail: such words are that mail, whatever
    else they look like. Raises UsageError with an example of the same `command` as this workspace calls it.
    """
    try:
        return _request(verb, tidy(text), knows)
    except Unreadable as unreadable:
        example = f"{command or f'/{verb}'} {_example(verb, unreadable)}".strip()
        raise UsageError(str(unreadable), example=example) from None


def targets_of(request: Request) -> tuple[Target, ...]:
    """The mails that a request names."""
    match request:
        case AskMail(target=target):
            return (target,)
        case Subscribe(targets=targets):
            return targets
        case Unsubscribe(targets=targets):
            return targets or ()
        case _:
            return ()


def _request(verb: Verb, text: str, knows: Knows) -> Request:
    if verb is Verb.HELP:
        return AskHelp(verb=_command_named(_plain(innermost(text))))
    text = _TYPED_AGAIN.sub("", text)
    words = innermost(text)
    if any(_HELP.fullmatch(_plain(each)) for each in (text, words)):
        return AskHelp(verb=verb)
    match verb:
        case Verb.LIST:
            return AskList(words=" ".join(words.split()))
        case Verb.SUBSCRIPTIONS:
            return _subscriptions(words)
        case _ if not text:
            return AskForm(verb=verb)
        case Verb.SUBSCRIBE:
            return _subscribe(text, knows)
        case Verb.DIGEST:
            return _digest(words)
        case Verb.UNSUBSCRIBE:
            return _unsubscribe(text, words, knows)
        case _:
            return AskMail(target=read_mail(text, knows))


def _plain(text: str) -> str:
    """As the command language is compared: whatever the keyboard made of widths, dashes and case."""
    return plain_dashes(unicodedata.normalize("NFKC", text)).casefold()


def _command_named(words: str) -> Verb:
    """“/mail-help subscribe” asks about that command; whatever else, about all of them."""
    return next(
        (verb for verb in Verb if words.removeprefix("/") in {verb, verb.removeprefix("mail-")}), Verb.HELP
    )


def _subscriptions(words: str) -> AskList:
    if words:
        raise Unreadable(f"This command lists all that the channel is told about, without “{short(words)}”.")
    return AskList()


def _digest(words: str) -> SetDigest | EndDigest:
    if _plain(words) in _OFF:
        return EndDigest()
    at, weekdays, zone = read_daily(words)
    return SetDigest(at=at, weekdays=weekdays, zone=zone)


def _unsubscribe(text: str, words: str, knows: Knows) -> Unsubscribe | UnsubscribeRule:
    if _plain(words) in _EVERYTHING:
        return Unsubscribe(targets=None)
    if known(text, knows) is None and (rule := read_rule(text)):
        return UnsubscribeRule(rule)
    return Unsubscribe(targets=read_mails(text, knows), has_task=_has_task(text, knows))


def _subscribe(text: str, knows: Knows) -> Subscribe | SubscribeRule:
    def is_named(words: str) -> bool:
        return known(words, knows) is not None

    if is_named(text):
        return Subscribe(targets=read_mails(text, knows))
    if rule := read_rule(text):
        return SubscribeRule(rule)
    text, on_call = split_notify(text, is_named)
    words, due = split_due(innermost(text), is_named)
    mails = words if due else text
    return Subscribe(
        targets=read_mails(mails, knows), due=due, on_call=on_call, has_task=_has_task(mails, knows)
    )


def _has_task(text: str, knows: Knows) -> bool:
    return known(text, knows) is None and names_task(text)


def _example(verb: Verb, unreadable: Unreadable) -> str:
    if verb is Verb.DIGEST:
        return EXAMPLE_DIGEST
    if isinstance(unreadable, DueUnreadable):
        return f"{EXAMPLE_NAME} due 09:30 weekdays grace 15m"
    if isinstance(unreadable, RuleUnreadable):
        return "owner:Ada -name:test"
    if isinstance(unreadable, NotifyUnreadable):
        return f"{EXAMPLE_NAME} notify @ada remind 30m"
    if verb is Verb.SUBSCRIPTIONS:
        return ""
    return f"{EXAMPLE_NAME} {EXAMPLE_TASK}" if verb is Verb.STATUS else EXAMPLE_NAME
