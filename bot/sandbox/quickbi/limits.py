"""How many calls an operation takes. Judged by arrival over a sliding window; refused calls do not count.

https://www.alibabacloud.com/help/en/quick-bi/developer-reference/api-quickbi-public-2022-01-01-getmailtaskstatus
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Self

STATUS = "GetMailTaskStatus"
RUN = "ManualRunMailTask"

TOLERANCE = 0.01
"""The window is this much shorter than documented: what a busy loop may be late to notice an arrival."""


@dataclass(kw_only=True, slots=True)
class Limit:
    """At most `calls` in any `window` seconds, judged with a `tolerance` (a part of the window)."""

    calls: int
    window: float
    tolerance: float = 0.0
    _taken: deque[float] = field(default_factory=deque)

    @classmethod
    def at_rate(cls, rate: float, *, tolerance: float) -> Self:
        """Below one a second, one call in a longer window; else whole calls in about a second."""
        calls = max(1, int(rate))
        return cls(calls=calls, window=calls / rate, tolerance=tolerance)

    def take(self, arrived: float) -> float | None:
        """None if this call is within the limit, else the seconds until one will surely be."""
        judged = self.window * (1.0 - self.tolerance)
        while self._taken and self._taken[0] + judged <= arrived:
            self._taken.popleft()
        if len(self._taken) >= self.calls:
            return self._taken[0] + self.window - arrived
        self._taken.append(arrived)
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Calls a second, for the whole account."""

    status: float = 1.0
    run: float = 1.0
    others: float = 50.0
    tolerance: float = TOLERANCE

    def limit(self, action: str) -> Limit:
        rates = {STATUS: self.status, RUN: self.run}
        return Limit.at_rate(rates.get(action, self.others), tolerance=self.tolerance)
