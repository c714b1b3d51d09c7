"""How long runs take: each mail's own law, learned from looks, on the shared law of all mails.

A look only tells that a run was still going at one age and over at another, so every lesson is an interval.
Durations are taken as log-logistic: close to log-normal, with the heavier tail that is fair to a law learned
from a few runs, and cheap to evaluate.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, sqrt

SHORTEST = 0.5  # seconds; younger ages tell nothing
_LOGISTIC_SCALE = 0.5513  # standard deviation 1 as the scale of a logistic law: sqrt(3) / pi
_MEMORY = 0.94  # what a lesson keeps of its weight with each further one
_FLEET_MEMORY = 0.998
_OUTLIER = 0.03  # the share of runs that keep to the shared law and not to their mail's
_NARROWEST = 0.05  # of log-durations: no mail is more regular than 5 %


@dataclass(frozen=True, kw_only=True, slots=True)
class DurationLaw:
    """The chance that a run has ended by an age, in seconds."""

    median: float  # of the log-duration
    scale: float
    fleet_median: float
    fleet_scale: float

    def ended_by(self, age: float) -> float:
        if age <= SHORTEST:
            return 0.0
        x = log(age)
        own = 1 / (1 + exp(_clip((self.median - x) / self.scale)))
        fleet = 1 / (1 + exp(_clip((self.fleet_median - x) / self.fleet_scale)))
        return own + _OUTLIER * (fleet - own)

    def typical(self) -> float:
        """The median duration in seconds."""
        return exp(self.median)


def _clip(x: float) -> float:
    return min(60.0, max(-60.0, x))


@dataclass(kw_only=True, slots=True)
class FleetDurations:
    """What durations are like over all mails: where a mail's law begins."""

    median: float = log(60)
    between: float = 1.0  # variance of the mails' medians
    within: float = 0.16  # variance of one mail's runs

    def learn(self, x: float, residual: float | None) -> None:
        """One more run's log-duration, and how far it was from its mail's mean, where that is known."""
        rate = 1 - _FLEET_MEMORY
        surprise = x - self.median
        self.median += rate * surprise
        self.between += rate * (surprise * surprise - self.between)
        if residual is not None:
            self.within += rate * (residual * residual - self.within)


@dataclass(kw_only=True, slots=True)
class Durations:
    """One mail's lessons: how many (older ones count less), their mean and their variance, in logs."""

    weight: float = 0.0
    mean: float = 0.0
    variance: float = 0.0

    def law(self, fleet: FleetDurations) -> DurationLaw:
        """The law of the next run: the mail's own as far as it is known, the fleet's for the rest."""
        doubt = max(0.01, fleet.within / max(fleet.between, 0.01))
        known = self.weight + doubt
        median = (self.weight * self.mean + doubt * fleet.median) / known
        spread = (self.weight * self.variance + 2 * fleet.within) / (self.weight + 2)
        own = max(_NARROWEST, sqrt(spread * (1 + 1 / known)))
        return DurationLaw(
            median=median,
            scale=own * _LOGISTIC_SCALE,
            fleet_median=fleet.median,
            fleet_scale=max(own, sqrt(fleet.between + fleet.within)) * _LOGISTIC_SCALE,
        )

    def learn(self, low: float, high: float, fleet: FleetDurations) -> None:
        """A run was still going at age `low` (0 if nobody looked) and over at age `high`."""
        law = self.law(fleet)
        high = max(high, 2 * SHORTEST)
        low = min(max(low, SHORTEST), high)
        before, after = law.ended_by(low), law.ended_by(high)
        # The wider the interval for what is already believed, the less it teaches.
        weight = 1 - (after - before)
        if weight < 0.02:  # noqa: PLR2004
            return
        middle = min(1 - 1e-9, max(1e-9, (before + after) / 2))
        guess = law.median + law.scale * log(middle / (1 - middle))
        x = min(log(high), max(log(low), guess))
        fleet.learn(x, x - self.mean if self.weight > 2 else None)  # noqa: PLR2004
        self._add(x, weight)

    def _add(self, x: float, weight: float) -> None:
        old = self.weight * _MEMORY
        self.weight = old + weight
        step = x - self.mean
        self.mean += step * weight / self.weight
        self.variance = (old * self.variance + weight * step * (x - self.mean)) / self.weight
