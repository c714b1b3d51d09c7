"""Finds mails by their names: exactly, by parts, or nearly. Quick for thousands of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from rapidfuzz import fuzz, process
from rapidfuzz.distance import JaroWinkler

from bot.domain import Mail
from bot.mails.text_normalisation import folded, with_any_emoji, with_unknown_emoji

_MASK_BITS = 509  # a prime: bigrams are spread evenly
_SHORT_LIST = 300  # names that are compared letter by letter
_MISTYPED = 80.0  # of 100: a letter or two of a name
_ONE_WORD = 90.0  # of 100: the most that one word of several is worth, as with WRatio
_SHORTEST_PART = 2  # characters: a letter alone is in many names
_SHORTEST_NAME = 3  # characters: a shorter name is a word of many sentences
_LONGEST_WORDS = 100  # characters: no name is longer, and comparing takes time by length


class NameIndex:
    """Mails in the order of their names.

    Comparing words with every name would take tens of milliseconds. So each name has a mask of its bigrams, and
    only the names that share most bigrams with the words are compared.
    """

    def __init__(self, mails: Iterable[Mail]) -> None:
        named = sorted(
            ((folded(mail.name), mail) for mail in mails), key=lambda each: (each[0], each[1].mail_id)
        )
        self.mails = tuple(mail for _, mail in named)
        self._names = [name for name, _ in named]
        self._texts = [f"{name} {folded(mail.owner_name)}" for name, mail in named]
        self._masks = [_pairs(name) for name in self._names]
        self._by_id: dict[str, Mail] = {mail.mail_id: mail for mail in self.mails}
        self._by_name: dict[str, list[Mail]] = {}
        self._by_shape: dict[str, list[Mail]] = {}  # with one sign for all emoji
        for name, mail in named:
            if name:
                self._by_name.setdefault(name, []).append(mail)
                self._by_shape.setdefault(with_any_emoji(name), []).append(mail)

    def get(self, mail_id: str) -> Mail | None:
        return self._by_id.get(mail_id)

    def exact(self, words: str) -> tuple[Mail, ...]:
        """The mails whose name or ID these words are. Case does not count, nor do blanks in a name.

        Slack has shortcodes that cannot be told from the emoji: they may be any.
        """
        by_id = self._by_id.get(words) or self._by_id.get(words.lower())
        sought = folded(words)
        named = self._by_name.get(sought) or self._by_shape.get(with_unknown_emoji(sought), [])
        return tuple(named) if by_id is None else (by_id, *(mail for mail in named if mail != by_id))

    def having(self, words: str) -> tuple[Mail, ...]:
        """The mails whose name or owner contains each of the words: an exact name, then prefixes, then the rest."""
        sought = folded(words)
        hits: Iterable[int] = range(len(self.mails))
        for word in sought.split():
            hits = [index for index in hits if word in self._texts[index]]
        if not hits and (shape := with_unknown_emoji(sought)) != sought:
            parts = shape.split()
            shapes = map(with_any_emoji, self._texts)
            hits = [index for index, text in enumerate(shapes) if all(part in text for part in parts)]
        return tuple(self.mails[index] for index in sorted(hits, key=lambda index: self._rank(index, sought)))

    def containing(self, words: str) -> tuple[Mail, ...]:
        """The mails whose name has each of the words as it stands; a number is no part of a longer one."""
        sought = folded(words)
        if len(sought) < _SHORTEST_PART:
            return ()
        parts = [
            re.compile(rf"(?<!\d){part}(?!\d)" if part.isdigit() else part)
            for part in map(re.escape, sought.split())
        ]
        return tuple(
            mail
            for name, mail in zip(self._names, self.mails, strict=True)
            if all(part.search(name) for part in parts)
        )

    def named_in(self, text: str) -> tuple[Mail, ...]:
        """The mails whose whole names stand in a longer text. Of “Sales” and “Daily Sales” only the longer counts.

        Chinese has no blanks between words, so only a letter or a digit of Latin can make another word of a name.
        """
        sought = folded(text)
        found = {name for name in self._by_name if len(name) >= _SHORTEST_NAME and name in sought}
        whole = [name for name in found if re.search(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])", sought)]
        longest = [name for name in whole if not any(name != other and name in other for other in whole)]
        return tuple(mail for name in sorted(longest) for mail in self._by_name[name])

    def _rank(self, index: int, sought: str) -> int:
        name = self._names[index]
        return 0 if name == sought else 1 if name.startswith(sought) else 2

    def like(self, words: str, *, limit: int, at_least: float) -> list[tuple[Mail, float]]:
        """Mails with similar names, the most similar first, each with its similarity: 100 is the same."""
        sought = folded(words)[:_LONGEST_WORDS]
        listed = self._short_list(sought)
        found = process.extract(
            sought,
            [self._names[index] for index in listed],
            scorer=_closeness,
            limit=limit,
            score_cutoff=at_least,
        )
        return [(self.mails[listed[place]], score) for _, score, place in found]

    def are_meant(self, words: str, mail: Mail) -> bool:
        """Is this similar name meant? One has all words of the other, or a letter or two is mistyped."""
        sought, name = folded(words), folded(mail.name)
        some, others = _words(sought), _words(name)
        return some <= others or others <= some or fuzz.token_sort_ratio(sought, name) >= _MISTYPED

    def _short_list(self, sought: str) -> list[int]:
        """The names that share most bigrams with what is sought, and at least one."""
        mask = _pairs(sought)
        shared = [(mask & each).bit_count() for each in self._masks]
        best = sorted(range(len(shared)), key=shared.__getitem__)[-_SHORT_LIST:]
        return sorted(index for index in best if shared[index])


def _closeness(sought: str, name: str, **_: object) -> float:
    """Of 100. A single word may be a misspelling of one of the name's: then its first letters count most."""
    whole = fuzz.WRatio(sought, name)
    if " " in sought:
        return whole
    return max([whole, *(_ONE_WORD * JaroWinkler.similarity(sought, word) for word in name.split())])


def _words(text: str) -> set[str]:
    """Numbers without leading zeros."""
    return {word.lstrip("0") or word for word in text.split()}


def _pairs(text: str) -> int:
    """The text's bigrams, with a space around it, as bits."""
    mask = 0
    for first, second in pairwise(f" {text} "):
        mask |= 1 << (ord(first) * 31 + ord(second)) % _MASK_BITS
    return mask
