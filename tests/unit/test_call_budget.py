"""Call slots while the row of the account cannot be written."""

from __future__ import annotations

import pytest

from bot.domain import StoreError
from bot.quickbi.call_budget import CallBudget, FallbackSlots, LocalSlots


class Row(LocalSlots):
    """The account's row. `is_away` is a database that refuses."""

    is_away = False

    async def reserve_call(self, *, interval: float) -> float:
        self._refuse()
        return await super().reserve_call(interval=interval)

    async def take_call_if_free(self, *, interval: float) -> float:
        self._refuse()
        return await super().take_call_if_free(interval=interval)

    async def hold_calls(self, seconds: float) -> None:
        self._refuse()
        await super().hold_calls(seconds)

    def _refuse(self) -> None:
        if self.is_away:
            raise StoreError("away")


async def test_alone_it_goes_on_by_its_own_clock() -> None:
    """At the same pace, and a hold counts there, too."""
    row = Row()
    slots = FallbackSlots(row)
    assert await slots.reserve_call(interval=60.0) == 0.0
    row.is_away = True
    assert await slots.take_call_if_free(interval=60.0) == 0.0
    assert 59.0 < await slots.take_call_if_free(interval=60.0) <= 60.0
    assert 59.0 < await slots.reserve_call(interval=60.0) <= 60.0
    await slots.hold_calls(500.0)
    assert 499.0 < await slots.reserve_call(interval=60.0) <= 500.0
    row.is_away = False
    assert 59.0 < await slots.reserve_call(interval=60.0) <= 60.0


async def test_one_of_several_replicas_gets_no_call_without_the_row() -> None:
    """It cannot know what the others do, so the account's limit would be exceeded."""
    row = Row()
    budget = CallBudget(row, calls_per_second=1.0)
    row.is_away = True
    for ask in (budget.reserve_for_person, budget.take_for_poller):
        with pytest.raises(StoreError):
            await ask()
