"""Pure: the list of mails, a page at a time, and what a button carries to turn the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.slack.commands import Verb
from bot.slack.kit.actions import Act, page_value, read_page
from bot.slack.kit.blocks import Message, actions, button, clip, code, name, plural, section, small, unmarked
from bot.slack.kit.mail_titles import label_of, plain_title_of, title_of
from bot.slack.views.conditions import condition

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, tzinfo

    from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement

    from bot.domain import Mail, MailId
    from bot.domain.incidents import Standing
    from bot.slack.command_names import CommandNames

PER_PAGE = 8  # fits a phone with little scrolling
LIST = "list"  # stands behind a colon in the action IDs of this list's buttons
_MOST_WORDS = 200  # characters; a button's value takes 2,000
_OLD = "Quick BI cannot be asked at the moment: this is its list as I last read it"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which page of which search: all that the list's buttons carry."""

    words: str = ""
    page: int = 0

    def to_value(self) -> str:
        return page_value(self.page, clip(self.words, _MOST_WORDS))

    @classmethod
    def from_value(cls, value: str) -> Wanted:
        """Raises OldButton for what no button of ours carries."""
        page, words = read_page(value)
        return cls(words=words, page=page)


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """One page of mails.

    `total` counts all that were found; `only_close`: none has the words as they are, these come close.
    `is_old`: Quick BI cannot be asked at present, so the list is as it was last read.
    """

    wanted: Wanted
    mails: tuple[Mail, ...]
    total: int
    only_close: bool
    is_old: bool
    standings: Mapping[MailId, Standing]
    names: CommandNames

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PER_PAGE))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    block: Block
    plain: str


def mail_list(listed: Listed, *, now: datetime, zone: tzinfo) -> Message:
    """Names, owners and how each is doing, as far as anybody looked; a button shows one."""
    if not listed.mails:
        return _nothing_found(listed) if listed.wanted.words else _nothing_there(listed)
    heading = _heading(listed)
    place = f"page {listed.wanted.page + 1} of {listed.pages}" if listed.pages > 1 else ""
    rows = [_row(index, mail, listed, now, zone) for index, mail in enumerate(listed.mails)]
    blocks = [section(f"*{heading}*{f' · {place}' if place else ''}"), *(row.block for row in rows)]
    if turning := _pager(listed):
        blocks.append(turning)
    if listed.is_old:
        blocks.append(small(f"🌩️ {_OLD}"))
    said = "; ".join(row.plain for row in rows)
    old = f" {_OLD}." if listed.is_old else ""
    return Message(text=f"{heading}{f', {place}' if place else ''}: {said}.{old}", blocks=tuple(blocks))


def _heading(listed: Listed) -> str:
    if not listed.wanted.words:
        return plural(listed.total, "report mail")
    if listed.only_close:
        some = f"{plural(listed.total, 'mail')} {'comes' if listed.total == 1 else 'come'} close"
        return f"No name or owner has {_quoted(listed)}; {some}"
    return f"{plural(listed.total, 'mail')} with {_quoted(listed)}"


def _row(index: int, mail: Mail, listed: Listed, now: datetime, zone: tzinfo) -> _Row:
    standing = listed.standings.get(mail.mail_id)
    known = condition(standing.latest, standing.incident, now=now, zone=zone) if standing else None
    owner = name(mail.owner_name, 40)
    paused = "paused in Quick BI" if mail.paused else ""
    notes = [known.marked if known else "", owner, f"*{paused}*" if paused else ""]
    under = " · ".join(filter(None, notes)) or code(mail.mail_id)
    sign = known.sign if known else "⚪"
    block = section(f"{sign} {title_of(mail.mail_id, mail)}\n{under}")
    block.accessory = button(
        "Status",
        action_id=f"{Act.PICK}:{LIST}:{index}",
        value=mail.mail_id,
        reads_as=f"Status of {clip(label_of(mail.mail_id, mail), 60)}",
    )
    state = known.plain if known else "not looked at yet"
    title = plain_title_of(mail.mail_id, mail)
    said = [f"{title} of {owner}" if owner else title, state, paused]
    return _Row(block=block, plain=", ".join(filter(None, said)))


def _pager(listed: Listed) -> ActionsBlock | None:
    page, words = listed.wanted.page, listed.wanted.words
    turning = []
    if page > 0:
        turning.append(_turn("Previous", Wanted(words=words, page=page - 1)))
    if page + 1 < listed.pages:
        turning.append(_turn("Next", Wanted(words=words, page=page + 1)))
    return actions(turning) if turning else None


def _turn(label: str, to: Wanted) -> ButtonElement:
    return button(
        label,
        action_id=f"{Act.PAGE}:{LIST}:{label.lower()}",
        value=to.to_value(),
        reads_as=f"{label} page of mails",
    )


def list_button(label: str, wanted: Wanted) -> ButtonElement:
    """Opens the list at a page, from anywhere."""
    return button(label, action_id=f"{Act.PAGE}:{LIST}:open", value=wanted.to_value())


def _nothing_found(listed: Listed) -> Message:
    advice = (
        "Try fewer letters, or a part of its owner's name. "
        "A mail is listed only if this bot's account may see it; anyone can still ask by its ID."
    )
    blocks: list[Block] = [
        section(f"🔍 *No mail's name or owner is like {_quoted(listed)}*\n{advice}"),
        actions([list_button("Show all mails", Wanted())]),
    ]
    if listed.is_old:
        blocks.append(small(f"🌩️ {_OLD}"))
    old = f" {_OLD}." if listed.is_old else ""
    return Message(
        text=f"No mail's name or owner is like {_quoted(listed)}. {advice}{old}", blocks=tuple(blocks)
    )


def _nothing_there(listed: Listed) -> Message:
    if listed.is_old:
        headline = "I could not read Quick BI's list of mails yet"
        advice = "Quick BI cannot be asked at the moment. I try again every few minutes."
    else:
        headline = "Quick BI lists no mail for this bot's account"
        advice = "Whoever runs this bot can have mails shared with its account in Quick BI."
    by_id = f"You can still ask by an ID: {code(f'{listed.names.of(Verb.STATUS)} MAIL_ID')}"
    return Message(
        text=f"{headline}. {advice} {unmarked(by_id)}.",
        blocks=(section(f"🔍 *{headline}*\n{advice}\n{by_id}"),),
    )


def _quoted(listed: Listed) -> str:
    return f"“{name(listed.wanted.words, 60)}”".replace("*", "\N{ASTERISK OPERATOR}")
