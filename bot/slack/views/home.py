"""The Home tab of one person: what their channels are told about, trouble first, and where to begin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from itertools import groupby

from slack_sdk.models.blocks import ActionsBlock, Block, BlockElement, DividerBlock, ExternalDataSelectElement
from slack_sdk.models.views import View

from bot.domain import Incident, IncidentView, MailRef, Outage, SubscriptionState
from bot.slack.command_names import CommandNames
from bot.slack.commands import Verb
from bot.slack.kit.actions import Act, look_button
from bot.slack.kit.blocks import actions, button, header, section, small
from bot.slack.kit.text import code, dotted, label_of, natural, paused_in, plural, title_of, when
from bot.slack.views.forms import SEARCH
from bot.slack.views.home_actions import mail_menu
from bot.slack.views.incident_text import headline, responder_words, when_words
from bot.slack.views.mail_list import list_button
from bot.slack.views.states import condition_of, needs_attention
from bot.slack.views.unsubscribe import snooze_words

REFRESH = f"{Act.HOME}:refresh"
_MOST_CHANNELS = 3  # named in a row
_MOST_INCIDENTS = 5


class _Group(StrEnum):
    """Where a subscription stands. Each heading says what the rows under it have in common."""

    TROUBLE = "Needs attention"
    SNOOZED = "Snoozed"
    SILENT = "Not told: I can no longer post in the channel"
    FINE = "All quiet"


_MOST_ROWS = {_Group.TROUBLE: 20, _Group.SNOOZED: 10, _Group.SILENT: 5, _Group.FINE: 10}


class Sight(StrEnum):
    """What Slack said about the person's channels. Without that only what they subscribed is shown."""

    KNOWN = "known"
    LOOKING = "looking"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """What one person's Home tab shows. `incidents` are over, newest first.

    `outage` is not over, but may be too short to have been reported. `last_answer_at` is Quick BI's last answer.
    """

    states: tuple[SubscriptionState, ...]
    incidents: tuple[Incident, ...]
    outage: Outage | None
    last_answer_at: datetime | None
    sight: Sight
    names: CommandNames


def home(overview: Overview, *, now: datetime, zone: tzinfo) -> View:
    """At most 100 blocks, whatever there is to tell: what does not fit is counted."""
    blocks: list[Block] = [
        header("Report mails"),
        section(_quick_bi(overview, zone)),
        _tools(),
    ]
    if overview.states:
        blocks += _groups(overview, now, zone)
        blocks += _recent(overview, zone)
    elif overview.sight is not Sight.LOOKING:
        blocks += _welcome(overview.names)
    blocks.append(small(*_notes(overview, now, zone)))
    return View(type="home", blocks=blocks)


def _quick_bi(overview: Overview, zone: tzinfo) -> str:
    """Whether Quick BI answers: from the first call that it does not answer on, this says so."""
    at, outage = overview.last_answer_at, overview.outage
    last = f"last answered {when(at, zone)}" if at else "has not been asked yet"
    if outage is None:
        return f"✅ Quick BI {last}, and I am watching."
    if outage.told_at is None:
        return f"⏳ *Quick BI is not answering*\nIt {last}. I keep trying."
    return (
        f"🌩️ *I have not been able to reach Quick BI* since {when(outage.began_at, zone)}\n"
        f"It {last}. What you see here may be out of date. This says nothing about the mails; what fails in the "
        "meantime will be reported afterwards."
    )


def _tools() -> ActionsBlock:
    find = ExternalDataSelectElement(action_id=SEARCH, placeholder="Look up a mail …", min_query_length=0)
    refresh = button("Refresh", action_id=REFRESH, value="refresh")
    return actions(
        [find, list_button("All mails"), refresh, button("Help", action_id=Act.HELP, value="help")]
    )


def _groups(overview: Overview, now: datetime, zone: tzinfo) -> list[Block]:
    blocks: list[Block] = []
    for group in _Group:
        mails = _by_mail([state for state in overview.states if _group_of(state, now) is group])
        if not mails:
            continue
        blocks += [DividerBlock(), section(f"*{group}* · {plural(len(mails), 'mail')}")]
        shown = mails[: _MOST_ROWS[group]]
        blocks += [_row(group, index, each, now, zone) for index, each in enumerate(shown)]
        if len(mails) > len(shown):
            rest = len(mails) - len(shown)
            listing = code(overview.names.of(Verb.SUBSCRIPTIONS))
            blocks.append(small(f"and {rest:,} more: {listing} in a channel lists all of its"))
    return blocks


def _group_of(state: SubscriptionState, now: datetime) -> _Group:
    if state.paused_reason:
        return _Group.SILENT
    if state.subscription.is_snoozed(now):
        return _Group.SNOOZED
    return _Group.TROUBLE if needs_attention(state.latest, state.incident, now) else _Group.FINE


def _by_mail(states: Sequence[SubscriptionState]) -> list[list[SubscriptionState]]:
    """One row for each mail, however many channels are told about it; by name."""

    def order(state: SubscriptionState) -> tuple[list[str | int], str]:
        mail_id = state.subscription.mail_id
        return natural(label_of(mail_id, state.mail)), mail_id

    return [list(same) for _, same in groupby(sorted(states, key=order), key=order)]


def _row(
    group: _Group, index: int, states: Sequence[SubscriptionState], now: datetime, zone: tzinfo
) -> Block:
    """Where something is wrong there is more to be done than to look at it."""
    first = states[0]
    mail_id = first.subscription.mail_id
    known = condition_of(first, now=now, zone=zone)
    notes = dotted(
        responder_words(first.incident, zone),
        _channels(states),
        snooze_words(first.subscription, now, zone),
        paused_in(first.mail),
    )
    place = f"{group.name.lower()}:{index}"
    if group in {_Group.TROUBLE, _Group.SNOOZED}:
        more: BlockElement = mail_menu(place, mail_id)
    else:
        label = label_of(mail_id, first.mail)
        more = look_button("Check", MailRef(mail_id=mail_id), label, action_id=f"{Act.CHECK}:{place}")
    return section(f"{known.sign} {title_of(mail_id, first.mail)} {known.words}\n{notes}", more)


def _channels(states: Sequence[SubscriptionState]) -> str:
    shown = [f"<#{state.subscription.channel_id}>" for state in states[:_MOST_CHANNELS]]
    more = f"and {len(states) - _MOST_CHANNELS} more" if len(states) > _MOST_CHANNELS else ""
    return " ".join(filter(None, [*shown, more]))


def _recent(overview: Overview, zone: tzinfo) -> list[Block]:
    mails = {state.subscription.mail_id: state.mail for state in overview.states}
    over = [IncidentView(incident=each, mail=mails.get(each.mail_id)) for each in overview.incidents]
    lines = [dotted(headline(each), when_words(each, zone)) for each in over[:_MOST_INCIDENTS]]
    return [DividerBlock(), section("\n".join(["*Recently over*", *lines]))] if lines else []


def _welcome(names: CommandNames) -> list[Block]:
    return [
        DividerBlock(),
        section(
            "*I watch Quick BI's report mails, so that you don't have to*\n"
            "When a report mail fails, gets stuck or does not go out, I tell the channels that want to know: "
            "once, in one message that I keep up to date."
        ),
        section(
            f"*1.* Look one up, above or with {code(names.of(Verb.STATUS))} and its name, in any channel\n"
            f"*2.* Go to the channel that should be told, and type {code(names.of(Verb.SUBSCRIBE))}\n"
            "*3.* Come back here: this page shows what your channels are told about, trouble first"
        ),
    ]


def _notes(overview: Overview, now: datetime, zone: tzinfo) -> list[str]:
    match overview.sight:
        case Sight.LOOKING:
            what = "What you subscribed is here; I am looking up your channels …"
        case Sight.UNKNOWN:
            what = "Slack did not say which channels you are in, so only what you subscribed yourself is here"
        case Sight.KNOWN if overview.states:
            what = "What your channels are told about, and what you subscribed"
        case Sight.KNOWN:
            what = "None of your channels is told about a mail yet"
    return [f"As of {when(now, zone)}", what]
