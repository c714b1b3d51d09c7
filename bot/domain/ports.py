"""Interfaces of Quick BI and of Slack, as the use cases need them. Those of the database: `repositories`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from bot.domain import (
    MailId,
    MailPage,
    ManualRun,
    Notice,
    QuickBIError,
    StatusAnswer,
    TaskId,
)
from bot.domain.manual_run_rules import RunNews
from bot.domain.notices import Redraw, Unsure


class QuickBI(Protocol):
    """Quick BI's three operations. Each raises a QuickBIError where it gets no answer.

    `before_attempt` is awaited before each attempt, which takes it from the call budget; `after_failure` after
    each that failed, so that throttling slows all calls at once.
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
        """Start a run by hand, never twice. Returns the request ID: Quick BI returns no task ID."""
        ...


class CallBudget(Protocol):
    """Grants status calls: to people in their order, to the poller when no person waits."""

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


class Messenger(Protocol):
    """Slack, as the delivery worker needs it. Each method raises a SlackError where Slack does not do it."""

    async def post(self, notice: Notice, *, plain: bool = False) -> str:
        """Returns the message's `ts`. `plain`: text only, where Slack refused the blocks."""
        ...

    async def redraw(self, redraw: Redraw, *, plain: bool = False) -> None: ...
    async def find(self, unsure: Unsure) -> str | None:
        """The `ts` of a message that may have arrived, None if it did not."""
        ...


class RunTeller(Protocol):
    """Reports the outcome of a run by hand to the person who asked, and to the channel."""

    async def tell(self, run: ManualRun, news: RunNews) -> bool:
        """False where it could not be sent now, but may be later. Never raises."""
        ...
