"""Pure: what was typed behind a command -> a request, or a UsageError that says how to type it.

People paste IDs out of mails, chats and Quick BI's own error lines; all that is understood here and
nowhere else. Which mail a name means is not decided here.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum
from typing import TypeAlias

from bot.domain import (
    DEFAULT_GRACE,
    EVERY_DAY,
    MAX_MAIL_ID_LENGTH,
    MAX_TASK_ID,
    WORKDAYS,
    DueTime,
    MailId,
    MailRef,
    TaskId,
    UsageError,
)

EXAMPLE_ID = "d5a59a898b634d75be5584f8dc159c62"
EXAMPLE_TASK = "7218865303929605212"
MAX_MAILS_AT_ONCE = 20
MAX_GRACE = timedelta(hours=12)


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
class MailName:
    """Words that may be a mail's name."""

    words: str


Target: TypeAlias = MailRef | MailName


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

_HELP_WORDS = frozenset({"help", "?", "-h", "--help", "-help", "hilfe", "帮助"})
_QUOTES = "\"'`´‘’‚‛“”„‟«»‹›「」『』〝〞＂＇"
_WRAPPERS = _QUOTES + "()[]{}<>（）【】《》〈〉［］｛｝"
_TRAILING = ".,;:!?。，；：！？、…"
_ID = re.compile(rf"[A-Za-z0-9_-]{{1,{MAX_MAIL_ID_LENGTH}}}")
_SURE_ID = re.compile(r"(?=.*\d)[0-9A-Fa-f]{16,}|\d{5,}")
_LABELLED = r"{}[\s_-]?id[{}\s]*[:=：＝]\s*[{}\s]*([^\s;,&；，{}]+)"
_CLASS = re.escape(_WRAPPERS)
_MAIL_LABEL = re.compile(_LABELLED.format("mail", _CLASS, _CLASS, _CLASS), re.IGNORECASE)
_TASK_LABEL = re.compile(_LABELLED.format("task", _CLASS, _CLASS, _CLASS), re.IGNORECASE)
_LABEL_WORD = re.compile(r"^(?:mail|task)(?:[\s_-]?id)?[:=：＝]", re.IGNORECASE)
_GLUE = "\0"
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u200e\u200f\u00ad"))
_SLACK_LINK = re.compile(r"<(?:https?|mailto|tel):[^|>]*\|([^>]*)>|<((?:https?)://[^|>]*)>")
_QUOTED = re.compile(rf"[{re.escape(_QUOTES)}]([^{re.escape(_QUOTES)}]+)[{re.escape(_QUOTES)}]")
_DUE = re.compile(
    r"(?:^|\s)(?:due|by)\s+(?P<hour>\d{1,2})[:：](?P<minute>\d{2})(?P<rest>(?:\s+\S+)*)\s*$",
    re.IGNORECASE,
)
_DUE_WORD = re.compile(r"(?:^|\s)(?:due|by)\s+(?=[\d@])|(?:^|\s)due\s*$", re.IGNORECASE)
_GRACE = re.compile(r"grace\s+(\d{1,4})\s*(m|min|mins|minutes?|h|hours?)?$", re.IGNORECASE)
_DAYS = {day: index for index, day in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}
_DAY_SETS = {"daily": EVERY_DAY, "everyday": EVERY_DAY, "weekdays": WORKDAYS, "workdays": WORKDAYS}


def parse(verb: Verb, text: str) -> Request:
    """Understand what was typed behind a command.

    Raises UsageError, with an example of the same command, where it makes no sense.
    """
    text = tidy(text)
    if text.casefold() in _HELP_WORDS or verb is Verb.HELP:
        return AskHelp(verb=verb)
    match verb:
        case Verb.SUBSCRIPTIONS:
            return ListSubscriptions()
        case Verb.LIST:
            return ListMails(words=_unwrap(text))
        case Verb.STATUS:
            return AskStatus(target=parse_target(text, verb)) if text else AskForm(verb=verb)
        case Verb.SUBSCRIBE:
            return _subscribe(text) if text else AskForm(verb=verb)
        case Verb.UNSUBSCRIBE:
            return _unsubscribe(text)
        case Verb.HISTORY:
            return AskHistory(target=_mail_only(text, verb))
        case Verb.RUN:
            return RunMail(target=_mail_only(text, verb))


def tidy(text: str) -> str:
    """Undo what Slack and keyboards do to a text: entities, links, invisible and odd blanks."""
    text = html.unescape(text)
    text = _SLACK_LINK.sub(lambda found: found[1] or found[2], text)
    return " ".join(text.translate(_INVISIBLE).split())


def parse_target(text: str, verb: Verb) -> Target:
    """One mail: an ID, an ID and a task ID, a line copied from Quick BI, or words that may be a name."""
    labelled = _labelled(text, verb)
    if labelled is not None:
        return labelled
    words = [word for word in text.split() if _unwrap(word)]
    if not words:
        raise _usage(verb, "Which mail? Its ID is missing.")
    first = _unwrap(words[0])
    if len(words) == 1:
        return _single(first, verb)
    if len(words) == 2 and _ID.fullmatch(first):  # noqa: PLR2004 (a mail and a task)
        task = _unwrap(words[1])
        if task.lstrip("+-").isdigit() and (_SURE_ID.fullmatch(first) or len(task) > 4):  # noqa: PLR2004
            return MailRef(mail_id=MailId(first), task_id=_task_id(task, verb))
    if _SURE_ID.fullmatch(first):
        raise _usage(verb, _trailing_problem(words[1:]))
    return MailName(words=_unwrap(text))


def _single(word: str, verb: Verb) -> Target:
    if "*" in word and _ID.fullmatch(word.replace("*", "")):
        raise _usage(
            verb, "This ID is masked with stars. Copy the whole ID from the mail's page in Quick BI."
        )
    if len(word) > MAX_MAIL_ID_LENGTH:
        raise _usage(
            verb,
            f"That is {len(word):,} characters; a mail's ID has at most {MAX_MAIL_ID_LENGTH}, mostly 32.",
        )
    return MailRef(mail_id=MailId(word)) if _ID.fullmatch(word) else MailName(words=word)


def _trailing_problem(rest: list[str]) -> str:
    if len(rest) == 1:
        return f"“{_short(_unwrap(rest[0]))}” is not a task ID. A task ID is a number such as {EXAMPLE_TASK}."
    return (
        f"One mail and at most one task ID, please. I do not know what to do with “{_short(' '.join(rest))}”."
    )


def _labelled(text: str, verb: Verb) -> MailRef | None:
    mail, task = _MAIL_LABEL.search(text), _TASK_LABEL.search(text)
    if mail is None:
        if task is not None or _LABEL_WORD.match(text):
            raise _usage(
                verb, "There is a task ID but no mail ID. Quick BI needs the mail's ID to find the run."
            )
        return None
    mail_id = _unwrap(mail[1])
    if not _ID.fullmatch(mail_id):
        raise _usage(verb, f"“{_short(mail_id)}” is not a mail ID: it has characters that no ID has.")
    return MailRef(mail_id=MailId(mail_id), task_id=_task_id(_unwrap(task[1]), verb) if task else None)


def _task_id(word: str, verb: Verb) -> TaskId:
    if not re.fullmatch(r"[0-9]{1,40}", word):
        raise _usage(
            verb, f"“{_short(word)}” is not a task ID. A task ID is a number such as {EXAMPLE_TASK}."
        )
    number = int(word)
    if not 0 < number <= MAX_TASK_ID:
        raise _usage(
            verb,
            f"{_short(word)} cannot be a task ID: "
            + ("it is larger than any." if number else "task IDs begin at 1."),
        )
    return TaskId(number)


def _mail_only(text: str, verb: Verb) -> Target:
    target = parse_target(text, verb)
    return MailRef(mail_id=target.mail_id) if isinstance(target, MailRef) else target


def _subscribe(text: str) -> Subscribe:
    text, due = _split_due(text)
    return Subscribe(targets=_targets(text, Verb.SUBSCRIBE), due=due)


def _unsubscribe(text: str) -> Unsubscribe:
    if _unwrap(text).casefold() in {"all", "everything", "*"}:
        return Unsubscribe(targets=None)
    return Unsubscribe(targets=_targets(text, Verb.UNSUBSCRIBE))


def _targets(text: str, verb: Verb) -> tuple[Target, ...]:
    """Several mails: by commas, in quotes, or IDs side by side. Named twice is named once."""
    targets: dict[Target, None] = {}
    if _MAIL_LABEL.search(text):
        labelled = _labelled(text, verb)
        return (MailRef(mail_id=labelled.mail_id),) if labelled else ()
    # What stands in quotes is one mail, even with blanks inside: glue it until the rest is split.
    glued = _QUOTED.sub(lambda found: "," + found[1].strip().replace(" ", _GLUE) + ",", text)
    for piece in re.split(r"[,，、;；]+", glued):
        for one in _side_by_side(piece.strip()):
            targets[_mail_only(one.replace(_GLUE, " "), verb)] = None
    if not targets:
        raise _usage(verb, "Which mail? Its ID is missing.")
    if len(targets) > MAX_MAILS_AT_ONCE:
        raise _usage(verb, f"That is {len(targets)} mails; at most {MAX_MAILS_AT_ONCE} at once, please.")
    return tuple(targets)


def _side_by_side(piece: str) -> list[str]:
    words = [word for word in map(_unwrap, piece.split()) if word]
    if len(words) > 1 and not any(_SURE_ID.fullmatch(word) for word in words):
        return [piece]
    return words


def _split_due(text: str) -> tuple[str, DueTime | None]:
    found = _DUE.search(text)
    if found is None:
        if _DUE_WORD.search(text):
            raise _usage(Verb.SUBSCRIBE, "I cannot read when it is due. Write the time as 09:30.", due=True)
        return text, None
    hour, minute = int(found["hour"]), int(found["minute"])
    if hour > 23 or minute > 59:  # noqa: PLR2004 (a clock)
        raise _usage(Verb.SUBSCRIBE, f"{found['hour']}:{found['minute']} is not a time of day.", due=True)
    weekdays, grace = _due_options(found["rest"].strip())
    return text[: found.start()].strip(), DueTime(at=time(hour, minute), weekdays=weekdays, grace=grace)


def _due_options(rest: str) -> tuple[frozenset[int], timedelta]:
    grace = DEFAULT_GRACE
    if found := _GRACE.search(rest):
        unit = "hours" if (found[2] or "m").lower().startswith("h") else "minutes"
        grace = timedelta(**{unit: int(found[1])})
        rest = rest[: found.start()].strip()
    if grace > MAX_GRACE:
        raise _usage(Verb.SUBSCRIBE, "The grace can be 12 hours at most.", due=True)
    days: frozenset[int] = frozenset()
    for word in filter(None, re.split(r"[\s,]+", rest.casefold())):
        if word in {"on", "every", "and"}:
            continue
        known = _DAY_SETS.get(word)
        if known is None and word[:3] not in _DAYS:
            raise _usage(Verb.SUBSCRIBE, f"I do not understand “{_short(word)}” behind the time.", due=True)
        days |= known if known is not None else {_DAYS[word[:3]]}
    return days or EVERY_DAY, grace


def _unwrap(text: str) -> str:
    """Take off quotes, brackets and punctuation that stand around a word, however deep."""
    while True:
        stripped = text.strip().strip(_WRAPPERS).rstrip(_TRAILING)
        if stripped == text:
            return text
        text = stripped


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"  # noqa: PLR2004 (fits a phone's line)


def _usage(verb: Verb, problem: str, *, due: bool = False) -> UsageError:
    arguments = EXAMPLE_ID
    if due:
        arguments += " due 09:30 weekdays grace 15m"
    elif verb is Verb.STATUS:
        arguments += f" {EXAMPLE_TASK}"
    return UsageError(problem, example=f"/{verb} {arguments}")
