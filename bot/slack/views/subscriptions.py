"""Pure: what people read when a channel subscribes, or asks what it is told of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain import EVERY_DAY, WORKDAYS, Event, MailRef, RunStatus, SubscribeOutcome
from bot.domain.subscriptions import Posting
from bot.slack.commands import Verb
from bot.slack.kit.actions import Act, More, check_button, more_value, subscribe_button
from bot.slack.kit.blocks import (
    Message,
    absolute,
    actions,
    button,
    code,
    duration,
    name,
    overflow,
    plural,
    section,
    sections,
    small,
    when,
)
from bot.slack.kit.mail_titles import label_of, plain_title_of, title_of
from bot.slack.views.conditions import condition_of, needs_attention
from bot.slack.views.snooze import snooze_words
from bot.slack.views.status import state_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, tzinfo

    from slack_sdk.models.blocks import ActionsBlock, Block

    from bot.domain import DueTime, Subscription, SubscriptionState, UserId
    from bot.slack.command_names import CommandNames

PER_PAGE = 10
_DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WHAT = {
    Event.FAILED: "fails",
    Event.STUCK: "gets stuck",
    Event.LATE: "does not go out when it should",
    Event.RECOVERED: "recovers",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscribed:
    """One mail of a `/mail-subscribe`, and how it went. `is_checked`: Quick BI was asked, and answered."""

    state: SubscriptionState
    outcome: SubscribeOutcome
    is_checked: bool


def subscribed(done: Sequence[Subscribed], by: UserId, *, now: datetime, zone: tzinfo) -> Message:
    """The public confirmation: who subscribed the channel to what, and how each mail is doing now."""
    names = ", ".join(_plain(one.state) for one in done)
    one_mail = done[0].state if len(done) == 1 else None
    headline = (
        f"🔔 <@{by}> subscribed this channel to {_title(one_mail) if one_mail else plural(len(done), 'mail')}"
    )
    lines = [headline, *(_now_line(one, now, zone) for one in done)]
    blocks: list[Block] = [*sections(lines)]
    whose = "it" if one_mail else "one of them"
    promise = f"I tell this channel once when {whose} {_promise(done[0].state.subscription)}"
    due = _due_words(done[0].state.subscription)  # what was asked for together is alike
    blocks.append(small(promise, *due))
    if one_mail:
        blocks.append(_under(one_mail))
    states = " ".join(f"{_plain(one.state)} {_state_words(one, now, zone)}." for one in done)
    if due:
        states += f" {'It is' if one_mail else 'Each is'} {due[0]}."
    return Message(
        text=f"This channel is now subscribed to {names}, by <@{by}>. {states} {promise}.",
        blocks=tuple(blocks),
    )


def changed(states: Sequence[SubscriptionState], by: UserId) -> Message:
    """The public word that a channel is told of other things than before."""
    lines, plain = [], []
    for state in states:
        told = "; ".join([f"told when it {_promise(state.subscription)}", *_due_words(state.subscription)])
        lines.append(f"{_title(state)}: {told}")
        plain.append(f"{_plain(state)}: {told}.")
    headline = f"🔔 <@{by}> changed what this channel is told about"
    return Message(
        text=f"What this channel is told about was changed by <@{by}>. {' '.join(plain)}",
        blocks=tuple(sections([headline, *lines])),
    )


def checking(count: int, ready_in: float) -> Message:
    """A word to whoever subscribes, while Quick BI is being asked."""
    wait = f"about {duration(timedelta(seconds=max(ready_in, 1)))}"
    what = "the mail" if count == 1 else plural(count, "mail")
    return Message(
        text=f"Checking {what} before I subscribe this channel; that takes {wait}.",
        blocks=(
            section(
                f"⏳ Checking {what} … {wait}\n_Quick BI takes one question a second. This channel is told then._"
            ),
        ),
    )


def checked() -> Message:
    """What becomes of that word where there is nothing else to tell."""
    words = "Checked. This channel was told what it is subscribed to now."
    return Message(text=words, blocks=(section(f"🔔 {words}"),))


def already(states: Sequence[SubscriptionState]) -> Message:
    names = ", ".join(_title(state) for state in states)
    plain = ", ".join(_plain(state) for state in states)
    return Message(
        text=f"This channel is subscribed to {plain} already.",
        blocks=(section(f"🔔 This channel is subscribed to {names} already."),),
    )


_NO_ROOM = {
    Posting.READ_ONLY: "I cannot post here: this channel takes no new messages from me.",
    Posting.DIRECT: "I cannot post here: no bot can join a direct or group message.",
}


def cannot_post(posting: Posting, app_name: str) -> Message:
    """Why subscribing would be of no use here, and how to mend that."""
    if posting is Posting.ARCHIVED:
        words = "This channel is archived, so nobody would read a notice here. Subscribe another one."
        return Message(text=words, blocks=(section(f"🗄️ {words}"),))
    if posting in _NO_ROOM:
        words = f"{_NO_ROOM[posting]} Subscribe in a channel instead."
        return Message(text=words, blocks=(section(f"🚪 {words}"),))
    invite = f"/invite @{app_name}"
    return Message(
        text=f"I cannot post here yet: I am not in this channel. Type {invite}, then subscribe again.",
        blocks=(
            section(
                f"🚪 *I cannot post here yet: I am not in this channel*\nType {code(invite)}, then subscribe again."
            ),
        ),
    )


def none_yet(names: CommandNames) -> Message:
    """What this channel is told of: nothing, and how to begin."""
    command = names.of(Verb.SUBSCRIBE)
    return Message(
        text=f"This channel is subscribed to no mail yet. Type {command} and a mail's name or ID.",
        blocks=(
            section(
                "*This channel is subscribed to no mail yet*\n"
                f"Type {code(command)} with a mail's name or ID, and I tell you here when it fails."
            ),
        ),
    )


def listed(states: Sequence[SubscriptionState], *, page: int, now: datetime, zone: tzinfo) -> Message:
    """What this channel is told of: trouble first, then by name; who subscribed, what is snoozed."""
    ordered = sorted(states, key=lambda state: _by_trouble(state, now))
    pages = -(-len(ordered) // PER_PAGE)
    page = min(max(page, 0), pages - 1)
    shown = ordered[page * PER_PAGE : (page + 1) * PER_PAGE]
    blocks: list[Block] = [section(f"*This channel is told about {plural(len(states), 'mail')}*")]
    blocks += [_row(state, now, zone) for state in shown]
    if pages > 1:
        blocks.append(_pager(page, pages))
    plain = "; ".join(f"{_plain(state)} {condition_of(state, now=now, zone=zone).plain}" for state in shown)
    return Message(
        text=f"This channel is told about {plural(len(states), 'mail')}: {plain}.", blocks=tuple(blocks)
    )


def _row(state: SubscriptionState, now: datetime, zone: tzinfo) -> Block:
    mail = MailRef(mail_id=state.subscription.mail_id)
    known = condition_of(state, now=now, zone=zone)
    notes = [
        f"by <@{state.subscription.created_by}>",
        *_due_words(state.subscription),
        snooze_words(state.subscription, now, zone)[0],
        "paused in Quick BI" if state.mail and state.mail.paused else "",
        f"*not told: Slack says {name(state.paused_reason, 40)}*" if state.paused_reason else "",
    ]
    block = section(
        f"{known.sign} {_title(state)} {known.marked}\n{' · '.join(note for note in notes if note)}"
    )
    choices = [
        ("Recent runs", more_value(More.HISTORY, mail)),
        ("Unsubscribe…", more_value(More.UNSUBSCRIBE, mail)),
    ]
    block.accessory = overflow(choices, action_id=f"{Act.MORE}:{mail.mail_id}")
    return block


def _pager(page: int, pages: int) -> Block:
    buttons = []
    if page > 0:
        buttons.append(
            button("Previous", action_id=f"{Act.PAGE}:subscriptions:previous", value=str(page - 1))
        )
    if page < pages - 1:
        buttons.append(button("Next", action_id=f"{Act.PAGE}:subscriptions:next", value=str(page + 1)))
    return actions(buttons)


def _by_trouble(state: SubscriptionState, now: datetime) -> tuple[bool, str]:
    return not needs_attention(state.latest, state.incident, now), _plain(state).casefold()


def _is_in_trouble(state: SubscriptionState) -> bool:
    """More than the newest run shows: a mail may be late, stuck or out of sight behind one that was sent."""
    return state.incident is not None and state.incident.is_firing


def _now_line(one: Subscribed, now: datetime, zone: tzinfo) -> str:
    if _is_in_trouble(one.state):
        known = condition_of(one.state, now=now, zone=zone)
        return f"{known.sign} Now: {_title(one.state)} {known.marked}"
    if not one.is_checked:
        return f"{_title(one.state)}: Quick BI cannot be asked at the moment; I look as soon as it can."
    found = state_of(one.state.latest, now)
    at = one.state.latest.exec_at if one.state.latest else None
    joint = " since" if one.state.latest and one.state.latest.status is RunStatus.PROCESSING else " ·"
    time = f"{joint} {when(at, zone)}, {duration(now - at)} ago" if at else ""
    return f"{found.sign} Now: {_title(one.state)} {found.words}{time}"


def _state_words(one: Subscribed, now: datetime, zone: tzinfo) -> str:
    if _is_in_trouble(one.state):
        return condition_of(one.state, now=now, zone=zone).plain
    if not one.is_checked:
        return "could not be checked yet"
    latest = one.state.latest
    if latest is None or latest.exec_at is None:
        return state_of(latest, now).words
    joint = "since" if latest.status is RunStatus.PROCESSING else "at"
    return f"{state_of(latest, now).words} {joint} {absolute(latest.exec_at, zone)}"


def _under(state: SubscriptionState) -> ActionsBlock:
    ref = MailRef(mail_id=state.subscription.mail_id)
    title = label_of(state.subscription.mail_id, state.mail)
    return actions([check_button(ref, title), subscribe_button(ref.mail_id, title, is_subscribed=True)])


def _promise(subscription: Subscription) -> str:
    wanted = [event for event in _WHAT if event in subscription.events]
    troubles = [_WHAT[event] for event in wanted if event is not Event.RECOVERED]
    bad = " or ".join(filter(None, [", ".join(troubles[:-1]), *troubles[-1:]]))
    good = _WHAT[Event.RECOVERED] if Event.RECOVERED in wanted else ""
    return ", and when it ".join(filter(None, [bad, good])) or "changes"


def _due_words(subscription: Subscription) -> list[str]:
    return [due_words(subscription.due)] if subscription.due else []


def due_words(due: DueTime) -> str:
    """A declared due time: `due 09:30 on weekdays, 15 min of grace`. It is in Quick BI's zone."""
    if due.weekdays == EVERY_DAY:
        days = "daily"
    elif due.weekdays == WORKDAYS:
        days = "on weekdays"
    else:
        days = "on " + ", ".join(_DAY_NAMES[day] for day in sorted(due.weekdays))
    return f"due {due.at:%H:%M} {days}, {duration(due.grace)} of grace"


def _title(state: SubscriptionState) -> str:
    return title_of(state.subscription.mail_id, state.mail)


def _plain(state: SubscriptionState) -> str:
    return plain_title_of(state.subscription.mail_id, state.mail)
