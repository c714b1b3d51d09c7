"""What a look at a mail changes: its runs, its incident and the notices about it, in one transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import select

from bot.domain import IncidentId, MailId, NotifyReason, StatusAnswer, TaskRun
from bot.domain.incident_rules import MissedRun, judge, judge_denied, judge_late, judge_readable
from bot.domain.run_context import with_known_begin
from bot.store.database import Database
from bot.store.lease import fence
from bot.store.mail_transaction import MailTransaction
from bot.store.rows import read_row
from bot.store.tables import watches


@dataclass(slots=True)
class Observations:
    """Records what was seen. `term` is the leader's; None for a look that a person's command made."""

    _database: Database

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

        Returns the outcome of each. The `memory` includes what was missed, so both are stored or neither. Of a mail
        that nobody is subscribed to only the runs are stored. Raises LeaseLost.
        """
        latest = answer.latest if answer.is_latest else None
        runs = sorted(answer.runs, key=lambda each: (each == latest, each.exec_at or now))
        async with self._mail(mail_id, term) as mail:
            if not mail.is_watched:
                await mail.keep_as_baseline(runs, answer.request_id, now)
                return (NotifyReason.BASELINE,) * len(runs)
            reasons = await self._record_readable(mail, now)
            for run in runs:
                latest_at = now if run == latest else None
                reason, is_new = await self._record_run(mail, run, answer.request_id, now, latest_at)
                reasons.append(reason)
                if term is None and is_new and not run.is_over:
                    await mail.hand_to_leader()
            reasons += [await self._record_missed(mail, one, now) for one in missed]
            await mail.looked(now, memory, is_latest=answer.is_latest)
        return tuple(reasons)

    async def record_denied(
        self, mail_id: MailId, *, cause: str, now: datetime, term: int, since: datetime | None = None
    ) -> NotifyReason:
        """Quick BI refuses this one mail. Notices follow a second look, or where it is known long `since`."""
        async with self._mail(mail_id, term) as mail:
            if not mail.is_watched:
                return NotifyReason.AS_BEFORE
            decision = judge_denied(
                mail.incident,
                mail_id=mail_id,
                denied_at=since or mail.denied_at,
                last_sent_at=await mail.last_sent_at(),
                now=now,
                new_id=_new_id(),
                cause=cause,
            )
            if mail.denied_at is None:
                await mail.set_denied(since or now)
            await mail.keep(decision, now)
        return decision.reason

    async def _record_readable(self, mail: MailTransaction, now: datetime) -> list[NotifyReason]:
        if mail.denied_at is not None:
            await mail.set_denied(None)
        decision = judge_readable(mail.incident, now=now)
        await mail.keep(decision, now)
        return [decision.reason] if decision.reason is NotifyReason.ACCESS_BACK else []

    async def _record_run(
        self, mail: MailTransaction, run: TaskRun, request_id: str, now: datetime, latest_at: datetime | None
    ) -> tuple[NotifyReason, bool]:
        """Returns the outcome, and whether the run was not known before."""
        context = await mail.context(run, latest_at=latest_at)
        run = with_known_begin(run, context)
        decision = judge(
            run,
            context,
            now=now,
            new_id=_new_id(),
            request_id=request_id,
        )
        await mail.keep_run(run, context, decision, now=now, request_id=request_id)
        await mail.keep(decision, now)
        return decision.reason, context.past is None

    async def _record_missed(self, mail: MailTransaction, missed: MissedRun, now: datetime) -> NotifyReason:
        """A mail that is paused in Quick BI is not late."""
        if await mail.is_paused():
            return NotifyReason.AS_BEFORE
        decision = judge_late(
            mail.incident,
            mail_id=mail.mail_id,
            expected_at=missed.expected_at,
            newest=await mail.newest(),
            last_sent_at=await mail.last_sent_at(),
            now=now,
            new_id=_new_id(),
        )
        if decision.reason is NotifyReason.AS_BEFORE:
            await mail.notify_others(now, missed.declared)
        elif mail.recipients(decision.reason, now, missed.declared):
            await mail.keep(decision, now, declared=missed.declared)
        return decision.reason

    @asynccontextmanager
    async def _mail(self, mail_id: MailId, term: int | None) -> AsyncIterator[MailTransaction]:
        """One transaction about one mail. Its watch is locked: two looks at it are judged one after the other."""
        async with self._database.writing() as connection:
            await fence(connection, term)
            watch = select(watches).where(watches.c.mail_id == mail_id).with_for_update()
            mail = MailTransaction(connection, mail_id, await read_row(connection, watch))
            if mail.is_watched:
                await mail.load()
            yield mail
            await mail.finish()


def _new_id() -> IncidentId:
    return IncidentId(uuid4().hex)
