"""Interfaces of the database, as the use cases and the Slack handlers need them.

Each method raises StoreError where the database does not answer; what takes a `term` raises LeaseLost where
another replica leads by now.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from bot.domain import (
    ChannelId,
    Incident,
    KnownRun,
    Lease,
    Mail,
    MailId,
    ManualRun,
    ManualRunState,
    Notice,
    NotifyReason,
    OpenAnswer,
    Outage,
    PostId,
    SnoozeOutcome,
    StatusAnswer,
    SubscribeOutcome,
    Subscription,
    SubscriptionState,
    UserId,
    Watch,
)
from bot.domain.grouping import Load
from bot.domain.incident_rules import MissedRun
from bot.domain.incidents import Standing
from bot.domain.notices import Backlog, Nothing, Redraw, Unsure
from bot.domain.outage_rules import OutageDecision


class CallSlots(Protocol):
    """The account's status calls, shared by every replica: one row, one slot after the other.

    `interval` is in seconds between two calls. Waits are relative, so that replicas need no common clock.
    """

    async def reserve_call(self, *, interval: float) -> float:
        """Take the next slot, whenever it is. Returns the seconds until it begins (0.0: now)."""
        ...

    async def take_call_if_free(self, *, interval: float) -> float:
        """Take a slot only if it can be used right now (0.0); else the seconds until one may be free."""
        ...

    async def hold_calls(self, seconds: float) -> None:
        """Allow no call for `seconds`: Quick BI throttled."""
        ...


class MailRepository(Protocol):
    """Quick BI's list of mails as last read."""

    async def next_list_no(self) -> int:
        """Called before a list is read: whichever replica stores first, a list that was begun later stays."""
        ...

    async def save_mails(self, mails: Sequence[Mail], *, seen_at: datetime, list_no: int) -> None:
        """Store this complete list; a mail that is missing from it is gone from Quick BI."""
        ...

    async def load_mails(self) -> tuple[Mail, ...]: ...


class MailRecords(Protocol):
    async def get(self, mail_id: MailId) -> Mail | None:
        """Also a mail that Quick BI no longer lists."""
        ...


class OpenAnswers(Protocol):
    """Who waits for an answer that a process still owes."""

    async def add(self, answer: OpenAnswer) -> None: ...
    async def keep_alive(self, owner: str, now: datetime) -> None: ...
    async def close(self, answer_id: str) -> None: ...
    async def take_abandoned(self, *, owner: str, before: datetime) -> tuple[OpenAnswer, ...]:
        """Remove and return those whose owner, another than this, was last alive before then."""
        ...


class Subscriptions(Protocol):
    """Which channel is subscribed to which mail."""

    async def subscribe(
        self, wish: Subscription, *, baseline: StatusAnswer | None, with_events: bool = ...
    ) -> tuple[SubscribeOutcome, SubscriptionState]:
        """Idempotent. `baseline` is what the confirmation shows: it is not announced again.

        `with_events`: the events were chosen, so they replace those of a subscription that exists.
        """
        ...

    async def unsubscribe(
        self, channel_id: ChannelId, mail_ids: Collection[MailId] | None, *, by: UserId, now: datetime
    ) -> tuple[MailId, ...]:
        """Remove these, or (None) all. Returns those that were subscribed."""
        ...

    async def get(self, channel_id: ChannelId, mail_id: MailId) -> SubscriptionState | None: ...
    async def here(self, channel_id: ChannelId, mail_id: MailId) -> tuple[Subscription, bool] | None:
        """The channel's subscription, and whether something is wrong with the mail at present."""
        ...

    async def of_channels(self, channel_ids: Collection[ChannelId]) -> tuple[SubscriptionState, ...]: ...
    async def mail_ids_of(self, channel_id: ChannelId) -> frozenset[MailId]: ...
    async def of_person(self, user_id: UserId) -> tuple[SubscriptionState, ...]:
        """Everything that this person subscribed channels to."""
        ...

    async def channels_of(self, mail_id: MailId) -> tuple[Subscription, ...]: ...
    async def snooze(
        self,
        channel_id: ChannelId,
        mail_id: MailId,
        *,
        until: datetime | None,
        until_recovered: bool = False,
        by: UserId,
        now: datetime,
    ) -> SnoozeOutcome:
        """Post nothing new until then. `until=None` without `until_recovered` ends the snooze."""
        ...


class History(Protocol):
    """Runs and incidents as recorded."""

    async def runs_of(self, mail_id: MailId, *, limit: int = ..., offset: int = ...) -> tuple[KnownRun, ...]:
        """The mail's runs, newest first."""
        ...

    async def count_runs(self, mail_id: MailId) -> int: ...
    async def incidents_of(
        self, mail_ids: Collection[MailId], *, limit: int = ..., over_since: datetime | None = ...
    ) -> tuple[Incident, ...]:
        """Newest first; with `over_since` only those that ended well after it."""
        ...

    async def last_answer_at(self) -> datetime | None:
        """When Quick BI last answered about any mail that is watched, as far as it was recorded."""
        ...

    async def standings(self, mail_ids: Collection[MailId]) -> Mapping[MailId, Standing]:
        """Those of these mails of which anything is known."""
        ...


class Audit(Protocol):
    """Who changed what, when and from where."""

    async def record_once(
        self,
        *,
        at: datetime,
        user_id: UserId,
        action: str,
        channel_id: ChannelId,
        mail_id: MailId,
        detail: str,
        within: timedelta | None = ...,
    ) -> bool:
        """False where it is on record: `within` that time with the same detail, or (None) for this very instant."""
        ...


class ManualRuns(Protocol):
    """Runs by hand: at most one is open for each mail."""

    async def claim(self, run: ManualRun, *, click: str) -> bool:
        """Take the right to start this run. False where this click, or an open run of the mail, had it before."""
        ...

    async def note(
        self, manual_run_id: str, state: ManualRunState, *, now: datetime, run_key: str = ""
    ) -> bool:
        """Store the new state; REFUSED and ENDED close it. False where it was closed already."""
        ...

    async def open_runs(self) -> tuple[ManualRun, ...]: ...
    async def latest(self, mail_id: MailId) -> ManualRun | None: ...


class LeaseKeeper(Protocol):
    """The leader's lease: one row that all replicas share."""

    async def acquire(self, holder: str, ttl: timedelta) -> Lease | None: ...
    async def renew(self, held: Lease, ttl: timedelta) -> Lease: ...
    async def release(self, held: Lease) -> None: ...


class WatchList(Protocol):
    """The mails that some channel is subscribed to."""

    async def changed_since(self, change_no: int) -> tuple[Watch, ...]:
        """One page of the changes after that number, oldest first; empty where there are no more."""
        ...


class ExpectedRuns(Protocol):
    async def expect_run(self, mail_id: MailId, at: datetime) -> None:
        """A run was started by hand: follow it closely, if the mail is watched."""
        ...


class Observations(Protocol):
    """Records answers and decides what they mean, one transaction each. `term` is None for a person's lookup."""

    async def record_answer(
        self,
        mail_id: MailId,
        answer: StatusAnswer,
        *,
        now: datetime,
        term: int | None,
        memory: str | None = None,
        missed: Sequence[MissedRun] = (),
    ) -> tuple[NotifyReason, ...]: ...
    async def record_denied(
        self, mail_id: MailId, *, cause: str, now: datetime, term: int, since: datetime | None = None
    ) -> NotifyReason: ...


class OutageRepository(Protocol):
    async def current(self) -> Outage | None:
        """The time in which Quick BI cannot be asked, if it is not over."""
        ...

    async def keep(
        self, verdict: OutageDecision, *, now: datetime, operator_channel: ChannelId | None, term: int
    ) -> None: ...


class Outbox(Protocol):
    """Pending notices."""

    async def backlog(self, *, now: datetime) -> tuple[Backlog, ...]: ...
    async def claim(
        self, channel_id: ChannelId, *, load: Load, now: datetime, term: int
    ) -> Notice | Nothing: ...


class Deliveries(Protocol):
    """What became of the messages."""

    async def give_up_sending(self, *, term: int, in_flight: Collection[PostId], now: datetime) -> int: ...
    async def end_snoozes(self, *, now: datetime, term: int) -> int:
        """Mark the messages whose snooze is over for redrawing."""
        ...

    async def mark_sent(self, post_id: PostId, *, ts: str, now: datetime) -> None: ...
    async def mark_unsure(self, post_id: PostId, *, settle_at: datetime) -> None: ...
    async def mark_refused(self, post_id: PostId) -> None: ...
    async def release(self, post_id: PostId, *, may_repeat: bool = False) -> None: ...
    async def unsure(self, channel_id: ChannelId, *, now: datetime) -> Unsure | None: ...
    async def stale(self, channel_id: ChannelId) -> tuple[PostId, ...]: ...
    async def redraw(self, post_id: PostId) -> Redraw | None: ...
    async def mark_shown(self, post_id: PostId, *, wanted: int) -> None: ...
    async def mark_gone(self, channel_id: ChannelId, ts: str) -> None: ...
    async def mark_undrawable(self, post_id: PostId) -> None: ...
    async def recent(self, *, since: datetime) -> tuple[tuple[ChannelId, datetime], ...]: ...


class ClosedChannels(Protocol):
    """Channels that take no message, and methods that wait for `Retry-After`."""

    async def close_channel(
        self,
        channel_id: ChannelId,
        *,
        reason: str,
        now: datetime,
        operator_channel: ChannelId | None,
        term: int | None,
    ) -> bool: ...
    async def reopen_channel(self, channel_id: ChannelId, *, term: int | None) -> bool: ...
    async def move_channel(self, old: ChannelId, new: ChannelId) -> int: ...
    async def closed_reason(self, channel_id: ChannelId) -> str | None: ...
    async def closed_channels(self) -> Mapping[ChannelId, str]: ...
    async def report_refusal(
        self,
        post_id: PostId,
        channel_id: ChannelId,
        *,
        detail: str,
        now: datetime,
        operator_channel: ChannelId,
    ) -> None: ...
    async def hold(self, method: str, *, now: datetime, until: datetime, term: int) -> None: ...
    async def holds(self, *, now: datetime) -> Mapping[str, datetime]: ...
