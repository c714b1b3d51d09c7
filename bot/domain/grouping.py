"""Which pending notices of a channel go into its next message, and which wait to be grouped.

A single failure is sent at once. In a storm notices are gathered for seconds, and appended to the message just
posted, so that a thousand failures are a handful of messages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from bot.domain import IncidentId, MailId, NotifyReason, PostId

MOST_ITEMS = 100  # each is named within the 4,000 characters of a message's text
BUSY_CHANNEL = 3  # messages in the last minute: people have noticed
BUSY_EVERYWHERE = 20  # pending notices, or
LIVELY_EVERYWHERE = 30  # messages to all channels in the last minute: a storm
GATHER = timedelta(seconds=8)  # at most
QUIET = 1.5  # seconds without a new notice for any channel: the storm is over
GATHER_REPLIES = timedelta(seconds=5)
JOINABLE = timedelta(seconds=60)  # how long notices are appended to a message


@dataclass(frozen=True, kw_only=True, slots=True)
class PendingNotice:
    """`was_snoozed`: it was held back, and may no longer be worth a message. `mentions`: whom its message calls."""

    notice_id: int
    reason: NotifyReason
    created_at: datetime
    incident_id: IncidentId | None
    mail_id: MailId | None = None
    is_firing: bool = False
    is_taken: bool = False
    was_snoozed: bool = False
    mentions: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class PostedMessage:
    """A message that shows an incident.

    `is_settled`: it is known to have arrived and is up to date. No reply is posted before: Slack accepts a reply
    to a deleted message, and nobody would see it.
    """

    post_id: PostId
    is_settled: bool
    item_count: int
    sent_at: datetime | None
    mail_ids: frozenset[MailId] = frozenset()
    mentions: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """Messages in the last minute (to this channel, to all), and notices pending for all channels.

    `quiet_for`: seconds since the newest notice. `may_edit`: Slack's rate limit allows an edit now.
    """

    recent_posts: int = 0
    recent_everywhere: int = 0
    owed_everywhere: int = 0
    quiet_for: float = 0.0
    may_edit: bool = True

    @property
    def is_calm(self) -> bool:
        return (
            self.recent_posts < BUSY_CHANNEL
            and self.recent_everywhere < LIVELY_EVERYWHERE
            and self.owed_everywhere <= BUSY_EVERYWHERE
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class NewMessage:
    notice_ids: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class AppendToMessage:
    """Add these to a posted message, by editing it."""

    post_id: PostId
    notice_ids: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplyTo:
    root_id: PostId
    notice_ids: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class PostPlainNotices:
    """Notices about no incident, all with one reason."""

    reason: NotifyReason
    notice_ids: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Absorb:
    """Drop these: the posted message shows it, and a new one would not be news."""

    notice_ids: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Wait:
    """Nothing before `at` (None: nothing until something changes)."""

    at: datetime | None


Step: TypeAlias = NewMessage | AppendToMessage | ReplyTo | PostPlainNotices | Absorb | Wait


def next_step(
    owed: Sequence[PendingNotice],
    roots: Mapping[IncidentId, PostedMessage],
    *,
    load: Load,
    joinable: PostedMessage | None,
    now: datetime,
) -> Step:
    """The next step for one channel. `owed` is oldest first; `joinable` is its newest message about many mails."""
    if absorbed := _no_longer_news(owed, roots):
        return Absorb(notice_ids=absorbed)
    new = [each for each in owed if each.incident_id is not None and each.incident_id not in roots]
    waits: list[datetime] = []
    if new:
        chosen = _first_incidents(new)
        is_full = len({each.incident_id for each in chosen}) >= MOST_ITEMS
        ripe_at = new[0].created_at + GATHER
        if load.is_calm or is_full or load.quiet_for >= QUIET or _is_past(ripe_at, now, GATHER):
            may_join = load.may_edit and not load.is_calm
            return _post_or_join(chosen, joinable if may_join else None, now)
        waits.append(min(ripe_at, now + timedelta(seconds=QUIET - load.quiet_for)))
    if lines := [each for each in owed if each.incident_id is None]:
        reason = lines[0].reason
        alike = tuple(each.notice_id for each in lines if each.reason is reason)
        return PostPlainNotices(reason=reason, notice_ids=alike[:MOST_ITEMS])
    reply = _next_reply(owed, roots, now)
    if isinstance(reply, Wait) and reply.at is not None:
        waits.append(reply.at)
    if isinstance(reply, ReplyTo):
        return reply
    return Wait(at=min(waits, default=None))


def _no_longer_news(
    owed: Sequence[PendingNotice], roots: Mapping[IncidentId, PostedMessage]
) -> tuple[int, ...]:
    """What is over and was held back until then; and reminders of what somebody has taken meanwhile."""
    return tuple(
        each.notice_id
        for each in owed
        if (each.was_snoozed and not each.is_firing and each.incident_id in roots)
        or (each.reason is NotifyReason.NOBODY_ON_IT and (each.is_taken or not each.is_firing))
    )


def _first_incidents(new: Sequence[PendingNotice]) -> list[PendingNotice]:
    """All notices about the oldest incidents, as many as one message holds."""
    chosen: dict[IncidentId | None, None] = {}
    for each in new:
        if len(chosen) < MOST_ITEMS:
            chosen[each.incident_id] = None
    return [each for each in new if each.incident_id in chosen]


def _post_or_join(
    chosen: Sequence[PendingNotice], joinable: PostedMessage | None, now: datetime
) -> NewMessage | AppendToMessage:
    notice_ids = tuple(each.notice_id for each in chosen)
    if joinable is not None and _fits(chosen, joinable, now):
        return AppendToMessage(post_id=joinable.post_id, notice_ids=notice_ids)
    return NewMessage(notice_ids=notice_ids)


def _fits(chosen: Sequence[PendingNotice], joinable: PostedMessage, now: datetime) -> bool:
    """Not where the message has the mail already: that it fails again would be hidden in an edit.

    Nor where somebody is to be called whom the message has not called: an edit notifies nobody. Nor where it was
    sent in the future: the clock was set back, and its age is unknown.
    """
    if joinable.sent_at is None or not timedelta(0) <= now - joinable.sent_at <= JOINABLE:
        return False
    if any(each.mail_id in joinable.mail_ids or each.mentions - joinable.mentions for each in chosen):
        return False
    return joinable.item_count + len({each.incident_id for each in chosen}) <= MOST_ITEMS


def _next_reply(
    owed: Sequence[PendingNotice], roots: Mapping[IncidentId, PostedMessage], now: datetime
) -> ReplyTo | Wait:
    """The oldest reply that has been gathered long enough."""
    threads: defaultdict[PostId, list[PendingNotice]] = defaultdict(list)
    root_of = {root.post_id: root for root in roots.values()}
    for each in owed:
        root = roots.get(each.incident_id) if each.incident_id else None
        if root is not None and root.is_settled:
            threads[root.post_id].append(each)
    waits = []
    for root_id, news in threads.items():
        ripe_at = news[0].created_at + GATHER_REPLIES
        if root_of[root_id].item_count == 1 or _is_past(ripe_at, now, GATHER_REPLIES):
            return ReplyTo(root_id=root_id, notice_ids=tuple(each.notice_id for each in news))
        waits.append(ripe_at)
    return Wait(at=min(waits, default=None))


def _is_past(ripe_at: datetime, now: datetime, wait: timedelta) -> bool:
    """Never wait longer than `wait`, also where the clock was set back."""
    return now >= ripe_at or ripe_at - now > wait
