"""What running by hand is tested in: a clock, a Quick BI, tellers, and a death at any step; the store is real."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.domain import (
    ChannelId,
    MailId,
    Observation,
    QuickBIUnavailable,
    RunStatus,
    StatusAnswer,
    TaskId,
    TaskRun,
    UserId,
)
from bot.domain.manual_run_rules import Over, Refused, RunEnd, RunWish
from bot.mails.manual_runs import ManualRunRepositories, ManualRunService

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.domain import MailPage, MailRef, ManualRun, QuickBIError
    from bot.domain.manual_run_rules import RunNews
    from bot.store.store import Store

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MAIL = MailId("m1")
ADA, BOB = UserId("U0ADA00001"), UserId("U0BOB00002")
BEFORE = TaskRun(
    mail_id=MAIL,
    task_id=TaskId(1),
    exec_at=NOON - timedelta(hours=1),
    status=RunStatus.FAILED,
    status_word="FAILED",
)


def wish(click: str = "click-1", user: UserId = ADA) -> RunWish:
    return RunWish(
        mail_id=MAIL, user_id=user, channel_id=ChannelId("C1"), message_ts="", click=click, asked_at=NOON
    )


class Clock:
    """Moves only when somebody sleeps on it."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        await asyncio.sleep(0)


@dataclass(kw_only=True)
class FakeQuickBI:
    """One mail. A run by hand is seen from the next look on and is over after `looks` of them."""

    clock: Clock
    asked: int = 0
    begun: bool = False
    looks: int = 3
    error: QuickBIError | None = None
    begins_despite_error: bool = False
    blind: int = 0  # so many looks fail
    by_task_id: list[TaskId | None] = field(default_factory=list)

    async def run_mail(self, mail_id: MailId) -> str:
        assert mail_id == MAIL
        self.asked += 1
        self.begun = self.error is None or self.begins_despite_error
        if self.error:
            raise self.error
        return "request"

    async def ask_patiently(self, ref: MailRef, *, fresh_for: float = 5.0) -> Observation:
        assert fresh_for <= 5
        self.by_task_id.append(ref.task_id)
        if self.blind > 0:
            self.blind -= 1
            raise QuickBIUnavailable(outcome_unknown=True)
        runs = (self._own_run(), BEFORE)[not self.begun :]
        return Observation(answer=StatusAnswer(runs=tuple(runs), request_id=""), seen_at=self.clock.now)

    def _own_run(self) -> TaskRun:
        self.looks -= self.begun
        status = RunStatus.PROCESSING if self.looks > 0 else RunStatus.SENT
        return TaskRun(mail_id=MAIL, task_id=TaskId(2), exec_at=NOON, status=status, status_word=status)

    async def get_task_status(self, *_: Any, **__: Any) -> StatusAnswer:
        raise NotImplementedError

    async def list_mails(self, *, page: int = 1, page_size: int = 100) -> MailPage:
        raise NotImplementedError


class Teller:
    """Writes down what it is told. `deaf` times Slack is too busy."""

    def __init__(self, *, deaf: int = 0) -> None:
        self.told: list[RunNews] = []
        self.deaf = deaf

    async def tell(self, run: ManualRun, news: RunNews) -> bool:
        assert run.mail_id == MAIL
        if isinstance(news, Over) and self.deaf > 0:
            self.deaf -= 1
            return False
        self.told.append(news)
        return True

    @property
    def ends(self) -> list[RunEnd]:
        return [news.end for news in self.told if isinstance(news, Over)]


class Fate:
    """Counts the steps between the runner and its neighbours; at the fatal one nothing ever happens again."""

    def __init__(self, fatal: int | None = None) -> None:
        self.steps = 0
        self.fatal = fatal
        self.dead = asyncio.Event()

    async def step(self) -> None:
        if self.steps == self.fatal:
            self.dead.set()
            await asyncio.Event().wait()
        self.steps += 1

    def over(self, neighbour: Any) -> Any:
        return _Mortal(neighbour, self)


class _Mortal:
    """A neighbour whose every call has a step before it and one after it."""

    def __init__(self, neighbour: Any, fate: Fate) -> None:
        self._neighbour = neighbour
        self._fate = fate

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def call(*args: Any, **kw: Any) -> Any:
            await self._fate.step()
            result = await getattr(self._neighbour, name)(*args, **kw)
            await self._fate.step()
            return result

        return call


@dataclass(kw_only=True)
class Stage:
    store: Store
    clock: Clock
    quickbi: FakeQuickBI
    teller: Teller = field(default_factory=Teller)
    later: Teller = field(default_factory=Teller)

    def runner(self, fate: Fate | None = None, *, is_alone: bool = True) -> ManualRunService:
        fate = fate or Fate()
        quickbi = fate.over(self.quickbi)
        return ManualRunService(
            quickbi,
            quickbi,
            ManualRunRepositories(
                manual_runs=fate.over(self.store.manual_runs),
                watches=fate.over(self.store.watches),
                audit=fate.over(self.store.audit),
            ),
            later=fate.over(self.later),
            is_alone=is_alone,
            now=self.clock,
            sleep=self.clock.sleep,
        )

    async def over(self, *tellers: Teller) -> None:
        """Wait until an end was told and no run is open."""

        async def is_over() -> bool:
            return any(one.ends for one in tellers) and not await self.store.manual_runs.open_runs()

        await until(is_over)

    async def settled(self, *tellers: Teller) -> None:
        """Wait until somebody knows how it ended, or why it was not started, and no run is open."""

        async def is_settled() -> bool:
            told = any(isinstance(news, Over | Refused) for one in tellers for news in one.told)
            return told and not await self.store.manual_runs.open_runs()

        await until(is_settled)

    async def is_closed(self) -> bool:
        return not await self.store.manual_runs.open_runs()


async def until(is_so: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while not await is_so():  # noqa: ASYNC110 (neither the store nor a runner tells of its changes)
            await asyncio.sleep(0.005)


def idle(runner: ManualRunService) -> Callable[[], Awaitable[bool]]:
    async def is_idle() -> bool:
        return not runner._followed

    return is_idle
