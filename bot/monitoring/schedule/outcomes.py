"""How long runs take and how often they fail, learned for each mail against the background of all mails (the fleet).

Durations: a look only shows that a run was still going at one age and over at another, so each observation is an
interval. Taking its middle would favour long runs: short ones are over before the first look, and their intervals
are wide. So the typical duration is kept as a distribution (mean and variance) and updated with Bayes' rule
(assumed-density filtering). Runs of one mail are log-logistic: close to log-normal, with the heavier tail that a
few observations justify, and cheap to evaluate. All logarithms are of seconds.

Failures: most mails hardly ever fail, a few fail again and again. Each mail's rate is beta-binomial; the prior's
strength follows from how often a failed run is followed by another one, over the fleet.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp, log, sqrt

SHORTEST = 0.5  # seconds; younger ages carry no information
_LOGISTIC_SCALE = 0.5513  # standard deviation 1 as the scale of a logistic law: sqrt(3) / pi
_WITHIN = (0.16, 0.38)  # standard deviation of one mail's runs: steady mails, and the others
_OUTLIER = 0.03  # share of runs that follow the fleet's law instead of their mail's
_LEAST_LIKELIHOOD = 0.002  # of any observation
_POINTS = tuple((z, exp(-z * z / 2)) for z in (-2.4, -1.8, -1.2, -0.6, 0.0, 0.6, 1.2, 1.8, 2.4))
_VARIANCE_GROWTH = 1.03  # with each observation: reports change
_WEIGHT_DECAY = 0.98  # exponent of a belief's weight with each observation
_SURPRISE, _WIDENING = (
    2.5,
    4.0,
)  # an observation so many deviations off sets the deviation to distance / widening
_LEAST_VARIANCE = 0.0005
_LEAST_WEIGHT = 0.001  # no belief is ever ruled out: a memory is rounded, and reports change

_FAILURE_DECAY = 0.98  # of an older run's weight with each newer one of its mail
_STRENGTHS = (2.0, 1000.0)  # runs
_RISKS = (0.3, 8.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class DurationLaw:
    """The chance that a run has ended by an age in seconds."""

    median: float
    scale: float
    fleet_median: float
    fleet_scale: float

    def ended_by(self, age: float) -> float:
        if age <= SHORTEST:
            return 0.0
        x = log(age)
        own = _logistic(x, self.median, self.scale)
        return own + _OUTLIER * (_logistic(x, self.fleet_median, self.fleet_scale) - own)


def _logistic(x: float, median: float, scale: float) -> float:
    return 1 / (1 + exp(min(60.0, max(-60.0, (median - x) / scale))))


@dataclass(kw_only=True, slots=True)
class FleetDurations:
    """Sums over the mails' typical durations: the prior of a new mail. Starts as if 20 mails took about a minute."""

    mails: float = 20.0
    total: float = 20.0 * log(60)
    squares: float = 20.0 * (log(60) ** 2 + 1.0)

    @property
    def median(self) -> float:
        return self.total / self.mails

    @property
    def between(self) -> float:
        """The variance between mails."""
        return max(0.1, self.squares / self.mails - self.median**2)

    def add(self, mail: Durations, sign: int = 1) -> None:
        """Add a mail with observations to the sums, or subtract it (`sign` -1)."""
        if mail.beliefs:
            mean, variance, _ = _combined(mail.beliefs)
            self.mails += sign
            self.total += sign * mean
            self.squares += sign * (mean * mean + variance)


@dataclass(kw_only=True, slots=True)
class Belief:
    """A mail's typical duration, if its runs deviate by `within` from it; `weight` is the chance of that."""

    within: float
    weight: float
    mean: float
    variance: float

    def learn(self, low: float | None, high: float) -> float:
        """Update with an interval of log-durations (`low` None: no earlier look). Returns its likelihood."""
        deviation = sqrt(self.variance * _VARIANCE_GROWTH)
        scale = self.within * _LOGISTIC_SCALE
        total = first = second = mass = 0.0
        for z, density in _POINTS:
            median = self.mean + z * deviation
            chance = _logistic(high, median, scale)
            if low is not None:
                chance -= _logistic(low, median, scale)
            share = density * (chance + _LEAST_LIKELIHOOD)
            mass += density
            total += share
            first += share * z
            second += share * z * z
        shift = first / total
        self.mean += shift * deviation
        self.variance = max(_LEAST_VARIANCE, deviation * deviation * (second / total - shift * shift))
        return total / mass


@dataclass(kw_only=True, slots=True)
class Durations:
    """One mail's beliefs, one for each value of `within`; none before the first observation."""

    beliefs: tuple[Belief, ...] = ()

    def law(self, fleet: FleetDurations) -> DurationLaw:
        """The law of the next run: the less is known of the mail, the wider."""
        mean, variance, within = _combined(self.beliefs or _prior(fleet))
        own = sqrt(variance + within)
        between = sqrt(fleet.between + max(_WITHIN) ** 2)
        return DurationLaw(
            median=mean,
            scale=own * _LOGISTIC_SCALE,
            fleet_median=fleet.median,
            fleet_scale=max(own, between) * _LOGISTIC_SCALE,
        )

    def learn(self, low: float, high: float, fleet: FleetDurations) -> None:
        """A run was still going at age `low` (0: no earlier look) and over at age `high`, in seconds.

        `fleet` contains this mail; its sums are updated.
        """
        highest = log(max(high, 2 * SHORTEST))
        lowest = min(log(low), highest) if low > SHORTEST else None
        fleet.add(self, -1)
        if not self.beliefs:
            self.beliefs = _prior(fleet)
        self._widen_if_surprised(lowest, highest)
        for belief in self.beliefs:
            belief.weight = belief.weight**_WEIGHT_DECAY * belief.learn(lowest, highest)
        total = sum(belief.weight for belief in self.beliefs)
        rest = 1 - _LEAST_WEIGHT * len(self.beliefs)
        for belief in self.beliefs:
            belief.weight = _LEAST_WEIGHT + rest * belief.weight / total
        fleet.add(self)

    def _widen_if_surprised(self, low: float | None, high: float) -> None:
        """A run that took far less or more than believed may mean that the report has changed."""
        mean, variance, within = _combined(self.beliefs)
        off = max(mean - high, 0.0 if low is None else low - mean)
        if off <= _SURPRISE * sqrt(variance + within):
            return
        for belief in self.beliefs:
            belief.variance = max(belief.variance, (off / _WIDENING) ** 2)


def _combined(beliefs: tuple[Belief, ...]) -> tuple[float, float, float]:
    """Over the beliefs: the typical duration, its variance, and the variance of the runs about it."""
    mean = sum(one.weight * one.mean for one in beliefs)
    variance = sum(one.weight * (one.variance + (one.mean - mean) ** 2) for one in beliefs)
    return mean, variance, sum(one.weight * one.within**2 for one in beliefs)


def _prior(fleet: FleetDurations) -> tuple[Belief, ...]:
    return tuple(
        Belief(within=within, weight=1 / len(_WITHIN), mean=fleet.median, variance=fleet.between)
        for within in _WITHIN
    )


@dataclass(kw_only=True, slots=True)
class Failures:
    """How one mail's runs ended, older ones weighing less. `…_after` counts the runs right after a failed one."""

    runs: float = 0.0
    failed: float = 0.0
    runs_after: float = 0.0
    failed_after: float = 0.0
    failed_last: bool = False

    def relative_risk(self, fleet: FleetFailures) -> float:
        """How many times as likely to fail the mail's next run is as an average run. Bounded."""
        strength = fleet.strength
        rate = (self.failed + strength * fleet.rate) / (self.runs + strength)
        least, most = _RISKS
        return min(most, max(least, rate / fleet.rate))

    def learn(self, fleet: FleetFailures, *, failed: bool) -> None:
        """A run has ended. `fleet` contains this mail; its sums are updated."""
        fleet.add(self, -1)
        self.runs = self.runs * _FAILURE_DECAY + 1
        self.failed = self.failed * _FAILURE_DECAY + failed
        if self.failed_last:
            self.runs_after = self.runs_after * _FAILURE_DECAY + 1
            self.failed_after = self.failed_after * _FAILURE_DECAY + failed
        self.failed_last = failed
        fleet.add(self)


@dataclass(kw_only=True, slots=True)
class FleetFailures:
    """The same, summed over all mails. Starts as if 4 % of runs fail, and 8 % of those after a failed one."""

    runs: float = 10.0
    failed: float = 0.4
    runs_after: float = 50.0
    failed_after: float = 4.0

    @property
    def rate(self) -> float:
        """The share of runs that fail."""
        return self.failed / self.runs

    @property
    def strength(self) -> float:
        """How many of one mail's own runs weigh as much as the fleet's rate."""
        after = self.failed_after / self.runs_after
        excess = max(after - self.rate, 1e-6)
        least, most = _STRENGTHS
        return min(most, max(least, (1 - after) / excess))

    def add(self, mail: Failures, sign: int = 1) -> None:
        """Add a mail to the sums, or subtract it (`sign` -1)."""
        self.runs += sign * mail.runs
        self.failed += sign * mail.failed
        self.runs_after += sign * mail.runs_after
        self.failed_after += sign * mail.failed_after


@dataclass(frozen=True, kw_only=True, slots=True)
class Fleet:
    """Sums over the watched mails. They are rebuilt at a restart from what is remembered of each mail."""

    durations: FleetDurations = field(default_factory=FleetDurations)
    failures: FleetFailures = field(default_factory=FleetFailures)

    def add(self, durations: Durations, failures: Failures, sign: int = 1) -> None:
        """Add one mail's statistics to the sums, or subtract them (`sign` -1)."""
        self.durations.add(durations, sign)
        self.failures.add(failures, sign)
