"""Rows of the tables -> values of the domain, and back. The columns' types convert each field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from bot.domain import KnownRun, TaskRun

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from sqlalchemy import Executable, Table
    from sqlalchemy.engine import RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection

_T = TypeVar("_T", bound="DataclassInstance")


def value_from(kind: type[_T], row: RowMapping, table: Table | None = None) -> _T:
    """Build a dataclass from the columns (of this table, where several were joined) named like its fields."""
    if table is None:
        return kind(**{name: row[name] for name in kind.__dataclass_fields__})
    return kind(**{name: row[table.c[name]] for name in kind.__dataclass_fields__})


def columns_of(value: DataclassInstance) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def known_run_from(row: RowMapping) -> KnownRun:
    return KnownRun(
        run=value_from(TaskRun, row),
        first_seen_at=row["first_seen_at"],
        is_baseline=row["is_baseline"],
        counted_in=row["counted_in"],
        ended_at=row["ended_at"],
    )


async def read_row(connection: AsyncConnection, statement: Executable) -> RowMapping | None:
    """The only row, if there is one."""
    return (await connection.execute(statement)).mappings().one_or_none()


async def read_one(connection: AsyncConnection, statement: Executable, kind: type[_T]) -> _T | None:
    row = await read_row(connection, statement)
    return None if row is None else value_from(kind, row)


async def read_all(connection: AsyncConnection, statement: Executable, kind: type[_T]) -> tuple[_T, ...]:
    found = await connection.execute(statement)
    return tuple(value_from(kind, row) for row in found.mappings())


async def upsert(
    connection: AsyncConnection, table: Table, values: dict[str, Any] | list[dict[str, Any]]
) -> None:
    """Insert the row (or rows of the same columns), or set these values where its key is taken."""
    rows = values if isinstance(values, list) else [values]
    if not rows:
        return
    statement = _insert(connection, table)
    keys = {column.name for column in table.primary_key}
    new = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    await connection.execute(statement.on_conflict_do_update(index_elements=sorted(keys), set_=new), rows)


async def insert_if_absent(connection: AsyncConnection, table: Table, values: dict[str, Any]) -> bool:
    """Insert the row unless a key of it is taken. Returns whether it was inserted."""
    statement = _insert(connection, table).values(values).on_conflict_do_nothing()
    return bool((await connection.execute(statement)).rowcount)


async def insert_all_absent(connection: AsyncConnection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Insert those of these rows whose keys are free."""
    if rows:
        await connection.execute(_insert(connection, table).on_conflict_do_nothing(), rows)


def _insert(connection: AsyncConnection, table: Table) -> Any:
    return (postgres_insert if connection.dialect.name == "postgresql" else sqlite_insert)(table)
