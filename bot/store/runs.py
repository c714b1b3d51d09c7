"""The runs that were seen, each in the state in which it was last seen: single steps of larger transactions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, literal_column, select, update

from bot.domain import RunStatus
from bot.store.database import insert_if_absent
from bot.store.rows import known_run_from, run_from
from bot.store.tables import runs

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from bot.domain import IncidentId, KnownRun, MailId, TaskRun
    from bot.store.database import Database

_CHUNK = 500
# When a run began, as well as it is known: Quick BI's time, or where that could not be read the first sight of it.
BEGAN = func.coalesce(runs.c.exec_at, runs.c.first_seen_at)
# Written out, not bound: only so do the databases see that the partial index answers it.
_IS_OPEN = runs.c.status == literal_column("'PROCESSING'")


async def known_run(connection: AsyncConnection, run: TaskRun) -> KnownRun | None:
    """This run as it was when last seen. Its row is held: two looks at it are written one after the other."""
    found = await connection.execute(
        select(runs).where(runs.c.mail_id == run.mail_id, runs.c.run_key == run.key).with_for_update()
    )
    row = found.mappings().one_or_none()
    return None if row is None else known_run_from(row)


async def write_run(
    database: Database,
    connection: AsyncConnection,
    run: TaskRun,
    past: KnownRun | None,
    *,
    now: datetime,
    request_id: str,
    is_baseline: bool,
    counted_in: IncidentId | None = None,
) -> None:
    """Write the run as it is now seen; `past` is how it was. A run that is over does not begin again.

    `counted_in` is for a failure that an incident takes up now; it stays counted while it is FAILED.
    """
    if past is not None and run.status is RunStatus.FAILED:
        counted_in = counted_in or past.counted_in
    seen = {
        "status": run.status,
        "status_word": run.status_word,
        "exec_at": run.exec_at,
        "request_id": request_id,
        "ended_at": now if run.is_over else None,
        "is_baseline": is_baseline,
        "counted_in": counted_in,
    }
    if past is None:
        key = {"mail_id": run.mail_id, "run_key": run.key, "task_id": run.task_id, "first_seen_at": now}
        added = await connection.execute(insert_if_absent(database, runs, key | seen))
        if added.rowcount:
            return
        past = await known_run(connection, run)  # another replica saw it at the same moment
    if past is None or (past.run.is_over and not run.is_over):
        return
    if (past.run, past.is_baseline, past.counted_in) != (run, is_baseline, counted_in):
        await connection.execute(
            update(runs)
            .where(runs.c.mail_id == run.mail_id, runs.c.run_key == run.key)
            .values(seen | {"ended_at": past.ended_at or seen["ended_at"]})
        )


async def baseline_began_at(connection: AsyncConnection, mail_id: MailId) -> datetime | None:
    """When the newest run began that was there before anyone subscribed, by Quick BI's clock."""
    found = await connection.execute(
        select(func.max(runs.c.exec_at, type_=runs.c.exec_at.type)).where(
            runs.c.mail_id == mail_id, runs.c.is_baseline
        )
    )
    newest: datetime | None = found.scalar_one_or_none()
    return newest


async def open_runs(connection: AsyncConnection, mail_ids: list[str]) -> dict[str, list[TaskRun]]:
    """The runs that were in progress when last seen: they are followed to their end, also over a restart."""
    running: dict[str, list[TaskRun]] = {}
    for chunk in chunks(mail_ids):
        found = await connection.execute(
            select(runs).where(runs.c.mail_id.in_(chunk), _IS_OPEN).order_by(runs.c.first_seen_at)
        )
        for row in found.mappings():
            running.setdefault(row["mail_id"], []).append(run_from(row))
    return running


def chunks(ids: list[str]) -> Iterable[list[str]]:
    """Databases limit how many values one statement may carry."""
    return (ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK))
