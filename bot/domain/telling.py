"""What the leader's duties need of the world outside, as protocols: polling, posting, holding the lease."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime, timedelta

    from bot.domain import (
        ChannelId,
        Lease,
        MailId,
        Notice,
        NotifyReason,
        Outage,
        PostId,
        StatusAnswer,
        Watch,
    )
    from bot.domain.deliveries import Backlog, Nothing, Redraw, Unsure
    from bot.domain.grouping import Load
    from bot.domain.incident_rules import MissedRun
    from bot.domain.outage_rules import OutageDecision


class LeaseKeeper(Protocol):
    """The leader's lease: one row that all replicas share."""

    async def acquire(self, holder: str, ttl: timedelta) -> Lease | None: ...

    async def renew(self, held: Lease, ttl: timedelta) -> Lease:
        """Raises LeaseLost."""
        ...

    async def release(self, held: Lease) -> None: ...


class WatchList(Protocol):
    """The mails that some channel is subscribed to."""

    async def changed_since(self, change_no: int) -> tuple[Watch, ...]:
        """The oldest changes behind that number; none where there are no more."""
        ...


class Observations(Protocol):
    """Where looks become news: each is one transaction. `term` None is for a look that a person made.

    Raises LeaseLost, and StoreError where it can be tried again.
    """

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
    async def current(self) -> Outage | None: ...

    async def keep(
        self, verdict: OutageDecision, *, now: datetime, operator_channel: ChannelId | None, term: int
    ) -> None: ...


class Outbox(Protocol):
    """The news that are owed."""

    async def backlog(self, *, now: datetime) -> tuple[Backlog, ...]: ...

    async def claim(
        self, channel_id: ChannelId, *, rhythm: Load, now: datetime, term: int
    ) -> Notice | Nothing:
        """Raises LeaseLost."""
        ...


class Deliveries(Protocol):
    """What became of the messages."""

    async def give_up_sending(self, *, term: int, in_flight: Collection[PostId], now: datetime) -> int: ...

    async def end_snoozes(self, *, now: datetime, term: int) -> int:
        """The messages whose snooze is over are to be drawn anew. Raises LeaseLost."""
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
    """Closed channels and methods held back."""

    async def close_channel(
        self, channel_id: ChannelId, *, reason: str, now: datetime, operator_channel: ChannelId | None
    ) -> bool: ...

    async def hold(self, method: str, *, now: datetime, until: datetime) -> None: ...

    async def holds(self, *, now: datetime) -> Mapping[str, datetime]: ...


class Messenger(Protocol):
    """Slack, as the courier needs it. Every method raises a SlackError where Slack does not do it."""

    async def post(self, notice: Notice, *, plain: bool = False) -> str:
        """Returns the message's `ts`. `plain`: words only, where Slack refused the blocks."""
        ...

    async def redraw(self, redraw: Redraw, *, plain: bool = False) -> None: ...

    async def find(self, unsure: Unsure) -> str | None:
        """The `ts` of a message that may be there, None if it is not."""
        ...
