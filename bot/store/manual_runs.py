"""Runs by hand: claimed before Quick BI is asked, so that no double click, retry or replica asks twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select, update

from bot.domain import MailId, ManualRun, ManualRunState
from bot.domain.manual_run_rules import OPEN_FOR
from bot.store.database import Database
from bot.store.notices import firing_incident, redraw_posts
from bot.store.rows import columns_of, insert_if_absent, read_all, read_one
from bot.store.tables import manual_runs

# At most one for each mail: it may have begun, and its end is not known.
IS_GOING = and_(
    manual_runs.c.ended_at.is_(None),
    manual_runs.c.state.in_([ManualRunState.STARTED, ManualRunState.UNCLEAR]),
)


@dataclass(slots=True)
class ManualRuns:
    """At most one run by hand is open for each mail."""

    _database: Database

    async def claim(self, run: ManualRun, *, click: str) -> bool:
        """Take the right to start this run. False where this click, or an open run of the mail, had it before.

        `click` identifies the click or command (a trigger ID), which Slack may deliver again.
        """
        async with self._database.writing() as connection:
            await connection.execute(
                update(manual_runs)
                .where(
                    manual_runs.c.mail_id == run.mail_id,
                    manual_runs.c.ended_at.is_(None),
                    manual_runs.c.claimed_at < run.claimed_at - OPEN_FOR,
                )
                .values(ended_at=run.claimed_at)
            )
            values = columns_of(run) | {"claim_key": click}
            return await insert_if_absent(connection, manual_runs, values)

    async def note(
        self, manual_run_id: str, state: ManualRunState, *, now: datetime, run_key: str = ""
    ) -> bool:
        """Store the new state. REFUSED and ENDED free the mail for the next run by hand.

        False where it had ended already. When a run begins or ends, the messages about its mail are redrawn.
        """
        over = state in {ManualRunState.REFUSED, ManualRunState.ENDED}
        async with self._database.writing() as connection:
            is_it = manual_runs.c.manual_run_id == manual_run_id
            was_going = await connection.execute(select(IS_GOING).where(is_it).with_for_update())
            noted = await connection.execute(
                update(manual_runs)
                .where(is_it, manual_runs.c.ended_at.is_(None))
                .values(
                    state=state,
                    run_key=func.coalesce(func.nullif(run_key, ""), manual_runs.c.run_key),
                    ended_at=now if over else None,
                )
                .returning(IS_GOING, manual_runs.c.mail_id)
            )
            row = noted.one_or_none()
            if row is not None and row[0] != was_going.scalar_one():
                await redraw_posts(connection, await firing_incident(connection, row.mail_id))
            return row is not None

    async def open_runs(self) -> tuple[ManualRun, ...]:
        """Those whose outcome is still to be reported: a restart resumes them."""
        is_open = select(manual_runs).where(manual_runs.c.ended_at.is_(None))
        async with self._database.reading() as connection:
            return await read_all(connection, is_open.order_by(manual_runs.c.claimed_at), ManualRun)

    async def latest(self, mail_id: MailId) -> ManualRun | None:
        """The last run of this mail by hand."""
        of_mail = select(manual_runs).where(manual_runs.c.mail_id == mail_id)
        newest_first = of_mail.order_by(manual_runs.c.claimed_at.desc())
        async with self._database.reading() as connection:
            return await read_one(connection, newest_first.limit(1), ManualRun)
