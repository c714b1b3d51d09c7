"""The mails that are watched: one row each, with what the schedule learned. The leader reads only what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select, update

from bot.domain import MailId, Watch
from bot.store.change_counter import next_number
from bot.store.database import insert_if_absent
from bot.store.rows import due_from
from bot.store.runs import chunks, known_run, open_runs, write_run
from bot.store.tables import mails, subscriptions, watches

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from bot.domain import StatusAnswer
    from bot.store.database import Database

MOST_CHANGES = 500  # read at once
_CHANGES = "watches"


class Watches:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def changed_since(self, change_no: int) -> tuple[Watch, ...]:
        """The first watches that began, ended or changed after that number, in the order of the changes."""
        async with self._database.reading() as connection:
            found = await connection.execute(
                select(watches, mails.c.paused)
                .join(mails, mails.c.mail_id == watches.c.mail_id, isouter=True)
                .where(watches.c.change_no > change_no)
                .order_by(watches.c.change_no)
                .limit(MOST_CHANGES)
            )
            rows = found.mappings().all()
            ids = [row["mail_id"] for row in rows]
            dues = await _dues(connection, ids)
            running = await open_runs(connection, ids)
            subscribed_at = await _subscribed_at(
                connection, [row["mail_id"] for row in rows if row["looked_at"] is None]
            )
        return tuple(
            Watch(
                mail_id=MailId(row["mail_id"]),
                is_watched=row["is_watched"],
                memory=row["memory"],
                dues=frozenset(filter(None, map(due_from, dues.get(row["mail_id"], ())))),
                is_paused=bool(row["paused"]),
                expects_run_at=row["expects_run_at"],
                change_no=row["change_no"],
                looked_at=row["looked_at"] or subscribed_at.get(row["mail_id"]),
                open_runs=tuple(running.get(row["mail_id"], ())),
            )
            for row in rows
        )

    async def expect_run(self, mail_id: MailId, at: datetime) -> None:
        """Somebody started a run by hand: the leader follows it closely."""
        async with self._database.writing() as connection:
            await connection.execute(
                update(watches).where(watches.c.mail_id == mail_id).values(expects_run_at=at)
            )
            await note_change(self._database, connection, mail_id)


async def start_watch(database: Database, connection: AsyncConnection, mail_id: MailId) -> bool:
    """Watch a mail. Returns whether that is new: then its baseline is still to be taken."""
    blank = {"mail_id": mail_id, "is_watched": False, "has_baseline": False, "change_no": 0}
    await connection.execute(insert_if_absent(database, watches, blank))
    began = await connection.execute(
        update(watches)
        .where(watches.c.mail_id == mail_id, ~watches.c.is_watched)
        .values(is_watched=True, has_baseline=False, denied_at=None)
    )
    await note_change(database, connection, mail_id)
    return bool(began.rowcount)


async def drop_watch(database: Database, connection: AsyncConnection, mail_id: MailId) -> None:
    await connection.execute(update(watches).where(watches.c.mail_id == mail_id).values(is_watched=False))
    await note_change(database, connection, mail_id)


async def note_change(database: Database, connection: AsyncConnection, mail_id: MailId) -> None:
    """Give the watch the next number."""
    change_no = await next_number(database, connection, _CHANGES)
    await connection.execute(update(watches).where(watches.c.mail_id == mail_id).values(change_no=change_no))


async def record_baseline(
    database: Database, connection: AsyncConnection, mail_id: MailId, answer: StatusAnswer, now: datetime
) -> None:
    """What was so before anybody subscribed is no news, also of runs that somebody had looked at earlier."""
    for run in answer.runs:
        past = await known_run(connection, run)
        await write_run(
            database, connection, run, past, now=now, request_id=answer.request_id, is_baseline=True
        )
    await connection.execute(update(watches).where(watches.c.mail_id == mail_id).values(has_baseline=True))


async def _dues(connection: AsyncConnection, ids: list[str]) -> dict[str, set[str]]:
    dues: dict[str, set[str]] = {}
    for chunk in chunks(ids):
        found = await connection.execute(
            select(subscriptions.c.mail_id, subscriptions.c.due).where(
                subscriptions.c.mail_id.in_(chunk), subscriptions.c.due.is_not(None)
            )
        )
        for mail_id, due in found:
            dues.setdefault(mail_id, set()).add(due)
    return dues


async def _subscribed_at(connection: AsyncConnection, ids: list[str]) -> dict[str, datetime]:
    """When the first of the channels subscribed."""
    first = func.min(subscriptions.c.created_at, type_=subscriptions.c.created_at.type)
    times: dict[str, datetime] = {}
    for chunk in chunks(ids):
        found = await connection.execute(
            select(subscriptions.c.mail_id, first)
            .where(subscriptions.c.mail_id.in_(chunk))
            .group_by(subscriptions.c.mail_id)
        )
        times.update((mail_id, at) for mail_id, at in found)
    return times
