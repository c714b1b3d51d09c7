"""What is owed to a channel: one message, about incidents or about other news."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.ids import ChannelId, PostId, UserId
    from bot.domain.incidents import Incident, NotifyReason
    from bot.domain.mails import Mail


class PostKind(StrEnum):
    """`ROOT` shows one incident or many, and is edited; `REPLY` stands in its thread; `LINE` is about none."""

    ROOT = "root"
    REPLY = "reply"
    LINE = "line"


@dataclass(frozen=True, kw_only=True, slots=True)
class ByHand:
    """A run that somebody asked for, and that is not over."""

    user_id: UserId
    asked_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class IncidentView:
    """One incident in a message: what is known of it, and the news that the message brings.

    `is_subscribed`: the message's channel still wants to be told of the mail.
    """

    incident: Incident
    mail: Mail | None
    reasons: tuple[NotifyReason, ...] = ()
    snoozed_until: datetime | None = None
    snoozed_until_recovered: bool = False
    is_subscribed: bool = True
    by_hand: ByHand | None = None

    def is_snoozed(self, now: datetime) -> bool:
        return self.snoozed_until_recovered or (self.snoozed_until is not None and now < self.snoozed_until)


@dataclass(frozen=True, kw_only=True, slots=True)
class PlainNotice:
    """News that is about no incident. `subject_id` is a mail or a channel; `at` is when it became so."""

    reason: NotifyReason
    at: datetime
    subject_id: str = ""
    mail: Mail | None = None
    detail: str = ""
    since: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """A message owed to one channel, claimed and on its way. `post_id` travels in it, so that it is found again.

    `thread_ts` is set in a REPLY. `may_repeat`: an earlier try may have arrived, and nobody can look.
    """

    post_id: PostId
    channel_id: ChannelId
    kind: PostKind
    claimed_at: datetime
    items: tuple[IncidentView, ...] = ()
    lines: tuple[PlainNotice, ...] = ()
    thread_ts: str | None = None
    may_repeat: bool = False
