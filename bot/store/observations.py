"""What a look at a mail changes: its runs, its incident and the notices owed for it, in one transaction."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import select

from bot.domain import IncidentId, NotifyReason
from bot.domain.incident_rules import judge, judge_denied, judge_late, judge_readable
from bot.domain.run_context import STUCK_AFTER, with_known_begin
from bot.store.lease import fence
from bot.store.mail_transaction import MailTransaction
from bot.store.tables import watches

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import datetime, timedelta

    from bot.domain import MailId, StatusAnswer, TaskRun
    from bot.domain.incident_rules import MissedRun
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
        missed: Sequence[MissedRun] = (),
    ) -> tuple[NotifyReason, ...]:
        """Judge each run of an answer, oldest first, then the runs that it shows to be `missed`.

        Returns what each came to. The `memory` remembers what was missed, so both are kept or neither. A mail
        that nobody is subscribed to only gets its history. Raises LeaseLost.
        """
        latest = answer.latest if answer.is_latest else None
        runs = sorted(answer.runs, key=lambda each: (each == latest, each.exec_at or now))
        async with self._mail(mail_id, term) as book:
            if not book.is_watched:
                for run in runs:
                    await book.keep_unwatched(run, now=now, request_id=answer.request_id)
                return (NotifyReason.BASELINE,) * len(runs)
            reasons = await self._readable(book, now)
            for run in runs:
                reasons.append(
                    await self._record_run(book, run, answer.request_id, now, term, is_latest=run == latest)
                )
            reasons += [await self._record_missed(book, one, now) for one in missed]
            await book.looked(now, memory, is_latest=answer.is_latest)
        return tuple(reasons)

    async def record_denied(
        self, mail_id: MailId, *, cause: str, now: datetime, term: int, since: datetime | None = None
    ) -> NotifyReason:
        """Quick BI refuses this one mail. Told when a second look confirms it, or as it is known `since` long ago."""
        async with self._mail(mail_id, term) as book:
            if not book.is_watched:
                return NotifyReason.AS_BEFORE
            verdict = judge_denied(
                book.incident,
                mail_id=mail_id,
                denied_at=since or book.denied_at,
                last_sent_at=await book.last_sent_at(),
                now=now,
                new_id=_new_id(),
                cause=cause,
            )
            if book.denied_at is None:
                await book.set_denied(since or now)
            await book.keep(verdict, now)
        return verdict.reason

    async def _readable(self, book: MailTransaction, now: datetime) -> list[NotifyReason]:
        if book.denied_at is not None:
            await book.set_denied(None)
        verdict = judge_readable(book.incident, now=now)
        await book.keep(verdict, now)
        return [verdict.reason] if verdict.reason is NotifyReason.ACCESS_BACK else []

    async def _record_run(
        self,
        book: MailTransaction,
        run: TaskRun,
        request_id: str,
        now: datetime,
        term: int | None,
        *,
        is_latest: bool,
    ) -> NotifyReason:
        situation = await book.situation(run, latest_at=now if is_latest else None)
        run = with_known_begin(run, situation)
        verdict = judge(
            run,
            situation,
            now=now,
            new_id=_new_id(),
            stuck_after=self._stuck_after,
            request_id=request_id,
        )
        await book.keep_run(run, situation, verdict, now=now, request_id=request_id)
        await book.keep(verdict, now)
        if term is None and situation.past is None and not run.is_over:
            await book.hand_to_the_leader()
        return verdict.reason

    async def _record_missed(self, book: MailTransaction, missed: MissedRun, now: datetime) -> NotifyReason:
        """A mail that is paused in Quick BI is not late."""
        if await book.is_paused():
            return NotifyReason.AS_BEFORE
        verdict = judge_late(
            book.incident,
            mail_id=book.mail_id,
            expected_at=missed.expected_at,
            newest=await book.newest(),
            last_sent_at=await book.last_sent_at(),
            now=now,
            new_id=_new_id(),
        )
        if verdict.reason is NotifyReason.AS_BEFORE:
            await book.owe_to_untold(now, missed.declared)
        elif book.audience(verdict.reason, now, missed.declared):
            await book.keep(verdict, now, declared=missed.declared)
        return verdict.reason

    @asynccontextmanager
    async def _mail(self, mail_id: MailId, term: int | None) -> AsyncIterator[MailTransaction]:
        """One transaction about one mail. Its watch is locked: two looks at it are judged one after the other."""
        async with self._database.writing() as connection:
            await fence(connection, term)
            found = await connection.execute(
                select(watches).where(watches.c.mail_id == mail_id).with_for_update()
            )
            row = found.mappings().one_or_none()
            book = MailTransaction(self._database, connection, mail_id, row)
            if book.is_watched:
                await book.load()
            yield book


def _new_id() -> IncidentId:
    return IncidentId(uuid4().hex)
