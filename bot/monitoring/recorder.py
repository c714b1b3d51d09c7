"""Writes down what Quick BI answered, however long the database refuses: it may be the only sight of a run.

An answer that is in hand is a task of its own: it outlives the look that fetched it, and the leader's term.
Whoever leads by then, it is taken as if a person's command had seen it. What such a command saw is held no less
firmly: the schedule has learned it by then, and looks for it no more.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.aio import finish, until_stored
from bot.domain import LeaseLost

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bot.domain import MailId, NotifyReason, StatusAnswer
    from bot.domain.incident_rules import MissedRun
    from bot.domain.repositories import Observations

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What Quick BI answered `at` that time, what the schedule learned from it, and the runs that it shows missing."""

    mail_id: MailId
    answer: StatusAnswer
    at: datetime
    memory: str | None = None
    missed: tuple[MissedRun, ...] = ()


class Recorder:
    """`noted` hears what each answer came to, once it is written."""

    def __init__(
        self, observations: Observations, *, noted: Callable[[MailId, tuple[NotifyReason, ...]], None]
    ) -> None:
        self._observations = observations
        self._noted = noted
        self._in_hand: set[asyncio.Task[None]] = set()
        self._newest: dict[MailId, asyncio.Task[None]] = {}

    @property
    def in_hand(self) -> int:
        """How many answers are not written yet."""
        return len(self._in_hand)

    async def keep(self, look: Look, *, term: int) -> None:
        """Come back when it is written. Raises LeaseLost where another replica leads: then it is written, too.

        An answer that can never be written is logged, and does not end the others.
        """
        try:
            await asyncio.shield(self.take(look, term=term))
        except LeaseLost:
            raise
        except Exception:  # noqa: BLE001 (the boundary of one answer: `_done` has logged it)
            return

    def take(self, look: Look, *, term: int | None) -> asyncio.Task[None]:
        """Have it written, whether anybody waits for that or not. `term` is None for what a person's command saw.

        One mail's answers are written in the order in which they came: while the database refuses there may be
        several, and a run that was FAILED first and SENT then must not be told the other way round.
        """
        before = self._newest.get(look.mail_id)
        task = self._newest[look.mail_id] = asyncio.create_task(self._hold(look, term, before))
        self._in_hand.add(task)
        task.add_done_callback(lambda done: self._done(look.mail_id, done))
        return task

    async def drain(self, patience: float) -> None:
        """Wait for what is not written yet; after `patience` seconds it is given up, and said so."""
        if count := await finish(self._in_hand, patience):
            _log.error("answers_given_up", extra={"count": count})

    async def _hold(self, look: Look, term: int | None, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait({before})
        try:
            await until_stored(lambda: self._write(look, term))
        except LeaseLost:
            _log.info("answer_kept_after_the_term", extra={"mail_id": look.mail_id})
            # What the next leader learns, it learns by itself: the late runs, too.
            await until_stored(lambda: self._write(replace(look, memory=None, missed=()), None))
            raise

    async def _write(self, look: Look, term: int | None) -> None:
        reasons = await self._observations.record_answer(
            look.mail_id, look.answer, now=look.at, term=term, memory=look.memory, missed=look.missed
        )
        self._noted(look.mail_id, reasons)

    def _done(self, mail_id: MailId, task: asyncio.Task[None]) -> None:
        """Nobody may be left to hear how it ended. LeaseLost is the term's affair; the rest is ours."""
        self._in_hand.discard(task)
        if self._newest.get(mail_id) is task:
            del self._newest[mail_id]
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, LeaseLost):
            _log.error("answer_not_recorded", exc_info=error)
