"""Pure: news of one mail -> the message that tells it, the message as it is later, the reply in its thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain import IncidentKind, PostKind
from bot.slack.kit.actions import run_button, under_notice
from bot.slack.kit.blocks import Message, absolute, code, name, section, small, unmarked, when
from bot.slack.kit.mail_titles import label_of
from bot.slack.views.digests import digest, digest_reply
from bot.slack.views.incident_text import Words, advice, headline, reply_words, when_words
from bot.slack.views.lines import lines_message

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from slack_sdk.models.blocks import Block, ButtonElement

    from bot.domain import Incident, IncidentView, Notice
    from bot.domain.notices import Redraw

_REPEAT = "This may be a repeat: Slack did not say whether it took the first one."


def notice_message(notice: Notice, *, now: datetime, zone: tzinfo) -> Message:
    """What a claimed notice says."""
    match notice.kind:
        case PostKind.ROOT:
            message = root_message(notice.items, now=now, zone=zone)
        case PostKind.REPLY:
            message = reply_message(notice.items, zone=zone)
        case PostKind.LINE:
            message = lines_message(notice.lines, zone=zone)
    return _marked_as_repeat(message) if notice.may_repeat else message


def redrawn_message(redraw: Redraw, *, now: datetime, zone: tzinfo) -> Message:
    """What a message says now. What may be a repeat says so for good: the other may still be there."""
    message = root_message(redraw.items, now=now, zone=zone)
    return _marked_as_repeat(message) if redraw.may_repeat else message


def root_message(items: tuple[IncidentView, ...], *, now: datetime, zone: tzinfo) -> Message:
    """The message about one incident, or about many, as things are now."""
    if len(items) != 1:
        return digest(items, now=now, zone=zone)
    (told,) = items
    incident = told.incident
    head, at = headline(told), when_words(told, zone)
    hint = _being_run(told, zone) or Words(marked=advice(incident), plain=unmarked(advice(incident)))
    blocks: list[Block] = [section(f"{head.marked}\n{at.marked}")]
    if hint.marked:
        blocks.append(section(hint.marked))
    blocks.append(_small_print(told, now, zone))
    if incident.is_firing:
        label = label_of(incident.mail_id, told.mail)
        blocks.append(
            under_notice(
                incident.mail_id,
                label,
                is_snoozed=told.is_snoozed(now),
                is_subscribed=told.is_subscribed,
                run=None if told.by_hand else _run_button(incident, label),
            )
        )
    text = f"{head.plain}. {at.plain}. {hint.plain} {_snooze_words(told, now, zone).plain}"
    return Message(text=text.strip(), blocks=tuple(blocks))


def _being_run(told: IncidentView, zone: tzinfo) -> Words | None:
    """Somebody is at work on it: in the place of what to do."""
    if told.by_hand is None or not told.incident.is_firing:
        return None
    who, at = f"<@{told.by_hand.user_id}>", told.by_hand.asked_at
    return Words(
        marked=f"▶️ {who} ran it {when(at, zone)}, and that is not over yet",
        plain=f"{who} ran it at {absolute(at, zone)}, and that is not over yet.",
    )


def _run_button(incident: Incident, label: str) -> ButtonElement | None:
    """None for what cannot be seen, and for what has begun after all: Quick BI would refuse it."""
    match incident.kind:
        case IncidentKind.ACCESS_LOST:
            return None
        case IncidentKind.LATE if incident.started_at:
            return None
        case kind:
            return run_button(incident.mail_id, label, is_first=kind is IncidentKind.LATE)


def reply_message(items: tuple[IncidentView, ...], *, zone: tzinfo) -> Message:
    """The reply in the thread: the newest news, short. The message above has the rest."""
    if len(items) != 1:
        return digest_reply(items, zone=zone)
    words = reply_words(items[0], zone)
    return Message(text=words.plain, blocks=(section(words.marked),))


def _small_print(told: IncidentView, now: datetime, zone: tzinfo) -> Block:
    incident, mail = told.incident, told.mail
    return small(
        _snooze_words(told, now, zone).marked,
        f"Last sent {when(incident.last_sent_at, zone)}"
        if incident.last_sent_at and incident.is_firing
        else "",
        f"Owner {name(mail.owner_name, 40)}" if mail and mail.owner_name else "",
        f"Mail {code(_short(incident.mail_id))}",
    )


def _snooze_words(told: IncidentView, now: datetime, zone: tzinfo) -> Words:
    if told.incident.is_firing and not told.is_subscribed:
        return Words(
            marked="🔕 This channel is no longer subscribed",
            plain="This channel is no longer subscribed to it.",
        )
    if not told.incident.is_firing or not told.is_snoozed(now):
        return Words(marked="", plain="")
    if told.snoozed_until_recovered or told.snoozed_until is None:
        return Words(marked="💤 Snoozed until it recovers", plain="Snoozed until it recovers.")
    until = told.snoozed_until
    return Words(
        marked=f"💤 Snoozed until {when(until, zone)}", plain=f"Snoozed until {absolute(until, zone)}."
    )


def _short(mail_id: str) -> str:
    return mail_id if len(mail_id) <= 12 else f"{mail_id[:4]}…{mail_id[-4:]}"  # noqa: PLR2004 (fits a line)


def _marked_as_repeat(message: Message) -> Message:
    return Message(text=f"{message.text} ({_REPEAT})", blocks=(*message.blocks, small(_REPEAT)))
