"""Who waits for an answer that a process still owes, so that its death leaves nobody waiting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, update

from bot.domain import OpenAnswer
from bot.store.database import Database
from bot.store.rows import columns_of, value_from
from bot.store.tables import open_answers


@dataclass(slots=True)
class OpenAnswers:
    _database: Database

    async def add(self, answer: OpenAnswer) -> None:
        async with self._database.writing() as connection:
            await connection.execute(insert(open_answers).values(columns_of(answer)))

    async def keep_alive(self, owner: str, now: datetime) -> None:
        async with self._database.writing() as connection:
            await connection.execute(
                update(open_answers).where(open_answers.c.owner == owner).values(alive_at=now)
            )

    async def close(self, answer_id: str) -> None:
        async with self._database.writing() as connection:
            await connection.execute(delete(open_answers).where(open_answers.c.answer_id == answer_id))

    async def take_abandoned(self, *, owner: str, before: datetime) -> tuple[OpenAnswer, ...]:
        """Remove and return those whose owner, another than this, was last alive before then."""
        abandoned = delete(open_answers).where(
            open_answers.c.owner != owner, open_answers.c.alive_at < before
        )
        async with self._database.writing() as connection:
            found = await connection.execute(abandoned.returning(open_answers))
            return tuple(value_from(OpenAnswer, row) for row in found.mappings())
