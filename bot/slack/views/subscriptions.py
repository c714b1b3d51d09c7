"""What people read when a channel subscribes, or asks what it is told about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from slack_sdk.models.blocks import Block

from bot.domain import (
    DueTime,
    Event,
    MailRef,
    SubscribeOutcome,
    Subscription,
    SubscriptionRule,
    SubscriptionState,
    UserId,
)
from bot.domain.subscriptions import Posting
from bot.slack.command_names import CommandNames
from bot.slack.commands import Verb
from bot.slack.kit.actions import (
    Act,
    More,
    check_button,
    more_value,
    pager,
    subscribe_button,
)
from bot.slack.kit.blocks import Message, actions, message, overflow, section, sections, small
from bot.slack.kit.text import (
    code,
    days_words,
    dotted,
    duration,
    joined,
    label_of,
    mention,
    name,
    natural,
    paused_in,
    plural,
    title_of,
)
from bot.slack.views.incident_text import responder_words
from bot.slack.views.states import condition_of, needs_attention
from bot.slack.views.status import checking_several
from bot.slack.views.subscription_rules import rule_line
from bot.slack.views.unsubscribe import snooze_words

PER_PAGE = 10
_MOST_IN_TROUBLE = 5  # lines
_ROOM = 120  # characters of names: two lines on a phone
_WHAT = {
    Event.FAILED: "fails",
    Event.STUCK: "gets stuck",
    Event.LATE: "does not go out when it should",
    Event.RECOVERED: "recovers",
}
_NO_ROOM = {
    Posting.ARCHIVED: "🗄️ This channel is archived, so nobody would read a notice here. Subscribe another one.",
    Posting.READ_ONLY: "🚪 This channel takes no new messages from me. Subscribe another one.",
    Posting.DIRECT: "🚪 No bot can join a direct or group message. Subscribe a channel instead.",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscribed:
    """One mail of a `/mail-subscribe`, and how it went. `is_checked`: Quick BI was asked, and answered."""

    state: SubscriptionState
    outcome: SubscribeOutcome
    is_checked: bool


def subscribed(done: Sequence[Subscribed], by: UserId, *, now: datetime, zone: tzinfo) -> Message:
    """The public confirmation: who subscribed the channel to what, and how it is doing now.

    Of several mails, only those in trouble have a line of their own.
    """
    one_mail = done[0].state if len(done) == 1 else None
    what = (
        _title(one_mail)
        if one_mail
        else f"*{plural(len(done), 'mail')}*: {_titles([one.state for one in done])}"
    )
    lines = [f"🔔 <@{by}> subscribed this channel to {what}"]
    lines += [_now(done[0], now, zone)] if one_mail else _summary(done, now, zone)
    which = "it" if one_mail else "one of them"
    subscription = done[0].state.subscription  # what was asked for together is alike
    promise = f"I will tell this channel once when {which} {_promise(subscription)}"
    terms = _terms(subscription)
    blocks: list[Block] = [
        *sections(lines),
        small(promise, terms[:1].upper() + terms[1:]),
    ]
    if one_mail:
        title = label_of(subscription.mail_id, one_mail.mail)
        check = check_button(MailRef(mail_id=subscription.mail_id), title)
        blocks.append(actions([check, subscribe_button(subscription.mail_id, title, is_subscribed=True)]))
    return message(*blocks)


def changed(states: Sequence[SubscriptionState], by: UserId) -> Message:
    """The public word that a channel is told of other things than before."""
    groups: dict[str, list[SubscriptionState]] = {}
    for state in states:
        told = dotted(
            f"told when it {_promise(state.subscription)}",
            _terms(state.subscription),
        )
        groups.setdefault(told, []).append(state)
    lines = [f"{_titles(alike)}: {told}" for told, alike in groups.items()]
    return message(*sections([f"🔔 <@{by}> changed what this channel is told about", *lines]))


def checking(count: int, ready_in: float) -> Message:
    """A word to whoever subscribes, while Quick BI is being asked."""
    return checking_several(count, ready_in, then="this channel is told when that is done")


def checked() -> Message:
    """What becomes of that word where there is nothing else to tell."""
    return message("🔔 Checked. I posted the subscription in this channel.")


def already(states: Sequence[SubscriptionState]) -> Message:
    return message(f"🔔 This channel is already subscribed to {_titles(states)}.")


def cannot_post(posting: Posting, app_name: str) -> Message:
    """Why subscribing would be of no use here, and how to mend that."""
    if posting in _NO_ROOM:
        return message(_NO_ROOM[posting])
    return message(
        "🚪 *I cannot post here yet: I am not in this channel*\n"
        f"Type {code(f'/invite @{app_name}')}, then subscribe again."
    )


def none_yet(names: CommandNames) -> Message:
    """What this channel is told about: nothing, and how to begin."""
    return message(
        "*This channel is not subscribed to any mail yet*\n"
        f"Type {code(names.of(Verb.SUBSCRIBE))} with a mail's name or ID, and I will tell you here when it fails."
    )


def listed(
    states: Sequence[SubscriptionState],
    rules: Sequence[tuple[SubscriptionRule, int]] = (),
    *,
    page: int,
    now: datetime,
    zone: tzinfo,
) -> Message:
    """What this channel is told about: its rules, then trouble first, then by name; who subscribed, what is snoozed."""
    ordered = sorted(states, key=lambda state: (not _is_in_trouble(state, now), natural(_title(state))))
    pages = max(1, -(-len(ordered) // PER_PAGE))
    page = min(max(page, 0), pages - 1)
    shown = ordered[page * PER_PAGE : (page + 1) * PER_PAGE]
    turning = pager("subscriptions", page, pages, what="page of subscriptions")
    return message(
        "\n".join(
            [
                f"*This channel is told about {plural(len(states), 'mail')}*",
                *(rule_line(*each) for each in rules),
            ]
        ),
        *(_row(state, now, zone) for state in shown),
        *([actions(turning)] if turning else []),
    )


def _row(state: SubscriptionState, now: datetime, zone: tzinfo) -> Block:
    mail = MailRef(mail_id=state.subscription.mail_id)
    known = condition_of(state, now=now, zone=zone)
    notes = dotted(
        _why(state.subscription),
        _terms(state.subscription),
        responder_words(state.incident, zone),
        snooze_words(state.subscription, now, zone),
        paused_in(state.mail),
        f"*not told: Slack says {name(state.paused_reason, 40)}*" if state.paused_reason else "",
    )
    choices = [
        ("Recent runs", more_value(More.HISTORY, mail)),
        ("Unsubscribe…", more_value(More.UNSUBSCRIBE, mail)),
    ]
    menu = overflow(choices, action_id=f"{Act.MORE}:{mail.mail_id}")
    return section(f"{known.sign} {_title(state)} {known.words}\n{notes}", menu)


def _why(subscription: Subscription) -> str:
    if subscription.rule:
        return f"Because of {code(subscription.rule)}"
    return f"Subscribed by <@{subscription.created_by}>"


def _is_in_trouble(state: SubscriptionState, now: datetime) -> bool:
    return needs_attention(state.latest, state.incident, now)


def _now(one: Subscribed, now: datetime, zone: tzinfo) -> str:
    """A mail may be late, stuck or hidden behind a run that was sent: that is known without asking."""
    is_firing = one.state.incident is not None and one.state.incident.is_firing
    if not (one.is_checked or is_firing):
        return f"{_title(one.state)} could not be checked yet: I cannot reach Quick BI at the moment"
    known = condition_of(one.state, now=now, zone=zone)
    return f"{known.sign} {_title(one.state)} {known.words}"


def _summary(done: Sequence[Subscribed], now: datetime, zone: tzinfo) -> list[str]:
    troubled = [one for one in done if _is_in_trouble(one.state, now)]
    unchecked = sum(not one.is_checked for one in done if one not in troubled)
    fine = len(done) - len(troubled) - unchecked
    lines = [_now(one, now, zone) for one in troubled[:_MOST_IN_TROUBLE]]
    if len(troubled) > _MOST_IN_TROUBLE:
        lines.append(f"and {len(troubled) - _MOST_IN_TROUBLE} more that need attention")
    if unchecked:
        lines.append(f"{unchecked} could not be checked yet: I cannot reach Quick BI at the moment")
    if fine:
        lines.append(
            "None of them is in trouble"
            if fine == len(done)
            else f"Nothing is wrong with the other {fine if fine > 1 else 'one'}"
        )
    return lines


def _promise(subscription: Subscription) -> str:
    wanted = [event for event in _WHAT if event in subscription.events]
    troubles = [_WHAT[event] for event in wanted if event is not Event.RECOVERED]
    bad = " or ".join(filter(None, [", ".join(troubles[:-1]), *troubles[-1:]]))
    good = _WHAT[Event.RECOVERED] if Event.RECOVERED in wanted else ""
    return ", and when it ".join(filter(None, [bad, good])) or "changes"


def _due(subscription: Subscription) -> str:
    return due_words(subscription.due) if subscription.due else ""


def _terms(subscription: Subscription) -> str:
    """When the mail is due, and who is called."""
    return dotted(_due(subscription), _on_call(subscription))


def _on_call(subscription: Subscription) -> str:
    on_call = subscription.on_call
    if on_call is None:
        return ""
    again = (
        f", again if nobody takes it within {duration(on_call.again_after)}" if on_call.again_after else ""
    )
    return f"calls {' '.join(map(mention, on_call.mentions))}{again}"


def due_words(due: DueTime) -> str:
    """A declared due time: `due 09:30 on weekdays, 15 min of grace`. It is in Quick BI's zone."""
    return f"due {due.at:%H:%M} {days_words(due.weekdays)}, {duration(due.grace)} of grace"


def _titles(states: Sequence[SubscriptionState]) -> str:
    return joined([_title(state) for state in states], _ROOM)


def _title(state: SubscriptionState) -> str:
    return title_of(state.subscription.mail_id, state.mail)
