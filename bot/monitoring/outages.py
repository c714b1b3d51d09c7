"""Keeps account of an outage of Quick BI: writes down what is judged of it, in the order in which it was judged."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING
from uuid import uuid4

from bot.aio import until_stored
from bot.domain import NotifyReason
from bot.domain.outage_rules import cause_of, judge_failure, judge_success

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bot.domain import ChannelId, Outage, QuickBIError
    from bot.domain.outage_rules import OutageDecision
    from bot.domain.repositories import OutageRepository

_log = logging.getLogger(__name__)


class OutageMonitor:
    """`noted` hears at once since when Quick BI is out of reach, as far as it was told; None where it is not.

    `news` is called after something was written that the operators may be owed. Whatever writes raises
    LeaseLost where another replica leads.
    """

    def __init__(
        self,
        book: OutageRepository,
        *,
        operator_channel: ChannelId | None,
        noted: Callable[[datetime | None], None],
        news: Callable[[], None],
    ) -> None:
        self._book = book
        self._operator_channel = operator_channel
        self._noted = noted
        self._news = news
        self._writing = asyncio.Lock()
        self._current: Outage | None = None

    @property
    def current(self) -> Outage | None:
        """The one that is not over: also one too short to speak of."""
        return self._current

    async def begin_term(self) -> None:
        """Take over what the leader before knew."""
        self._now_is(await until_stored(self._book.current))

    async def no_answer(self, error: QuickBIError, *, now: datetime, term: int) -> None:
        """Quick BI gave no answer, for a reason that is not one mail's."""
        verdict = judge_failure(self._current, cause=cause_of(error), now=now, new_id=uuid4().hex)
        is_known = self._current is not None and verdict.reason is NotifyReason.AS_BEFORE
        self._now_is(verdict.outage)
        if not is_known:
            await self._write(verdict, now, term)

    async def answered(self, *, now: datetime, term: int) -> None:
        """Quick BI can be asked, be it that it refuses to tell about one mail."""
        if self._current is None:
            return
        verdict = judge_success(self._current, now=now)
        self._now_is(None)
        await self._write(verdict, now, term)

    def _now_is(self, outage: Outage | None) -> None:
        self._current = outage
        self._noted(None if outage is None or outage.told_at is None else outage.began_at)

    async def _write(self, verdict: OutageDecision, now: datetime, term: int) -> None:
        """One after the other: where the database refuses for a while, no end may be written before its beginning."""
        if verdict.reason is not NotifyReason.AS_BEFORE and verdict.outage is not None:
            _log.warning(verdict.reason.value, extra={"cause": verdict.outage.cause})
        async with self._writing:
            await until_stored(
                lambda: self._book.keep(verdict, now=now, operator_channel=self._operator_channel, term=term)
            )
        self._news()
