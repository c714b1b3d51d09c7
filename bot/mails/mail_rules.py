"""Rules that choose mails: `all`, `owner:王伟`, `name:"Daily Sales*"`, `-name:test`, or several of them together."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from bot.domain import Mail
from bot.mails.id_parsing import Unreadable, short
from bot.mails.text_normalisation import displayed, folded, plain_dashes

LONGEST = 200  # characters of a rule
_EVERYTHING = frozenset({"all", "everything", "*"})
_TERM = re.compile(r"""(-?)(owner|name)\s*[:：]\s*(?:["“”„]([^"“”„]*)["“”„]|(\S+))|(\S+)""", re.IGNORECASE)
_BEGINS = re.compile(r"-?(?:owner|name)\s*[:：]", re.IGNORECASE)


class RuleUnreadable(Unreadable):
    """It is about a rule."""


class Field(StrEnum):
    NAME = "name"
    OWNER = "owner"


@dataclass(frozen=True, slots=True)
class Term:
    """One condition. `words` are part of the name or the owner; with a `*` they are all of it."""

    field: Field
    words: str
    is_excluded: bool = False

    @property
    def text(self) -> str:
        said = f'"{self.words}"' if " " in self.words else self.words
        return f"{'-' if self.is_excluded else ''}{self.field}:{said}"

    def fits(self, mail: Mail) -> bool:
        value = folded(mail.name if self.field is Field.NAME else mail.owner_name)
        sought = folded(self.words)
        return fnmatchcase(value, sought.replace("[", "[[]")) if "*" in sought else sought in value


@dataclass(frozen=True, slots=True)
class MailRule:
    """Chooses the mails that fit none of the excluded terms, and of each other field at least one term."""

    terms: tuple[Term, ...] = ()

    @property
    def text(self) -> str:
        """As it is stored and shown: reading it gives the same rule."""
        terms = sorted(self.terms, key=lambda term: (term.is_excluded, term.field, term.words))
        everything = [] if any(not term.is_excluded for term in terms) else ["all"]
        return " ".join([*everything, *(term.text for term in terms)])

    def matches(self, mail: Mail) -> bool:
        wanted: dict[Field, bool] = {}
        for term in self.terms:
            if term.is_excluded:
                if term.fits(mail):
                    return False
            else:
                wanted[term.field] = wanted.get(term.field, False) or term.fits(mail)
        return all(wanted.values())


def read_rule(text: str) -> MailRule | None:
    """None where the words are no rule, but mails. Raises RuleUnreadable."""
    plain = plain_dashes(text).strip()
    first, _, rest = plain.partition(" ")
    is_all = first.casefold() in _EVERYTHING
    if not (is_all and (not rest.strip() or _BEGINS.match(rest.strip()))) and not _BEGINS.match(plain):
        return None
    terms = [_term(found) for found in _TERM.finditer(rest if is_all else plain)]
    rule = MailRule(tuple(dict.fromkeys(terms)))
    if len(rule.text) > LONGEST:
        raise RuleUnreadable(f"That rule is too long: {LONGEST} characters at most.")
    return rule


def _term(found: re.Match[str]) -> Term:
    minus, field, quoted, word, other = found.groups()
    if other is not None:
        raise RuleUnreadable(
            f"I don't recognise “{short(other)}” in a rule. Put words with blanks in quotes."
        )
    words = displayed(quoted if quoted is not None else word)
    if not folded(words).replace("*", ""):
        raise RuleUnreadable(f"What should the {field.lower()} be? Write it behind the colon.")
    return Term(field=Field(field.lower()), words=words, is_excluded=bool(minus))
