"""How often runs fail: what a look at one mail is worth beside a look at another.

Most mails fail next to never, and a few fail again and again: a run of theirs is more likely to be the news
that people wait for. Each mail's rate is learned from its own ends, and believed as far as failures are seen to
cling to mails at all (Beta-binomial, its strength from how often a failed run is followed by another one).
"""

from __future__ import annotations

from dataclasses import dataclass

_MEMORY = 0.98  # what a run keeps of its weight with each further one of its mail
_STRENGTHS = (2.0, 1000.0)  # as many runs of a mail weigh as much as all other mails together
_STAKES = (0.3, 8.0)


@dataclass(kw_only=True, slots=True)
class Failures:
    """Ends, and how many of them were failures: of one mail, older ones counting less, or of all mails together."""

    runs: float = 0.0
    failed: float = 0.0
    runs_after: float = 0.0  # those that came right after a failed run of their mail,
    failed_again: float = 0.0  # and failed as well

    @property
    def rate(self) -> float:
        """The share of runs that fail."""
        return self.failed / self.runs

    @property
    def strength(self) -> float:
        """How many runs of one mail tell as much about it as all these do."""
        again = self.failed_again / self.runs_after
        clings = max(again - self.rate, 1e-6)
        least, most = _STRENGTHS
        return min(most, max(least, (1 - again) / clings))

    def add(self, other: Failures, sign: int = 1) -> None:
        """Count a mail in, or out."""
        self.runs += sign * other.runs
        self.failed += sign * other.failed
        self.runs_after += sign * other.runs_after
        self.failed_again += sign * other.failed_again


def seen_before() -> Failures:
    """What counts as seen before anything was: 4 % of runs fail, 8 % of those after a failed one."""
    return Failures(runs=10.0, failed=0.4, runs_after=50.0, failed_again=4.0)


@dataclass(kw_only=True, slots=True)
class FailureRecord(Failures):
    """One mail's ends."""

    failed_last: bool = False

    def stake(self, fleet: Failures) -> float:
        """How many times as likely as any mail's is this mail's next run to fail? Within bounds."""
        strength = fleet.strength
        rate = (self.failed + strength * fleet.rate) / (self.runs + strength)
        least, most = _STAKES
        return min(most, max(least, rate / fleet.rate))

    def learn(self, fleet: Failures, *, failed: bool) -> None:
        """A run has ended. `fleet` has this record in its sum, and keeps it so."""
        fleet.add(self, -1)
        self.runs = self.runs * _MEMORY + 1
        self.failed = self.failed * _MEMORY + failed
        if self.failed_last:
            self.runs_after = self.runs_after * _MEMORY + 1
            self.failed_again = self.failed_again * _MEMORY + failed
        self.failed_last = failed
        fleet.add(self)
