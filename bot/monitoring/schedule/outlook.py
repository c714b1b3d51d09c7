"""What a call about a mail is worth, from the last look on: it grows with the chance that a finished run is unseen.

Worth is in seconds: about the delay that calling now saves compared with calling later, multiplied by how likely
the run is to fail relative to an average run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, log

from bot.monitoring.schedule.outcomes import DurationLaw
from bot.monitoring.schedule.queues import BELOW

Clock = Callable[[], float]  # the time now, in Unix seconds


PATIENCE = 60.0  # seconds: what waiting longer than this would bring does not count
OVERWRITE = 200.0  # seconds of delay: the cost of losing a run for good
BEFORE_START = (
    900.0  # seconds before an expected start in which unseen runs are in danger of being overwritten
)
DEADLINE = 150.0  # the worth of checking whether a run is late, above any mere chance
_LEVEL = 1 / log(1.25)
_FIRST_STEP, _GROWTH = 0.5, 1.3  # of the grid on which worth is evaluated while a run may be going
_FLAT = 0.05  # what is unseen would grow at most by this share to the end: skip to there
_IDLE_STEP, _IDLE_GROWTH = 60.0, 2.0  # of the grid while none is expected


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """A run that may start about `at`. `clear`: so certain that its absence is reported, after `grace` seconds."""

    at: float
    chance: float
    starts: tuple[tuple[float, float], ...]  # (instant, share of the chance), in order
    clear: bool = False
    grace: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Outlook:
    """What determines the worth of the next look. Instants are Unix seconds.

    `running` is the start of a run that was still going at `looked_at`; `unexpected` the rate per second of runs
    outside the rhythm; `flip` the chance that the status last seen has changed by `flips_at`; `idle_weight` is 0
    where unexpected runs are left to the rounds.
    """

    looked_at: float
    law: DurationLaw
    relative_failure_risk: float = 1.0
    unexpected: float = 0.0
    running: float | None = None
    expected: Sequence[Expected] = ()
    deadlines: Sequence[float] = ()
    flip: float = 0.0
    flips_at: float = 0.0
    idle_weight: float = 1.0

    def starts(self) -> list[tuple[float, float]]:
        """The instants at which a run may start, each with its chance, in order."""
        return sorted(start for one in self.expected for start in remaining_starts(one, self.looked_at))

    def turning_points(self, begin: float, until: float) -> list[float]:
        """The moments from `begin` to `until` between which the worth is smooth."""
        moments = [begin, self.flips_at, *self.deadlines]
        for one in self.expected:
            moments += one.at - BEFORE_START, one.starts[0][0]
        return [*sorted({moment for moment in moments if begin <= moment < until}), until]

    def bonus(self, at: float) -> tuple[float, float]:
        """The worth besides a finished run's, from `at` to the next turning point: at `at`, and its growth a second."""
        worth = PATIENCE * self.flip if at >= self.flips_at else 0.0
        if any(self.looked_at < deadline <= at for deadline in self.deadlines):
            worth += DEADLINE
        if not any(one.at - BEFORE_START <= at < one.at for one in self.expected):
            return worth, 0.0
        growth = OVERWRITE * self.unexpected
        return worth + growth * (at - self.looked_at), growth

    def unseen(self, starts: list[tuple[float, float]], at: float) -> float:
        """The expected number of finished runs that are unseen at `at`."""
        ended_by = self.law.ended_by
        unseen = self.unexpected * (at - self.looked_at)
        if self.running is not None:
            before = ended_by(self.looked_at - self.running)
            unseen += (ended_by(at - self.running) - before) / (1.0 - before + 1e-9)
        for start, share in starts:
            if start >= at:
                break
            unseen += share * ended_by(at - start)
        return unseen


def remaining_starts(expected: Expected, looked_at: float) -> list[tuple[float, float]]:
    """When an expected run may start, and the chances, given that it had not by `looked_at`."""
    if expected.starts[0][0] > looked_at:
        return [(start, share * expected.chance) for start, share in expected.starts]
    left = [(start, share * expected.chance) for start, share in expected.starts if start > looked_at]
    scale = 1 / (sum(share for _, share in left) + 1 - expected.chance + 1e-9)
    return [(start, share * scale) for start, share in left]


def level_changes(
    outlook: Outlook, begin: float, until: float, price: float, clock: Clock
) -> Iterator[tuple[float, int]]:
    """The times from `begin` to `until` at which the worth of a look reaches another level.

    Level 0 begins at `price`, the worth in seconds below which no call is made. Steps that are already over by
    `clock` when they are asked for are skipped: only the present level and later changes matter.
    """
    level = BELOW
    starts: list[tuple[float, float]] | None = None
    first_start = min((one.starts[0][0] for one in outlook.expected), default=until)
    for turn, next_turn in pairwise(outlook.turning_points(begin, until)):
        if next_turn <= clock():
            continue
        if outlook.running is None and next_turn <= first_start:
            worths = _idle_worths(outlook, max(turn, clock()), next_turn, price)
        else:
            starts = outlook.starts() if starts is None else starts
            worths = _worths(outlook, starts, turn, next_turn, clock)
        before, worth_before = next_turn, 0.0
        for at, worth in worths:
            reached = int(log(worth / price) * _LEVEL) if worth >= price else BELOW
            while level < reached and before < at:
                level += 1
                height = price * exp(level / _LEVEL)
                yield before + (at - before) * (height - worth_before) / (worth - worth_before), level
            if level != reached:
                level = reached
                yield at, level
            before, worth_before = at, worth


def _worths(
    outlook: Outlook, starts: list[tuple[float, float]], begin: float, end: float, clock: Clock
) -> Iterator[tuple[float, float]]:
    """The worth of a look at growing distances from `begin`, while a run may be going.

    A look saves more the more finished runs are unseen, and less if waiting soon brings more of them:
    `unseen / (growth / unseen + 1 / PATIENCE)`.
    """
    at = max(begin, clock())
    step = max(_FIRST_STEP, at - begin)
    last_start = max((start for start, _ in starts if start < end), default=begin)
    bonus, bonus_growth = outlook.bonus(at)
    first, unseen = at, outlook.unseen(starts, at)
    while at < end:
        later = min(max(at + step, clock()), end)
        more = outlook.unseen(starts, later)
        growth = max(0.0, more - unseen) / (later - at)
        worth = outlook.relative_failure_risk * unseen * unseen / (growth + unseen / PATIENCE + 1e-12)
        yield at, worth + bonus + bonus_growth * (at - first)
        if growth * (end - later) < _FLAT * unseen and later > last_start and not bonus_growth:
            later = end
        step = max(step, later - at) * _GROWTH
        at, unseen = later, more


def _idle_worths(outlook: Outlook, begin: float, end: float, price: float) -> Iterator[tuple[float, float]]:
    """The same while only unexpected runs can be unseen: worth only grows, and rarely reaches the price."""
    bonus, bonus_growth = outlook.bonus(begin)
    step, at = 0.0, begin
    if _idle_worth(outlook, end) + bonus + bonus_growth * (end - begin) < price:
        at = end
    while at < end:
        yield at, _idle_worth(outlook, at) + bonus + bonus_growth * (at - begin)
        step = max(_IDLE_STEP, step * _IDLE_GROWTH)
        at += step


def _idle_worth(outlook: Outlook, at: float) -> float:
    """Without the relative failure risk: between runs all mails are treated alike."""
    waited = at - outlook.looked_at
    return outlook.idle_weight * outlook.unexpected * waited * waited / (1 + waited / PATIENCE)
