"""The roll-call of a channel's mails, and what is said when it is set."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from slack_sdk.models.blocks import Block

from bot.domain import UserId
from bot.domain.roll_call import MailDay, MailDayState, RollCall, RollCallPlan, mail_days
from bot.slack.command_names import CommandNames
from bot.slack.commands import EXAMPLE_DIGEST, Verb
from bot.slack.kit.blocks import Message, message, small
from bot.slack.kit.text import (
    clock_time,
    code,
    days_words,
    dotted,
    joined,
    label_of,
    name,
    natural,
    title_of,
    when,
)
from bot.slack.views.states import RUNNING, SENT, State, condition, state_of

_MOST_LINES = 8
_ROOM = 200  # characters of names: about four lines of a phone
_LONGEST_NAME = 60


def roll_call_message(roll_call: RollCall, *, now: datetime, zone: tzinfo) -> Message:
    """How the channel's mails are doing on the day: trouble first, then what is open, then what is done."""
    schedule_zone, zone, is_over = zone, ZoneInfo(roll_call.zone), now >= roll_call.day.ends_at
    mails = sorted(
        mail_days(roll_call, schedule_zone), key=lambda each: natural(label_of(each.mail_id, each.mail))
    )
    of = {state: [each for each in mails if each.state is state] for state in MailDayState}
    trouble, running = of[MailDayState.TROUBLE], of[MailDayState.RUNNING]
    lines = [_line(each, now, zone) for each in (*trouble, *running)]
    left = len(lines) - _MOST_LINES
    shown = [*lines[:_MOST_LINES], *([f"and {left} more"] if left > 0 else [])]
    rest: list[Block] = []
    if of[MailDayState.EXPECTED]:
        by_time = sorted(of[MailDayState.EXPECTED], key=lambda each: each.expected_at or now)
        lead = "Did not run" if is_over else "Still to come"
        rest.append(small(f"{lead}: {joined([_expected(each, zone) for each in by_time], _ROOM)}"))
    if of[MailDayState.SENT] and len(mails) > 1:
        rest.append(small(f"Sent: {_names(of[MailDayState.SENT])}"))
    if of[MailDayState.NOT_TODAY]:
        rest.append(small(f"Not expected: {_names(of[MailDayState.NOT_TODAY])}"))
    head = f"{_headline(of, roll_call)}\n{_counts(of, is_over=is_over)}".strip()
    return message(head, *(["\n".join(shown)] if shown else []), *rest)


def _headline(of: dict[MailDayState, list[MailDay]], roll_call: RollCall) -> str:
    zone = ZoneInfo(roll_call.zone)
    day = roll_call.day.began_at.astimezone(zone)
    date = f"{day:%A, %b} {day.day}"
    sent = of[MailDayState.SENT]
    is_open = any(of[state] for state in (MailDayState.TROUBLE, MailDayState.RUNNING, MailDayState.EXPECTED))
    if sent and not is_open:
        by = f" by {clock_time(roll_call.sent_by, zone)}" if roll_call.sent_by else ""
        several = "both" if len(sent) == 2 else f"all {len(sent)}"  # noqa: PLR2004
        which = f"{several} report mails were" if len(sent) > 1 else f"{_name(sent[0])} was"
        return f"{SENT.sign} *{date}: {which} sent*{by}"
    if not sent and not is_open:
        return f"📋 *{date}: no report mail is expected*"
    return f"📋 *Report mails of {date}*"


def _counts(of: dict[MailDayState, list[MailDay]], *, is_over: bool) -> str:
    """“9 of 12 sent, 2 running, 1 needs attention”; nothing where all are sent."""
    sent, trouble = len(of[MailDayState.SENT]), len(of[MailDayState.TROUBLE])
    running, expected = len(of[MailDayState.RUNNING]), len(of[MailDayState.EXPECTED])
    total = sent + trouble + running + expected
    if total == sent:
        return ""
    parts = [
        f"{sent} of {total} sent",
        f"{running} running" if running else "",
        f"{trouble} {'needs' if trouble == 1 else 'need'} attention" if trouble else "",
        f"{expected} {'did not run' if is_over else 'still to come'}" if expected else "",
    ]
    return ", ".join(filter(None, parts))


def _line(mail: MailDay, now: datetime, zone: tzinfo) -> str:
    title = title_of(mail.mail_id, mail.mail)
    if mail.incident is None and mail.latest is not None:
        return _run_line(title, state_of(mail.latest, now), mail, zone)
    known = condition(mail.latest, mail.incident, now=now, zone=zone) or RUNNING
    responder = mail.incident.responder if mail.incident else None
    return f"{known.sign} {dotted(f'{title} {known.words}', f'<@{responder}> is on it' if responder else '')}"


def _run_line(title: str, state: State, mail: MailDay, zone: tzinfo) -> str:
    at = f" · {clock_time(mail.latest.exec_at, zone)}" if mail.latest and mail.latest.exec_at else ""
    return f"{state.sign} {title} {state.words}{at}"


def _expected(mail: MailDay, zone: tzinfo) -> str:
    return f"{_name(mail)} ({clock_time(mail.expected_at, zone)})" if mail.expected_at else _name(mail)


def _names(mails: Sequence[MailDay]) -> str:
    return joined([_name(each) for each in mails], _ROOM)


def _name(mail: MailDay) -> str:
    return name(label_of(mail.mail_id, mail.mail), _LONGEST_NAME)


def plan_set(plan: RollCallPlan, by: UserId) -> Message:
    """The public confirmation."""
    return message(
        f"📋 <@{by}> turned on the daily message of this channel's report mails\n"
        f"I will post it {plan_words(plan)} and keep it up to date until midnight.",
        small(f"First one {when(plan.next_after(plan.created_at), ZoneInfo(plan.zone))}"),
    )


def plan_ended(by: UserId) -> Message:
    return message(f"📋 <@{by}> turned off the daily message of this channel's report mails.")


def no_plan(names: CommandNames) -> Message:
    return message(
        "📋 *This channel has no daily message*\n"
        f"Type {code(f'{names.of(Verb.DIGEST)} {EXAMPLE_DIGEST}')} to get one."
    )


def plan_words(plan: RollCallPlan) -> str:
    return f"at {plan.at:%H:%M} {days_words(plan.weekdays)} ({plan.zone})"
