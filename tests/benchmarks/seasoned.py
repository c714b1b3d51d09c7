"""A bot of years: mails subscribed long ago, the runs that were seen, and what the schedule learned of each mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert

from bot.domain import EVERY_EVENT, MailId, RunStatus, StatusAnswer, TaskId, TaskRun
from bot.monitoring.schedule import Ask, Schedule
from bot.sandbox.world import Status, World
from bot.store.tables import counters, mails, runs, subscriptions, watches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.monitoring.schedule import MailMemory
    from bot.sandbox.world import Mail
    from bot.store.store import Store

CHANNELS = 200
_ZONE = ZoneInfo("Asia/Shanghai")  # as QUICKBI_TIMEZONE is by default
_WEEKS = 6
_TAKES = timedelta(seconds=45)
_PUNCTUAL = 5.0  # seconds that a start is late, in the mean
_QUIET = (-30, 60)  # minutes about now: nothing is due while it is measured
_ROWS = 20_000  # inserted at once
# Of a hundred mails so many run at these hours of these days.
_KINDS: tuple[tuple[int, Callable[[datetime], bool]], ...] = (
    (5, lambda _: True),
    (15, lambda at: at.hour % 4 == 1),
    (44, lambda at: at.hour == 9),
    (22, lambda at: at.hour == 8 and at.weekday() < 5),
    (14, lambda at: at.hour == 7 and at.weekday() == 0),
)
_MINUTES = (0, 5, 15, 30, 35, 47)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Rhythm:
    """When the runs of one kind of mail began, and what all but the newest taught the schedule."""

    starts: tuple[datetime, ...]
    memory: MailMemory | None


class Seasoned:
    """`world` has the mails; each was sent when it last should, and does nothing more."""

    def __init__(self, count: int) -> None:
        self.world = World()
        self._now = self.world.now
        rhythms = tuple(_rhythms(self._now))
        self._mails: list[tuple[Mail, _Rhythm]] = []
        for number in range(count):
            mail, rhythm = self.world.add_mail(f"Report {number:05}"), rhythms[number % len(rhythms)]
            mail.begin(rhythm.starts[-1], takes=_TAKES, outcome=Status.SENT)
            self._mails.append((mail, rhythm))

    async def fill(self, store: Store, team_id: str) -> None:
        """Write what the bot would know: in one transaction, for ten thousand subscriptions take minutes."""
        async with store.database.writing() as connection:
            for table, rows in (
                (subscriptions, self._subscriptions(team_id)),
                (watches, self._watches()),
                (mails, self._directory()),
                (runs, self._runs()),
            ):
                while some := list(islice(rows, _ROWS)):
                    await connection.execute(insert(table), some)
            await connection.execute(insert(counters), [{"name": "watches", "value": len(self._mails)}])

    def _subscriptions(self, team_id: str) -> Iterator[dict[str, Any]]:
        events = EVERY_EVENT
        for number, (mail, _) in enumerate(self._mails):
            yield {
                "channel_id": f"C{number % CHANNELS:09}",
                "mail_id": mail.mail_id,
                "team_id": team_id,
                "created_by": "U0ADA00001",
                "created_at": self._now - timedelta(weeks=_WEEKS),
                "due": None,
                "events": events,
                "late_learned": True,
                "snoozed_until": None,
                "snoozed_until_recovered": False,
            }

    def _watches(self) -> Iterator[dict[str, Any]]:
        for number, (mail, rhythm) in enumerate(self._mails, start=1):
            yield {
                "mail_id": mail.mail_id,
                "is_watched": True,
                "has_baseline": True,
                "memory": self._memory(mail, rhythm),
                "looked_at": self._now,
                "denied_at": None,
                "expects_run_at": None,
                "change_no": number,
            }

    def _directory(self) -> Iterator[dict[str, Any]]:
        for mail, _ in self._mails:
            yield {
                "mail_id": mail.mail_id,
                "name": mail.name,
                "owner_name": mail.owner_name,
                "paused": False,
                "seen_at": self._now,
                "gone_at": None,
            }

    def _runs(self) -> Iterator[dict[str, Any]]:
        for mail, rhythm in self._mails:
            for task_id, start in enumerate(rhythm.starts[:-1], start=1):
                yield _row(mail, task_id, start)
            yield _row(mail, mail.runs[-1].task_id, rhythm.starts[-1])

    def _memory(self, mail: Mail, rhythm: _Rhythm) -> MailMemory | None:
        """With the mail's own newest run, seen just before now: the first look finds nothing new."""
        mail_id, start = MailId(mail.mail_id), rhythm.starts[-1]
        schedule = _schedule()
        schedule.watch(mail_id, start, memory=rhythm.memory)
        _see_it_end(schedule, mail_id, mail.runs[-1].task_id, start)
        ended = _told(mail_id, mail.runs[-1].task_id, start, RunStatus.SENT)
        schedule.answered(Ask(mail_id=mail_id), ended, self._now)
        return schedule.memory(mail_id)


def _row(mail: Mail, task_id: int, start: datetime) -> dict[str, Any]:
    return {
        "mail_id": mail.mail_id,
        "run_key": str(task_id),
        "task_id": task_id,
        "exec_at": start,
        "status": RunStatus.SENT,
        "status_word": RunStatus.SENT.value,
        "first_seen_at": start,
        "ended_at": start + _TAKES,
        "is_baseline": False,
        "counted_in": None,
        "request_id": "",
    }


def _rhythms(now: datetime) -> Iterator[_Rhythm]:
    """A hundred, by kind as offices have them."""
    luck = Random(0)
    for share, runs_at in _KINDS:
        for number in range(share):
            starts = tuple(_starts(now, runs_at, _MINUTES[number % len(_MINUTES)], luck))
            yield _Rhythm(starts=starts, memory=_learned(starts[:-1]))


def _starts(
    now: datetime, runs_at: Callable[[datetime], bool], minute: int, luck: Random
) -> Iterator[datetime]:
    """Six weeks of runs, none of them at the time of day that it is now."""
    local = now.astimezone(_ZONE)
    quiet = {(local + timedelta(minutes=ahead)).strftime("%H:%M") for ahead in range(*_QUIET)}
    first = (local - timedelta(weeks=_WEEKS)).replace(minute=minute, second=0, microsecond=0)
    for hour in range(_WEEKS * 7 * 24):
        planned = first + timedelta(hours=hour)
        if runs_at(planned) and planned.strftime("%H:%M") not in quiet:
            yield (planned + timedelta(seconds=round(luck.expovariate(1 / _PUNCTUAL)))).astimezone(UTC)


def _learned(starts: tuple[datetime, ...]) -> MailMemory | None:
    """What the schedule makes of these runs when it sees each of them begin and end."""
    schedule, mail_id = _schedule(), MailId("taught")
    schedule.watch(mail_id, starts[0] - timedelta(days=1))
    for task_id, start in enumerate(starts, start=1):
        _see_it_end(schedule, mail_id, task_id, start)
    return schedule.memory(mail_id)


def _see_it_end(schedule: Schedule, mail_id: MailId, task_id: int, start: datetime) -> None:
    ask = Ask(mail_id=mail_id)
    schedule.answered(ask, _told(mail_id, task_id, start, RunStatus.PROCESSING), start + timedelta(seconds=1))
    schedule.answered(ask, _told(mail_id, task_id, start, RunStatus.SENT), start + _TAKES)
    schedule.late()


def _told(mail_id: MailId, task_id: int, start: datetime, status: RunStatus) -> StatusAnswer:
    run = TaskRun(
        mail_id=mail_id, task_id=TaskId(task_id), exec_at=start, status=status, status_word=status.value
    )
    return StatusAnswer(runs=(run,), request_id="")


def _schedule() -> Schedule:
    return Schedule(calls_per_second=1.0, check_interval=timedelta(minutes=5), timezone=_ZONE)
