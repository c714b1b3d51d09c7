"""Runs by hand: claimed before Quick BI is asked, so that no double click, retry or replica asks twice."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, select, update

from bot.domain import ChannelId, MailId, ManualRun, ManualRunState, UserId
from bot.domain.manual_run_rules import OPEN_FOR
from bot.store.database import insert_if_absent
from bot.store.notices import firing_incident, touch_posts
from bot.store.tables import manual_runs

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import RowMapping

    from bot.store.database import Database


# At most one for each mail: it may have begun, and its end is not known.
IS_GOING = and_(
    manual_runs.c.ended_at.is_(None),
    manual_runs.c.state.in_([ManualRunState.STARTED, ManualRunState.UNCLEAR]),
)


class ManualRuns:
    """At most one run by hand is open for each mail."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, run: ManualRun, *, click: str) -> bool:
        """Take the right to start this run. False where this click, or an open run of the mail, had it before.

        `click` names the click or command (a trigger ID): its redelivery is no new wish.
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
            taken = await connection.execute(
                insert_if_absent(self._database, manual_runs, asdict(run) | {"claim_key": click})
            )
            return bool(taken.rowcount)

    async def note(
        self, manual_run_id: str, state: ManualRunState, *, now: datetime, run_key: str = ""
    ) -> bool:
        """Record how it went on. REFUSED and ENDED free the mail for the next run by hand.

        False where it was over already: what has ended stays so. Where a run begins or ends, the messages about
        its mail are drawn anew.
        """
        over = state in {ManualRunState.REFUSED, ManualRunState.ENDED}
        async with self._database.writing() as connection:
            it = manual_runs.c.manual_run_id == manual_run_id
            was_going = await connection.execute(select(IS_GOING).where(it).with_for_update())
            noted = await connection.execute(
                update(manual_runs)
                .where(it, manual_runs.c.ended_at.is_(None))
                .values(
                    state=state,
                    run_key=func.coalesce(func.nullif(run_key, ""), manual_runs.c.run_key),
                    ended_at=now if over else None,
                )
                .returning(IS_GOING, manual_runs.c.mail_id)
            )
            row = noted.one_or_none()
            if row is not None and row[0] != was_going.scalar_one():
                incident = await firing_incident(connection, MailId(row.mail_id))
                if incident is not None:
                    await touch_posts(connection, incident)
            return row is not None

    async def open_runs(self) -> tuple[ManualRun, ...]:
        """Those whose end is still to be told: what a restart takes up again."""
        async with self._database.reading() as connection:
            found = await connection.execute(
                select(manual_runs).where(manual_runs.c.ended_at.is_(None)).order_by(manual_runs.c.claimed_at)
            )
            return tuple(map(_manual_run, found.mappings()))

    async def latest(self, mail_id: MailId) -> ManualRun | None:
        """Who last ran this mail by hand."""
        async with self._database.reading() as connection:
            found = await connection.execute(
                select(manual_runs)
                .where(manual_runs.c.mail_id == mail_id)
                .order_by(manual_runs.c.claimed_at.desc())
                .limit(1)
            )
            row = found.mappings().one_or_none()
        return None if row is None else _manual_run(row)


def _manual_run(row: RowMapping) -> ManualRun:
    return ManualRun(
        manual_run_id=row["manual_run_id"],
        mail_id=MailId(row["mail_id"]),
        channel_id=ChannelId(row["channel_id"]),
        message_ts=row["message_ts"],
        user_id=UserId(row["user_id"]),
        previous_run_key=row["previous_run_key"],
        claimed_at=row["claimed_at"],
        state=ManualRunState(row["state"]),
        run_key=row["run_key"],
        ended_at=row["ended_at"],
    )
