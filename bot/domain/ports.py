"""What the services need of the world outside, as protocols: whoever asks or stores stands behind one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from bot.domain import (
        ChannelId,
        Choice,
        Incident,
        KnownRun,
        Mail,
        MailId,
        MailPage,
        MailRef,
        Observation,
        Outage,
        QuickBIError,
        SnoozeOutcome,
        StatusAnswer,
        SubscribeOutcome,
        Subscription,
        SubscriptionState,
        TaskId,
        TaskRun,
        UserId,
    )


class QuickBI(Protocol):
    """Quick BI's three operations. Every method raises a `QuickBIError` where it does not get an answer.

    `before_attempt` is awaited before each attempt that goes over the wire, so that every one of them is
    paid for out of the call budget; `after_failure` after each one that failed, also where another follows:
    the others who ask must know at once that Quick BI wants to be asked less often.
    """

    async def get_task_status(
        self,
        mail_id: MailId,
        task_id: TaskId | None = None,
        *,
        attempts: int = 1,
        before_attempt: Callable[[], Awaitable[None]] | None = None,
        after_failure: Callable[[QuickBIError], Awaitable[None]] | None = None,
    ) -> StatusAnswer: ...

    async def list_mails(self, *, page: int = 1, page_size: int = 100) -> MailPage: ...

    async def run_mail(self, mail_id: MailId) -> str:
        """Start a run by hand, never twice. Returns the request ID; Quick BI tells no task ID."""
        ...


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
        """No call before `seconds` from now: Quick BI said that we were too fast."""
        ...


class CallBudget(Protocol):
    """Who may make the next status call: people in their order, the poller when nobody waits."""

    @property
    def interval(self) -> float:
        """Seconds between two calls at the present pace."""
        ...

    async def reserve_for_person(self) -> float: ...

    async def take_for_poller(self) -> float: ...

    async def my_turn(self) -> None: ...

    def sent(self) -> None: ...

    async def throttled(self, retry_after: float | None) -> None: ...

    def went_well(self) -> None: ...


class MailRepository(Protocol):
    """Where the directory of mails outlives a restart, and Quick BI's being down."""

    async def save_mails(self, mails: Sequence[Mail], *, seen_at: datetime) -> None:
        """Keep this complete list; what it no longer has is gone from Quick BI."""
        ...

    async def load_mails(self) -> tuple[Mail, ...]: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """The call is still to be made. `ready_in` is the estimate in seconds, `last` what was known before."""

    ready_in: float
    last: Observation | None
    answer: Awaitable[Observation]


class StatusLookup(Protocol):
    """Asks Quick BI on behalf of people."""

    async def ask(self, ref: MailRef, *, fresh_for: float = ...) -> Observation | Waiting:
        """Raises QuickBIError; so does `Waiting.answer`. `fresh_for` is in seconds."""
        ...

    def last_known(self, ref: MailRef) -> Observation | None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """Mails that somebody looked for. `only_close`: none has the words as they are, these are like them."""

    mails: tuple[Mail, ...]
    only_close: bool = False


class MailDirectory(Protocol):
    """Knows the mails by name, as far as Quick BI has told them."""

    @property
    def is_out_of_reach(self) -> bool:
        """Quick BI did not give its list when it was last asked: what is known may be old."""
        ...

    def get(self, mail_id: MailId) -> Mail | None: ...

    def knows(self, words: str) -> bool:
        """Are these words, as they are, a mail's name or ID?"""
        ...

    def resolve(self, words: str) -> MailRef | Choice: ...

    def search(self, words: str, *, limit: int | None = None) -> list[Mail]: ...

    def find(self, words: str) -> Found:
        """All mails whose name or owner has the words, else those that come close."""
        ...


class Subscriptions(Protocol):
    """Which channel wants to be told of which mail."""

    async def subscribe(
        self, wish: Subscription, *, baseline: StatusAnswer | None, with_events: bool = ...
    ) -> tuple[SubscribeOutcome, SubscriptionState]:
        """Twice is once. `baseline` is what the person is shown: no news any more.

        `with_events`: the events were chosen, so they are taken over where it is subscribed already.
        """
        ...

    async def unsubscribe(
        self, channel_id: ChannelId, mail_ids: Collection[MailId] | None, *, by: UserId, now: datetime
    ) -> tuple[MailId, ...]:
        """Leave these mails, or (None) all. Returns those that were subscribed."""
        ...

    async def get(self, channel_id: ChannelId, mail_id: MailId) -> SubscriptionState | None: ...

    async def of_channels(self, channel_ids: Collection[ChannelId]) -> tuple[SubscriptionState, ...]: ...

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
        """No new messages until then; `until=None` without `until_recovered` wakes it. Only what fails is snoozed."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What the records say of a mail: its newest run, and what is wrong with it at present."""

    latest: TaskRun | None = None
    incident: Incident | None = None


class History(Protocol):
    """What was seen, by the poller or on a person's behalf."""

    async def runs_of(self, mail_id: MailId, *, limit: int = ..., offset: int = ...) -> tuple[KnownRun, ...]:
        """The mail's runs, newest first."""
        ...

    async def count_runs(self, mail_id: MailId) -> int: ...

    async def incidents_of(
        self, mail_ids: Collection[MailId], *, limit: int = ..., over_since: datetime | None = ...
    ) -> tuple[Incident, ...]:
        """Newest first; with `over_since` only those that ended well after it."""
        ...

    async def standings(self, mail_ids: Collection[MailId]) -> Mapping[MailId, Standing]:
        """Those of these mails of which anything is known."""
        ...


class MailRecords(Protocol):
    """Mails by ID, also those that Quick BI no longer lists."""

    async def get(self, mail_id: MailId) -> Mail | None: ...


class OutageRecords(Protocol):
    async def current(self) -> Outage | None:
        """The time in which Quick BI cannot be asked, if it is not over."""
        ...


class Audit(Protocol):
    """Who changed what, when and from where."""

    async def record_action(
        self,
        *,
        at: datetime,
        user_id: UserId,
        action: str,
        channel_id: ChannelId | None = None,
        mail_id: MailId | None = None,
        detail: str = "",
        once: bool = False,
    ) -> None:
        """`once`: not if it is on record that this person did this with this mail at this very instant."""
        ...

    async def record_once(
        self,
        *,
        at: datetime,
        user_id: UserId,
        action: str,
        channel_id: ChannelId,
        mail_id: MailId,
        detail: str,
    ) -> bool:
        """False where the very same is recorded already: it must not be done twice."""
        ...
