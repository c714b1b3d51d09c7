"""Notices: the message about an incident, now and as it is later, the reply in its thread, and news without one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from slack_sdk.models.blocks import ActionsBlock, Block, InteractiveElement

from bot.domain import (
    IncidentKind,
    IncidentState,
    IncidentView,
    MailId,
    MailRef,
    Notice,
    NotifyReason,
    PlainNotice,
    PostKind,
)
from bot.domain.notices import Redraw
from bot.slack.kit.actions import (
    Act,
    More,
    check_button,
    more_value,
    of_responder,
    run_button,
    snooze_menu,
    subscribe_button,
    take_button,
)
from bot.slack.kit.blocks import Message, actions, message, overflow, sections, small
from bot.slack.kit.text import (
    bold,
    code,
    duration,
    escape,
    joined,
    label_of,
    owner_of,
    plural,
    title_of,
    when,
)
from bot.slack.views.digests import digest, digest_reply
from bot.slack.views.incident_text import (
    advice,
    attention,
    bold_title,
    headline,
    reply_words,
    was,
    was_overtaken,
    when_words,
)
from bot.slack.views.reasons import NO_CONSOLE, Console
from bot.slack.views.remedies import REMEDIES
from bot.slack.views.roll_call import roll_call_message
from bot.slack.views.subscription_rules import changed_words

_CLOSED = {
    "is_archived": "it is archived",
    "is_inactive": "it is archived, frozen or deleted",
    "channel_not_found": "it is gone, or I was removed from it",
    "not_in_channel": "I am not in it",
}
_MOST_BUTTONS = 3  # they fit a phone; the rest goes into the menu
_MOST_SECTIONS = 4
_ROOM = 500  # characters of names
_REPEAT = "This may be a repeat: Slack did not say whether it took the first one."


def notice_message(notice: Notice, *, now: datetime, zone: tzinfo, console: Console = NO_CONSOLE) -> Message:
    """What a claimed notice says."""
    match notice.kind:
        case PostKind.ROOT:
            message = _root_message(notice.items, now, zone, console)
        case PostKind.REPLY:
            message = reply_message(notice.items, zone=zone)
        case PostKind.LINE:
            message = plain_message(notice.lines, zone=zone)
        case PostKind.ROLL_CALL:
            message = _roll_call(notice, now, zone)
    return _marked_as_repeat(message) if notice.may_repeat else message


def redrawn_message(redraw: Redraw, *, now: datetime, zone: tzinfo, console: Console = NO_CONSOLE) -> Message:
    """What a message says now. What may be a repeat says so for good: the other may still be there."""
    if redraw.roll_call:
        message = roll_call_message(redraw.roll_call, now=now, zone=zone)
    else:
        message = _root_message(redraw.items, now, zone, console)
    return _marked_as_repeat(message) if redraw.may_repeat else message


def _roll_call(notice: Notice, now: datetime, zone: tzinfo) -> Message:
    if notice.roll_call is None:
        raise ValueError("the claim of a roll-call reads its day")
    return roll_call_message(notice.roll_call, now=now, zone=zone)


def _root_message(
    items: tuple[IncidentView, ...], now: datetime, zone: tzinfo, console: Console = NO_CONSOLE
) -> Message:
    """The message about one incident, or about many, as things are now."""
    if len(items) != 1:
        return digest(items, now=now, zone=zone)
    (told,) = items
    incident, at = told.incident, when_words(told, zone)
    if who := attention(told, zone):
        at = f"{at}\n{who}"
    rest: list[Block | str] = []
    if hint := _being_run(told, zone) or advice(told, console):
        rest.append(hint)
    rest += _small_print(told, now, zone)
    if incident.is_firing:
        rest.append(_controls(told, now))
    text = ""
    if incident.state is IncidentState.RECOVERED and not was_overtaken(incident):
        text = message(f"{bold_title(told)} recovered: it {was(incident)} before", at, *rest).text
    return message(f"{headline(told)}\n{at}", *rest, text=text)


def reply_message(items: tuple[IncidentView, ...], *, zone: tzinfo) -> Message:
    """The reply in the thread: the newest news, short. The message above has the rest."""
    return message(reply_words(items[0], zone)) if len(items) == 1 else digest_reply(items)


def _being_run(told: IncidentView, zone: tzinfo) -> str:
    """Somebody is at work on it: in the place of what to do."""
    if told.by_hand is None or not told.incident.is_firing:
        return ""
    return f"▶️ <@{told.by_hand.user_id}> ran it {when(told.by_hand.asked_at, zone)}, and that run is not over yet"


def _controls(told: IncidentView, now: datetime) -> ActionsBlock:
    """What people do about a failure. A channel that left may come back.

    There is no run button for what cannot be seen, is being run, or has started after all: Quick BI would refuse it.
    """
    incident, ref = told.incident, MailRef(mail_id=told.incident.mail_id)
    label = label_of(ref.mail_id, told.mail)
    check = check_button(ref, label)
    if not told.is_subscribed:
        return actions([check, subscribe_button(ref.mail_id, label, is_subscribed=False)])
    elements: list[InteractiveElement] = []
    more = [
        ("Recent runs", more_value(More.HISTORY, ref)),
        ("Unsubscribe this channel…", more_value(More.UNSUBSCRIBE, ref)),
    ]
    is_late = incident.kind is IncidentKind.LATE
    if not (told.by_hand or incident.kind is IncidentKind.ACCESS_LOST or (is_late and incident.started_at)):
        elements.append(run_button(ref.mail_id, label, is_first=is_late))
    if incident.responder:
        more = [*of_responder(ref), *more]
    else:
        elements.append(take_button(ref.mail_id, label))
    if len(elements) < _MOST_BUTTONS - 1:
        elements.append(check)
    else:  # the message keeps itself up to date
        more.insert(0, ("Check again", more_value(More.CHECK, ref)))
    elements.append(snooze_menu(ref.mail_id, is_snoozed=told.is_snoozed(now)))
    return actions([*elements, overflow(more, action_id=Act.MORE)])


def _small_print(told: IncidentView, now: datetime, zone: tzinfo) -> list[Block]:
    """Of what is over, what is needed to find out why it failed."""
    incident, firing = told.incident, told.incident.is_firing
    if not firing and (not incident.failed_runs or incident.state is IncidentState.CORRECTED):
        return []
    last_run = f"Failed run {when(incident.last_exec_at, zone)}" if incident.last_exec_at else ""
    last_sent = f"Last sent {when(incident.last_sent_at, zone)}" if incident.last_sent_at else ""
    task = f"Task {code(str(incident.last_task_id))}" if incident.last_task_id else ""
    return [
        small(
            _standing(told, now, zone),
            last_sent if firing else last_run,
            "" if firing else task,
            "" if firing and incident.kind is IncidentKind.FAILED else owner_of(told.mail),
            f"Mail {code(_short(incident.mail_id))}",
        )
    ]


def _standing(told: IncidentView, now: datetime, zone: tzinfo) -> str:
    """How the channel stands to what is failing, where that is not as usual."""
    if not told.incident.is_firing:
        return ""
    if not told.is_subscribed:
        return "🔕 This channel is no longer subscribed"
    if not told.is_snoozed(now):
        return ""
    if told.snoozed_until_recovered or told.snoozed_until is None:
        return "💤 Snoozed until it recovers"
    return f"💤 Snoozed until {when(told.snoozed_until, zone)}"


def _short(mail_id: str) -> str:
    return mail_id if len(mail_id) <= 12 else f"{mail_id[:4]}…{mail_id[-4:]}"  # noqa: PLR2004 (fits a line)


def _marked_as_repeat(message: Message) -> Message:
    return Message(text=f"{message.text} ({_REPEAT})", blocks=(*message.blocks, small(_REPEAT)))


def plain_message(lines: Sequence[PlainNotice], *, zone: tzinfo) -> Message:
    """All lines are of one kind. The vendor's word, where there is one, stands in the small print."""
    said = [_words(line, zone) for line in lines]
    support = [small(f"For support: {code(word)}") for _, word in said if word]
    return message(*sections([words for words, _ in said], most=_MOST_SECTIONS), *support)


def _words(line: PlainNotice, zone: tzinfo) -> tuple[str, str]:
    """What to say, and a word for support."""
    title = title_of(MailId(line.subject_id), line.mail)
    match line.reason:
        case NotifyReason.MAIL_PAUSED:
            return f"⏸️ {title} was paused in Quick BI. It is not sent until somebody resumes it there.", ""
        case NotifyReason.MAIL_UNPAUSED:
            return f"▶️ {title} is no longer paused in Quick BI. I am watching it as before.", ""
        case NotifyReason.RULE_CHANGED:
            return changed_words(line), ""
        case NotifyReason.CHANNEL_LOST:
            return _channel_lost(line), ""
        case NotifyReason.MESSAGE_REFUSED:
            return _message_refused(line)
        case NotifyReason.OUTAGE_BEGAN:
            return _outage_began(line, zone)
        case NotifyReason.OUTAGE_OVER:
            lasted = duration(line.at - (line.since or line.at))
            return f"🌤️ *I can reach Quick BI again*, after {lasted}. I am catching up now.", ""
        case _:
            raise ValueError(f"{line.reason} is told by a message about an incident")


def _channel_lost(line: PlainNotice) -> str:
    """`detail` is Slack's word and the number of subscriptions; then names of mails, each on a line of its own."""
    head, *mails = line.detail.splitlines()
    reason, _, count = head.partition(" ")
    because = _CLOSED.get(reason, f"Slack says {escape(reason)}")
    total = int(count or "1")
    named = joined([bold(each) for each in mails], _ROOM, total=total)
    what = named if total == 1 and mails else f"{plural(total, 'report mail')}{f': {named}' if mails else ''}"
    return (
        f"📪 I can no longer post in <#{escape(line.subject_id)}>: {because}. It should have been told about {what}. "
        "Nothing is lost: I will catch up once I am let in again, or once somebody types one of my commands there."
    )


def _message_refused(line: PlainNotice) -> tuple[str, str]:
    """`detail` is Slack's word and what the message was about."""
    error, _, about = line.detail.partition(" ")
    words = (
        f"⚠️ Slack refused a message for <#{escape(line.subject_id)}>, even as plain text. "
        f"It was about {escape(about)}. Please tell that channel, and report Slack's reason as a bug."
    )
    return words, error


def _outage_began(line: PlainNotice, zone: tzinfo) -> tuple[str, str]:
    """`detail` is the kind of trouble and Quick BI's code; only the code, from a version that knew no kinds."""
    kind, _, support = line.detail.partition(" ")
    remedy = REMEDIES.get(kind)
    why = f"\n{remedy.what}: {remedy.todo}" if remedy else ""
    words = (
        f"🌩️ *I have not been able to reach Quick BI* since {when(line.since or line.at, zone)}{why}\n"
        "As far as I know, no mail failed because of that; what fails in the meantime will be reported afterwards."
    )
    return words, support if remedy else line.detail
