"""Normalises texts for display and for comparison."""

from __future__ import annotations

import unicodedata

_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs"})  # control, format, private and half characters
_FILLERS = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
)  # letters and marks that are drawn as nothing
_JOINERS = frozenset("\u200c\u200d")  # Persian spelling and composed emoji need them
_SELECTORS = frozenset(
    map(chr, (*range(0xFE00, 0xFE10), *range(0x180B, 0x180E), 0x180F, *range(0xE0100, 0xE01F0)))
)
_ALIKE = str.maketrans("‘’‚‛“”„‟", "''''\"\"\"\"")


def visible(text: str) -> str:
    """The text on one line, without invisible characters; runs of spaces become one."""
    if not text.isprintable() or not _SELECTORS.isdisjoint(text) or not _FILLERS.isdisjoint(text):
        text = "".join(map(_seen, text))  # rare, and there are thousands of names
    return " ".join(text.split())


def displayed(text: str) -> str:
    """Like `visible`, for people to read: with the joiners and selectors that give its characters their form.

    Empty where nothing would be seen, so a mail can be called by its ID instead.
    """
    if not visible(text):
        return ""
    kept = (char if char in _JOINERS or char in _SELECTORS else _seen(char) for char in text)
    return " ".join("".join(kept).split())


def folded(text: str) -> str:
    """For comparing names: case, spaces, widths and kinds of quotes do not count."""
    return visible(unicodedata.normalize("NFKC", visible(text)).casefold().translate(_ALIKE))


def _seen(char: str) -> str:
    if char.isspace():
        return " "
    is_unseen = char in _SELECTORS or char in _FILLERS or unicodedata.category(char) in _INVISIBLE
    return "" if is_unseen else char
