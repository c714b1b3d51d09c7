"""Reads which mails are meant. Words that are exactly a mail's name are never read as anything else.

`knows` says which words are exactly the name or ID of a mail. Close names are the directory's to find.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, takewhile
from typing import TypeAlias

from bot.domain import MAX_MAIL_ID_LENGTH, MAX_TASK_ID, MailId, MailRef, TaskId
from bot.mails import id_parsing as pasted
from bot.mails.id_parsing import Labelled, Unreadable, short
from bot.mails.text_normalisation import plain_dashes

EXAMPLE_TASK = "7218865303929605212"
MAX_MAILS_AT_ONCE = 100  # about as many names as fit into one message of Slack
_NO_MAIL = "Which mail? Its name or ID is missing."
_ONLY_A_TASK = "There is a task ID but no mail ID. Quick BI needs the mail's ID to find the run."
_EMPTY_LABEL = (
    "Nothing stands behind the label of the mail's ID. Copy the whole ID from the mail's page in Quick BI."
)
_MASKED = "This ID is masked with stars. Copy the whole ID from the mail's page in Quick BI."


@dataclass(frozen=True, kw_only=True, slots=True)
class MailName:
    """Words that may be a mail's name, and the task ID behind them."""

    words: str
    task_id: TaskId | None = None

    @property
    def as_id(self) -> MailRef | None:
        """IDs have no one shape: what no name comes close to may still be one."""
        words = plain_dashes(self.words)
        return MailRef(mail_id=MailId(words), task_id=self.task_id) if pasted.could_be_id(words) else None


Target: TypeAlias = MailRef | MailName
Knows: TypeAlias = "Callable[[str], bool]"


def read_mail(text: str, knows: Knows) -> Target:
    """One mail: a name, an ID, an ID and a task ID, or text copied from Quick BI. Raises Unreadable."""
    if (name := known(text, knows)) is not None:
        return name
    found = pasted.labelled(text)
    mails = _mails(found)
    _check_one(value for value in mails if pasted.is_sure(value))
    if not mails:
        _check_lines(text, knows)
    target = _labelled(mails[0], knows) if mails else _unlabelled(_flat(_without_task(text, found)))
    tasks = [each for each in _surest(found, is_mail=False) if not each.is_nothing]
    if not tasks:
        return target
    task = next((each for each in tasks if each.value.isdigit()), tasks[0])
    return replace(target, task_id=_task_id(task.value))


def read_mails(text: str, knows: Knows) -> tuple[Target, ...]:
    """Several mails: separated by commas, quoted, labelled, or IDs side by side. Raises Unreadable.

    Duplicates and task IDs are dropped.
    """
    if (name := known(text, knows)) is not None:
        return (name,)
    text = "\n".join(_kept_whole(line, knows) for line in pasted.lines(text))
    found = pasted.labelled(text)
    if _mails(found):
        targets = [_labelled(value, knows) for value in _listed(text, found, knows)]
    else:
        pieces = pasted.pieces(_without_task(text, found))
        typed = [one for piece in pieces for one in _side_by_side(piece, knows)]
        named = [one for at, one in enumerate(typed) if not at or knows(one) or not _is_task_behind(one)]
        targets = [read_mail(one, knows) for one in named]
    different = tuple(dict.fromkeys(replace(target, task_id=None) for target in targets))
    if not different:
        raise Unreadable(_NO_MAIL)
    if len(different) > MAX_MAILS_AT_ONCE:
        raise Unreadable(f"That is {len(different)} mails; at most {MAX_MAILS_AT_ONCE} at once, please.")
    return different


def _kept_whole(line: str, knows: Knows) -> str:
    """Quotes around a line that is a mail's name, so that its commas part nothing."""
    name = known(line, knows)
    return f"“{name.words}”" if name and len(pasted.pieces(line)) > 1 else line


def names_task(text: str) -> bool:
    """Whether a task ID was typed, too: with a label, or a number that is too long for anything else."""
    tasks = [each for each in pasted.labelled(text) if not each.is_mail and not each.is_nothing]
    return bool(tasks) or any(map(pasted.is_long_number, pasted.words(text)))


def _check_one(mails: Iterable[str]) -> None:
    if (count := len(set(mails))) > 1:
        raise Unreadable(f"That is {count} mails. One at a time, please.")


def _check_lines(text: str, knows: Knows) -> None:
    """Lines are several mails if they are a list, or if some are names; else they are one name that was wrapped."""
    lines = pasted.lines(text)
    named = [line for line in lines if known(line, knows)]
    if pasted.is_list(text) or len(named) > 1:
        _check_one(lines)


def known(text: str, knows: Knows) -> MailName | None:
    """The mail whose name or ID this is, with or without what stands around it."""
    return next((MailName(words=layer) for layer in pasted.layers(_flat(text)) if knows(layer)), None)


def _flat(text: str) -> str:
    return " ".join(text.split())


def _surest(found: Sequence[Labelled], *, is_mail: bool) -> list[Labelled]:
    """Of several labels those most likely to be Quick BI's own, not words of a sentence."""
    of_kind = [each for each in found if each.is_mail is is_mail]
    best = min((each.rank for each in of_kind), default=0)
    return [each for each in of_kind if each.rank == best]


def _mails(found: Sequence[Labelled]) -> list[str]:
    """The values of the mail's labels; those that look like an ID first."""
    return sorted(
        (each.value for each in _surest(found, is_mail=True)), key=lambda value: not pasted.is_sure(value)
    )


def _listed(text: str, found: Sequence[Labelled], knows: Knows) -> Iterator[str]:
    """The values of the mail's labels, each followed by the mails listed right behind it."""
    ends = [*(each.begin for each in found), len(text)]
    behind = {each.begin: text[each.end : end] for each, end in zip(found, ends[1:], strict=True)}
    for each in _surest(found, is_mail=True):
        yield each.value
        more = map(pasted.innermost, pasted.pieces(behind[each.begin]))
        yield from takewhile(lambda one: pasted.is_unmistakable(one) or knows(one), more)


def _is_task_behind(word: str) -> bool:
    """A number of a task's length, or one too short for a mail's ID."""
    return pasted.is_long_number(word) or (word.isdigit() and not pasted.is_sure(word))


def _without_task(text: str, found: Sequence[Labelled]) -> str:
    """The text without labelled task IDs, which must name the mail."""
    if any(each.rank == 0 for each in found):
        raise Unreadable(_ONLY_A_TASK)
    for each in reversed(found):
        text = f"{text[: each.begin]} {text[each.end :]}"
    if found and not pasted.pieces(text):
        raise Unreadable(_ONLY_A_TASK)
    return text


def _labelled(value: str, knows: Knows) -> Target:
    """Behind the mail's label: an ID, whatever follows it, or a name."""
    if not value:
        raise Unreadable(_EMPTY_LABEL)
    if (name := known(value, knows)) is not None:
        return name
    words = pasted.words(value)
    match words:
        case [word] if _is_odd_id(word):
            return MailRef(mail_id=MailId(word))
        case [mail, task, *_] if pasted.is_sure(mail) and not task.isdigit():
            return MailRef(mail_id=MailId(mail))
        case _:
            return _unlabelled(value)


def _is_odd_id(word: str) -> bool:
    """Behind a label, anything with a digit is an ID."""
    return pasted.could_be_id(word) and any(map(str.isdigit, word))


def _unlabelled(text: str) -> Target:
    if pasted.is_masked(text):
        raise Unreadable(_MASKED)
    words = pasted.words(text)
    mails = [word for word in words if pasted.is_unmistakable(word)]
    _check_one(mails)
    if mails:
        words = [word for word in words if not pasted.is_label_word(word)]
    match words:
        case []:
            raise Unreadable(_NO_MAIL)
        case [word]:
            return _single(word)
        case [mail, task] if pasted.is_sure(mail) and task.lstrip("+-").isdigit():
            return MailRef(mail_id=MailId(mail), task_id=_task_id(task))
        case [first, *rest] if first in mails:
            raise Unreadable(_trailing_problem(rest))
        case _ if mails:
            return MailRef(mail_id=MailId(mails[0]), task_id=_task_among(words))
        case [*rest, task] if pasted.is_long_number(task):
            return MailName(words=pasted.innermost(" ".join(rest)), task_id=_task_id(task))
        case _:
            return MailName(words=pasted.innermost(text))


def _task_among(words: Sequence[str]) -> TaskId | None:
    return next((_task_id(word) for word in words if pasted.is_long_number(word)), None)


def _single(word: str) -> Target:
    if pasted.is_plain(word) and len(word) > MAX_MAIL_ID_LENGTH:
        raise Unreadable(
            f"That is {len(word):,} characters; a mail's ID has at most {MAX_MAIL_ID_LENGTH}, mostly 32."
        )
    if pasted.is_sure(word):
        return MailRef(mail_id=MailId(word))
    return MailName(words=pasted.innermost(word))


def _side_by_side(piece: str, knows: Knows) -> list[str]:
    """Without commas: each ID is a mail, and the words between them are names.

    Beside such words a short number belongs to a name: “Sales 20241009”.
    """
    if known(piece, knows) is not None:
        return [piece]
    words = pasted.words(piece)
    is_mail = pasted.is_sure if all(map(pasted.is_sure, words)) else pasted.is_long
    typed: list[str] = []
    for are_mails, group in groupby(words, key=is_mail):
        together = list(group)
        typed += together if are_mails else [" ".join(together)]
    return [one for one in typed if len(typed) == 1 or not pasted.is_between(one)]


def _trailing_problem(rest: Sequence[str]) -> str:
    if len(rest) == 1:
        return _no_task_id(rest[0])
    return (
        f"One mail and at most one task ID, please. I do not know what to do with “{short(' '.join(rest))}”."
    )


def _task_id(word: str) -> TaskId:
    if not re.fullmatch(r"[0-9]{1,40}", word):
        raise Unreadable(_no_task_id(word))
    number = int(word)
    if not 0 < number <= MAX_TASK_ID:
        why = "it is larger than any." if number else "task IDs begin at 1."
        raise Unreadable(f"{short(word)} cannot be a task ID: {why}")
    return TaskId(number)


def _no_task_id(word: str) -> str:
    return f"“{short(word)}” is not a task ID. A task ID is a number such as {EXAMPLE_TASK}."
