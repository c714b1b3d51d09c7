"""Taking over what is watched: page by page, and never for long at a stretch."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from time import sleep

from bot.domain import MailId, Watch
from bot.monitoring.schedule import Schedule
from bot.monitoring.watchlist import Watchlist

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
PAGE = 50


class Pages:
    """A store's watches, of which it tells so many at a time."""

    def __init__(self, count: int) -> None:
        self._watches = [
            Watch(
                mail_id=MailId(f"mail{number}"),
                is_watched=True,
                memory=None,
                dues=frozenset(),
                is_paused=False,
                expects_run_at=None,
                change_no=number,
            )
            for number in range(1, count + 1)
        ]

    async def changed_since(self, change_no: int) -> tuple[Watch, ...]:
        return tuple(self._watches[change_no : change_no + PAGE])


def watching_over(pages: Pages) -> Watchlist:
    async def is_paused(_: MailId) -> bool:
        return False

    watching = Watchlist(
        watches=pages,
        new_schedule=lambda: Schedule(calls_per_second=1, check_interval=timedelta(minutes=5), timezone=UTC),
        is_paused=is_paused,
    )
    watching.begin_term()
    return watching


async def test_all_pages_are_taken_over_and_then_there_are_no_more() -> None:
    """Two whole pages and a part of one."""
    watching = watching_over(Pages(2 * PAGE + 1))
    sizes = [len(await watching.take_over_changes(lambda: NOON)) for _ in range(4)]
    assert sizes == [PAGE, PAGE, 1, 0]
    assert watching.count == 2 * PAGE + 1


async def test_others_have_their_turn_while_a_page_is_taken_over() -> None:
    """Whoever asks meanwhile is acknowledged, though recalling so many mails takes its time."""
    watching = watching_over(Pages(PAGE))
    seen_between: list[int] = []

    async def somebody_else() -> None:
        while watching.count < PAGE:
            seen_between.append(watching.count)
            await asyncio.sleep(0)

    def slowly() -> datetime:
        sleep(0.001)  # each mail keeps the process busy for so long
        return NOON

    await asyncio.gather(somebody_else(), watching.take_over_changes(slowly))
    assert len([count for count in seen_between if 0 < count < PAGE]) >= 1
