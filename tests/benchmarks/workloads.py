"""Report mails as offices have them: who runs when, for how long, and how it ends. Knows no scheduler."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from math import exp, log
from random import Random
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

Mix = Literal["clustered", "office", "spread"]
ZONE = ZoneInfo("Asia/Shanghai")
FIRST_DAY = date(2025, 3, 3)  # a Monday
LONGEST = 660.0  # a report's SQL times out at 11 minutes
BY_HAND = 0.01
SKIPPED = 0.01
FAILS = 0.04  # of all runs

HOURS = {6: 2, 7: 4, 8: 8, 9: 11, 10: 4, 11: 2, 12: 2, 13: 1, 14: 3, 16: 2, 17: 3, 18: 3, 20: 2, 22: 1}
MINUTES = {0: 53, 30: 24, 15: 6, 45: 6, 10: 2, 20: 2, 40: 2}  # the rest: any minute
CADENCES = {
    "hourly": 5,
    "every_few_hours": 8,
    "several_a_day": 9,
    "daily": 38,
    "weekdays": 22,
    "weekly": 12,
    "monthly": 6,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One run of one mail; times are Unix seconds."""

    mail_id: str
    task_id: int
    start: float
    end: float
    status: Literal["SENT", "FAILED"]


@dataclass(frozen=True, kw_only=True, slots=True)
class SkippedRun:
    """A run that did not happen although the mail's plan promised it: now, or until it was changed."""

    mail_id: str
    cadence: str
    expected: float


@dataclass(kw_only=True, slots=True)
class Workload:
    """What happens, in order of start; and, where it was generated, what did not happen."""

    runs: list[Run]
    skipped: list[SkippedRun] = field(default_factory=list)
    moved: list[SkippedRun] = field(default_factory=list)
    planned_until: float = float("inf")
    mail_ids: list[str] = field(default_factory=list)

    @property
    def begins(self) -> float:
        return self.runs[0].start

    @property
    def ends(self) -> float:
        return max(run.end for run in self.runs)


def load(path: Path) -> Workload:
    """Read JSON lines `{"mail_id", "task_id", "start", "end", "status"}`."""
    lines = (json.loads(line) for line in path.read_text().splitlines() if line.strip())
    runs = [
        Run(
            mail_id=str(line["mail_id"]),
            task_id=int(line["task_id"]),
            start=float(line["start"]),
            end=float(line["end"]),
            status=line["status"],
        )
        for line in lines
    ]
    runs.sort(key=lambda run: run.start)
    return Workload(runs=runs, mail_ids=sorted({run.mail_id for run in runs}))


def save(workload: Workload, path: Path) -> None:
    """Write what `load` reads."""
    with path.open("w") as file:
        for run in workload.runs:
            line = {name: getattr(run, name) for name in ("mail_id", "task_id", "start", "end", "status")}
            file.write(json.dumps(line) + "\n")


@dataclass(kw_only=True, slots=True)
class _Habits:
    """One mail's nature: when it is planned, how punctual it is, how long it takes, how often it fails."""

    mail_id: str
    cadence: str
    planned_on: Callable[[date], Iterable[int]]  # minutes of the day
    late_by: float  # seconds, the mean of its start's delay
    drift: float  # seconds a day
    moves_on: int  # the day after which its planned time is another
    moves_by: int  # minutes
    typical: float
    sigma: float
    fails: float


def generate(*, mails: int, mix: Mix, days: int, seed: int, even: bool = False) -> Workload:
    """Mails with hourly to monthly rhythms over `days` days. `even`: all fail equally often."""
    random = Random(f"{seed}/{mix}/{mails}")
    habits = [_habits(f"mail{n:06d}", mix, days, random) for n in range(mails)]
    workload = Workload(runs=[], mail_ids=[one.mail_id for one in habits], planned_until=_midnight(days))
    for one in habits:
        if even:
            one.fails = FAILS
        _live(one, days, random, workload)
    workload.runs.sort(key=lambda run: (run.start, run.task_id))
    workload.skipped.sort(key=lambda skipped: skipped.expected)
    return workload


def _habits(mail_id: str, mix: Mix, days: int, random: Random) -> _Habits:
    (cadence,) = random.choices(list(CADENCES), list(CADENCES.values()))
    moves = random.random() < 0.02 * days / 30
    return _Habits(
        mail_id=mail_id,
        cadence=cadence,
        planned_on=_plan(cadence, mix, random),
        late_by=exp(random.gauss(log(5), 0.8)),
        drift=random.gauss(0, 10) if random.random() < 0.05 else 0.0,
        moves_on=random.randrange(days) if moves else days,
        moves_by=random.choice((-60, -30, -15, -5, 5, 10, 30, 60)),
        typical=exp(random.gauss(log(45), 0.9)),
        sigma=random.uniform(0.1, 0.5),
        fails=min(0.5, random.expovariate(1 / FAILS)),
    )


def _minute(mix: Mix, random: Random) -> int:
    """A planned time of day, in minutes."""
    if mix == "spread":
        return random.randrange(24 * 60)
    if mix == "office":
        return random.randrange(7 * 60, 19 * 60, 5)
    (hour,) = random.choices(list(HOURS), list(HOURS.values()))
    return hour * 60 + _minute_of_hour(mix, random)


def _minute_of_hour(mix: Mix, random: Random) -> int:
    if mix == "clustered" and random.random() < sum(MINUTES.values()) / 100:
        (minute,) = random.choices(list(MINUTES), list(MINUTES.values()))
        return minute
    return random.randrange(60)


def _plan(cadence: str, mix: Mix, random: Random) -> Callable[[date], Iterable[int]]:
    at, minute = _minute(mix, random), _minute_of_hour(mix, random)
    if cadence == "hourly":
        return lambda _: range(minute, 1440, 60)
    if cadence == "every_few_hours":
        hours = random.choice((2, 3, 4, 6, 8))
        first = random.randrange(hours) * 60 + minute
        return lambda _: range(first, 1440, hours * 60)
    if cadence == "several_a_day":
        times = sorted({_minute(mix, random) for _ in range(random.randint(2, 4))})
        workdays = random.random() < 0.5
        return lambda day: times if day.weekday() < 5 or not workdays else ()
    if cadence == "weekdays":
        return lambda day: (at,) if day.weekday() < 5 else ()
    if cadence == "weekly":
        weekday = random.choice((0, 0, 0, 1, 2, 3, 4, 4, 5, 6))
        return lambda day: (at,) if day.weekday() == weekday else ()
    if cadence == "monthly":
        day_of_month = random.choice((1, 1, 1, 2, 3, 5, 10, 15, 20, 25, 28))
        return lambda day: (at,) if day.day == day_of_month else ()
    return lambda _: (at,)


def _live(habits: _Habits, days: int, random: Random, workload: Workload) -> None:
    """Let one mail run through all the days."""
    for number, planned in _planned(habits, days):
        if number >= habits.moves_on:
            before = planned - habits.moves_by * 60
            workload.moved.append(_not_run(habits, before))
        if random.random() < SKIPPED:
            workload.skipped.append(_not_run(habits, planned))
        else:
            late = random.expovariate(1 / habits.late_by) + habits.drift * number
            workload.runs.append(_run(habits, planned + late, random))
        if random.random() < BY_HAND:
            by_hand = planned + random.uniform(600, 8 * 3600)
            workload.runs.append(_run(habits, by_hand, random))


def _not_run(habits: _Habits, expected: float) -> SkippedRun:
    return SkippedRun(mail_id=habits.mail_id, cadence=habits.cadence, expected=expected)


def _planned(habits: _Habits, days: int) -> Iterator[tuple[int, float]]:
    for number in range(days):
        moved = habits.moves_by if number >= habits.moves_on else 0
        for minute in habits.planned_on(FIRST_DAY + timedelta(days=number)):
            yield number, _midnight(number) + (minute + moved) * 60


def _midnight(number: int) -> float:
    """The beginning of the workload's day of this number."""
    day = FIRST_DAY + timedelta(days=number)
    return datetime(day.year, day.month, day.day, tzinfo=ZONE).timestamp()


def _run(habits: _Habits, start: float, random: Random) -> Run:
    lasts = min(LONGEST, max(2.0, random.lognormvariate(log(habits.typical), habits.sigma)))
    return Run(
        mail_id=habits.mail_id,
        task_id=random.randrange(1, 2**63),
        start=start,
        end=start + lasts,
        status="FAILED" if random.random() < habits.fails else "SENT",
    )
