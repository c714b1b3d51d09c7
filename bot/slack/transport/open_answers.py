"""Answers people whose command was not finished because its process died.

Whatever takes longer than a moment is stored until it is answered; a process that finds such a row of another one
that is no longer alive tells the person to ask again. A response URL works for 30 minutes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

import aiohttp

from bot.domain import OpenAnswer, StoreError
from bot.domain.repositories import OpenAnswers
from bot.slack.payloads import Clicked, Incoming
from bot.slack.transport.responders import Responder
from bot.slack.views import errors as failures

ALIVE_EVERY = 15.0  # seconds
DEAD_AFTER = timedelta(seconds=60)  # without a sign of life; clocks of replicas differ by seconds
_WORKS_FOR = timedelta(minutes=30)
_log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class AnswerKeeper:
    """`is_alone`: no other process can use the database, so every row at the start is abandoned."""

    rows: OpenAnswers
    session: aiohttp.ClientSession
    is_alone: bool
    now: Callable[[], datetime]
    owner: str = field(default_factory=lambda: uuid4().hex, init=False)
    _answered: set[str] = field(default_factory=set, init=False)  # but still stored: the database was away

    async def hold(self, incoming: Incoming, answered: asyncio.Event) -> None:
        """Store that this person waits, until `answered`. A database that does not answer keeps nobody waiting."""
        row = OpenAnswer(
            answer_id=uuid4().hex,
            owner=self.owner,
            response_url=incoming.response_url,
            replaces=not isinstance(incoming, Clicked) or incoming.ephemeral,
            alive_at=self.now(),
        )
        try:
            await self.rows.add(row)
            await answered.wait()
            self._answered.add(row.answer_id)
            await self._close(row.answer_id)
        except StoreError as error:
            _log.warning("open_answer_not_stored", extra={"error": str(error)})

    async def run(self) -> None:
        """Show that this process is alive, and answer for those that are not."""
        dead_after = timedelta(0) if self.is_alone else DEAD_AFTER
        while True:
            try:
                for answer_id in tuple(self._answered):
                    await self._close(answer_id)
                await self.rows.keep_alive(self.owner, self.now())
                for row in await self.rows.take_abandoned(owner=self.owner, before=self.now() - dead_after):
                    await self._apologise(row)
            except StoreError as error:
                _log.warning("open_answers_not_read", extra={"error": str(error)})
            await asyncio.sleep(ALIVE_EVERY)

    async def _close(self, answer_id: str) -> None:
        await self.rows.close(answer_id)
        self._answered.discard(answer_id)

    async def _apologise(self, row: OpenAnswer) -> None:
        if self.now() - row.alive_at < _WORKS_FOR:
            told = await Responder(row.response_url, self.session).send(
                failures.interrupted(), replace=row.replaces
            )
            _log.info("unfinished_command_answered", extra={"told": told})
