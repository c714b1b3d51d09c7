"""Texts as people see them: without what is invisible, and with what looks alike made equal."""

from __future__ import annotations

import re
import string
import unicodedata

_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs"})  # control, format, private and half characters
# letters and marks that are drawn as nothing
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_JOINERS = frozenset("\u200c\u200d")  # Persian spelling and composed emoji need them
_SELECTORS = frozenset(
    map(chr, (*range(0xFE00, 0xFE10), *range(0x180B, 0x180E), 0x180F, *range(0xE0100, 0xE01F0)))
)
_ALIKE = str.maketrans("‘’‚‛“”„‟", "''''\"\"\"\"")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−﹘﹣－", "-"))
_WIDE = str.maketrans(
    {chr(code + 0xFEE0): chr(code) for code in map(ord, string.ascii_letters + string.digits + "-_/*?@")}
)

_ANY = "\N{WHITE CIRCLE}"  # stands for whatever emoji
_CODE = r"(?=[^:]*[a-z]|[+-]1:|100:|1234:)[a-z0-9_+'-]+"
_SHORTCODE = re.compile(rf"(?<!\d):({_CODE}):")
_EMOJI = (
    "[\U0001f1e6-\U0001f1ff]{2}|[0-9#*]\u20e3|[\u203c\u2049\u2122\u2139\u231a-\u23ff\u25aa-\u27bf"
    "\u2b05-\u2b55\u3297\u3299\U0001f000-\U0001f3fa\U0001f400-\U0001faff]"
)
_SKIN_TONE = re.compile(":skin-tone-[2-6]:|[\U0001f3fb-\U0001f3ff]")
_CODES = re.compile(rf"(?<![^\W_])(?::{_CODE}:)+")
_ANY_EMOJI = re.compile(rf"(?:(?:{_EMOJI})|{_CODES.pattern})+")
_TO_FLAGS = 0x1F1E6 - ord("a")
_SLACKS_OWN = {"email": "✉", "satellite": "🛰", "umbrella": "☂", "snowman": "☃", "egg": "🥚", "beetle": "🪲"}


def visible(text: str) -> str:
    """The text on one line, without invisible characters; runs of spaces become one."""
    if not _is_all_seen(text):
        text = "".join(map(_seen, text))
    return " ".join(text.split())


def displayed(text: str) -> str:
    """Like `visible`, for people to read: with the joiners and selectors that give its characters their form.

    Empty where nothing would be seen, so a mail can be called by its ID instead.
    """
    shown = visible(text)
    if not shown or _is_all_seen(text):
        return shown
    kept = (char if char in _JOINERS or char in _SELECTORS else _seen(char) for char in text)
    return " ".join("".join(kept).split())


def _is_all_seen(text: str) -> bool:
    """As almost always, and there are thousands of names."""
    return text.isprintable() and _SELECTORS.isdisjoint(text) and _FILLERS.isdisjoint(text)


def plain_dashes(text: str) -> str:
    """Phones make a long dash of two short ones, and of one that stands alone."""
    return text.translate(_DASHES)


def plain_widths(text: str) -> str:
    """Full-width letters, digits and marks of the command language as a Latin keyboard types them."""
    return text.translate(_WIDE)


def folded(text: str) -> str:
    """What two names share that people would call the same: case, blanks, widths, curls and dashes do not count.

    Shortcodes become the emoji: Slack sends “:rocket:” for a 🚀 that somebody typed.
    """
    if ":" in text:
        text = _SHORTCODE.sub(_emoji, _SKIN_TONE.sub("", text))
    text = visible(
        unicodedata.normalize("NFKC", visible(text)).casefold().translate(_ALIKE).translate(_DASHES)
    )
    return text if text.isascii() else _SKIN_TONE.sub("", text)


def with_any_emoji(text: str) -> str:
    """A folded text with one sign for whatever emoji are in a place."""
    return _ANY_EMOJI.sub(_ANY, text)


def with_unknown_emoji(text: str) -> str:
    """A folded text with that sign only for shortcodes that are Slack's alone, and for custom ones."""
    return _CODES.sub(_ANY, text)


def _emoji(code: re.Match[str]) -> str:
    """The characters of a shortcode as Slack sends it; the code itself where that is not known."""
    from emoji import emojize  # noqa: PLC0415 (40 ms and 6 MB, for those who put emoji into names)

    name = code[1]
    if name in _SLACKS_OWN:
        return _SLACKS_OWN[name]
    if flag := re.fullmatch("flag-([a-z]{2})", name):
        return "".join(chr(ord(letter) + _TO_FLAGS) for letter in flag[1])
    plain = name.replace("female-", "woman-").replace("male-", "man-").replace("-", "_")
    for each in (name, plain):
        if (sign := emojize(f":{each}:", language="alias"))[0] != ":":
            return sign
    return code[0]


def _seen(char: str) -> str:
    if char.isspace():
        return " "
    is_unseen = char in _SELECTORS or char in _FILLERS or unicodedata.category(char) in _INVISIBLE
    return "" if is_unseen else char
