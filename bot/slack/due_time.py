"""Pure: “due 09:30 weekdays grace 15m” behind a mail -> a due time."""

from __future__ import annotations

import re
from datetime import time, timedelta
from typing import TYPE_CHECKING

from bot.domain import DEFAULT_GRACE, EVERY_DAY, WORKDAYS, DueTime
from bot.mails.id_parsing import Unreadable, pieces, short

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_GRACE = timedelta(hours=12)
_DUE = re.compile(
    r"(?:^|\s)(?:due|by)\s+(?P<hour>\d{1,2})[:：](?P<minute>\d{2})(?P<rest>(?:\s+\S+)*)\s*$",
    re.IGNORECASE,
)
_MEANT_DUE = re.compile(
    r"(?:^|\s)(?:due\s+[\d@]|due\s*$|by\s+[\d@]\S*(?:\s*[ap]\.?m\.?)?\s*$)", re.IGNORECASE
)  # a name may well have “by 3 regions” in it
_GRACE = re.compile(r"grace\s+(\d{1,4})\s*(m|min|mins|minutes?|h|hours?)?$", re.IGNORECASE)
_DAYS = {day: index for index, day in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}
_DAY_SETS = {"daily": EVERY_DAY, "everyday": EVERY_DAY, "weekdays": WORKDAYS, "workdays": WORKDAYS}


class DueUnreadable(Unreadable):
    """It is about when the mail is due."""


def split_due(text: str, is_named: Callable[[str], bool]) -> tuple[str, DueTime | None]:
    """The mails, and when they are due. `is_named` tells which words are a mail's, with whatever “due” in them.

    Raises DueUnreadable.
    """
    found, listed = _DUE.search(text), pieces(text)
    if found is None or is_named(listed[-1]):
        if any(_MEANT_DUE.search(piece) and not is_named(piece) for piece in listed):
            raise DueUnreadable("I cannot read when it is due. Write the time as 09:30.")
        return text, None
    hour, minute = int(found["hour"]), int(found["minute"])
    if hour > 23 or minute > 59:  # noqa: PLR2004 (a clock)
        raise DueUnreadable(f"{found['hour']}:{found['minute']} is not a time of day.")
    weekdays, grace = _options(found["rest"].strip())
    return text[: found.start()].strip(), DueTime(at=time(hour, minute), weekdays=weekdays, grace=grace)


def _options(rest: str) -> tuple[frozenset[int], timedelta]:
    grace = DEFAULT_GRACE
    if found := _GRACE.search(rest):
        unit = "hours" if (found[2] or "m").lower().startswith("h") else "minutes"
        grace = timedelta(**{unit: int(found[1])})
        rest = rest[: found.start()].strip()
    if grace > MAX_GRACE:
        raise DueUnreadable("The grace can be 12 hours at most.")
    days: frozenset[int] = frozenset()
    for word in filter(None, re.split(r"[\s,]+", rest.casefold())):
        if word in {"on", "every", "and"}:
            continue
        known = _DAY_SETS.get(word)
        if known is None and word[:3] not in _DAYS:
            raise DueUnreadable(f"I do not understand “{short(word)}” behind the time.")
        days |= known if known is not None else {_DAYS[word[:3]]}
    return days or EVERY_DAY, grace
