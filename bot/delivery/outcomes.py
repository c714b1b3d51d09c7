"""What became of messages: counters for `/healthz` and `/metrics`, and those that Slack refuses for good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain import ChannelId, Notice, PostId
from bot.domain.notices import Redraw

_MOST_NAMED = 5


@dataclass(kw_only=True, slots=True)
class DeliveryStats:
    """`rejected_since` is set for as long as Slack takes no message of this app."""

    sent: int = 0
    edited: int = 0
    found_again: int = 0
    may_have_repeated: int = 0
    refused: int = 0
    rate_limited: int = 0
    pending: int = 0
    oldest_pending_at: datetime | None = None
    rejected_since: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RefusedForGood:
    """A message that Slack refused even as plain words. `about` names what it was to tell."""

    post_id: PostId
    channel_id: ChannelId
    error: str
    about: str

    @classmethod
    def of(cls, message: Notice | Redraw, error: str) -> RefusedForGood:
        return cls(
            post_id=message.post_id, channel_id=message.channel_id, error=error, about=subjects(message)
        )


def subjects(message: Notice | Redraw) -> str:
    """The mails that a message is about, by name where it is known; at most a few."""
    names = [each.mail.name if each.mail else each.incident.mail_id for each in message.items]
    if isinstance(message, Notice):
        names += [line.mail.name if line.mail else line.subject_id for line in message.lines]
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
