"""When a mail runs: the times of day at which it was seen to start, and on which days.

Starts at about the same time of day form a slot. Each slot learns its days (`days.py`); punctuality is learned
over all slots of the mail.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf
from typing import Any

from bot.monitoring.schedule.days import LONG_WINDOW, RUNS_WEIGHED, WINDOW, DayPlan, learn_days
from bot.monitoring.schedule.localtime import DAY, HOUR, LocalTime
from bot.monitoring.schedule.outlook import Expected

ESTABLISHED = 4  # runs in a slot from which on it counts as one of the mail's times
_FEW_OFFSETS = 4
_OFFSETS = 24
_CENTRE = 5  # the latest starts of a slot that determine its time
_STARTS = 300  # kept for a mail, over all its slots
_STARTS_A_SLOT = (10, 40)
_SLOTS = 60
_BLIND = 8
_LONGEST_SILENCE = (
    100 * DAY,
    LONG_WINDOW * DAY,
)  # after which a slot is forgotten: with one start, with several
_HORIZON = 40  # days that are searched for the next expected run
_FAINT = 0.02  # lower chances are ignored
_CLEAR = 0.75  # the chance from which on a missing run is reported
_ENOUGH = 0.8  # expectations are listed until their chances add up to this
_UNSURE = 600.0  # the tolerance in seconds while little is known of the mail
_TOLERANCE = (90.0, 900.0)
_PRIOR_OFFSETS = (-20.0, -4.0, 0.0, 4.0, 20.0)
_TAIL = ((20.0, 0.02), (120.0, 0.015), (480.0, 0.015))  # late starts: (seconds after the others, chance)
_UNSETTLED = 2 * HOUR  # after an unexpected start
_RESTS = 12
_LONGEST_REST = 31  # days; longer ones are no holidays
_PRIOR_UNEXPECTED = (0.4, 4.0)  # runs, days
_UNEXPECTED_DAYS = 28.0


@dataclass(eq=False, slots=True)
class Slot:
    """One time of day. `starts` are instants, oldest first; never empty. An array takes a quarter of a list's room."""

    starts: array[float]
    centre: float  # seconds of the day
    plan: DayPlan | None = None
    learned_to: int = -1  # the last day that `plan` knows of


@dataclass(eq=False, slots=True)
class Rhythm:
    """What one mail's starts tell. Instants are Unix seconds."""

    local: LocalTime
    since: float | None = None  # every run since then was seen, except during `blind`
    slots: list[Slot] = field(default_factory=list)  # by time of day
    offsets: array[float] = field(default_factory=lambda: array("d"))  # seconds off their slots' centres
    blind: list[tuple[float, float]] = field(default_factory=list)
    unexpected: float = 0.0  # runs outside the slots, older ones weighing less
    unexpected_at: float = 0.0
    latest: float | None = None
    rests: list[tuple[int, int]] = field(default_factory=list)  # first and last day of holidays without runs
    spread: float = field(init=False, default=30.0)  # four of five starts are off by at most so many seconds

    def __post_init__(self) -> None:
        self._measure_spread()

    def _measure_spread(self) -> None:
        if len(self.offsets) >= _FEW_OFFSETS:
            self.spread = sorted(map(abs, self.offsets))[int(0.8 * len(self.offsets))]

    @classmethod
    def restored(cls, local: LocalTime, *, slots: Iterable[Iterable[float]], **rest: Any) -> Rhythm:
        """As it was before a restart: `slots` are the starts of each."""
        rhythm = cls(local, **rest)
        for starts in slots:
            slot = Slot(array("d", starts), 0.0)
            slot.centre = rhythm._centre(slot)
            rhythm.slots.append(slot)
        rhythm.slots.sort(key=lambda slot: slot.centre)
        rhythm.latest = max((slot.starts[-1] for slot in rhythm.slots), default=None)
        return rhythm

    def started(self, at: float, blind_since: float | None) -> None:
        """A run's start was seen. Other runs between `blind_since` and it would have been missed."""
        self.since = at if self.since is None else min(self.since, at)
        if blind_since is not None and at - blind_since > HOUR:
            self.blind = [*self.blind, (blind_since, at)][-_BLIND:]
        day, second = self.local.split(at)
        slot = self.nearest_slot(second)
        if slot is None:
            self._add_slot(at, second)
        else:
            self._hit(slot, at, day)
        if self.latest is not None and (slot is None or len(slot.starts) == 1):
            self._count_unexpected(at)
        self.latest = max(at, self.latest or at)

    def rested(self, missed_at: float, until: float) -> None:
        """The run expected at `missed_at` was missing, and the next one started at `until`."""
        first, last = self.local.split(missed_at)[0], self.local.split(until)[0] - 1
        if first <= last < first + _LONGEST_REST:
            self.rests = [*self.rests, (first, last)][-_RESTS:]

    def unexpected_rate(self, now: float) -> float:
        """Unexpected runs a second."""
        if self.since is None:
            return 0.5 / DAY
        days = min(_UNEXPECTED_DAYS, (now - self.since) / DAY)
        faded: float = self.unexpected * 0.5 ** ((now - self.unexpected_at) / (_UNEXPECTED_DAYS * DAY))
        runs, before = _PRIOR_UNEXPECTED
        return (faded + runs) / (days + before) / DAY

    @property
    def tolerance(self) -> float:
        """How far from its slot's centre a start may be and still belong to it."""
        if len(self.offsets) < _FEW_OFFSETS:
            return _UNSURE
        return min(_TOLERANCE[1], max(_TOLERANCE[0], 8 * self.spread))

    @property
    def grace(self) -> float:
        """How many seconds after its time a run is not reported as missing yet."""
        return min(HOUR, max(600.0, 10 * self.spread))

    def expected(self, after: float, known_to: float) -> list[Expected]:
        """The runs that may come next after `after`, in order of time, as learned from looks until `known_to`."""
        found: list[Expected] = []
        sure = 0.0
        starts = self._start_shares()
        started = -inf if self.latest is None else self.latest + self.tolerance  # up to then runs have begun
        for at, slot, chance in self._slot_times(after, known_to):
            if at <= started:
                continue
            found.append(self._expectation(at, chance, slot, starts))
            sure += chance
            if sure > _ENOUGH and len(found) > 1 and at > found[0].at + self.tolerance:
                break
        guess = self._guess(after)
        if guess is not None and not any(abs(one.at - guess.at) < _UNSURE for one in found):
            found.append(guess)
            found.sort(key=lambda one: one.at)
        return found

    def nearest_slot(self, second: float) -> Slot | None:
        """The slot of a start at this time of day, if there is one."""
        if not self.slots:
            return None
        place = bisect_left(self.slots, second, key=lambda slot: slot.centre)
        beside = (self.slots[place - 1], self.slots[place % len(self.slots)])
        nearest = min(beside, key=lambda slot: _apart(slot.centre, second))
        return nearest if _apart(nearest.centre, second) <= self.tolerance else None

    def _add_slot(self, at: float, second: float) -> None:
        self.slots = [
            slot for slot in self.slots if at - slot.starts[-1] < _LONGEST_SILENCE[len(slot.starts) > 1]
        ]
        if len(self.slots) >= _SLOTS:
            self.slots.remove(min(self.slots, key=lambda slot: (len(slot.starts), slot.starts[-1])))
        self.slots.append(Slot(array("d", [at]), second))
        self.slots.sort(key=lambda slot: slot.centre)

    def _hit(self, slot: Slot, at: float, day: int) -> None:
        if at < slot.starts[-1]:
            return
        expected_at = self._instant_near(slot, at, day)
        if (
            self.local.split(slot.starts[-1] - slot.centre + DAY / 2)[0]
            < self.local.split(at - slot.centre + DAY / 2)[0]
        ):
            slot.starts.append(at)
            self.offsets = array("d", [*self.offsets, at - expected_at][-_OFFSETS:])
            self._measure_spread()
        fewest, most = _STARTS_A_SLOT
        slot.starts = slot.starts[-min(most, max(fewest, _STARTS // len(self.slots))) :]
        slot.centre = self._centre(slot)
        slot.plan = None
        self.slots.sort(key=lambda slot: slot.centre)

    def _instant_near(self, slot: Slot, at: float, day: int) -> float:
        """The slot's time next to `at`, which may be over midnight."""
        times = (self.local.instant(near, slot.centre) for near in (day - 1, day, day + 1))
        return min(times, key=lambda time: abs(time - at))

    def _centre(self, slot: Slot) -> float:
        """The median of the latest starts, in wall-clock time."""
        _, newest = self.local.split(slot.starts[-1])
        seconds = [self.local.split(start)[1] for start in slot.starts[-_CENTRE:]]
        apart = sorted((second - newest + DAY / 2) % DAY - DAY / 2 for second in seconds)
        half = len(apart) // 2
        middle = apart[half] if len(apart) % 2 else (apart[half - 1] + apart[half]) / 2
        return (newest + middle) % DAY

    def _count_unexpected(self, at: float) -> None:
        self.unexpected *= 0.5 ** (max(0.0, at - self.unexpected_at) / (_UNEXPECTED_DAYS * DAY))
        self.unexpected += 1
        self.unexpected_at = at

    def _slot_times(self, after: float, known_to: float) -> Iterator[tuple[float, Slot, float]]:
        """Every slot on every day from `after` on, in order, with the chance of a run."""
        today, _ = self.local.split(after)
        for day in range(today, today + _HORIZON):
            for slot in self.slots:
                chance = self.plan(slot, known_to).chance(day)
                if chance >= _FAINT and (at := self.local.instant(day, slot.centre)) > after:
                    yield at, slot, chance

    def plan(self, slot: Slot, known_to: float) -> DayPlan:
        """On which days the slot has its run, as learned from looks until `known_to`."""
        today, second = self.local.split(known_to)
        known = today if second > slot.centre + self.tolerance else today - 1
        plan = slot.plan
        if plan is None or any(plan.planned(day) > _FAINT for day in range(slot.learned_to + 1, known + 1)):
            plan = slot.plan = self._learn(slot, known)
        slot.learned_to = max(slot.learned_to, known)
        return plan

    def _learn(self, slot: Slot, known: int) -> DayPlan:
        hits = tuple([self.local.split(start - slot.centre + DAY / 2)[0] for start in slot.starts])
        since = self.since if self.since is not None else slot.starts[0]
        first, second = self.local.split(since)
        first += second > slot.centre + self.tolerance
        window = min(LONG_WINDOW, max(WINDOW, known + 1 - hits[-RUNS_WEIGHED:][0]))
        first = max(first, hits[0], known - window + 1)  # before its first run there was another plan
        inside = set(hits)
        watched = tuple(
            day
            for day in range(first, max(known, hits[-1]) + 1)
            if not self.blind or day in inside or not self._was_blind(self.local.instant(day, slot.centre))
        )
        others = any(len(other.starts) >= ESTABLISHED for other in self.slots if other is not slot)
        return learn_days(hits, watched, beside_others=others)

    def _was_blind(self, at: float) -> bool:
        return any(start <= at <= end for start, end in self.blind)

    def _expectation(
        self, at: float, chance: float, slot: Slot, shares: tuple[tuple[float, float], ...]
    ) -> Expected:
        # After a start at another time the mail's plan may have changed; after a missing run it rests, or has ended.
        is_settled = not self.unexpected or not at - _UNSETTLED < self.unexpected_at < at
        is_resting = (slot.plan is not None and slot.plan.missed > 0) or self._rested_then(at)
        day, second = self.local.split(at)
        first, last = self.local.readings(day, second)
        return Expected(
            at=at,
            chance=chance,
            starts=tuple((at + offset, share) for offset, share in shares),
            clear=chance >= _CLEAR and len(slot.starts) >= ESTABLISHED and is_settled and not is_resting,
            grace=self.grace + last - first,
        )

    def _rested_then(self, at: float) -> bool:
        """Did the mail rest at this time of an earlier year?"""
        day, _ = self.local.split(at)
        return any(
            first - 1 <= day - round(365.25 * years) <= last + 1
            for first, last in self.rests
            for years in (1, 2, 3)
        )

    def _start_shares(self) -> tuple[tuple[float, float], ...]:
        """The distribution of offsets from a slot's centre, as a few points."""
        known = sorted(self.offsets)
        if len(known) < _FEW_OFFSETS:
            known = sorted([*known, *_PRIOR_OFFSETS])
        points = [known[int(q * len(known))] for q in (0.1, 0.3, 0.5, 0.7, 0.9)]
        rest = 1 - sum(share for _, share in _TAIL)
        last = points[-1]
        return (*((point, rest / 5) for point in points), *((last + more, share) for more, share in _TAIL))

    def _guess(self, after: float) -> Expected | None:
        """While little is known: the next run may follow after the same gap as the one before."""
        known = sorted(start for slot in self.slots for start in slot.starts[-3:])[-3:]
        if not known or any(len(slot.starts) >= ESTABLISHED for slot in self.slots):
            return None
        gaps = [later - earlier for earlier, later in pairwise(known)]
        gap, chance = (gaps[-1], 0.5) if gaps else (float(HOUR), 0.1)
        if len(gaps) > 1 and abs(gaps[0] - gap) < _UNSURE:
            chance = 0.9
        at = known[-1] + gap
        if at <= after or not HOUR / 2 < gap < DAY - HOUR:
            return None
        shares = self._start_shares()
        return Expected(at=at, chance=chance, starts=tuple((at + off, share) for off, share in shares))


def _apart(one: float, other: float) -> float:
    """Seconds between two times of day, the shorter way round."""
    return abs((one - other + DAY / 2) % DAY - DAY / 2)
