"""The question before a channel is subscribed that other organisations read, and what becomes of it."""

from __future__ import annotations

import json
from datetime import time, timedelta

from slack_sdk.models.blocks import ButtonElement

from bot.domain import DueTime, Event, MailId, OnCall, UsageError, Wish
from bot.slack.commands import EXAMPLE_NAME, Verb
from bot.slack.kit.actions import Act, OldButton, ask_first
from bot.slack.kit.blocks import Message, button, message

SHARED_CONFIRMED, SHARED_DISMISSED = f"{Act.SUBSCRIBE}:shared", f"{Act.DISMISS}:shared"


def to_value(wish: Wish) -> str:
    """The wish as the question's button carries it. Raises UsageError where it does not fit."""
    due, events = wish.due, sorted(wish.events) if wish.events is not None else None
    when_due = [f"{due.at:%H:%M}", sorted(due.weekdays), due.grace.total_seconds()] if due else None
    calls = [wish.on_call.mentions, _seconds(wish.on_call.again_after)] if wish.on_call else None
    value = json.dumps([wish.mail_ids, when_due, events, *([calls] if calls else [])], separators=(",", ":"))
    if len(value) > ButtonElement.value_max_length:
        raise UsageError(
            "People from other organisations read this channel, so I ask first: about 50 mails at once.",
            example=f"/{Verb.SUBSCRIBE} {EXAMPLE_NAME}",
        )
    return value


def from_value(value: str) -> Wish:
    """Raises OldButton for what no button of ours carries."""
    try:
        mail_ids, due, events, *calls = json.loads(value)
        return Wish(
            mail_ids=tuple(map(MailId, mail_ids)),
            due=None if due is None else _due_time(*due),
            events=None if events is None else frozenset(map(Event, events)),
            on_call=_on_call(*calls[0]) if calls else None,
        )
    except (TypeError, ValueError):
        raise OldButton(value) from None


def _on_call(mentions: list[str], seconds: float | None) -> OnCall:
    return OnCall(
        mentions=tuple(mentions), again_after=timedelta(seconds=seconds) if seconds is not None else None
    )


def _seconds(length: timedelta | None) -> float | None:
    return None if length is None else length.total_seconds()


def _due_time(at: str, weekdays: list[int], grace: float) -> DueTime:
    return DueTime(at=time.fromisoformat(at), weekdays=frozenset(weekdays), grace=timedelta(seconds=grace))


def ask_shared(wish: Wish) -> Message:
    """Before a channel is subscribed that other organisations read."""
    one = len(wish.mail_ids) == 1
    seen = (
        "the name of this mail, and when it fails" if one else "the names of these mails, and when they fail"
    )
    yes = button("Subscribe", action_id=SHARED_CONFIRMED, value=to_value(wish), style="primary")
    no = button("Cancel", action_id=SHARED_DISMISSED, value="no", reads_as="Cancel, change nothing")
    question = (
        f"🌐 *People from other organisations read this channel*\nThey will see {seen}. Subscribe anyway?"
    )
    return ask_first(question, yes, no)


def shared_is_known() -> Message:
    """What becomes of the question; the channel is told beside it."""
    return message("🌐 You subscribed this channel, which people from other organisations read")


def not_subscribed_shared() -> Message:
    return message("✋ Nothing was changed: this channel is not subscribed")
