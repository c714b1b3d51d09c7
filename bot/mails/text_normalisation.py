"""Normalises texts for display and for comparison."""

from __future__ import annotations

import unicodedata

_INVISIBLE = frozenset({"Cc", "Cf", "Cs"})  # control, format and half characters
_SELECTORS = frozenset(
    map(chr, (*range(0xFE00, 0xFE10), *range(0x180B, 0x180E), 0x180F, *range(0xE0100, 0xE01F0)))
)
_ALIKE = str.maketrans("‘’‚‛“”„‟", "''''\"\"\"\"")


def visible(text: str) -> str:
    """The text on one line, without invisible characters; runs of spaces become one."""
    if not text.isprintable() or not _SELECTORS.isdisjoint(text):  # few are so, and the rest are thousands
        text = "".join(map(_seen, text))
    return " ".join(text.split())


def folded(text: str) -> str:
    """For comparing names: case, spaces, widths and kinds of quotes do not count."""
    return visible(unicodedata.normalize("NFKC", visible(text)).casefold().translate(_ALIKE))


def _seen(char: str) -> str:
    if char.isspace():
        return " "
    return "" if char in _SELECTORS or unicodedata.category(char) in _INVISIBLE else char
