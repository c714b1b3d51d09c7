"""Reads “notify @ada @bi-oncall remind 30m” after the mails: people and user groups, by the IDs that Slack gives them.

Never a whole channel, and never a name: Slack alone knows who that is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from bot.domain import OnCall
from bot.mails.id_parsing import Unreadable, short

MOST_MENTIONS = 10
SHORTEST, LONGEST = timedelta(minutes=5), timedelta(hours=24)
# As Slack escapes them: `<@U012|ada>`, `<!subteam^S012|@bi-oncall>`; the label may be missing.
_ID = re.compile(r"<(?:@(?P<person>[UW][A-Z0-9]+)|!subteam\^(?P<group>S[A-Z0-9]+))(?:\|[^>]*)?>")
_NOBODY = re.compile(r"nobody|no[\s-]?one|none", re.IGNORECASE)
_ONE = r"<[@!#][^>]*>|@[^\s,;，；、]+|(?:nobody|no[\s-]?one|none)\b"
_BEGIN = r"(?:(?<=[\s,;，；])|^)"
_CLAUSE = re.compile(
    rf"{_BEGIN}notify\b\s*[:=：]?\s*(?P<who>(?:(?:{_ONE})(?:\s*(?:[,;，；、&+]|\band\b)\s*|\s*))+)"
    r"(?:remind(?:er)?\b\s*(?:after|in|[:=：])?\s*(?P<after>\d{1,4})\s*(?P<unit>m|mins?|minutes?|h|hours?)?\b)?",
    re.IGNORECASE,
)
_UNCLEAR = re.compile(rf"{_BEGIN}(?:notify\b|remind(?:er)?\s+(?:after\s+|in\s+)?\d)", re.IGNORECASE)
_LABEL = re.compile(r"<[@#!][^|>]*\|([^>]*)>|<!([a-z]+)>")
_WHOLE_CHANNELS = ("channel", "here", "everyone")


class NotifyUnreadable(Unreadable):
    """It is about whom to call."""


def split_notify(text: str, is_named: Callable[[str], bool]) -> tuple[str, OnCall | None]:
    """The rest, and who is called; None where that was not said, nobody where it was. Raises NotifyUnreadable.

    `is_named` tells which words are a mail's name, with whatever “notify” in them.
    """
    if (found := _CLAUSE.search(text)) is None:
        unclear = _UNCLEAR.search(text)
        if unclear and is_named(text[: unclear.start()].strip().rstrip(",;，；")):
            raise NotifyUnreadable(
                "I cannot read whom to call. Choose names from Slack's list as you type them."
            )
        return _as_typed(text), None
    before, after = text[: found.start()].rstrip().rstrip(",;，；"), text[found.end() :].lstrip()
    rest = f"{before} {after}".strip()
    return _as_typed(rest), OnCall(mentions=_mentions(found["who"]), again_after=_again_after(found))


def _mentions(who: str) -> tuple[str, ...]:
    said = re.findall(_ONE, who, re.IGNORECASE)
    if all(_NOBODY.fullmatch(each) for each in said):
        return ()
    ids = tuple(dict.fromkeys(map(_mention, said)))
    if len(ids) > MOST_MENTIONS:
        raise NotifyUnreadable(f"I call {MOST_MENTIONS} people at most. A user group takes more.")
    return ids


def _mention(said: str) -> str:
    if found := _ID.fullmatch(said):
        return found["person"] or found["group"]
    name = _as_typed(said).lstrip("@<!").rstrip(">")
    if name.casefold() in _WHOLE_CHANNELS:
        raise NotifyUnreadable("I never call a whole channel. Name people, or a user group.")
    raise NotifyUnreadable(
        f"I don't know who “{short(name)}” is. Choose the name from Slack's list as you type it."
    )


def _again_after(found: re.Match[str]) -> timedelta | None:
    if found["after"] is None:
        return None
    hours = (found["unit"] or "m").lower().startswith("h")
    after = timedelta(hours=int(found["after"])) if hours else timedelta(minutes=int(found["after"]))
    if not SHORTEST <= after <= LONGEST:
        raise NotifyUnreadable(
            "I call people again after 5 minutes at the earliest, and 24 hours at the latest."
        )
    return after


def _as_typed(text: str) -> str:
    """A name with an @ or # in it, as it was before Slack escaped it."""

    def label(found: re.Match[str]) -> str:
        sign = "#" if found[0].startswith("<#") else "@"
        return sign + (found[1] or found[2]).removeprefix(sign)

    return _LABEL.sub(label, text)
