"""Messages to channels: pending, claimed, posted, and to be edited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.ids import ChannelId, PostId, UserId
from bot.domain.incidents import Incident, NotifyReason
from bot.domain.mails import Mail
from bot.domain.roll_call import RollCall
from bot.domain.subscriptions import OnCall


class PostKind(StrEnum):
    """`ROOT` shows incidents and is edited; `REPLY` is in its thread; `LINE` is about no incident.

    `ROLL_CALL` shows the day of the channel's mails and is edited until the day is over.
    """

    ROOT = "root"
    REPLY = "reply"
    LINE = "line"
    ROLL_CALL = "rollcall"


@dataclass(frozen=True, kw_only=True, slots=True)
class ByHand:
    """A run by hand that is not over."""

    user_id: UserId
    asked_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class IncidentView:
    """One incident in a message. `is_subscribed`: the message's channel still is subscribed to the mail."""

    incident: Incident
    mail: Mail | None
    reasons: tuple[NotifyReason, ...] = ()
    snoozed_until: datetime | None = None
    snoozed_until_recovered: bool = False
    is_subscribed: bool = True
    by_hand: ByHand | None = None
    on_call: OnCall | None = None

    def is_snoozed(self, now: datetime) -> bool:
        return self.snoozed_until_recovered or (self.snoozed_until is not None and now < self.snoozed_until)


@dataclass(frozen=True, kw_only=True, slots=True)
class PlainNotice:
    """News about no incident. `subject_id` is a mail or a channel."""

    reason: NotifyReason
    at: datetime
    subject_id: str = ""
    mail: Mail | None = None
    detail: str = ""
    since: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """A claimed message. It carries `post_id` in its metadata, by which it can be found in the channel.

    `thread_ts` is set in a REPLY. `may_repeat`: an earlier attempt may have arrived, and it is unknown whether.
    """

    post_id: PostId
    channel_id: ChannelId
    kind: PostKind
    claimed_at: datetime
    items: tuple[IncidentView, ...] = ()
    lines: tuple[PlainNotice, ...] = ()
    roll_call: RollCall | None = None
    thread_ts: str | None = None
    may_repeat: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenAnswer:
    """Somebody waits for the answer of the process `owner`, which was alive at `alive_at`.

    `replaces`: the answer takes the place of the message that `response_url` belongs to.
    """

    answer_id: str
    owner: str
    response_url: str
    replaces: bool
    alive_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Backlog:
    """What is pending for one channel: notices, messages to edit, messages of which it is unknown if they arrived.

    `is_failing`: a notice is about something that has not recovered.
    """

    channel_id: ChannelId
    owed: int = 0
    is_failing: bool = False
    oldest_at: datetime | None = None
    newest_at: datetime | None = None
    has_stale: bool = False
    has_unsure: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Nothing:
    """Nothing to send before `at` (None: before something changes)."""

    at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Unsure:
    """A message that may have arrived. `thread_ts` is set for a reply."""

    post_id: PostId
    channel_id: ChannelId
    claimed_at: datetime
    thread_ts: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Redraw:
    """A message that is out of date. `wanted` is the version that it shows after this edit.

    `may_repeat`: an earlier attempt may have arrived, and the message says so.
    """

    post_id: PostId
    channel_id: ChannelId
    ts: str
    wanted: int
    items: tuple[IncidentView, ...] = ()
    roll_call: RollCall | None = None
    may_repeat: bool = False
