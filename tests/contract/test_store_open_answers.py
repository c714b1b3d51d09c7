"""The store over both databases: who waits for an answer is answered by exactly one process if another dies."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bot.domain import OpenAnswer
from tests.support.sample_values import at

if TYPE_CHECKING:
    from bot.store.store import Store

pytest_plugins = ["tests.support.store_fixtures"]


def waits(answer_id: str, *, owner: str = "first") -> OpenAnswer:
    url = f"https://hooks.slack.com/commands/{answer_id}"
    return OpenAnswer(answer_id=answer_id, owner=owner, response_url=url, replaces=True, alive_at=at(1))


async def test_what_a_dead_process_left_is_taken_once(store: Store) -> None:
    """However many look for it at the same time."""
    await store.open_answers.add(waits("a"))
    takers = [store.open_answers.take_abandoned(owner=f"{each}", before=at(2)) for each in range(3)]
    taken = [row for rows in await asyncio.gather(*takers) for row in rows]
    assert taken == [waits("a")]


async def test_what_is_answered_or_alive_or_its_own_is_not_taken(store: Store) -> None:
    for answer in (waits("answered"), waits("alive", owner="second"), waits("own", owner="third")):
        await store.open_answers.add(answer)
    await store.open_answers.close("answered")
    await store.open_answers.keep_alive("second", at(3))
    assert await store.open_answers.take_abandoned(owner="third", before=at(2)) == ()
