"""On which days a slot has its run: every day, workdays, some weekdays, some dates, by a rule of the calendar, or once.

Each explanation is weighed by how well it predicts the days seen so far (Bayes' rule, with fixed rates for planned
days without a run and for runs on other days). The chance of a run is the weighted mean of what they predict.
"""

from __future__ import annotations

from calendar import monthrange
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import exp, log
from typing import TypeAlias, TypeVar

from bot.monitoring.schedule.localtime import calendar_date, weekday

WINDOW = 42  # days that are weighed
LONG_WINDOW = 420  # likewise for a slot that runs seldom:
RUNS_WEIGHED = 13  # back to so many runs ago

_KEPT, _SKIPPED = log(0.97), log(0.03)  # a planned day with and without its run
_QUIET, _STRAY = log(0.99), log(0.01)  # an unplanned day without and with a run
_HIT, _MISS = _KEPT - _STRAY, _SKIPPED - _QUIET  # what such a day says for its being planned

_EVERY_DAY = log(0.35)
_WORKDAYS = log(0.25)
_OTHER_FIVE = log(0.012)  # five days in a row that do not begin on Monday: other weeks, other zones
_SOME_WEEKDAYS = log(0.15)
_SOME_DATES = log(0.1)
_RULE = log(0.001)  # each rule of the calendar
_ONCE = log(0.1)
_ONCE_BESIDE_OTHERS = log(1.5)  # a new time of a mail that has established times is most likely a manual run

_WEEKDAY_PLANNED = 0.2
_DATE_PLANNED = 1 / 31
_DATE_REPEATED = 0.5  # a date that was kept in an earlier month
_CHANGES = 0.004  # how often a plan ends, for each day that it planned
_PRIOR_RATE = (9.0, 9.2)  # runs and planned days that count before the mail's own
_PERIODS = (2, 3, 4, 5, 6, 10, 14, 21, 28)  # days
_SATURDAY = 5
_LEAST = 0.01  # lower chances are dropped
_ADDED_LATER = log(0.02)  # the chance that a plan was extended to these days at their first run
_MOST_BY_RULE = 0.6  # of the watched days: more runs follow no rule of the calendar

T = TypeVar("T")
Rule: TypeAlias = "tuple[str | int, ...]"


@lru_cache(maxsize=4096)
def calendar_rules(day: int) -> frozenset[Rule]:
    """The rules that name this day: first Monday, last day of the month, the 15th or the next workday, quarterly …"""
    at, in_week = calendar_date(day), weekday(day)
    date, last = at.day, monthrange(at.year, at.month)[1]
    rules: list[Rule] = [("date", date), ("nth", (date - 1) // 7, in_week)]
    if date == last:
        rules += [("last",), *(("at most", most) for most in (29, 30) if most > last)]
    elif date in (29, 30):
        rules.append(("at most", date))
    if date + 7 > last:
        rules.append(("last", in_week))
    if in_week < _SATURDAY:
        shifted = range(3) if in_week == 0 else range(1)
        rules += [("or next workday", date - back) for back in shifted if date > back]
        shifted = range(3) if in_week == _SATURDAY - 1 else range(1)
        rules += [("or last workday", date + on) for on in shifted if date + on <= last]
        rules += [("last workday",) for on in shifted if date + on == last]
    quarterly = [("quarterly", at.month % 3, *rule) for rule in rules]
    periodic = [("every", period, day % period) for period in _PERIODS]
    return frozenset([*rules, *quarterly, *periodic])


@dataclass(frozen=True, kw_only=True, slots=True)
class DayPlan:
    """What the days seen so far say about the days to come."""

    by_weekday: tuple[float, ...]  # how likely each weekday is planned
    by_rule: dict[Rule, float]  # likewise the days of each calendar rule, beyond their weekday
    rate: float = 1.0  # how often a planned day has its run
    missed: int = 0  # planned days in a row without a run, up to now

    def planned(self, day: int) -> float:
        """The chance that the plan names this day."""
        chance = self.by_weekday[weekday(day)]
        if self.by_rule:
            chance += sum([self.by_rule[rule] for rule in calendar_rules(day) & self.by_rule.keys()])
        return min(1.0, chance)

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


@lru_cache(maxsize=1024)
def learn_days(hits: tuple[int, ...], watched: tuple[int, ...], *, beside_others: bool) -> DayPlan:
    """Weigh the explanations. Mails of one plan share what was learned: thousands run every workday.

    `hits` are the days with a run, `watched` the days on which a run would have been seen, both in order.
    `beside_others`: the mail has other, well established times.
    """
    inside = set(watched)
    seen = [day for day in hits if day in inside]
    week = _count(seen, watched, lambda day: (weekday(day),))
    by_day = [week[w].gain if w in week else 0.0 for w in range(7)]
    some = [_planned_or_not(week[w].late_gain if w in week else 0.0, _WEEKDAY_PLANNED) for w in range(7)]
    dates, dates_evidence = _dates(seen, watched)
    rules = _rules(seen, watched)
    evidence = [
        _EVERY_DAY + sum(by_day),
        *(
            (_OTHER_FIVE if first else _WORKDAYS) + sum(by_day[(first + on) % 7] for on in range(5))
            for first in range(7)
        ),
        _SOME_WEEKDAYS + sum(total for _, total in some),
        _SOME_DATES + dates_evidence,
        _ONCE_BESIDE_OTHERS if beside_others else _ONCE,
        *(_RULE + gain for gain in rules.values()),
    ]
    best = max(evidence)
    weights = [exp(one - best) for one in evidence]
    total = sum(weights)
    every, *fives, some_weekdays, some_dates, _ = (weight / total for weight in weights[:11])
    by_rule: dict[Rule, float] = {("date", date): chance * some_dates for date, chance in dates.items()}
    for rule, weight in zip(rules, weights[11:], strict=True):
        by_rule[rule] = by_rule.get(rule, 0.0) + weight / total
    plan = DayPlan(
        by_weekday=tuple(
            every + sum(fives[(w - back) % 7] for back in range(5)) + some_weekdays * some[w][0]
            for w in range(7)
        ),
        by_rule={rule: chance for rule, chance in by_rule.items() if chance > _LEAST},
    )
    return _with_rate(plan, hits, watched)


@dataclass(slots=True)
class _Count:
    """Of the watched days that have something in common: how many had a run, and how many had none."""

    runs: int = 0
    missed: int = 0
    missed_before: int = 0  # before the first of these runs

    @property
    def gain(self) -> float:
        """The evidence for these days' being planned."""
        return _HIT * self.runs + _MISS * (self.missed + self.missed_before)

    @property
    def late_gain(self) -> float:
        """The same, if they may have been planned only from their first run on."""
        return _HIT * self.runs + _MISS * self.missed + max(_MISS * self.missed_before, _ADDED_LATER)


def _count(
    seen: Sequence[int], watched: Sequence[int], keys_of: Callable[[int], Iterable[T]]
) -> defaultdict[T, _Count]:
    runs = set(seen)
    counts: defaultdict[T, _Count] = defaultdict(_Count)
    for day in watched:
        for key in keys_of(day):
            count = counts[key]
            if day in runs:
                count.runs += 1
            elif count.runs:
                count.missed += 1
            else:
                count.missed_before += 1
    return counts


def _planned_or_not(gain: float, prior: float) -> tuple[float, float]:
    """How likely days with this gain are planned, and their evidence with that left open."""
    planned = prior * exp(gain)
    return planned / (planned + 1 - prior), log(planned + 1 - prior)


def _dates(seen: Sequence[int], watched: Sequence[int]) -> tuple[dict[int, float], float]:
    """How likely each date with a run is planned; and the evidence for any planned dates."""
    if len(seen) > len(watched) // 3 + 2:
        return {}, 31 * log(1 - _DATE_PLANNED)  # too many days for dates
    hit = {calendar_date(day).day for day in seen}
    counts = _count(seen, watched, lambda day: {calendar_date(day).day} & hit)
    cells = {
        date: _planned_or_not(count.late_gain, _DATE_PLANNED if count.runs == 1 else _DATE_REPEATED)
        for date, count in counts.items()
    }
    return {date: chance for date, (chance, _) in cells.items()}, sum(total for _, total in cells.values())


def _rules(seen: Sequence[int], watched: Sequence[int]) -> dict[Rule, float]:
    """The gain of each calendar rule that names more than one day with a run."""
    if not 1 < len(seen) <= _MOST_BY_RULE * len(watched):
        return {}
    named = Counter(rule for day in seen for rule in calendar_rules(day))
    repeated = {rule for rule, times in named.items() if times > 1}
    counts = _count(seen, watched, lambda day: calendar_rules(day) & repeated)
    return {rule: counts[rule].late_gain for rule in sorted(counts, key=repr)}


def _with_rate(plan: DayPlan, hits: Sequence[int], watched: Sequence[int]) -> DayPlan:
    """Count how often planned days had their run, and separately the latest misses in a row."""
    hit, last = set(hits), hits[-1]
    runs, days = _PRIOR_RATE
    missed = 0
    for day in watched:
        if plan.planned(day) < 0.5:  # noqa: PLR2004
            continue
        if day > last:
            missed += 1
        else:
            runs += day in hit
            days += 1
    return replace(plan, rate=runs / days, missed=missed)
