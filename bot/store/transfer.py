"""Writes all that a database must not lose as JSON lines, and reads them into an empty one of either kind.

The first line names the schema, the last one counts the rows: what was cut off is not taken for all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, TextIO

from sqlalchemy import MetaData, Table, delete, func, insert, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from bot.domain import StoreError
from bot.store.database import Database
from bot.store.migrate import schema_of
from bot.store.tables import call_slots, counters, lease, metadata, open_answers

LIMIT = 3600.0  # seconds for all of it
_FORMAT = 1
_CHUNK = 500  # rows read or written at once
# Addresses at which people wait for an answer: they are secrets, and void within half an hour.
_LEFT_OUT = frozenset({open_answers.name})
# A database has these rows as soon as a bot or a check has opened it: they are replaced.
_REPLACED = frozenset({counters.name, lease.name, call_slots.name})
_SNAPSHOT = (
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SET LOCAL idle_in_transaction_session_timeout = 0"
)


async def export_to(out: TextIO, database: Database) -> int:
    """Returns how many rows were written: of one moment, also while a bot runs."""
    async with database.reading(limit=LIMIT) as connection:
        if database.dialect == "postgresql":
            await connection.exec_driver_sql(_SNAPSHOT)
        return await connection.run_sync(_write_all, out)


async def import_from(lines: Iterable[str], database: Database) -> int:
    """Returns how many rows were read, all of them or none. Raises StoreError where they do not fit."""
    async with database.writing(limit=LIMIT) as connection:
        return await connection.run_sync(_read_all, lines)


def _write_all(connection: Connection, out: TextIO) -> int:
    count = 0
    _write_line(out, {"format": _FORMAT, "schema": schema_of(connection)})
    for table in _raw_tables(connection):
        found = connection.execute(select(table), execution_options={"yield_per": _CHUNK})
        for row in found.mappings():
            _write_line(out, {"table": table.name, "row": dict(row)})
            count += 1
    _write_line(out, {"rows": count})
    return count


def _write_line(out: TextIO, value: dict[str, Any]) -> None:
    out.write(json.dumps(value, separators=(",", ":")) + "\n")


def _raw_tables(connection: Connection) -> list[Table]:
    """Those that are moved, parents first, with the databases' own types: numbers, words, true and false."""
    found = MetaData()
    found.reflect(connection, only=[name for name in metadata.tables if name not in _LEFT_OUT])
    return found.sorted_tables


def _read_all(connection: Connection, lines: Iterable[str]) -> int:
    records = _records(lines)
    _refuse_others(next(records, {}), schema_of(connection))
    tables = {table.name: table for table in _raw_tables(connection)}
    _make_way(connection, tables.values())
    count, expected = 0, None
    for name, group in groupby(records, key=itemgetter("table")):
        if name is None:
            expected = next(group)["rows"]
            break
        try:
            count += _insert(connection, tables[name], group)
        except (SQLAlchemyError, KeyError) as error:
            raise StoreError(f"the export has {name} that do not fit. Nothing was imported.") from error
    if count != expected:
        raise StoreError(f"the export is not whole: it ends after {count:,} rows. Nothing was imported.")
    _go_on_counting(connection)
    return count


def _records(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Of a line without a table `table` is None."""
    for number, line in enumerate(lines, start=1):
        try:
            yield {"table": None} | json.loads(line)
        except (ValueError, TypeError) as error:
            raise StoreError(f"line {number} is not of an export. Nothing was imported.") from error


def _refuse_others(header: dict[str, Any], schema: str) -> None:
    if header.get("format") != _FORMAT or "schema" not in header:
        raise StoreError(
            "this is not an export of this bot, or of a version that writes them in another way."
        )
    if header["schema"] != schema:
        raise StoreError(
            f"the export has schema {header['schema']}, this version of the bot {schema}: "
            "import it with the version that wrote it, then upgrade."
        )


def _make_way(connection: Connection, tables: Iterable[Table]) -> None:
    for table in tables:
        if table.name in _REPLACED:
            connection.execute(delete(table))
        elif connection.execute(select(table).limit(1)).first() is not None:
            raise StoreError(
                f"DATABASE_URL: the database is not empty: it has {table.name}. Nothing was imported."
            )


def _insert(connection: Connection, table: Table, records: Iterator[dict[str, Any]]) -> int:
    count = 0
    while chunk := [record["row"] for record in islice(records, _CHUNK)]:
        connection.execute(insert(table), chunk)
        count += len(chunk)
    return count


def _go_on_counting(connection: Connection) -> None:
    """PostgreSQL does not see which numbers were inserted; SQLite does."""
    numbered = [
        column for table in metadata.tables.values() if (column := table.autoincrement_column) is not None
    ]
    for column in numbered if connection.dialect.name == "postgresql" else ():
        highest = connection.execute(select(func.max(column))).scalar_one()
        sequence = text("SELECT setval(pg_get_serial_sequence(:table, :column), :highest)")
        names = {"table": column.table.name, "column": column.name, "highest": highest}
        connection.execute(sequence, names)
