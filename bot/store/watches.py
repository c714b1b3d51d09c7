"""The watched mails: one row each, with what the schedule learned. The leader reads only what changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain import DueTime, MailId, StatusAnswer, Watch
from bot.store.change_counter import next_number
from bot.store.database import Database
from bot.store.rows import insert_all_absent, insert_if_absent
from bot.store.runs import open_runs, write_baseline
from bot.store.tables import mails, subscriptions, watches

MOST_CHANGES = 500  # read at once: databases limit how many values one statement may carry
_CHANGES = "watches"
_BEGUN = {"is_watched": True, "has_baseline": False, "denied_at": None, "looked_at": None}


@dataclass(slots=True)
class Watches:
    _database: Database

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
            unseen = [row["mail_id"] for row in rows if row["looked_at"] is None]
            running = await open_runs(connection, ids)
            subscribed = await connection.execute(
                select(subscriptions.c.mail_id, subscriptions.c.due, subscriptions.c.created_at)
                .where(
                    subscriptions.c.mail_id.in_(ids),
                    or_(subscriptions.c.due.is_not(None), subscriptions.c.mail_id.in_(unseen)),
                )
                .order_by(subscriptions.c.created_at.desc())
            )
            dues: defaultdict[MailId, set[DueTime]] = defaultdict(set)
            subscribed_at: dict[MailId, datetime] = {}
            for mail_id, due, created_at in subscribed:
                subscribed_at[mail_id] = created_at
                if due is not None:
                    dues[mail_id].add(due)
        return tuple(
            Watch(
                mail_id=row["mail_id"],
                is_watched=row["is_watched"],
                memory=row["memory"],
                dues=frozenset(dues.get(row["mail_id"], ())),
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
            await note_change(connection, mail_id)


async def start_watch(connection: AsyncConnection, mail_id: MailId) -> bool:
    """Watch a mail. Returns whether that is new: then its baseline is still to be taken."""
    await insert_if_absent(connection, watches, _blank(mail_id))
    began = await connection.execute(
        update(watches).where(watches.c.mail_id == mail_id, ~watches.c.is_watched).values(_BEGUN)
    )
    await note_change(connection, mail_id)
    return bool(began.rowcount)


async def start_watches(connection: AsyncConnection, mail_ids: Sequence[MailId]) -> None:
    """Watch many mails, at no more than a few statements. Their baseline is still to be taken."""
    if not mail_ids:
        return
    await insert_all_absent(connection, watches, [_blank(mail_id) for mail_id in mail_ids])
    await connection.execute(
        update(watches).where(watches.c.mail_id.in_(mail_ids), ~watches.c.is_watched).values(_BEGUN)
    )
    last = await next_number(connection, _CHANGES, count=len(mail_ids))
    is_it = watches.c.mail_id == bindparam("id")
    await connection.execute(
        update(watches).where(is_it).values(change_no=bindparam("number")),
        [{"id": mail_id, "number": last - back} for back, mail_id in enumerate(mail_ids)],
    )


def _blank(mail_id: MailId) -> dict[str, Any]:
    return {"mail_id": mail_id, "is_watched": False, "has_baseline": False, "change_no": 0}


async def drop_watch(connection: AsyncConnection, mail_id: MailId, now: datetime) -> None:
    """`looked_at` becomes the time from which on the row is only history."""
    values = {"is_watched": False, "looked_at": now}
    await connection.execute(update(watches).where(watches.c.mail_id == mail_id).values(values))
    await note_change(connection, mail_id)


async def note_change(connection: AsyncConnection, mail_id: MailId) -> None:
    """Give the watch the next number: the leader, on whichever replica, reads it again."""
    change_no = await next_number(connection, _CHANGES)
    await connection.execute(update(watches).where(watches.c.mail_id == mail_id).values(change_no=change_no))


async def record_baseline(
    connection: AsyncConnection, mail_id: MailId, answer: StatusAnswer, now: datetime
) -> None:
    """Store these runs as older than the first subscription, also where somebody had looked at them before."""
    await write_baseline(connection, answer.runs, answer.request_id, now)
    await connection.execute(update(watches).where(watches.c.mail_id == mail_id).values(has_baseline=True))
