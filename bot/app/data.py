"""`backup`, `export` and `import`: what the database holds, into a file and back."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from bot.app.settings import Settings
from bot.domain import MailBotError
from bot.store import postgres, sqlite
from bot.store.database import opened
from bot.store.transfer import export_to, import_from


async def run_backup(settings: Settings, file: Path) -> int:
    """Copy the database, also while a bot runs on it. Raises MailBotError where no copy was made."""
    address = settings.database_url.get_secret_value()
    if not address.startswith("sqlite"):
        command = postgres.dump_command(address, file)
        raise MailBotError(f"PostgreSQL has a tool of its own for backups: {command}")
    with _written(file) as part:
        sqlite.copy(address, part)
    _say(f"{file} is a copy of the database: set DATABASE_URL to it, and the bot goes on from there")
    return 0


async def run_export(settings: Settings, file: Path | None) -> int:
    """Write JSON lines to the file, or to standard output."""
    async with opened(settings.database_url.get_secret_value(), beside_a_bot=True) as database:
        if file is None:
            count = await export_to(sys.stdout, database)
        else:
            with _written(file) as part, part.open("w", encoding="utf-8") as out:
                count = await export_to(out, database)
    _say(f"exported {count:,} rows")
    return 0


async def run_import(settings: Settings, file: Path) -> int:
    async with opened(settings.database_url.get_secret_value()) as database:
        with _read(file) as lines:
            count = await import_from(lines, database)
    _say(f"imported {count:,} rows")
    return 0


@contextmanager
def _written(file: Path) -> Iterator[Path]:
    """A file beside it, for its owner only, which takes its name once it is whole."""
    if file.exists():
        raise MailBotError(f"{file} is there already: name a new file")
    part = file.with_name(f"{file.name}.part")
    try:
        os.close(os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
        yield part
        part.rename(file)
    except OSError as error:
        raise MailBotError(f"{file} cannot be written ({error.strerror})") from error


@contextmanager
def _read(file: Path) -> Iterator[TextIO]:
    try:
        with file.open(encoding="utf-8") as lines:
            yield lines
    except OSError as error:
        raise MailBotError(f"{file} cannot be read ({error.strerror})") from error


def _say(words: str) -> None:
    print(words, file=sys.stderr)  # noqa: T201 (standard output is the export's)
