"""Stores what Quick BI answered, for as long as it takes: an answer may be the only sight of a run.

Each answer is stored by a task of its own, which outlives the call that fetched it and the leader's term. If another
replica leads by then, the answer is stored as if a person's command had seen it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.aio import finish, until_stored
from bot.domain import LeaseLost, MailId, NotifyReason, RunStatus, StatusAnswer
from bot.domain.incident_rules import MissedRun
from bot.domain.repositories import Observations

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What Quick BI answered `at` that time, what the schedule learned from it, and the runs that it shows missing.

    `since` is when the mail, or that run of it, was looked at before.
    """

    mail_id: MailId
    answer: StatusAnswer
    at: datetime
    since: datetime | None = None
    memory: str | None = None
    missed: tuple[MissedRun, ...] = ()

    def unseen_for(self) -> timedelta | None:
        """For how long at most the failure that this look found had gone unseen; None if it is not known.

        It came after the look before, and after the run's start.
        """
        starts = [run.exec_at for run in self.answer.runs if run.status is RunStatus.FAILED and run.exec_at]
        known = [at for at in (self.since, *starts) if at is not None]
        return max(timedelta(0), self.at - max(known)) if known else None


@dataclass(slots=True)
class Recorder:
    """`on_recorded` is called with each answer's outcome after it is stored."""

    observations: Observations
    on_recorded: Callable[[Look, tuple[NotifyReason, ...]], None]
    _tasks: set[asyncio.Task[None]] = field(init=False, default_factory=set)
    _newest: dict[MailId, asyncio.Task[None]] = field(init=False, default_factory=dict)

    async def store(self, look: Look, *, term: int) -> None:
        """Return when it is stored. Raises LeaseLost if another replica leads; it is stored then, too.

        An answer that can never be stored is logged.
        """
        try:
            await asyncio.shield(self.start(look, term=term))
        except LeaseLost:
            raise
        except Exception:  # noqa: BLE001 (the boundary of one answer: `_done` has logged it)
            return

    def start(self, look: Look, *, term: int | None) -> asyncio.Task[None]:
        """Store it in the background. `term` is None for what a person's command saw.

        Answers about one mail are stored in the order in which they came, also while the database is away:
        a run that was FAILED first and SENT then must not be recorded the other way round.
        """
        before = self._newest.get(look.mail_id)
        task = self._newest[look.mail_id] = asyncio.create_task(self._store(look, term, before))
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._done(look.mail_id, done))
        return task

    async def drain(self, patience: float) -> None:
        """Wait up to `patience` seconds for what is not stored yet, then give it up with an error in the log."""
        if count := await finish(self._tasks, patience):
            _log.error("answers_given_up", extra={"count": count})

    async def _store(self, look: Look, term: int | None, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait({before})
        try:
            await until_stored(lambda: self._record(look, term))
        except LeaseLost:
            _log.info("answer_kept_after_the_term", extra={"mail_id": look.mail_id})
            # The next leader's schedule learns by itself, and finds late runs by itself.
            await until_stored(lambda: self._record(replace(look, memory=None, missed=()), None))
            raise

    async def _record(self, look: Look, term: int | None) -> None:
        reasons = await self.observations.record_answer(
            look.mail_id, look.answer, now=look.at, term=term, memory=look.memory, missed=look.missed
        )
        self.on_recorded(look, reasons)

    def _done(self, mail_id: MailId, task: asyncio.Task[None]) -> None:
        """The caller may be gone, so errors are logged here; LeaseLost is handled where the term ends."""
        self._tasks.discard(task)
        if self._newest.get(mail_id) is task:
            del self._newest[mail_id]
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, LeaseLost):
            _log.error("answer_not_recorded", exc_info=error)
