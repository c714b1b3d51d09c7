"""Splits what people paste into IDs, labelled values, lines and words. Knows shapes, never which mails there are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.domain import MAX_MAIL_ID_LENGTH
from bot.mails.text_normalisation import plain_widths, visible

_QUOTES = ('"“”„‟«»‹›「」『』〝〞＂', "'‘’‚‛`´＇")  # any closes any of its kind: people mix them
_BRACKETS = dict(zip("([{<（【《〈［｛", ")]}>）】》〉］｝", strict=True))
_AROUND = "".join((*_QUOTES, *_BRACKETS, *_BRACKETS.values()))
_TRAILING = ".,;:!?。，；：！？、…"
_BULLETS = "-–—•·▪◦*>"
_DEEPEST = 12  # layers of quotes and brackets
_CLASS = re.escape(_AROUND)
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&amp;": "&"}

_LINK = re.compile(r"<(?:https?|mailto|tel):[^|>]*\|([^>]*)>|<(https?://[^|>]*)>")
_ENTITY = re.compile("|".join(_ENTITIES))
_HOST = re.compile(r"^\w+://[^/?#]*")
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
_HEX_ID = r"(?=[A-Fa-f]*[0-9])[0-9A-Fa-f]{16,}"
_LONG = re.compile(_HEX_ID)
_SURE = re.compile(rf"{_HEX_ID}|[0-9]{{5,}}")
_LONG_NUMBER = re.compile(r"[0-9]{15,19}")  # longer than any date
_MASKED = re.compile(
    r"(?=(?:\**[0-9A-Fa-f]){4})(?=[^0-9]*[0-9])(?=[0-9*]*[A-Fa-f]|.*\*[0-9])[0-9A-Fa-f]+\*{2,}[0-9A-Fa-f*]*"
)
_LABEL_WORD = re.compile(r"\W*(?:mail|task|id|mail[_-]?id|task[_-]?id|邮件|任务)\W*", re.IGNORECASE)
_BETWEEN = re.compile(r"and|[&+]|\d{1,2}[.)]", re.IGNORECASE)
_SEPARATOR = re.compile(r"[,，、;；\n]+")
_ITEM = re.compile(
    rf"(?:[{re.escape(_BULLETS)}‣∙●○]|\d{{1,3}}[.)、]|\(\d{{1,3}}\))\s+"
)  # begins a line of a list
_ID_LENGTH = 32  # of nearly all mails
_WRAPPED = re.compile(r"(?<![0-9A-Fa-f])([0-9A-Fa-f]+)\n([0-9A-Fa-f]+)(?![0-9A-Fa-f])")
_QUOTED = re.compile(
    rf"([{_QUOTES[0]}][^{_QUOTES[0]}]+[{_QUOTES[0]}]"
    # An apostrophe inside a word is no quote.
    rf"|(?<!\w)[{_QUOTES[1]}](?:[^{_QUOTES[1]}]|(?<=\w)[{_QUOTES[1]}](?=\w))+[{_QUOTES[1]}](?!\w))"
)
_LABEL = re.compile(
    rf"(?:(?P<mail>(?<![A-Za-z])mail|邮件)|(?<![A-Za-z])task|任务)(?P<id>[\s_-]?(?:id|编号))?"
    rf"(?:(?P<closed>[{_CLASS}*_~\s]*)[:=：＝]|(?(id)\s(?=[{_CLASS}]*[0-9A-Fa-f]{{5}})|(?!)))\s?"
    rf"(?(mail)|(?(id)|(?=[{_CLASS}]*[0-9])))",  # “Task: …” without a number is somebody's sentence
    re.IGNORECASE,
)
_VALUE_END = re.compile(r"[;；,，&{}\n]|\s\[\w+\]\s*[:：]")
_NOTHING = frozenset({"", "0", "null", "none"})


class Unreadable(ValueError):
    """What was typed cannot be understood. The message is a sentence for whoever typed it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Labelled:
    """A value behind “MailId” or “TaskId”, however that is written, and its position.

    The lower the `rank`, the more likely it is a field and no part of a sentence.
    """

    is_mail: bool
    value: str
    rank: int
    begin: int
    end: int

    @property
    def is_nothing(self) -> bool:
        """Quick BI's own samples have 0 where there is no task."""
        return self.value.casefold() in _NOTHING


def short(text: str) -> str:
    """What was typed, to be quoted in a sentence."""
    return text if len(text) <= 40 else text[:39] + "…"  # noqa: PLR2004 (fits a phone's line)


def tidy(text: str) -> str:
    """Undo what Slack, mail programs and keyboards do: entities, links, odd blanks and widths, wrapped IDs.

    Lines stay apart.
    """
    text = _ENTITY.sub(lambda found: _ENTITIES[found[0]], text)
    text = _LINK.sub(lambda found: found[1] or found[2] or "", text)
    return _WRAPPED.sub(_unwrapped, plain_widths("\n".join(filter(None, map(visible, text.splitlines())))))


def _unwrapped(found: re.Match[str]) -> str:
    whole = found[1] + found[2]
    return whole if len(whole) == _ID_LENGTH and is_unmistakable(whole) else found[0]


def lines(text: str) -> list[str]:
    """The text's lines; those of a list without what marks or numbers them."""
    found = text.split("\n")
    is_list = sum(_ITEM.match(line) is not None for line in found) > 1
    return [_ITEM.sub("", line, count=1) for line in found] if is_list else found


def is_list(text: str) -> bool:
    return lines(text) != text.split("\n")


def is_sure(word: str) -> bool:
    """It is an ID, unless a mail has this name."""
    return _SURE.fullmatch(word) is not None


def is_long(word: str) -> bool:
    """It looks like an ID, and like no word or number of a name."""
    return _LONG.fullmatch(word) is not None


def is_long_number(word: str) -> bool:
    """Next to a mail such a number is a task ID: no name ends like that."""
    return _LONG_NUMBER.fullmatch(word) is not None


def is_unmistakable(word: str) -> bool:
    """It is a mail's ID anywhere: no name has it, and a task's is a number."""
    return is_long(word) and not word.isdigit()


def is_label_word(word: str) -> bool:
    """It only says what comes next."""
    return _LABEL_WORD.fullmatch(word) is not None


def is_between(words: str) -> bool:
    """It only separates listed things: an “and”, the number of the next."""
    return _BETWEEN.fullmatch(words) is not None


def is_plain(word: str) -> bool:
    """It has only characters of IDs."""
    return _PLAIN.fullmatch(word) is not None


def could_be_id(word: str) -> bool:
    return is_plain(word) and len(word) <= MAX_MAIL_ID_LENGTH


def is_masked(text: str) -> bool:
    """It has an ID with stars for some of its characters. Stars around a word only make it bold."""
    return any(_MASKED.fullmatch(word.strip(_AROUND + _TRAILING)) for word in text.split())


def layers(text: str) -> Iterator[str]:
    """The text as it is, then with one layer of quotes and brackets less each time."""
    for _ in range(_DEEPEST):
        if text:
            yield text
        text = _peeled(text)


def innermost(text: str) -> str:
    return [text, *layers(text)][-1]


def pieces(text: str) -> list[str]:
    """Where several may be named: what is in quotes is one; commas and lines part the rest."""
    parts = _QUOTED.split("\n".join(lines(text)))
    split = [
        one for index, part in enumerate(parts) for one in ([part] if index % 2 else _SEPARATOR.split(part))
    ]
    return [" ".join(piece.split()) for piece in split if _bare(piece)]


def words(text: str) -> list[str]:
    """The words; IDs without what is around them, also out of URLs and table rows."""
    cells = [_bare(cell) for cell in text.split("|")]
    if len(cells) > 1 and any(map(is_long, cells)):
        return [cell for cell in cells if is_sure(cell)]
    found: list[str] = []
    for raw in text.split():
        word = _bare(raw)
        if word:
            found += [word] if is_sure(word) else _ids_inside(raw) or [raw]
    return found


def labelled(text: str) -> list[Labelled]:
    """All labelled values, in order."""
    labels = list(_LABEL.finditer(text))
    limits = [*(label.start() for label in labels), len(text)]
    return [_field(text, label, limit) for label, limit in zip(labels, limits[1:], strict=True)]


def _field(text: str, label: re.Match[str], limit: int) -> Labelled:
    before = text[: label.start()]
    if (quoted := _QUOTED.match(text, label.end())) is not None:
        end = quoted.end()
    elif (stop := _VALUE_END.search(text, label.end(), limit)) is not None:
        end = stop.start()
    else:
        end = limit
    if before.endswith("[") and (label["closed"] or "").startswith("]"):
        rank = 0
    else:
        rank = 2 if before.rstrip(_AROUND + " ").endswith((":", "=", "：", "＝")) else 1
    return Labelled(
        is_mail=label["mail"] is not None,
        value=innermost(text[label.end() : end].strip(_AROUND + " ")),
        rank=rank,
        begin=label.start(),
        end=end,
    )


def _ids_inside(word: str) -> list[str]:
    """The IDs in a URL, or in several things without spaces between them. None where it may be a word."""
    address, hosts = _HOST.subn("", word)
    parts = _PLAIN.findall(address)
    between = "".join(_PLAIN.split(address))
    if all(map(is_sure, parts[:1])) and all(map(_may_follow, parts[1:])) and not _has_letters(between):
        return parts
    for part in re.split(r"[?#]", address, maxsplit=1):
        parts = _PLAIN.findall(part)
        found = [each for each in parts if is_long(each)] or [
            each for each in parts if hosts and is_sure(each)
        ]
        if found:
            return _mail_and_task(found)
    return []


def _may_follow(part: str) -> bool:
    return is_sure(part) or part.isdigit()


def _has_letters(text: str) -> bool:
    return any(map(str.isalnum, text))


def _mail_and_task(found: Sequence[str]) -> list[str]:
    """The last of a URL's IDs is the mail, the others are its folders; a task may follow."""
    mail = max((at for at, each in enumerate(found) if not is_long_number(each)), default=0)
    return [found[mail], *filter(is_long_number, found[mail + 1 : mail + 2])]


def _peeled(text: str) -> str:
    """One layer less: a pair around the whole, a full stop behind it, a bullet before it."""
    text = text.strip()
    inner = text[1:-1].strip()
    if _is_held(text):
        return inner
    if text[-1:] in _TRAILING:
        return text.rstrip(_TRAILING + " ")
    bullet, _, rest = text.partition(" ")
    return rest if bullet and not bullet.strip(_BULLETS) else ""


def _is_held(text: str) -> bool:
    """One pair encloses all of it. “(a) or (b)” has two, and an apostrophe encloses nothing."""
    if len(text) < 2:  # noqa: PLR2004 (a pair)
        return False
    first, last, inside = text[0], text[-1], text[1:-1]
    if _BRACKETS.get(first) == last:
        return _balanced(inside, first, last)
    for kind in (*_QUOTES, "*", "_", "~"):
        if first in kind and last in kind:
            inside = re.sub(r"(?<=\w)['’](?=\w)", "", inside.strip(kind))
            return not any(char in kind for char in inside)
    return False


def _balanced(inside: str, opening: str, closing: str) -> bool:
    depth = 0
    for char in inside:
        depth += (char == opening) - (char == closing)
        if depth < 0:
            return False
    return depth == 0


def _bare(word: str) -> str:
    """Without anything that no ID begins or ends with; "" for a lone bullet."""
    word = word.strip(_AROUND + _TRAILING + "*~|•·▪◦ ")
    inner = word.strip("_")
    if is_sure(inner):
        return inner
    return "" if not word.strip(_BULLETS) else word
