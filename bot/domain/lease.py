"""Who leads: the right that one replica has at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """The right to poll and to post: one replica at a time has it. Every write of the leader names `term`."""

    holder: str
    term: int
    expires_at: datetime
