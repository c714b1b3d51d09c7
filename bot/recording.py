"""Writes down what Quick BI answered, however long the database refuses: it may be the only sight of a run.

An answer that is in hand is a task of its own: it outlives the look that fetched it, and the leader's term.
Whoever leads by then, it is taken as if a person's command had seen it.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from bot.domain import LeaseLost
from bot.persist import until_stored

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from bot.domain import MailId, NotifyReason, StatusAnswer
    from bot.incidents import MissedRun
    from bot.telling import Observations

_log = logging.getLogger(__name__)


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

    async def keep(
        self,
        mail_id: MailId,
        answer: StatusAnswer,
        *,
        now: datetime,
        term: int,
        memory: str | None,
        missed: Sequence[MissedRun] = (),
    ) -> None:
        """Come back when it is written. Raises LeaseLost where another replica leads: then it is written, too.

        An answer that can never be written is logged, and does not end the others.
        """
        try:
            await asyncio.shield(self.take(mail_id, answer, now=now, term=term, memory=memory, missed=missed))
        except LeaseLost:
            raise
        except Exception:  # noqa: BLE001 (the boundary of one answer: `_done` has logged it)
            return

    def take(
        self,
        mail_id: MailId,
        answer: StatusAnswer,
        *,
        now: datetime,
        term: int | None,
        memory: str | None = None,
        missed: Sequence[MissedRun] = (),
    ) -> asyncio.Task[None]:
        """Have it written, whether anybody waits for that or not.

        One mail's answers are written in the order in which they came: while the database refuses there may be
        several, and a run that was FAILED first and SENT then must not be told the other way round.
        """
        before = self._newest.get(mail_id)
        task = self._newest[mail_id] = asyncio.create_task(
            self._write(mail_id, answer, now=now, term=term, memory=memory, missed=missed, before=before)
        )
        self._in_hand.add(task)
        task.add_done_callback(lambda done: self._done(mail_id, done))
        return task

    async def drain(self, patience: float) -> None:
        """Wait for what is not written yet; after `patience` seconds it is given up, and said so."""
        if not self._in_hand:
            return
        _, late = await asyncio.wait(self._in_hand, timeout=patience)
        if late:
            _log.error("answers_given_up", extra={"count": len(late)})
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _write(
        self,
        mail_id: MailId,
        answer: StatusAnswer,
        *,
        now: datetime,
        term: int | None,
        memory: str | None,
        missed: Sequence[MissedRun],
        before: asyncio.Task[None] | None,
    ) -> None:
        async def write(term: int | None, memory: str | None, missed: Sequence[MissedRun]) -> None:
            reasons = await self._observations.record_answer(
                mail_id, answer, now=now, term=term, memory=memory, missed=missed
            )
            self._noted(mail_id, reasons)

        if before is not None:
            await asyncio.wait({before})
        try:
            await until_stored(lambda: write(term, memory, missed))
        except LeaseLost:
            _log.info("answer_kept_after_the_term", extra={"mail_id": mail_id})
            # What the next leader learns, it learns by itself: the late runs, too.
            await until_stored(lambda: write(None, None, ()))
            raise

    def _done(self, mail_id: MailId, task: asyncio.Task[None]) -> None:
        """Nobody may be left to hear how it ended. LeaseLost is the term's affair; the rest is ours."""
        self._in_hand.discard(task)
        if self._newest.get(mail_id) is task:
            del self._newest[mail_id]
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, LeaseLost):
            _log.error("answer_not_recorded", exc_info=error)
