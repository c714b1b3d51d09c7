"""The time that replicas share: PostgreSQL's. Of SQLite there is one process, and its own time is right."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import select

from bot.domain import StoreError
from bot.domain.clock import uptime
from bot.store.database import Database
from bot.store.tables import from_micros, to_micros

_EVERY = 60.0  # seconds between two readings
_log = logging.getLogger(__name__)


class SharedClock:
    """What one replica stores (until when a method is held, from when on a message can be looked for, until when a
    snooze lasts) another compares with its own time. `synchronise` before use; `wall` is this machine's clock.
    """

    def __init__(
        self, database: Database, *, wall: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database = database
        self._wall = wall
        self._offset: float | None = None  # microseconds between `uptime` and the database's clock

    def now(self) -> datetime:
        if self._offset is None:
            return self._wall()
        return from_micros(round(self._offset + uptime() * 1_000_000))

    async def synchronise(self) -> None:
        """Read the database's clock. Raises StoreError."""
        if self._database.is_exclusive:
            return
        async with self._database.reading() as connection:
            begun = uptime()
            micros = (await connection.execute(select(self._database.clock()))).scalar_one()
            midway = (begun + uptime()) / 2
        self._offset = micros - midway * 1_000_000

    async def run(self) -> None:
        """Follow the database's clock, for ever."""
        while True:
            await asyncio.sleep(_EVERY)
            before = self.now()
            try:
                await self.synchronise()
            except StoreError as error:
                _log.warning("clock_not_read", extra={"error": str(error)})
                continue
            moved = abs(to_micros(self.now()) - to_micros(before)) / 1_000_000
            if moved > 1.0:
                _log.warning("clock_moved", extra={"seconds": round(moved, 3)})
