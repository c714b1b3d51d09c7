"""Pure: finds mails by their names: exactly, by parts, or nearly. Quick for thousands of them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from rapidfuzz import fuzz, process

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain import Mail

_MASK_BITS = 509  # a prime: pairs of letters spread evenly
_SHORT_LIST = 300  # how many names are compared letter by letter
_LONGEST_WORDS = 100  # characters: no name is longer, and comparing takes time by length


class NameIndex:
    """Mails in the order of their names.

    Comparing words with every name letter by letter would take tens of milliseconds. So each name has a mask
    of its pairs of letters, and only those names are compared that share most pairs with the words.
    """

    def __init__(self, mails: Iterable[Mail]) -> None:
        self.mails = tuple(sorted(mails, key=lambda mail: (mail.name.casefold(), mail.mail_id)))
        self._names = [mail.name.casefold().strip() for mail in self.mails]
        self._texts = [f"{mail.name} {mail.owner_name}".casefold() for mail in self.mails]
        self._masks = [_pairs(name) for name in self._names]
        self._by_name: dict[str, list[Mail]] = {}
        for name, mail in zip(self._names, self.mails, strict=True):
            if name:
                self._by_name.setdefault(name, []).append(mail)

    def named(self, words: str) -> tuple[Mail, ...]:
        """The mails of exactly this name, whatever its case."""
        return tuple(self._by_name.get(words.casefold().strip(), ()))

    def having(self, words: str) -> tuple[Mail, ...]:
        """The mails whose name or owner has each of the words somewhere."""
        hits: Iterable[int] = range(len(self.mails))
        for word in words.casefold().split():
            hits = [index for index in hits if word in self._texts[index]]
        return tuple(self.mails[index] for index in hits)

    def like(self, words: str, *, limit: int, at_least: float) -> list[tuple[Mail, float]]:
        """The mails whose names come close, the closest first, each with how close: 100 is the same."""
        sought = words.casefold().strip()[:_LONGEST_WORDS]
        listed = self._short_list(sought)
        found = process.extract(
            sought,
            [self._names[index] for index in listed],
            scorer=fuzz.WRatio,
            limit=limit,
            score_cutoff=at_least,
        )
        return [(self.mails[listed[place]], score) for _, score, place in found]

    def _short_list(self, sought: str) -> list[int]:
        """The names that share most pairs of letters with what is sought; those that share none are out."""
        mask = _pairs(sought)
        shared = [(mask & each).bit_count() for each in self._masks]
        best = sorted(range(len(shared)), key=shared.__getitem__)[-_SHORT_LIST:]
        return sorted(index for index in best if shared[index])


def _pairs(text: str) -> int:
    """Which pairs of letters a text has, blanks around it included, as bits."""
    mask = 0
    for first, second in pairwise(f" {text} "):
        mask |= 1 << (ord(first) * 31 + ord(second)) % _MASK_BITS
    return mask
