"""What a look at a mail changes: its runs, its incident and the notices owed for it, in one transaction."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import select

from bot.domain import IncidentId, NotifyReason
from bot.incidents import STUCK_AFTER, judge, judge_denied, judge_late, judge_readable
from bot.store.book import Book
from bot.store.tables import watches
from bot.store.turns import fence

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime, timedelta

    from bot.domain import DueTime, MailId, StatusAnswer, TaskRun
    from bot.store.database import Database


class Observations:
    """Records what was seen. `term` is the leader's; None for a look that a person's command made."""

    def __init__(self, database: Database, *, stuck_after: timedelta = STUCK_AFTER) -> None:
        self._database = database
        self._stuck_after = stuck_after

    async def record_answer(
        self,
        mail_id: MailId,
        answer: StatusAnswer,
        *,
        now: datetime,
        term: int | None,
        memory: str | None = None,
    ) -> tuple[NotifyReason, ...]:
        """Judge each run of an answer, oldest first. Returns what each came to.

        A mail that nobody is subscribed to only gets its history. Raises LeaseLost.
        """
        reasons = []
        async with self._mail(mail_id, term) as book:
            if book.is_watched:
                reasons += await self._readable(book, now)
            for run in sorted(answer.runs, key=lambda each: each.exec_at or now):
                reasons.append(await self._record_run(book, run, answer.request_id, now))
            if book.is_watched:
                await book.looked(now, memory)
        return tuple(reasons)

    async def record_denied(self, mail_id: MailId, *, cause: str, now: datetime, term: int) -> NotifyReason:
        """Quick BI refuses this one mail. Told when a second look confirms it."""
        async with self._mail(mail_id, term) as book:
            if not book.is_watched:
                return NotifyReason.AS_BEFORE
            verdict = judge_denied(
                book.incident,
                mail_id=mail_id,
                denied_at=book.denied_at,
                last_sent_at=await book.last_sent_at(),
                now=now,
                new_id=_new_id(),
                cause=cause,
            )
            if book.denied_at is None:
                await book.set_denied(now)
            await book.keep(verdict, now)
        return verdict.reason

    async def record_late(
        self, mail_id: MailId, *, expected_at: datetime, declared: DueTime | None, now: datetime, term: int
    ) -> NotifyReason:
        """A run did not start in time: by a channel's word, or (`declared=None`) by the mail's own rhythm.

        A mail that is paused in Quick BI is not late.
        """
        async with self._mail(mail_id, term) as book:
            if not book.is_watched or await book.is_paused():
                return NotifyReason.AS_BEFORE
            verdict = judge_late(
                book.incident,
                mail_id=mail_id,
                expected_at=expected_at,
                newest=await book.newest(),
                last_sent_at=await book.last_sent_at(),
                now=now,
                new_id=_new_id(),
            )
            if verdict.reason is NotifyReason.AS_BEFORE:
                await book.owe_to_untold(now, declared)
            elif book.audience(verdict.reason, now, declared):
                await book.keep(verdict, now, declared=declared)
        return verdict.reason

    async def _readable(self, book: Book, now: datetime) -> list[NotifyReason]:
        if book.denied_at is not None:
            await book.set_denied(None)
        verdict = judge_readable(book.incident, now=now)
        await book.keep(verdict, now)
        return [verdict.reason] if verdict.reason is NotifyReason.ACCESS_BACK else []

    async def _record_run(self, book: Book, run: TaskRun, request_id: str, now: datetime) -> NotifyReason:
        if not book.is_watched:
            await book.keep_run(run, None, now=now, request_id=request_id, verdict=None)
            return NotifyReason.BASELINE
        situation = await book.situation(run)
        verdict = judge(
            run,
            situation,
            now=now,
            new_id=_new_id(),
            stuck_after=self._stuck_after,
            request_id=request_id,
        )
        await book.keep_run(run, situation.past, now=now, request_id=request_id, verdict=verdict)
        await book.keep(verdict, now)
        return verdict.reason

    @asynccontextmanager
    async def _mail(self, mail_id: MailId, term: int | None) -> AsyncIterator[Book]:
        """One transaction about one mail. Its watch is locked: two looks at it are judged one after the other."""
        async with self._database.writing() as connection:
            await fence(connection, term)
            found = await connection.execute(
                select(watches).where(watches.c.mail_id == mail_id).with_for_update()
            )
            row = found.mappings().one_or_none()
            book = Book(self._database, connection, mail_id, row)
            if book.is_watched:
                await book.load()
            yield book


def _new_id() -> IncidentId:
    return IncidentId(uuid4().hex)
