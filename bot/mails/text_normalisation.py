"""Texts as people see them. What is invisible is gone, and what looks alike is alike."""

from __future__ import annotations

import unicodedata

_UNSEEN = frozenset({"Cc", "Cf", "Cs"})  # control, format and half characters
_SELECTORS = frozenset(
    map(chr, (*range(0xFE00, 0xFE10), *range(0x180B, 0x180E), 0x180F, *range(0xE0100, 0xE01F0)))
)
_ALIKE = str.maketrans("‘’‚‛“”„‟", "''''\"\"\"\"")


def visible(text: str) -> str:
    """The text on one line, without the characters that nobody sees; any blanks become one."""
    if not text.isprintable() or not _SELECTORS.isdisjoint(text):  # few are so, and the rest are thousands
        text = "".join(map(_seen, text))
    return " ".join(text.split())


def folded(text: str) -> str:
    """What two names share that people would call the same: case, blanks, widths and curls do not count."""
    return visible(unicodedata.normalize("NFKC", visible(text)).casefold().translate(_ALIKE))


def _seen(char: str) -> str:
    if char.isspace():
        return " "
    return "" if char in _SELECTORS or unicodedata.category(char) in _UNSEEN else char
