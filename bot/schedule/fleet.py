"""What all mails teach together: where each begins, and what each is measured against."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.schedule.durations import FleetDurations
from bot.schedule.failures import FleetFailures

if TYPE_CHECKING:
    from bot.schedule.mail import WatchedMail


@dataclass(frozen=True, kw_only=True, slots=True)
class Fleet:
    """Sums over the watched mails, so that what a restart remembers of each brings back the whole."""

    durations: FleetDurations = field(default_factory=FleetDurations)
    failures: FleetFailures = field(default_factory=FleetFailures)

    def add(self, mail: WatchedMail, sign: int = 1) -> None:
        """Count a mail in with what was learned of it before, or out."""
        self.durations.add(mail.durations, sign)
        self.failures.add(mail.failures, sign)
