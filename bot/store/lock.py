"""One process for each SQLite file: an operating-system lock beside it, gone with the process however it ends."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from bot.domain import StoreError

if TYPE_CHECKING:
    from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _take(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class FileLock:
    """Held from `take` to `release`. The file stays: removing it would race with the next process."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._descriptor = -1

    def take(self) -> None:
        """Raises StoreError where another process has it."""
        try:
            descriptor = os.open(f"{self._database}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StoreError(f"DATABASE_URL: cannot write beside the file ({error.strerror})") from error
        try:
            _take(descriptor)
        except OSError as error:
            os.close(descriptor)
            raise StoreError(
                "DATABASE_URL: another process is using this SQLite file. "
                "Stop it first, or use PostgreSQL for several replicas."
            ) from error
        self._descriptor = descriptor

    def release(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
