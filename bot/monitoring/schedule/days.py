"""On which days something recurs: every day, workdays, certain weekdays, days of the month, or never again.

Each of these explanations is weighed by how well it foretold the days seen (Bayes' rule, with fixed rates
for a day that keeps to the explanation and one that breaks it); their weighted opinions give the chance.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import exp, log
from typing import TYPE_CHECKING

from bot.monitoring.schedule.localtime import day_of_month, is_last_of_month, weekday

if TYPE_CHECKING:
    from collections.abc import Sequence

WINDOW = 42  # days that are weighed
LAST_OF_MONTH = -1

_KEPT, _SKIPPED = log(0.97), log(0.03)  # a planned day with and without its run
_QUIET, _STRAY = log(0.99), log(0.01)  # a day that is not planned, without and with a run

_EVERY_DAY = log(0.35)
_WORKDAYS = log(0.25)
_OTHER_FIVE = log(0.012)  # five days in a row that do not begin on Monday: other weeks, other zones
_SOME_WEEKDAYS = log(0.15)
_SOME_DATES = log(0.1)
_ONCE = log(0.1)
_ONCE_BESIDE_OTHERS = log(1.5)  # a new time of a mail that already has its times is most likely by hand

_WEEKDAY_PLANNED = 0.2
_DATE_PLANNED = 1 / 31
_DATE_REPEATED = 0.5  # a date that was kept in an earlier month
_CHANGES = 0.004  # how often a plan ends, for each day that it planned
_RATE_KNOWN_BEFORE = (9.0, 9.2)  # runs and planned days that count before the mail's own


@dataclass(frozen=True, kw_only=True, slots=True)
class DayRule:
    """What the days seen so far say about the days to come."""

    by_weekday: tuple[float, ...]  # how likely each weekday is planned
    by_date: dict[int, float]  # likewise each day of the month, beyond its weekday
    rate: float  # how often a planned day has its run
    missed: int  # planned days in a row without a run, up to now
    hits: int

    def planned(self, day: int) -> float:
        """The chance that the plan names this day."""
        dates = self.by_date
        if not dates:
            return self.by_weekday[weekday(day)]
        by_date = dates.get(day_of_month(day), 0.0)
        if LAST_OF_MONTH in dates and is_last_of_month(day):
            by_date = max(by_date, dates[LAST_OF_MONTH])
        return min(1.0, self.by_weekday[weekday(day)] + by_date)

    def chance(self, day: int) -> float:
        """The chance of a run on this day."""
        return self.planned(day) * self.rate * self.alive

    @property
    def alive(self) -> float:
        """The chance that the plan still holds after the latest planned days went without a run."""
        if not self.missed:
            return 1.0
        skipped = max(0.02, 1 - self.rate) ** self.missed
        return skipped / (skipped + _CHANGES)


def learn_days(hits: Sequence[int], watched: Sequence[int], *, beside_others: bool) -> DayRule:
    """Weigh the explanations.

    `hits` are the days with a run, in order; `watched` the days on which a run would have been noticed,
    in order. `beside_others`: the mail has other, well established times.
    """
    on, off = _weekday_evidence(set(hits), watched)
    dates, dates_evidence = _date_evidence(hits, watched, sum(off))
    some = [_planned_odds(on[w], off[w], _WEEKDAY_PLANNED) for w in range(7)]
    evidence = [
        _EVERY_DAY + sum(on),
        *((_OTHER_FIVE if first else _WORKDAYS) + _five_days(first, on, off) for first in range(7)),
        _SOME_WEEKDAYS + sum(total for _, total in some),
        _SOME_DATES + dates_evidence,
        (_ONCE_BESIDE_OTHERS if beside_others else _ONCE) + sum(off),
    ]
    best = max(evidence)
    weights = [exp(one - best) for one in evidence]
    scale = 1 / sum(weights)
    every, fives, weekdays, by_date, _ = (
        weights[0] * scale,
        [weight * scale for weight in weights[1:8]],
        weights[8] * scale,
        weights[9] * scale,
        weights[10],
    )
    by_weekday = tuple(
        every + sum(fives[(w - back) % 7] for back in range(5)) + weekdays * some[w][0] for w in range(7)
    )
    planned = {date: chance * by_date for date, chance in dates.items() if chance * by_date > 0.01}  # noqa: PLR2004
    return _with_rate(by_weekday, planned, hits, watched)


def _weekday_evidence(hits: set[int], watched: Sequence[int]) -> tuple[list[float], list[float]]:
    """For each weekday: how well the days seen go with its being planned, and with its not being."""
    on, off = [0.0] * 7, [0.0] * 7
    for day in watched:
        hit = day in hits
        on[weekday(day)] += _KEPT if hit else _SKIPPED
        off[weekday(day)] += _STRAY if hit else _QUIET
    return on, off


def _five_days(first: int, on: list[float], off: list[float]) -> float:
    return sum(on[w] if (w - first) % 7 < 5 else off[w] for w in range(7))  # noqa: PLR2004


def _planned_odds(on: float, off: float, prior: float) -> tuple[float, float]:
    """How likely a cell is planned, and the evidence of the cell with that left open."""
    planned, unplanned = log(prior) + on, log(1 - prior) + off
    best = max(planned, unplanned)
    total = exp(planned - best) + exp(unplanned - best)
    return exp(planned - best) / total, best + log(total)


def _date_evidence(
    hits: Sequence[int], watched: Sequence[int], all_off: float
) -> tuple[dict[int, float], float]:
    """For each date that was hit: how likely it is planned; and the evidence for planned dates."""
    if not watched or len(hits) > len(watched) // 3 + 2:
        return {}, all_off + 31 * log(1 - _DATE_PLANNED)  # too many days for dates
    inside = set(watched)
    seen = Counter(key for day in hits for key in _dates(day))
    dates, evidence = {}, all_off
    counted: set[int] = set()
    for key, times in sorted(seen.items(), key=lambda item: (-item[1], item[0])):
        days = {day for day in hits if key in _dates(day)}
        if days <= counted:
            continue
        here = days & inside
        misses = sum(1 for day in watched if day not in days and key in _dates(day))
        on = len(here) * _KEPT + misses * _SKIPPED
        off = len(here) * _STRAY + misses * _QUIET
        prior = _DATE_PLANNED if times == 1 else _DATE_REPEATED
        dates[key], total = _planned_odds(on, off, prior)
        evidence += total - off
        counted |= days
    return dates, evidence


def _dates(day: int) -> tuple[int, ...]:
    return (day_of_month(day), LAST_OF_MONTH) if is_last_of_month(day) else (day_of_month(day),)


def _with_rate(
    by_weekday: tuple[float, ...], by_date: dict[int, float], hits: Sequence[int], watched: Sequence[int]
) -> DayRule:
    """Count how often planned days kept their run; the latest misses in a row are told apart."""
    rule = DayRule(by_weekday=by_weekday, by_date=by_date, rate=1.0, missed=0, hits=len(hits))
    hit, last = set(hits), hits[-1]
    runs, days = _RATE_KNOWN_BEFORE
    missed = 0
    for day in watched:
        if rule.planned(day) < 0.5:  # noqa: PLR2004
            continue
        if day > last:
            missed += 1
        else:
            runs += day in hit
            days += 1
    return DayRule(by_weekday=by_weekday, by_date=by_date, rate=runs / days, missed=missed, hits=len(hits))
