"""What all mails teach together: where each begins, and what each is measured against."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.monitoring.schedule.durations import Durations, FleetDurations
from bot.monitoring.schedule.failures import Failures, FleetFailures


@dataclass(frozen=True, kw_only=True, slots=True)
class Fleet:
    """Sums over the watched mails, so that what a restart remembers of each brings back the whole."""

    durations: FleetDurations = field(default_factory=FleetDurations)
    failures: FleetFailures = field(default_factory=FleetFailures)

    def add(self, durations: Durations, failures: Failures, sign: int = 1) -> None:
        """Add one mail's statistics to the sums, or subtract them (`sign` -1)."""
        self.durations.add(durations, sign)
        self.failures.add(failures, sign)
