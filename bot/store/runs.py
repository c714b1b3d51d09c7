"""The runs that were seen, each in its last known state: single steps of larger transactions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain import IncidentId, KnownRun, MailId, RunStatus, TaskRun
from bot.store.rows import insert_if_absent, known_run_from, read_all, read_row
from bot.store.tables import runs

# When a run began: Quick BI's time, or where that could not be read, when it was first seen.
BEGAN = func.coalesce(runs.c.exec_at, runs.c.first_seen_at)
# Written out, not bound: only then do the databases use the partial index.
_IS_OPEN = runs.c.status == literal_column("'PROCESSING'")


async def known_run(connection: AsyncConnection, run: TaskRun) -> KnownRun | None:
    """This run as it was when last seen. Its row is locked: two answers about it are stored one after the other."""
    is_it = (runs.c.mail_id == run.mail_id) & (runs.c.run_key == run.key)
    row = await read_row(connection, select(runs).where(is_it).with_for_update())
    return None if row is None else known_run_from(row)


async def write_run(
    connection: AsyncConnection,
    run: TaskRun,
    past: KnownRun | None,
    *,
    now: datetime,
    request_id: str,
    is_baseline: bool,
    counted_in: IncidentId | None = None,
) -> None:
    """Store the run as it is now; `past` is how it was. A run that is over does not begin again.

    `counted_in` is the incident that counts this failure from now on; it stays so while the run is FAILED.
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
        if await insert_if_absent(connection, runs, key | seen):
            return
        past = await known_run(connection, run)  # another replica stored it meanwhile
    if past is None or (past.run.is_over and not run.is_over):
        return
    if (past.run, past.is_baseline, past.counted_in) != (run, is_baseline, counted_in):
        await connection.execute(
            update(runs)
            .where(runs.c.mail_id == run.mail_id, runs.c.run_key == run.key)
            .values(seen | {"ended_at": past.ended_at or seen["ended_at"]})
        )


async def write_baseline(
    connection: AsyncConnection, seen: Sequence[TaskRun], request_id: str, now: datetime
) -> None:
    """Store runs that are not announced."""
    for run in seen:
        past = await known_run(connection, run)
        await write_run(connection, run, past, now=now, request_id=request_id, is_baseline=True)


async def baseline_began_at(connection: AsyncConnection, mail_id: MailId) -> datetime | None:
    """When the newest run began that is older than the first subscription, by Quick BI's clock."""
    return await newest_exec_at(connection, (runs.c.mail_id == mail_id) & runs.c.is_baseline)


async def newest_exec_at(connection: AsyncConnection, condition: ColumnElement[bool]) -> datetime | None:
    newest = func.max(runs.c.exec_at, type_=runs.c.exec_at.type)
    at: datetime | None = (await connection.execute(select(newest).where(condition))).scalar_one_or_none()
    return at


async def open_runs(connection: AsyncConnection, mail_ids: list[MailId]) -> dict[MailId, list[TaskRun]]:
    """The runs that were in progress when last seen: each is followed to its end, also over a restart."""
    is_open = select(runs).where(runs.c.mail_id.in_(mail_ids), _IS_OPEN)
    running: dict[MailId, list[TaskRun]] = {}
    for run in await read_all(connection, is_open.order_by(runs.c.first_seen_at), TaskRun):
        running.setdefault(run.mail_id, []).append(run)
    return running
