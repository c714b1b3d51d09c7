"""What a call would be worth, from the last look on: the chance that a finished run is unseen, as it grows.

Worth is measured in seconds: roughly the delay that looking now saves, set against what waiting would save,
each run weighed by how likely it is to have failed (1 for an ordinary mail's).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import exp, log
from typing import TYPE_CHECKING

from bot.monitoring.schedule.priority_levels import BELOW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bot.monitoring.schedule.durations import DurationLaw
    from bot.monitoring.schedule.rhythm import Expected

    Clock = Callable[[], float]  # the time now, in Unix seconds

PATIENCE = 60.0  # seconds: beyond this, what waiting would bring no longer counts
OVERWRITE = 200.0  # seconds of delay that losing a run for good is held to be worth
BEFORE_START = 900.0  # how long before an expected start the bot makes sure that nothing gets overwritten
DEADLINE = 150.0  # the worth of looking whether a run is late, above any mere chance
_LEVEL = 1 / log(1.25)
_FIRST_STEP, _GROWTH = 0.5, 1.3  # of the grid on which worth is evaluated, where a run may be going
_FLAT = 0.05  # share by which what is unseen would grow at most to the end: not worth following
_IDLE_STEP, _IDLE_GROWTH = 60.0, 2.0  # and where none is expected


@dataclass(frozen=True, kw_only=True, slots=True)
class Outlook:
    """Everything that bears on when to look next. Instants are Unix seconds.

    `running` is the start of a run that was still going at `looked_at`. `stake` is how many times as likely
    as an ordinary run one of this mail is to fail; `surprises` the rate a second of runs that no rhythm
    foretells; `flip` the chance that what was seen has changed by `flips_at`.
    """

    looked_at: float
    law: DurationLaw
    stake: float = 1.0
    surprises: float = 0.0
    running: float | None = None
    expected: Sequence[Expected] = ()
    deadlines: Sequence[float] = ()
    flip: float = 0.0
    flips_at: float = 0.0

    def coming(self) -> list[tuple[float, float]]:
        """The instants at which a run may start, each with its chance, in order."""
        return sorted(start for one in self.expected for start in still_to_start(one, self.looked_at))

    def turns(self, begin: float, until: float) -> list[float]:
        """The moments between which the outlook keeps its course."""
        moments = [begin, self.flips_at, *self.deadlines]
        for one in self.expected:
            moments += one.at - BEFORE_START, one.starts[0][0]
        return [*sorted({moment for moment in moments if begin <= moment < until}), until]

    def bonus(self, at: float) -> tuple[float, float]:
        """The worth, beside that of a finished run, from `at` to the next turn: at once, and a second more."""
        worth = PATIENCE * self.flip if at >= self.flips_at else 0.0
        if any(self.looked_at < deadline <= at for deadline in self.deadlines):
            worth += DEADLINE
        if not any(one.at - BEFORE_START <= at < one.at for one in self.expected):
            return worth, 0.0
        growth = OVERWRITE * self.surprises
        return worth + growth * (at - self.looked_at), growth


def still_to_start(expected: Expected, looked_at: float) -> list[tuple[float, float]]:
    """When an expected run may start, and the chances, given that it had not by `looked_at`."""
    if expected.starts[0][0] > looked_at:
        return [(start, share * expected.chance) for start, share in expected.starts]
    left = [(start, share * expected.chance) for start, share in expected.starts if start > looked_at]
    scale = 1 / (sum(share for _, share in left) + 1 - expected.chance + 1e-9)
    return [(start, share * scale) for start, share in left]


def climb(
    outlook: Outlook, begin: float, until: float, price: float, clock: Clock
) -> Iterator[tuple[float, int]]:
    """The times from `begin` to `until` at which the worth of a look reaches another level.

    Level 0 begins at `price`, the worth in seconds below which no call is made. What is past by the `clock`
    when it is asked for is passed over: only where a climber stands now, and goes from here, is worth knowing.
    """
    level = BELOW
    coming: list[tuple[float, float]] | None = None
    first_start = min((one.starts[0][0] for one in outlook.expected), default=until)
    for turn, next_turn in pairwise(outlook.turns(begin, until)):
        if next_turn <= clock():
            continue
        if outlook.running is None and next_turn <= first_start:
            worths = _idle_worths(outlook, max(turn, clock()), next_turn, price)
        else:
            coming = outlook.coming() if coming is None else coming
            worths = _worths(outlook, coming, turn, next_turn, clock)
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
    outlook: Outlook, coming: list[tuple[float, float]], begin: float, end: float, clock: Clock
) -> Iterator[tuple[float, float]]:
    """The worth of a look at growing distances from `begin`, while a run may be going.

    A look saves more the more finished runs are unseen, and less while waiting soon brings more of them:
    `unseen / (growth / unseen + 1 / PATIENCE)`.
    """
    at = max(begin, clock())
    step = max(_FIRST_STEP, at - begin)
    last_start = max((start for start, _ in coming if start < end), default=begin)
    bonus, bonus_growth = outlook.bonus(at)
    first, unseen = at, _unseen(outlook, coming, at)
    while at < end:
        later = min(max(at + step, clock()), end)
        more = _unseen(outlook, coming, later)
        growth = max(0.0, more - unseen) / (later - at)
        worth = outlook.stake * unseen * unseen / (growth + unseen / PATIENCE + 1e-12)
        yield at, worth + bonus + bonus_growth * (at - first)
        if growth * (end - later) < _FLAT * unseen and later > last_start and not bonus_growth:
            later = end
        step = max(step, later - at) * _GROWTH
        at, unseen = later, more


def _idle_worths(outlook: Outlook, begin: float, end: float, price: float) -> Iterator[tuple[float, float]]:
    """Likewise while only a surprise can be unseen: then worth only grows, and most often not to the price."""
    bonus, bonus_growth = outlook.bonus(begin)
    step, at = 0.0, begin
    if _idle_worth(outlook, end) + bonus + bonus_growth * (end - begin) < price:
        at = end
    while at < end:
        yield at, _idle_worth(outlook, at) + bonus + bonus_growth * (at - begin)
        step = max(_IDLE_STEP, step * _IDLE_GROWTH)
        at += step


def _idle_worth(outlook: Outlook, at: float) -> float:
    """Not weighed by the stake: the rounds in between are for every mail alike."""
    waited = at - outlook.looked_at
    return outlook.surprises * waited * waited / (1 + waited / PATIENCE)


def _unseen(outlook: Outlook, coming: list[tuple[float, float]], at: float) -> float:
    """How many finished runs are unseen at `at`, in expectation."""
    ended_by = outlook.law.ended_by
    unseen = outlook.surprises * (at - outlook.looked_at)
    if outlook.running is not None:
        before = ended_by(outlook.looked_at - outlook.running)
        unseen += (ended_by(at - outlook.running) - before) / (1.0 - before + 1e-9)
    for start, share in coming:
        if start >= at:
            break
        unseen += share * ended_by(at - start)
    return unseen
