"""Runs a mail by hand, once, and follows that run to its end, over restarts too.

The run is claimed in the store before Quick BI is asked. So a crash after the claim can lose a run, which is
reported, but never start a second one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import datetime
from random import uniform

from bot.aio import until_stored
from bot.domain import MailRef, ManualRun, ManualRunState, QuickBIError, RunStatus, StoreError, TaskRun
from bot.domain.manual_run_rules import (
    FORGOTTEN_AFTER,
    Hindrance,
    Over,
    Refused,
    Repeated,
    RunWish,
    Started,
    Tracking,
    Unclear,
    hindrance,
    judge,
    may_have_begun,
    own_run,
    pause_after,
    took,
)
from bot.domain.ports import QuickBI, RunTeller
from bot.domain.repositories import Audit, ExpectedRuns, ManualRuns
from bot.mails.status_lookup import StatusLookup

TAKE_OVER_EVERY = 30.0  # seconds between two looks for runs whose process died
OTHERS_MAY_FOLLOW = 20.0  # seconds for another replica to report the end: more than its longest pause
_FRESH_FOR = 1.0  # seconds for which another caller's observation is used
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class ManualRunRepositories:
    manual_runs: ManualRuns
    watches: ExpectedRuns
    audit: Audit


@dataclass(eq=False)
class ManualRunService:
    """`run` takes up runs that a dead process left; `drain` ends everything.

    `later` reports the outcome of a run whose own teller is gone. `is_alone`: there can be no other replica.
    """

    quickbi: QuickBI
    lookup: StatusLookup
    repositories: ManualRunRepositories
    _: KW_ONLY
    later: RunTeller
    is_alone: bool
    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    # None while a run is being claimed.
    _followed: dict[str, asyncio.Task[None] | None] = field(default_factory=dict, init=False)
    _asking: set[str] = field(default_factory=set, init=False)
    _ending: bool = field(default=False, init=False)

    async def begin(self, wish: RunWish, newest: TaskRun | None, teller: RunTeller) -> Hindrance | None:
        """Claim and start; the rest runs in a task. Raises StoreError: then nothing was started."""
        why_not = await self._hindrance(wish, newest)
        if why_not is not None:
            return why_not
        run = wish.claimed(newest, self.now())
        if run.manual_run_id in self._followed:
            return Repeated()
        self._followed[run.manual_run_id] = None  # before the claim, so that `take_up_all` leaves it alone
        try:
            is_claimed = await self.repositories.manual_runs.claim(run, click=wish.click)
        except BaseException:
            del self._followed[run.manual_run_id]
            raise
        if not is_claimed:
            del self._followed[run.manual_run_id]
            return await self._hindrance(wish, None) or Repeated()
        has_failed = newest is not None and newest.status is RunStatus.FAILED
        self._start(run, self._carry_out(run, teller, has_failed=has_failed))
        return None

    async def run(self) -> None:
        """Take up orphaned runs, for ever."""
        while True:
            await self.take_up_all()
            await self.sleep(TAKE_OVER_EVERY * uniform(1.0, 1.5))

    async def take_up_all(self) -> None:
        """Follow each open run that is not followed here."""
        for run in await until_stored(self.repositories.manual_runs.open_runs):
            if run.manual_run_id not in self._followed and not self._ending:
                _log.info("run_taken_up", extra=_where(run))
                self._start(run, self._take_up(run))

    async def drain(self, patience: float) -> None:
        """Wait for the requests under way; the rest is taken up after the restart."""
        self._ending = True
        asking = [task for key in self._asking if (task := self._followed.get(key)) is not None]
        for key, task in self._followed.items():
            if task is not None and key not in self._asking:
                task.cancel()
        if asking:
            await asyncio.wait(asking, timeout=patience)
        tasks = [task for task in self._followed.values() if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _hindrance(self, wish: RunWish, newest: TaskRun | None) -> Hindrance | None:
        latest = await self.repositories.manual_runs.latest(wish.mail_id)
        return hindrance(wish, latest=latest, newest=newest, now=self.now())

    def _start(self, run: ManualRun, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(self._guarded(run, work))
        self._followed[run.manual_run_id] = task
        task.add_done_callback(lambda _: self._followed.pop(run.manual_run_id, None))

    async def _guarded(self, run: ManualRun, work: Coroutine[None, None, None]) -> None:
        """A run whose task fails stays open, and is taken up again."""
        try:
            await work
        except Exception:  # noqa: BLE001 (the boundary of a task)
            _log.exception("run_not_followed", extra=_where(run))

    async def _carry_out(self, run: ManualRun, teller: RunTeller, *, has_failed: bool) -> None:
        self._asking.add(run.manual_run_id)
        try:
            news = await self._ask(run)
            await self._record(run, news)
        finally:
            self._asking.discard(run.manual_run_id)
        await teller.tell(run, news)
        if isinstance(news, Refused):  # reported first: a crash in between reports that nothing began
            await self._note(run, ManualRunState.REFUSED)
            return
        await self._expect(run)
        tracking = Tracking(manual=run, since=run.claimed_at, looked_at=run.claimed_at)
        over = await self._follow(tracking)
        await self._close(run, replace(over, again=has_failed), teller)

    async def _ask(self, run: ManualRun) -> Started | Unclear | Refused:
        try:
            await self.quickbi.run_mail(run.mail_id)
        except QuickBIError as error:
            return Unclear() if may_have_begun(error) else Refused(error=error)
        return Started()

    async def _record(self, run: ManualRun, news: Started | Unclear | Refused) -> None:
        said = _said(news)
        _log.info("run_by_hand", extra=_where(run) | {"outcome": said})
        if not isinstance(news, Refused):
            is_sure = isinstance(news, Started)
            await self._note(run, ManualRunState.STARTED if is_sure else ManualRunState.UNCLEAR)
        await self._put_on_record(run, said)

    async def _put_on_record(self, run: ManualRun, said: str) -> None:
        """One row for each run, whichever process writes it."""
        await until_stored(
            lambda: self.repositories.audit.record_once(
                at=run.claimed_at,
                user_id=run.user_id,
                action="run",
                channel_id=run.channel_id,
                mail_id=run.mail_id,
                detail=said,
                within=None,
            )
        )

    async def _expect(self, run: ManualRun) -> None:
        """Let the leader follow a watched mail closely; otherwise it notices the run later."""
        try:
            await self.repositories.watches.expect_run(run.mail_id, self.now())
        except StoreError as error:
            _log.warning("run_not_announced", extra=_where(run) | {"error": str(error)})

    async def _take_up(self, run: ManualRun) -> None:
        now = self.now()
        if now - run.claimed_at > FORGOTTEN_AFTER:
            await self._put_on_record(run, _said_of(run))
            await self._note(run, ManualRunState.ENDED)
            return
        over = await self._follow(Tracking(manual=run, since=now))
        if not self.is_alone:
            await self.sleep(OTHERS_MAY_FOLLOW * uniform(1.0, 2.0))
            still_open = await until_stored(self.repositories.manual_runs.open_runs)
            if run.manual_run_id not in {each.manual_run_id for each in still_open}:
                return
        # The process that asked Quick BI may have died before it was recorded.
        await self._put_on_record(run, "started" if over.task is not None else _said_of(run))
        await self._close(run, over, self.later)

    async def _follow(self, tracking: Tracking) -> Over:
        """Look until it is over, with calls that nobody else wants."""
        while True:
            before = tracking
            tracking, answered = await self._look(tracking)
            now = self.now()
            over = judge(tracking, now, answered=answered)
            if over is not None:
                return replace(over, took=took(before, now))
            await self.sleep(pause_after(now - tracking.manual.claimed_at))

    async def _look(self, tracking: Tracking) -> tuple[Tracking, bool]:
        ref = MailRef(mail_id=tracking.manual.mail_id, task_id=tracking.task_id)
        try:
            seen = await self.lookup.ask_patiently(ref, fresh_for=_FRESH_FOR)
        except QuickBIError as error:
            _log.info("run_out_of_sight", extra=_where(tracking.manual) | {"error": type(error).__name__})
            return tracking, False
        task = own_run(tracking.manual, seen.answer.runs)
        if task is None:
            return replace(tracking, looked_at=seen.seen_at), True
        manual = tracking.manual
        if not manual.run_key:
            manual = replace(manual, run_key=task.key)
            # It began, also where the answer was lost; after a restart this run is followed.
            await self._note(manual, ManualRunState.STARTED)
        return replace(tracking, manual=manual, looked_at=seen.seen_at, task=task), True

    async def _close(self, run: ManualRun, over: Over, teller: RunTeller) -> None:
        """Report, then close: a crash in between repeats the report rather than losing it."""
        took_seconds = over.took.total_seconds() if over.took else None
        _log.info("run_over", extra=_where(run) | {"outcome": over.end, "seconds": took_seconds})
        if await teller.tell(run, over):
            await self._note(run, ManualRunState.ENDED)

    async def _note(self, run: ManualRun, state: ManualRunState) -> None:
        await until_stored(
            lambda: self.repositories.manual_runs.note(
                run.manual_run_id, state, now=self.now(), run_key=run.run_key
            )
        )


def _said(news: Started | Unclear | Refused) -> str:
    match news:
        case Started():
            return "started"
        case Unclear():
            return "unclear"
        case Refused(error=error):
            return f"refused: {error.code or type(error).__name__}"


def _said_of(run: ManualRun) -> str:
    return "started" if run.state is ManualRunState.STARTED else "unclear"


def _where(run: ManualRun) -> dict[str, object]:
    return {"user_id": run.user_id, "channel_id": run.channel_id, "mail_id": run.mail_id}
