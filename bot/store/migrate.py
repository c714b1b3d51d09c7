"""Brings a database's schema to this version: the migrations, one after the other, in one transaction."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import text
from sqlalchemy.engine import Connection

from bot.domain import StoreError

_UPGRADE_LOCK = 7_218_865  # any number, the same in every replica


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Replicas that start together queue for one lock: the first upgrades, the others find it done."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
    try:
        command.upgrade(config_for(connection), revision)
    except CommandError as error:
        if "Can't locate revision" in str(error):
            raise StoreError(
                "DATABASE_URL: this database was made by a newer version of the bot; upgrade the bot."
            ) from error
        raise


def config_for(connection: Connection) -> Config:
    """Alembic without its file: the scripts lie beside this module, the connection is ours."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
