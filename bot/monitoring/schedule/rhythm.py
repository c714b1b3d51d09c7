"""When a mail runs: the times of day at which it was seen to start, and on which days.

Starts at about the same time of day form a slot. Each slot learns its days (`days.py`); punctuality is learned
over all slots of the mail.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from bot.monitoring.schedule.days import WINDOW, DayRule, learn_days
from bot.monitoring.schedule.localtime import DAY, HOUR, LocalTime

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ESTABLISHED = 4  # runs in a slot from which on it counts as one of the mail's times
_FEW_OFFSETS = 4
_OFFSETS = 24
_CENTRE = 5  # the latest starts of a slot that determine its time
_STARTS = 300  # kept for a mail, over all its slots
_STARTS_A_SLOT = (10, 40)
_SLOTS = 60
_BLIND = 8
_LONGEST_SILENCE = 100 * DAY  # after which a slot is forgotten
_HORIZON = 40  # days that are searched for the next expected run
_FAINT = 0.02  # lower chances are ignored
_CLEAR = 0.75  # the chance from which on a missing run is reported
_ENOUGH = 0.8  # expectations are listed until their chances add up to this
_UNSURE = 600.0  # the tolerance in seconds while little is known of the mail
_TOLERANCE = (90.0, 900.0)
_PRIOR_OFFSETS = (-20.0, -4.0, 0.0, 4.0, 20.0)
_TAIL = ((20.0, 0.02), (120.0, 0.015), (480.0, 0.015))  # late starts: (seconds after the others, chance)
_JUST_BEFORE, _DAY_BEFORE = 2 * HOUR, 26 * HOUR
_PRIOR_UNEXPECTED = (0.4, 4.0)  # runs, days
_UNEXPECTED_DAYS = 28.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """A run that may start about `at`. `clear`: so certain that its absence is reported, after `grace` seconds."""

    at: float
    chance: float
    starts: tuple[tuple[float, float], ...]  # (instant, share of the chance), in order
    clear: bool = False
    grace: float = 0.0


@dataclass(eq=False, slots=True)
class Slot:
    """One time of day. `starts` are instants, oldest first; never empty."""

    starts: list[float]
    centre: float  # seconds of the day
    rule: DayRule | None = None
    learned_to: int = -1  # the last day that `rule` knows of


@dataclass(eq=False, slots=True)
class Rhythm:
    """What one mail's starts tell. Instants are Unix seconds."""

    local: LocalTime
    since: float | None = None  # every run since then was seen, except during `blind`
    slots: list[Slot] = field(default_factory=list)  # by time of day
    offsets: list[float] = field(default_factory=list)  # seconds by which runs missed their slot's centre
    blind: list[tuple[float, float]] = field(default_factory=list)
    unexpected: float = 0.0  # runs outside the slots, older ones weighing less
    unexpected_at: float = 0.0
    latest: float | None = None

    @classmethod
    def restored(cls, local: LocalTime, *, slots: Iterable[list[float]], **rest: Any) -> Rhythm:
        """As it was before a restart: `slots` are the starts of each."""
        rhythm = cls(local, **rest)
        for starts in slots:
            slot = Slot(starts, 0.0)
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
        slot = self._nearest(second)
        if slot is None:
            self._add_slot(at, second)
        else:
            self._hit(slot, at, day)
        if self.latest is not None and (slot is None or len(slot.starts) == 1):
            self._count_unexpected(at)
        self.latest = max(at, self.latest or at)

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
    def spread(self) -> float:
        """Seconds within which four of five starts deviate from their slot's time."""
        if len(self.offsets) < _FEW_OFFSETS:
            return 30.0
        sizes = sorted(abs(offset) for offset in self.offsets)
        return sizes[int(0.8 * len(sizes))]

    @property
    def grace(self) -> float:
        """How many seconds after its time a run is not reported as missing yet."""
        return min(HOUR, max(600.0, 10 * self.spread))

    def expected(self, after: float, known_to: float) -> list[Expected]:
        """The runs that may come next after `after`, in order of time, as learned from looks until `known_to`."""
        found: list[Expected] = []
        sure = 0.0
        starts = self._start_shares()
        for at, slot, day in self._slot_times(after):
            if self.latest is not None and self.latest >= at - self.tolerance:
                continue  # that run has begun
            chance = self._rule(slot, known_to).chance(day)
            if chance < _FAINT:
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

    def _nearest(self, second: float) -> Slot | None:
        if not self.slots:
            return None
        place = bisect_left(self.slots, second, key=lambda slot: slot.centre)
        beside = (self.slots[place - 1], self.slots[place % len(self.slots)])
        nearest = min(beside, key=lambda slot: _apart(slot.centre, second))
        return nearest if _apart(nearest.centre, second) <= self.tolerance else None

    def _add_slot(self, at: float, second: float) -> None:
        self.slots = [slot for slot in self.slots if at - slot.starts[-1] < _LONGEST_SILENCE]
        if len(self.slots) >= _SLOTS:
            self.slots.remove(min(self.slots, key=lambda slot: (len(slot.starts), slot.starts[-1])))
        self.slots.append(Slot([at], second))
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
            self.offsets = [*self.offsets, at - expected_at][-_OFFSETS:]
        fewest, most = _STARTS_A_SLOT
        slot.starts = slot.starts[-min(most, max(fewest, _STARTS // len(self.slots))) :]
        slot.centre = self._centre(slot)
        slot.rule = None
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

    def _slot_times(self, after: float) -> Iterator[tuple[float, Slot, int]]:
        """Every slot on every day from `after` on, in order."""
        today, _ = self.local.split(after)
        for day in range(today, today + _HORIZON):
            for slot in self.slots:
                at = self.local.instant(day, slot.centre)
                if at > after:
                    yield at, slot, day

    def _rule(self, slot: Slot, known_to: float) -> DayRule:
        today, second = self.local.split(known_to)
        known = today if second > slot.centre + self.tolerance else today - 1
        if slot.rule is None or slot.learned_to < known:
            slot.rule = self._learn(slot, known)
            slot.learned_to = known
        return slot.rule

    def _learn(self, slot: Slot, known: int) -> DayRule:
        hits = [self.local.split(start - slot.centre + DAY / 2)[0] for start in slot.starts]
        since = self.since if self.since is not None else slot.starts[0]
        first, second = self.local.split(since)
        first += second > slot.centre + self.tolerance
        first = max(first, hits[0], known - WINDOW + 1)  # before its first run there was another plan
        inside = set(hits)
        watched = [
            day
            for day in range(first, max(known, hits[-1]) + 1)
            if day in inside or not self._was_blind(self.local.instant(day, slot.centre))
        ]
        others = any(len(other.starts) >= ESTABLISHED for other in self.slots if other is not slot)
        return learn_days(hits, watched, beside_others=others)

    def _was_blind(self, at: float) -> bool:
        return any(start <= at <= end for start, end in self.blind)

    def _expectation(
        self, at: float, chance: float, slot: Slot, shares: tuple[tuple[float, float], ...]
    ) -> Expected:
        # After a start at another time the mail's plan may have changed.
        unsettled = _JUST_BEFORE if slot.rule is None or not slot.rule.missed else _DAY_BEFORE
        settled = not self.unexpected or not at - unsettled < self.unexpected_at < at
        established = len(slot.starts) >= ESTABLISHED and settled
        return Expected(
            at=at,
            chance=chance,
            starts=tuple((at + offset, share) for offset, share in shares),
            clear=established and chance >= _CLEAR,
            grace=self.grace,
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
