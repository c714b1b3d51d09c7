"""Brings a database's schema to this version: the migrations, one after the other, in one transaction."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import Connection

from bot.domain import NewerDatabase

_UPGRADE_LOCK = 7_218_865  # any number, the same in every replica


def schema_of(connection: Connection) -> str:
    """The database's version, "" where it has no table of ours. Raises NewerDatabase."""
    found = MigrationContext.configure(connection).get_current_revision() or ""
    known = {each.revision for each in ScriptDirectory.from_config(config_for(connection)).walk_revisions()}
    if found and found not in known:
        raise NewerDatabase(
            f"DATABASE_URL: a newer version of the bot has upgraded this database (schema {found}). "
            "Install that version again, or restore the backup from before the upgrade."
        )
    return found


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Replicas that start together queue for one lock: the first upgrades, the others find it done.

    Raises NewerDatabase.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
    schema_of(connection)
    command.upgrade(config_for(connection), revision)


def config_for(connection: Connection) -> Config:
    """Alembic without its file: the scripts lie beside this module, the connection is ours."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
