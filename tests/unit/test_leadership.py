"""Who leads, and for how long it believes so: the lease is a hand-written row, the duties record their terms."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from bot.app.leadership import TTL, Leadership
from bot.domain import Lease, LeaseLost, StoreError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Row:
    """The lease's row. `taken_by_another` ends our term; `away` is a database that refuses."""

    def __init__(self) -> None:
        self.term = 0
        self.is_free = True
        self.taken_by_another = False
        self.away = False
        self.renewals = 0
        self.released: list[int] = []

    async def acquire(self, holder: str, ttl: timedelta) -> Lease | None:
        if self.away:
            raise StoreError("away")
        if not self.is_free:
            return None
        self.term += 1
        return Lease(holder=holder, term=self.term, expires_at=datetime.now(UTC) + ttl)

    async def renew(self, held: Lease, ttl: timedelta) -> Lease:  # noqa: ARG002 (the protocol's)
        self.renewals += 1
        if self.away:
            raise StoreError("away")
        if self.taken_by_another:
            raise LeaseLost("another replica leads")
        return held

    async def release(self, held: Lease) -> None:
        self.released.append(held.term)


class Duty:
    """Endless, as the leader's are. `fails` ends its next turn in that way."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.ended: list[int] = []
        self.begins = asyncio.Event()
        self.fails: Exception | None = None

    async def lead(self, term: int) -> None:
        self.begun.append(term)
        self.begins.set()
        try:
            while self.fails is None:  # noqa: ASYNC110 (endless, as the leader's duties are)
                await asyncio.sleep(0.005)
            failure, self.fails = self.fails, None
            raise failure
        finally:
            self.ended.append(term)

    async def until_begun(self, times: int) -> None:
        async with asyncio.timeout(20):
            while len(self.begun) < times:
                self.begins.clear()
                await self.begins.wait()


@pytest.fixture
def row() -> Row:
    return Row()


@pytest.fixture
def duties() -> tuple[Duty, Duty]:
    return Duty(), Duty()


@pytest.fixture
async def leadership(row: Row, duties: tuple[Duty, Duty]) -> AsyncIterator[Leadership]:
    """At work until the test is over."""
    leadership = Leadership(row, holder="me", duties=[each.lead for each in duties])
    running = asyncio.create_task(leadership.run())
    yield leadership
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_the_duties_are_run_with_the_term(leadership: Leadership, duties: tuple[Duty, Duty]) -> None:
    for duty in duties:
        await duty.until_begun(1)
    assert leadership.is_leader
    assert [duty.begun for duty in duties] == [[1], [1]]


@pytest.mark.parametrize("is_alone", [False, True])
async def test_who_stood_still_for_longer_than_the_lease_is_no_longer_sure(
    row: Row, duties: tuple[Duty, Duty], *, is_alone: bool
) -> None:
    """Not even before the duties are stopped. Who has the database alone is sure all the same."""
    stood_still: list[float] = []
    leadership = Leadership(
        row,
        holder="me",
        duties=[each.lead for each in duties],
        is_alone=is_alone,
        clock=lambda: monotonic() + sum(stood_still),
    )
    before = leadership.is_sure
    running = asyncio.create_task(leadership.run())
    await duties[0].until_begun(1)
    leading = leadership.is_sure
    stood_still.append(TTL.total_seconds())
    after = leadership.is_sure
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert (before, leading, after, leadership.is_sure) == (False, True, is_alone, False)


async def test_who_stops_lets_the_next_one_begin_at_once(row: Row, duties: tuple[Duty, Duty]) -> None:
    """The duties have come to their end by then."""
    leadership = Leadership(row, holder="me", duties=[each.lead for each in duties])
    running = asyncio.create_task(leadership.run())
    await duties[0].until_begun(1)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert row.released == [1]
    assert [duty.ended for duty in duties] == [[1], [1]]
    assert not leadership.is_leader


async def test_a_duty_that_finds_the_lease_gone_ends_the_others_too(
    leadership: Leadership, duties: tuple[Duty, Duty]
) -> None:
    """Whoever leads then, this replica tries again, and gets a new term if it can."""
    first, second = duties
    await second.until_begun(1)
    first.fails = LeaseLost("another replica leads")
    await second.until_begun(2)
    assert (second.ended, second.begun) == ([1], [1, 2])
    assert leadership.is_leader


async def test_who_does_not_get_it_tries_again(
    row: Row, leadership: Leadership, duties: tuple[Duty, Duty]
) -> None:
    await duties[0].until_begun(1)
    row.is_free = False
    duties[0].fails = LeaseLost("another replica leads")
    async with asyncio.timeout(5):
        while leadership.is_leader:  # noqa: ASYNC110 (a property tells nobody)
            await asyncio.sleep(0.01)
    row.is_free = True
    await duties[0].until_begun(2)
    assert row.term == 2


async def test_a_database_that_refuses_is_asked_again(row: Row) -> None:
    row.away = True
    duty = Duty()
    leadership = Leadership(row, holder="me", duties=[duty.lead])
    running = asyncio.create_task(leadership.run())
    try:
        await asyncio.sleep(0.1)
        assert not leadership.is_leader
        row.away = False
        await duty.until_begun(1)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


@pytest.mark.parametrize("is_alone", [False, True], ids=["others may lead", "alone on its file"])
async def test_a_lease_that_cannot_be_renewed_ends_only_where_another_may_lead(
    row: Row, *, is_alone: bool
) -> None:
    """It is trusted for 6 seconds. Alone, it is kept, and with it every answer that waits to be written."""
    duty, passed = Duty(), [0.0]
    leadership = Leadership(
        row, holder="me", duties=[duty.lead], is_alone=is_alone, clock=lambda: monotonic() + sum(passed)
    )
    running = asyncio.create_task(leadership.run())
    try:
        await duty.until_begun(1)
        row.away = True
        passed.append(3.0)  # the first renewal after 2 seconds finds some trust left, those behind it none
        async with asyncio.timeout(20):
            while row.renewals < 2 or (leadership.is_leader and not is_alone):  # noqa: ASYNC110 (counters)
                await asyncio.sleep(0.05)
        assert leadership.is_leader is is_alone
        assert duty.ended == ([] if is_alone else [1])
        assert row.renewals > 1
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
