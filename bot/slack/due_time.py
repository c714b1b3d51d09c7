"""Reads times of the week: “due 09:30 weekdays grace 15m” after the mails, “09:15 weekdays” of a roll-call.

Refuses each word that it does not know, by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.domain import DEFAULT_GRACE, EVERY_DAY, WORKDAYS, DueTime
from bot.mails.id_parsing import Unreadable, pieces, short
from bot.mails.text_normalisation import plain_dashes

MAX_GRACE = timedelta(hours=12)
_MARKS = "\"'“”„‘’«»「」`()[]*.,;:!，；。"  # around a word
_DAY_NAMES = (
    ("mon", "monday", "mondays"),
    ("tue", "tues", "tuesday", "tuesdays"),
    ("wed", "weds", "wednesday", "wednesdays"),
    ("thu", "thur", "thurs", "thursday", "thursdays"),
    ("fri", "friday", "fridays"),
    ("sat", "saturday", "saturdays"),
    ("sun", "sunday", "sundays"),
)
_DAYS = {name: index for index, names in enumerate(_DAY_NAMES) for name in names}
_DAY_SETS = (
    dict.fromkeys(("daily", "everyday", "day", "days"), EVERY_DAY)
    | dict.fromkeys(("weekday", "weekdays", "workday", "workdays"), WORKDAYS)
    | dict.fromkeys(("weekend", "weekends"), EVERY_DAY - WORKDAYS)
)
_FILLERS = frozenset({"on", "every", "each", "and", "at", "by", "&", "/", "+"})
_DAY = "|".join(sorted(_DAYS, key=len, reverse=True))
_RANGE = re.compile(rf"\b({_DAY})\.?\s*(?:-|\b(?:to|through|thru|until|till)\b)\s*({_DAY})\b")
_TIME = re.compile(
    r"(?<![\w:.])(\d{1,2})(?:[:：.](\d{2})(?::00)?\s*(?:([ap])\.?m\b\.?)?|\s*([ap])\.?m\b\.?)(?![\w:])"
)
_ZONE = re.compile(r"[A-Za-z_]+(?:/[A-Za-z0-9_+-]+){1,2}|UTC", re.IGNORECASE)
_GRACE = re.compile(r"\bgrace\s*[:=]?\s*(?:of\s+)?(\d{1,4})\s*(m|mins?|minutes?|h|hours?)?\b")
_DUE = re.compile(r"(?:(?<=[\s,;，；])|^)due(?:\s*[:=：]\s*|\s+|$)", re.IGNORECASE)
_BY = re.compile(  # a name may well have “by 3 regions” in it
    r"(?:(?<=[\s,;，；])|^)by\s+(?=\W?\d{1,2}(?:[:：.]\d{2}|\s*[ap]\.?m\b)|[\d@]\S*\W*$)", re.IGNORECASE
)


class DueUnreadable(Unreadable):
    """It is about when the mail is due."""


def split_due(text: str, is_named: Callable[[str], bool]) -> tuple[str, DueTime | None]:
    """The mails, and when they are due. `is_named` tells which words are a mail's name, with whatever “due” in them.

    Raises DueUnreadable.
    """
    if (begin := _clause(text, is_named)) is None:
        return text, None
    mails = text[: begin.start()].strip().rstrip(",;，；").strip()
    if any(_clause(piece, is_named) for piece in pieces(mails)):
        raise DueUnreadable("One time for all the mails of a command, please.")
    return mails, _due(text[begin.end() :])


def read_daily(text: str) -> tuple[time, frozenset[int], str]:
    """The time, the days and the zone (an IANA name, "" where none was typed) of “09:15 weekdays Europe/Berlin”.

    Raises DueUnreadable.
    """
    words = text.split()
    zones = [word for word in words if _ZONE.fullmatch(word)]
    rest = _simple(" ".join(word for word in words if word not in zones))
    if len(zones) > 1 or any(not _is_zone(word) for word in zones):
        raise DueUnreadable(
            f"I don't know the time zone “{short(' '.join(zones))}”. Write it as Europe/Berlin."
        )
    times = list(_TIME.finditer(rest))
    if len(times) != 1:
        raise DueUnreadable("One time of day, please, written as 09:15.")
    (at,) = times
    days = _weekdays(f"{rest[: at.start()]} {rest[at.end() :]}", after="the time")
    return _time(at), days, "".join(zones)


def _is_zone(word: str) -> bool:
    try:
        ZoneInfo(word)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return False
    return True


def _clause(text: str, is_named: Callable[[str], bool]) -> re.Match[str] | None:
    """Where the words about the time begin, if there are any."""
    listed = pieces(text)
    if not listed or is_named(listed[-1]):
        return None
    for found in reversed([*_DUE.finditer(text), *_BY.finditer(text)]):
        if found[0].strip().lower().startswith("by") or _is_about_time(text[found.end() :]):
            return found
    return None


def _is_about_time(rest: str) -> bool:
    """A name may have “due” in it, too: “Payments due report”."""
    word, *_ = _simple(rest).split() or [""]
    word = word.strip(_MARKS)
    days = set(re.split(r"[-/+&,]", word))
    return not word or word[0] in "0123456789@" or word == "grace" or days <= {*_DAYS, *_DAY_SETS, *_FILLERS}


def _simple(text: str) -> str:
    return plain_dashes(text).casefold()


def _due(text: str) -> DueTime:
    rest, grace = _grace(_simple(text))
    times = list(_TIME.finditer(rest))
    if len(times) > 1:
        said = " or ".join(found[0].strip() for found in times)
        raise DueUnreadable(f"Is it due at {said}? One time, please.")
    if not times:
        raise DueUnreadable("I cannot read when it is due. Write the time as 09:30.")
    at = times[0]
    return DueTime(at=_time(at), weekdays=_weekdays(f"{rest[: at.start()]} {rest[at.end() :]}"), grace=grace)


def _time(found: re.Match[str]) -> time:
    hour, minute, half = int(found[1]), int(found[2] or 0), found[3] or found[4]
    is_right = minute < 60 and (0 < hour <= 12 if half else hour < 24)  # noqa: PLR2004 (a clock)
    if not is_right:
        raise DueUnreadable(f"{found[0].strip()} is not a time of day.")
    return time(hour % 12 + 12 * (half == "p") if half else hour, minute)


def _grace(rest: str) -> tuple[str, timedelta]:
    if (found := _GRACE.search(rest)) is None:
        return rest, DEFAULT_GRACE
    hours = (found[2] or "m").startswith("h")
    grace = timedelta(hours=int(found[1])) if hours else timedelta(minutes=int(found[1]))
    if grace > MAX_GRACE:
        raise DueUnreadable("The grace can be 12 hours at most.")
    return f"{rest[: found.start()]} {rest[found.end() :]}", grace


def _weekdays(rest: str, *, after: str = "“due”") -> frozenset[int]:
    days: frozenset[int] = frozenset()
    for first, last in _RANGE.findall(rest):
        begin, length = _DAYS[first], (_DAYS[last] - _DAYS[first]) % 7
        days |= {(begin + step) % 7 for step in range(length + 1)}
    for raw in re.split(r"[\s,，、;；/&+]+", _RANGE.sub(" ", rest)):
        word = raw.strip(_MARKS)
        if word and word not in _FILLERS:
            days |= _day_set(word, after)
    return days or EVERY_DAY


def _day_set(word: str, after: str) -> frozenset[int]:
    if word in _DAY_SETS:
        return _DAY_SETS[word]
    if word in _DAYS:
        return frozenset({_DAYS[word]})
    raise DueUnreadable(f"I don't recognise “{short(word)}” after {after}.")
