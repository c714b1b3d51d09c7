"""The list of mails, a page at a time, and what a button carries to turn the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from slack_sdk.models.blocks import Block, ButtonElement

from bot.domain import Mail, MailId, MailRef
from bot.domain.incidents import Standing
from bot.slack.command_names import CommandNames
from bot.slack.commands import Verb
from bot.slack.kit.actions import Act, look_button, page_value, pager, read_page
from bot.slack.kit.blocks import Message, actions, button, message, section, small
from bot.slack.kit.text import clip, code, dotted, label_of, name, owner_of, paused_in, plural, title_of
from bot.slack.views.states import NEVER_RAN, condition

PER_PAGE = 8  # fits a phone with little scrolling
LIST = "list"  # stands behind a colon in the action IDs of this list's buttons
_MOST_WORDS = 200  # characters; a button's value takes 2,000
_OLD = "🌩️ I cannot reach Quick BI at the moment: this is its list as I last read it"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which page of which search: all that the list's buttons carry."""

    words: str = ""
    page: int = 0

    @classmethod
    def from_value(cls, value: str) -> Wanted:
        """Raises OldButton for what no button of ours carries."""
        page, words = read_page(value)
        return cls(words=words, page=page)


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """One page of mails.

    `total` counts all that were found; `only_close`: none has the words as they are, these come close.
    `is_old`: Quick BI cannot be reached at present, so the list is as it was last read.
    """

    wanted: Wanted
    mails: tuple[Mail, ...]
    total: int
    only_close: bool
    is_old: bool
    standings: Mapping[MailId, Standing]
    names: CommandNames
    told: frozenset[MailId] = frozenset()
    """What the channel is told about: it stands first."""

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PER_PAGE))


def mail_list(listed: Listed, *, now: datetime, zone: tzinfo) -> Message:
    """Names, owners and how each is doing, as far as anybody looked; a button shows one."""
    if not listed.mails:
        return _nothing_found(listed) if listed.wanted.words else _nothing_there(listed)
    page = listed.wanted.page
    place = f"page {page + 1} of {listed.pages}" if listed.pages > 1 else ""
    rows = [_row(index, mail, listed, now, zone) for index, mail in enumerate(listed.mails)]
    turning = pager(LIST, page, listed.pages, of=clip(listed.wanted.words, _MOST_WORDS), what="page of mails")
    return message(
        dotted(f"*{_heading(listed)}*", place),
        *rows,
        *([actions(turning)] if turning else []),
        *_if_old(listed),
    )


def _heading(listed: Listed) -> str:
    if not listed.wanted.words:
        return plural(listed.total, "report mail")
    if listed.only_close:
        some = f"{plural(listed.total, 'mail')} {'comes' if listed.total == 1 else 'come'} close"
        return f"No name or owner has {_quoted(listed)}; {some}"
    return f"{plural(listed.total, 'mail')} with {_quoted(listed)}"


def _row(index: int, mail: Mail, listed: Listed, now: datetime, zone: tzinfo) -> Block:
    standing = listed.standings.get(mail.mail_id)
    known = condition(standing.latest, standing.incident, now=now, zone=zone) if standing else None
    here = "🔔 Subscribed here" if mail.mail_id in listed.told else ""
    under = dotted(known.words if known else "", owner_of(mail), paused_in(mail), here) or code(mail.mail_id)
    ref, label = MailRef(mail_id=mail.mail_id), label_of(mail.mail_id, mail)
    look = look_button("Status", ref, label, action_id=f"{Act.PICK}:{LIST}:{index}")
    return section(f"{(known or NEVER_RAN).sign} {title_of(mail.mail_id, mail)}\n{under}", look)


def list_button(label: str) -> ButtonElement:
    """Opens the list of all mails, from anywhere."""
    return button(label, action_id=f"{Act.PAGE}:{LIST}:open", value=page_value(0))


def _if_old(listed: Listed) -> list[Block]:
    return [small(_OLD)] if listed.is_old else []


def _nothing_found(listed: Listed) -> Message:
    return message(
        f"🔍 *No mail's name or owner is like {_quoted(listed)}*\n"
        "Try fewer letters, or a part of its owner's name. "
        "A mail is listed only if this bot's account may see it; anyone can still ask by its ID.",
        actions([list_button("Show all mails")]),
        *_if_old(listed),
    )


def _nothing_there(listed: Listed) -> Message:
    if listed.is_old:
        headline = "I have not been able to read Quick BI's list of mails yet"
        advice = "I cannot reach Quick BI at the moment. I try again every few minutes."
    else:
        headline = "Quick BI lists no mail for this bot's account"
        advice = "Whoever runs this bot can have mails shared with its account in Quick BI."
    by_id = f"You can still ask by ID: {code(f'{listed.names.of(Verb.STATUS)} MAIL_ID')}"
    return message(f"🔍 *{headline}*\n{advice}\n{by_id}")


def _quoted(listed: Listed) -> str:
    return f"“{name(listed.wanted.words, 60)}”"
