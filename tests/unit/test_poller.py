"""The leader's loop over its terms: what it remembers of the one before, and what people saw meanwhile."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain import (
    DueTime,
    MailId,
    MailPage,
    MailRef,
    NotifyReason,
    Observation,
    QuickBIError,
    RunStatus,
    StatusAnswer,
    StoreError,
    TaskId,
    TaskRun,
    UnknownRefusal,
    Watch,
)
from bot.domain.outage_rules import FEWEST, PATIENCE
from bot.monitoring.poller import MOST_AT_ONCE, STORED_WITHIN, Poller, pause_after
from bot.monitoring.schedule import Schedule
from bot.quickbi.call_budget import CallBudget, LocalSlots

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from bot.domain import ChannelId, Outage
    from bot.domain.incident_rules import MissedRun
    from bot.domain.outage_rules import OutageDecision

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
SALES, OPS = MailId("sales"), MailId("ops")


class FakeQuickBI:
    """Tells of Ops at once; refuses to tell of Sales, in words that nobody knows, as often as it may."""

    def __init__(self) -> None:
        self.may_refuse = asyncio.Semaphore(0)
        self.answered: list[MailId] = []

    async def get_task_status(
        self,
        mail_id: MailId,
        task_id: TaskId | None = None,  # noqa: ARG002
        *,
        attempts: int = 1,  # noqa: ARG002
        before_attempt: Callable[[], Awaitable[None]] | None = None,  # noqa: ARG002
        after_failure: Callable[[QuickBIError], Awaitable[None]] | None = None,  # noqa: ARG002
    ) -> StatusAnswer:
        if mail_id == SALES:
            await self.may_refuse.acquire()
        self.answered.append(mail_id)
        if mail_id == SALES:
            raise UnknownRefusal(code="Mail.New.Code")
        return sent(mail_id)

    async def list_mails(self, *, page: int = 1, page_size: int = 100) -> MailPage:
        raise NotImplementedError

    async def run_mail(self, mail_id: MailId) -> str:
        raise NotImplementedError


def sent(mail_id: MailId) -> StatusAnswer:
    run = TaskRun(
        mail_id=mail_id,
        task_id=TaskId(1),
        exec_at=NOON - timedelta(days=1),
        status=RunStatus.SENT,
        status_word="SENT",
    )
    return StatusAnswer(runs=(run,), request_id="R")


class FakeStore:
    """Two mails, no outage, and what was recorded. While it `is_away` it refuses to write."""

    def __init__(self) -> None:
        self.recorded: list[MailId] = []
        self.learned: list[tuple[MailId, int | None]] = []  # memories, and in which term
        self.denied_since: list[datetime] = []
        self.dues: frozenset[DueTime] = frozenset()
        self.is_away = False

    async def changed_since(self, change_no: int) -> tuple[Watch, ...]:
        return tuple(
            Watch(
                mail_id=mail_id,
                is_watched=True,
                memory=None,
                dues=self.dues,
                is_paused=False,
                expects_run_at=None,
                change_no=number,
            )
            for number, mail_id in enumerate((SALES, OPS), start=1)
            if number > change_no
        )

    async def record_answer(
        self,
        mail_id: MailId,
        answer: StatusAnswer,  # noqa: ARG002
        *,
        now: datetime,  # noqa: ARG002
        term: int | None,
        memory: str | None = None,
        missed: Sequence[MissedRun] = (),  # noqa: ARG002
    ) -> tuple[NotifyReason, ...]:
        if self.is_away:
            raise StoreError("away")
        if memory is not None:
            self.learned.append((mail_id, term))
        self.recorded.append(mail_id)
        return (NotifyReason.AS_BEFORE,)

    async def record_denied(
        self,
        mail_id: MailId,  # noqa: ARG002
        *,
        cause: str,  # noqa: ARG002
        now: datetime,
        term: int,  # noqa: ARG002
        since: datetime | None = None,
    ) -> NotifyReason:
        self.denied_since.append(since or now)
        return NotifyReason.ACCESS_LOST

    async def current(self) -> Outage | None:
        return None

    async def keep(
        self, verdict: OutageDecision, *, now: datetime, operator_channel: ChannelId | None, term: int
    ) -> None:
        """Nobody reads about outages here."""


class Stage:
    """A poller that looks at each mail several times a second, and whose clock can be set ahead."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)
        self.store = FakeStore()
        self.quickbi = FakeQuickBI()
        self.asks_whether_paused = asyncio.Event()
        self.paused_is_known = asyncio.Event()
        self.paused_is_known.set()
        self.poller = Poller(
            watches=self.store,
            observations=self.store,
            outages=self.store,
            quickbi=self.quickbi,
            budget=CallBudget(LocalSlots(), calls_per_second=1_000),
            new_schedule=lambda: Schedule(
                calls_per_second=1_000, check_interval=timedelta(seconds=0.2), timezone=UTC
            ),
            on_pending=lambda: None,
            on_answer=lambda _, __: None,
            is_paused=self.is_paused,
            now=self.now,
        )

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def falls_due_in(self, *, minutes: float) -> None:
        """Both mails must have run by then; whether one is paused cannot be found out."""
        due = (NOON - timedelta(minutes=30)).time()
        self.store.dues = frozenset(
            {DueTime(at=due, weekdays=frozenset(range(7)), grace=timedelta(minutes=1))}
        )
        self.paused_is_known.clear()
        self.ahead = NOON - datetime.now(UTC) - timedelta(minutes=30 + minutes)

    async def is_paused(self, mail_id: MailId) -> bool:
        assert mail_id
        self.asks_whether_paused.set()
        await self.paused_is_known.wait()
        return False

    @asynccontextmanager
    async def leading(self) -> AsyncIterator[None]:
        term = asyncio.create_task(self.poller.lead(1))
        try:
            yield
        finally:
            # No look is left hanging: each would be waited for.
            term.cancel()
            for _ in range(MOST_AT_ONCE):
                self.quickbi.may_refuse.release()
            with suppress(asyncio.CancelledError):
                await term

    async def refuse(self, times: int) -> None:
        """Sales is refused so many times more, and Ops is told of before and after each."""
        await self.until_told_of_ops()
        for _ in range(times):
            self.quickbi.may_refuse.release()
            await self._until(SALES)
            await self.until_told_of_ops()

    async def until_told_of_ops(self) -> None:
        before = self.poller.stats.last_answer_at
        async with asyncio.timeout(30):
            while self.poller.stats.last_answer_at == before:  # noqa: ASYNC110 (a counter tells nobody)
                await asyncio.sleep(0.005)

    async def _until(self, mail_id: MailId) -> None:
        before = self.quickbi.answered.count(mail_id)
        async with asyncio.timeout(30):
            while self.quickbi.answered.count(mail_id) == before:  # noqa: ASYNC110 (the fake tells nobody)
                await asyncio.sleep(0.005)


async def test_a_mail_that_is_refused_for_long_while_others_are_told_of_is_out_of_sight() -> None:
    stage = Stage()
    async with stage.leading():
        await stage.refuse(FEWEST - 1)
        stage.ahead = PATIENCE
        await stage.refuse(1)
    assert len(set(stage.store.denied_since)) == 1  # refused again at the end of the term, perhaps


async def test_what_was_refused_in_an_earlier_term_does_not_count() -> None:
    """Another replica led in between, and may have had every answer."""
    stage = Stage()
    async with stage.leading():
        await stage.refuse(FEWEST - 1)
    stage.ahead = PATIENCE
    async with stage.leading():
        await stage.refuse(1)
    assert stage.store.denied_since == []


async def test_what_a_person_was_answered_begins_the_clock_of_refusals_anew() -> None:
    stage = Stage()
    async with stage.leading():
        await stage.refuse(FEWEST - 1)
        seen = Observation(answer=sent(SALES), seen_at=stage.now())
        await stage.poller.observed(MailRef(mail_id=SALES), seen)
        stage.ahead = PATIENCE
        await stage.refuse(1)
    assert stage.store.denied_since == []


async def test_what_a_person_saw_is_written_when_the_database_is_back() -> None:
    """They are answered meanwhile. A failure that only they have seen must not be lost."""
    stage = Stage()
    stage.store.is_away = True
    seen = Observation(answer=sent(SALES), seen_at=NOON)
    async with asyncio.timeout(STORED_WITHIN + 5):
        await stage.poller.observed(MailRef(mail_id=SALES), seen)
    assert stage.store.recorded == []
    stage.store.is_away = False
    await stage.poller.drain(10)
    assert stage.store.recorded == [SALES]


async def test_what_the_leader_learns_from_a_persons_look_is_written_in_its_term() -> None:
    """Another may lead by the time it is stored, and know better."""
    stage = Stage()
    async with stage.leading():
        await stage.until_told_of_ops()
        seen = Observation(answer=sent(SALES), seen_at=stage.now())
        await stage.poller.observed(MailRef(mail_id=SALES), seen)
    assert (SALES, 1) in stage.store.learned
    assert (SALES, None) not in stage.store.learned


async def test_an_answer_in_hand_is_written_though_the_term_ends_before_it_is_understood() -> None:
    """Whether the mail is paused must be known before it is called late, and that may take a while to find out."""
    stage = Stage()
    stage.falls_due_in(minutes=5)
    async with stage.leading():
        await stage.until_told_of_ops()
        stage.ahead += timedelta(minutes=10)
        async with asyncio.timeout(20):
            await stage.asks_whether_paused.wait()
        in_time = stage.store.recorded.count(OPS)
    await stage.poller.drain(5)
    assert stage.store.recorded.count(OPS) > in_time


async def test_what_a_person_saw_is_written_though_their_command_is_cut_short() -> None:
    """The process stops while it is found out whether the mail is paused."""
    stage = Stage()
    stage.falls_due_in(minutes=5)
    async with stage.leading():
        await stage.until_told_of_ops()
        await stage.poller.observed(
            MailRef(mail_id=SALES), Observation(answer=sent(SALES), seen_at=stage.now())
        )
        stage.ahead += timedelta(minutes=10)
        seen = Observation(answer=sent(SALES), seen_at=stage.now())
        look = asyncio.create_task(stage.poller.observed(MailRef(mail_id=SALES), seen))
        await asyncio.sleep(0.05)
        assert not look.done()
        look.cancel()
        with suppress(asyncio.CancelledError):
            await look
    await stage.poller.drain(5)
    assert stage.store.recorded.count(SALES) == 2


@pytest.mark.parametrize(("failures", "pause"), [(1, 0), (2, 1), (3, 3), (5, 15), (6, 30), (500, 30)])
def test_one_failed_call_costs_no_pause_and_several_in_a_row_ever_more(failures: int, pause: float) -> None:
    """At one call a second; what counts is how many calls a pause costs, so it is shorter at a faster pace."""
    assert pause_after(failures, 1.0) == pause
    assert pause_after(failures, 0.02) == pytest.approx(min(30, 0.02 * (2 ** min(failures - 1, 20) - 1)))
