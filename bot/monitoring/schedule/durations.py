"""How long runs take: each mail's own law, learned from looks, on what all mails are like.

A look only tells that a run was still going at one age and over at another, so every lesson is an interval. Taking
its middle for the truth would favour long runs: short ones are over before anyone looks, and their intervals are
wide. So what is believed of a mail's typical duration is a distribution, and a lesson is weighed by Bayes' rule
against all of it (assumed-density filtering: what comes out is kept as a mean and a variance).

Durations are taken as log-logistic: close to log-normal, with the heavier tail that is fair to a law learned
from a few runs, and cheap to evaluate. Logarithms throughout, of seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, sqrt

SHORTEST = 0.5  # seconds; younger ages tell nothing
_LOGISTIC_SCALE = 0.5513  # standard deviation 1 as the scale of a logistic law: sqrt(3) / pi
_WITHIN = (0.16, 0.38)  # how much one mail's runs differ: steady mails, and the others
_OUTLIER = 0.03  # the share of runs that keep to the shared law and not to their mail's
_STRAY = 0.002  # how likely any lesson is, however little it goes with what is believed
_POINTS = tuple((z, exp(-z * z / 2)) for z in (-2.4, -1.8, -1.2, -0.6, 0.0, 0.6, 1.2, 1.8, 2.4))
_AGEING = 1.03  # by what a belief's variance grows with each lesson: reports change
_FADING = 0.98  # of what speaks for one kind of mail or the other
_SHOCK, _SHAKEN = 2.5, 4.0  # a lesson so many deviations off widens the belief to that part of its distance
_SUREST = 0.0005  # variance
_LEAST_LIKELY = 0.001  # no kind of mail is ever ruled out: a memory is rounded, and reports change


@dataclass(frozen=True, kw_only=True, slots=True)
class DurationLaw:
    """The chance that a run has ended by an age, in seconds."""

    median: float
    scale: float
    fleet_median: float
    fleet_scale: float

    def ended_by(self, age: float) -> float:
        if age <= SHORTEST:
            return 0.0
        x = log(age)
        own = _below(x, self.median, self.scale)
        return own + _OUTLIER * (_below(x, self.fleet_median, self.fleet_scale) - own)

    def typical(self) -> float:
        """The median duration in seconds."""
        return exp(self.median)


def _below(x: float, median: float, scale: float) -> float:
    """The logistic law."""
    return 1 / (1 + exp(min(60.0, max(-60.0, (median - x) / scale))))


@dataclass(kw_only=True, slots=True)
class FleetDurations:
    """What typical durations are like over all mails, as sums over them: where a new mail's belief begins."""

    mails: float = 20.0  # the first values count as seen before: around a minute
    total: float = 20.0 * log(60)
    squares: float = 20.0 * (log(60) ** 2 + 1.0)

    @property
    def median(self) -> float:
        """Of the mails' typical durations."""
        return self.total / self.mails

    @property
    def between(self) -> float:
        """The variance of the mails' typical durations."""
        return max(0.1, self.squares / self.mails - self.median**2)

    def add(self, mail: Durations, sign: int = 1) -> None:
        """Count a mail of which something was learned in, or out."""
        if mail.beliefs:
            mean, doubt, _ = _taken_together(mail.beliefs)
            self.mails += sign
            self.total += sign * mean
            self.squares += sign * (mean * mean + doubt)


@dataclass(kw_only=True, slots=True)
class Belief:
    """What a mail's typical duration would be, if its runs differed by `within` (a standard deviation)."""

    within: float
    weight: float  # how likely that is
    mean: float
    variance: float

    def learn(self, low: float | None, high: float) -> float:
        """Weigh an interval of log-durations; `low` is None if nobody had looked. Returns how likely it was."""
        deviation = sqrt(self.variance * _AGEING)
        scale = self.within * _LOGISTIC_SCALE
        total = first = second = mass = 0.0
        for z, density in _POINTS:
            median = self.mean + z * deviation
            chance = _below(high, median, scale)
            if low is not None:
                chance -= _below(low, median, scale)
            share = density * (chance + _STRAY)
            mass += density
            total += share
            first += share * z
            second += share * z * z
        shift = first / total
        self.mean += shift * deviation
        self.variance = max(_SUREST, deviation * deviation * (second / total - shift * shift))
        return total / mass


@dataclass(kw_only=True, slots=True)
class Durations:
    """What one mail's looks teach: a belief for each kind of mail that it may be; none before the first lesson."""

    beliefs: tuple[Belief, ...] = ()

    def law(self, fleet: FleetDurations) -> DurationLaw:
        """The law of the next run: wider the less is known of the mail."""
        mean, doubt, within = _taken_together(self.beliefs or _first_beliefs(fleet))
        own = sqrt(doubt + within)
        between = sqrt(fleet.between + max(_WITHIN) ** 2)
        return DurationLaw(
            median=mean,
            scale=own * _LOGISTIC_SCALE,
            fleet_median=fleet.median,
            fleet_scale=max(own, between) * _LOGISTIC_SCALE,
        )

    def learn(self, low: float, high: float, fleet: FleetDurations) -> None:
        """A run was still going at age `low` (0 if nobody looked) and over at age `high`, in seconds.

        `fleet` has this mail in its sums, and keeps it so.
        """
        highest = log(max(high, 2 * SHORTEST))
        lowest = min(log(low), highest) if low > SHORTEST else None
        fleet.add(self, -1)
        if not self.beliefs:
            self.beliefs = _first_beliefs(fleet)
        self._be_shaken(lowest, highest)
        for belief in self.beliefs:
            belief.weight = belief.weight**_FADING * belief.learn(lowest, highest)
        total = sum(belief.weight for belief in self.beliefs)
        sure = 1 - _LEAST_LIKELY * len(self.beliefs)
        for belief in self.beliefs:
            belief.weight = _LEAST_LIKELY + sure * belief.weight / total
        fleet.add(self)

    def _be_shaken(self, low: float | None, high: float) -> None:
        """Where a run took far less or more than was believed, the report may have changed: believe less firmly."""
        mean, doubt, within = _taken_together(self.beliefs)
        off = max(mean - high, 0.0 if low is None else low - mean)
        if off <= _SHOCK * sqrt(doubt + within):
            return
        for belief in self.beliefs:
            belief.variance = max(belief.variance, (off / _SHAKEN) ** 2)


def _taken_together(beliefs: tuple[Belief, ...]) -> tuple[float, float, float]:
    """Over the beliefs: the typical duration, its variance, and the variance of the runs about it."""
    mean = sum(one.weight * one.mean for one in beliefs)
    doubt = sum(one.weight * (one.variance + (one.mean - mean) ** 2) for one in beliefs)
    return mean, doubt, sum(one.weight * one.within**2 for one in beliefs)


def _first_beliefs(fleet: FleetDurations) -> tuple[Belief, ...]:
    return tuple(
        Belief(within=within, weight=1 / len(_WITHIN), mean=fleet.median, variance=fleet.between)
        for within in _WITHIN
    )
