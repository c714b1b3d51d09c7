"""How often runs fail: what a look at one mail is worth beside a look at another.

Most mails fail next to never, and a few fail again and again: a run of theirs is more likely to be the news
that people wait for. Each mail's rate is learned from its own ends, and believed as far as failures are seen to
cling to mails at all (Beta-binomial, its strength from how often a failed run is followed by another one).
"""

from __future__ import annotations

from dataclasses import dataclass

_MEMORY = 0.98  # what a run keeps of its weight with each further one of its mail
_STRENGTHS = (2.0, 1000.0)  # runs
_STAKES = (0.3, 8.0)


@dataclass(kw_only=True, slots=True)
class Failures:
    """How one mail's runs ended, older ones counting less. `after`: those right after a failed one."""

    runs: float = 0.0
    failed: float = 0.0
    runs_after: float = 0.0
    failed_after: float = 0.0
    failed_last: bool = False

    def stake(self, fleet: FleetFailures) -> float:
        """How many times as likely as any mail's is this mail's next run to fail? Within bounds."""
        strength = fleet.strength
        rate = (self.failed + strength * fleet.rate) / (self.runs + strength)
        least, most = _STAKES
        return min(most, max(least, rate / fleet.rate))

    def learn(self, fleet: FleetFailures, *, failed: bool) -> None:
        """A run has ended. `fleet` has this mail in its sums, and keeps it so."""
        fleet.add(self, -1)
        self.runs = self.runs * _MEMORY + 1
        self.failed = self.failed * _MEMORY + failed
        if self.failed_last:
            self.runs_after = self.runs_after * _MEMORY + 1
            self.failed_after = self.failed_after * _MEMORY + failed
        self.failed_last = failed
        fleet.add(self)


@dataclass(kw_only=True, slots=True)
class FleetFailures:
    """The same over all mails, as sums. The first values count as seen before: 4 % fail, 8 % after a failed one."""

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
        """How many runs of one mail tell as much about it as all these do."""
        after = self.failed_after / self.runs_after
        clings = max(after - self.rate, 1e-6)
        least, most = _STRENGTHS
        return min(most, max(least, (1 - after) / clings))

    def add(self, mail: Failures, sign: int = 1) -> None:
        """Count a mail in, or out."""
        self.runs += sign * mail.runs
        self.failed += sign * mail.failed
        self.runs_after += sign * mail.runs_after
        self.failed_after += sign * mail.failed_after
