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
_CODE = r"(?=[^:]*[a-z]|\+1:|100:|1234:)[a-z0-9_+'-]+"
_SHORTCODE = re.compile(rf"(?<!\d):({_CODE}):")
_EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}|[0-9#*]\u20e3|[\u203c\u2049\u2122\u2139\u231a-\u23ff\u25aa-\u27bf"
    "\u2b05-\u2b55\u3297\u3299\U0001f000-\U0001f3fa\U0001f400-\U0001faff]"
)
_SKIN_TONE = re.compile(":skin-tone-[2-6]:|[\U0001f3fb-\U0001f3ff]")
_CODES = re.compile(rf"(?<![^\W_])(?::{_CODE}:)+")
# Slack's shortcodes that are not the Unicode name, as far as names of reports are likely to have them.
_UNICODE_NAMES = {
    **{code: f"flag-{code}" for code in ("cn", "de", "es", "fr", "gb", "it", "jp", "kr", "ru", "us")},
    "uk": "flag-gb",
    "arrow_down": "downwards_black_arrow",
    "arrow_up": "upwards_black_arrow",
    "bulb": "electric_light_bulb",
    "calendar": "tear_off_calendar",
    "chart": "chart_with_upwards_trend_and_yen_sign",
    "checkered_flag": "chequered_flag",
    "computer": "personal_computer",
    "construction": "construction_sign",
    "dart": "direct_hit",
    "date": "calendar",
    "dollar": "banknote_with_dollar_sign",
    "earth_africa": "earth_globe_europe_africa",
    "earth_americas": "earth_globe_americas",
    "earth_asia": "earth_globe_asia_australia",
    "email": "envelope",
    "e-mail": "e_mail_symbol",
    "exclamation": "heavy_exclamation_mark_symbol",
    "heart": "heavy_black_heart",
    "house": "house_building",
    "iphone": "mobile_phone",
    "mag": "left_pointing_magnifying_glass",
    "mailbox": "closed_mailbox_with_raised_flag",
    "moneybag": "money_bag",
    "new": "squared_new",
    "ok": "squared_ok",
    "question": "black_question_mark_ornament",
    "red_circle": "large_red_circle",
    "star": "white_medium_star",
    "star2": "glowing_star",
    "sunny": "black_sun_with_rays",
    "tada": "party_popper",
    "truck": "delivery_truck",
    "+1": "thumbs_up_sign",
    "thumbsup": "thumbs_up_sign",
    "warning": "warning_sign",
    "white_check_mark": "white_heavy_check_mark",
    "x": "cross_mark",
    "zap": "high_voltage_sign",
}


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


def plain_dashes(text: str) -> str:
    """Phones make a long dash of two short ones, and of one that stands alone."""
    return text.translate(_DASHES)


def plain_widths(text: str) -> str:
    """Full-width letters, digits and marks of the command language as a Latin keyboard types them."""
    return text.translate(_WIDE)


def folded(text: str) -> str:
    """What two names share that people would call the same: case, blanks, widths, curls and dashes do not count.

    An emoji is its shortcode: Slack sends “:rocket:” for a 🚀 that somebody typed.
    """
    text = visible(
        unicodedata.normalize("NFKC", visible(text)).casefold().translate(_ALIKE).translate(_DASHES)
    )
    if text.isascii() and ":" not in text:
        return text
    return _SHORTCODE.sub(_by_unicode_name, _EMOJI.sub(_code_of, _SKIN_TONE.sub("", text)))


def with_any_emoji(text: str) -> str:
    """A folded text with one sign for whatever emoji are in a place."""
    return _CODES.sub(_ANY, text)


def with_unknown_emoji(text: str) -> str:
    """A folded text with that sign only for shortcodes that Unicode does not know: Slack's own, and custom ones."""
    return _CODES.sub(lambda found: found[0] if _are_known(found[0]) else _ANY, text)


def _code_of(found: re.Match[str]) -> str:
    sign = found[0]
    if "\U0001f1e6" <= sign[0] <= "\U0001f1ff":
        return f":flag-{''.join(chr(ord(letter) - 0x1F1E6 + ord('a')) for letter in sign)}:"
    name = unicodedata.name(sign[0], "unknown").lower().removeprefix("digit ")
    return f":{name.replace(' ', '_').replace('-', '_')}:"


def _by_unicode_name(found: re.Match[str]) -> str:
    return f":{_UNICODE_NAMES.get(found[1], found[1])}:"


def _are_known(codes: str) -> bool:
    for code in codes.strip(":").split("::"):
        try:
            unicodedata.lookup(code.replace("_", " "))
        except KeyError:
            if not code.startswith("flag-") and code not in _UNICODE_NAMES.values():
                return False
    return True


def _seen(char: str) -> str:
    if char.isspace():
        return " "
    is_unseen = char in _SELECTORS or char in _FILLERS or unicodedata.category(char) in _INVISIBLE
    return "" if is_unseen else char
