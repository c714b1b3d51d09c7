"""Decides whether a failed call to Quick BI is worth another attempt, and when."""

from __future__ import annotations

from bot.domain import QuickBIError, QuickBIUnavailable, Throttled

FIRST_PAUSE = 0.5  # seconds; doubles with each attempt
FIRST_THROTTLED_PAUSE = 1.0  # the account's limit is counted over a second
LONGEST_PAUSE = 8.0
LONGEST_OBEYED_PAUSE = 30.0  # asked to wait longer than this, fail at once: somebody is waiting


def pause_before_retry(
    error: QuickBIError, *, attempt: int, attempts: int, repeatable: bool, jitter: float
) -> float | None:
    """Seconds to wait before the next attempt; None where there must be none.

    `attempt` counts from 1. A call that is not `repeatable` (running a mail) is repeated only where it was
    refused or never sent. `jitter`, from 0 to 1, spreads callers that failed together.
    """
    if attempt >= attempts:
        return None
    doublings = min(attempt - 1, 10)
    match error:
        case Throttled(retry_after=None):
            return min(LONGEST_PAUSE, FIRST_THROTTLED_PAUSE * 2.0**doublings) * (1 + jitter / 2)
        case Throttled(retry_after=float() | int() as seconds):
            return seconds + jitter / 2 if seconds <= LONGEST_OBEYED_PAUSE else None
        case QuickBIUnavailable() if repeatable or not error.outcome_unknown:
            return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0**doublings) * (0.5 + jitter / 2)
        case _:
            return None
