"""An outage is written down in the order in which it was judged, and each term begins with what is known."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.domain import Outage, QuickBIUnavailable, StoreError
from bot.monitoring.outages import OutageMonitor

if TYPE_CHECKING:
    from bot.domain import ChannelId
    from bot.domain.outage_rules import OutageDecision

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DOWN = QuickBIUnavailable(outcome_unknown=False)


class Book:
    """Refuses the first `refusals` writes."""

    def __init__(self, *, refusals: int = 0, current: Outage | None = None) -> None:
        self.refusals = refusals
        self.known = current
        self.kept: list[Outage] = []

    async def current(self) -> Outage | None:
        return self.known

    async def keep(
        self, verdict: OutageDecision, *, now: datetime, operator_channel: ChannelId | None, term: int
    ) -> None:
        del now, operator_channel, term
        if self.refusals:
            self.refusals -= 1
            raise StoreError("busy")
        if verdict.outage is not None:
            self.kept.append(verdict.outage)


def keeper(book: Book) -> tuple[OutageMonitor, list[datetime | None]]:
    noted: list[datetime | None] = []
    return OutageMonitor(
        repository=book, operator_channel=None, on_changed=noted.append, on_pending=lambda: None
    ), noted


async def test_an_end_is_written_behind_its_beginning() -> None:
    """The database refuses the beginning once; meanwhile Quick BI answers. An outage left open would never end."""
    book = Book(refusals=1)
    outages, _ = keeper(book)
    await asyncio.gather(
        outages.no_answer(DOWN, now=NOON, term=1),
        outages.answered(now=NOON + timedelta(seconds=1), term=1),
    )
    assert [each.ended_at is not None for each in book.kept] == [False, True]
    assert outages.current is None


async def test_a_term_begins_with_what_others_wrote() -> None:
    """This replica led during an outage; another led as it ended. It is not out of reach for ever."""
    book = Book(current=Outage(outage_id="o", began_at=NOON, cause="down", told_at=NOON))
    outages, noted = keeper(book)
    await outages.begin_term()
    assert (noted, outages.current) == ([NOON], book.known)
    book.known = None
    await outages.begin_term()
    assert (noted[-1], outages.current) == (None, None)


async def test_what_is_known_is_written_once() -> None:
    """Nor is anything written while Quick BI answers."""
    book = Book()
    outages, _ = keeper(book)
    await outages.answered(now=NOON, term=1)
    for seconds in (0, 30, 60):
        await outages.no_answer(DOWN, now=NOON + timedelta(seconds=seconds), term=1)
    assert len(book.kept) == 1
