"""What the leader polls: the schedule follows the subscriptions; what it misses gets the words that somebody typed."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain import DueTime, MailId, StatusAnswer, Watch
from bot.monitoring.schedule import Ask, LateRun
from bot.monitoring.watchlist import Watchlist

if TYPE_CHECKING:
    from bot.domain.incident_rules import MissedRun

MONDAY = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
MAIL = MailId("sales")
ON_MONDAYS = DueTime(at=time(9, 30), weekdays=frozenset({0}))


class FakeSchedule:
    """Misses what it is told to miss, and writes down which mails it was given."""

    def __init__(self) -> None:
        self.missing: tuple[LateRun, ...] = ()
        self.told: list[str] = []

    def watch(self, mail_id: MailId, *_: Any, **more: Any) -> None:
        self.told.append(f"watch {mail_id} {len(more['dues'])}")

    def set_dues(self, mail_id: MailId, *_: Any) -> None:
        self.told.append(f"dues {mail_id}")

    def set_paused(self, *_: Any, **__: Any) -> None: ...

    def forget(self, mail_id: MailId) -> None:
        self.told.append(f"forget {mail_id}")

    def answered(self, *_: Any) -> bool:
        return True

    def late(self) -> tuple[LateRun, ...]:
        return self.missing

    def memory(self, _: MailId) -> str:
        return "learned"


class Watches:
    def __init__(self, *changes: Watch) -> None:
        self.changes = list(changes)

    async def changed_since(self, change_no: int) -> tuple[Watch, ...]:
        return tuple(each for each in self.changes if each.change_no > change_no)


def watch(change_no: int, *, is_watched: bool = True, dues: frozenset[DueTime] = frozenset()) -> Watch:
    return Watch(
        mail_id=MAIL,
        is_watched=is_watched,
        memory=None,
        dues=dues,
        is_paused=False,
        expects_run_at=None,
        change_no=change_no,
    )


def late(due: DueTime | None) -> LateRun:
    return LateRun(mail_id=MAIL, expected_at=MONDAY, grace=timedelta(0), declared=due)


async def begun(schedule: FakeSchedule, watches: Watches, *, is_paused: bool = False) -> Watchlist:
    new_schedule: Any = lambda: schedule  # noqa: E731 (a fake where a Schedule is expected)

    async def paused(_: MailId) -> bool:
        return is_paused

    watching = Watchlist(watches=watches, new_schedule=new_schedule, is_paused=paused)
    watching.begin_term()
    await watching.take_over_changes(lambda: MONDAY)
    return watching


async def missed(watching: Watchlist) -> tuple[MissedRun, ...]:
    answer = StatusAnswer(runs=(), request_id="R")
    memory, found = await watching.learn(Ask(mail_id=MAIL), answer, MONDAY)
    assert memory == "learned"
    return found


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        pytest.param(late(ON_MONDAYS), [ON_MONDAYS], id="of the declared day"),
        pytest.param(late(None), [None], id="of the mail's own rhythm"),
    ],
)
async def test_a_missing_run_is_told_in_the_words_of_who_declared_it(
    run: LateRun, expected: list[DueTime | None]
) -> None:
    """A due time keeps the words in which somebody declared it."""
    schedule = FakeSchedule()
    watching = await begun(schedule, Watches(watch(1, dues=frozenset({ON_MONDAYS}))))
    schedule.missing = (run,)
    assert [each.declared for each in await missed(watching)] == expected


async def test_a_paused_mail_misses_nothing() -> None:
    """Whoever paused it knows that it does not come."""
    schedule = FakeSchedule()
    watching = await begun(schedule, Watches(watch(1)), is_paused=True)
    schedule.missing = (late(None),)
    assert await missed(watching) == ()


async def test_the_schedule_follows_the_subscriptions() -> None:
    """Each change once, in its order; one that nobody is subscribed to any more is named to the caller."""
    schedule = FakeSchedule()
    watches = Watches(watch(1, dues=frozenset({ON_MONDAYS})), watch(2))
    watching = await begun(schedule, watches)
    assert (schedule.told, watching.count) == ([f"watch {MAIL} 1", f"dues {MAIL}"], 1)
    watches.changes.append(watch(3, is_watched=False))
    (left,) = await watching.take_over_changes(lambda: MONDAY)
    assert (left.mail_id, left.is_watched) == (MAIL, False)
    assert (schedule.told[2:], watching.count, watching.any_mail()) == ([f"forget {MAIL}"], 0, None)
    assert watching.any_mail(other_than=MAIL) == MAIL
