"""Decides whether a failed call to Quick BI is worth another try, and when. Pure: it never waits itself."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain import QuickBIError, QuickBIUnavailable, Throttled

FIRST_PAUSE = 0.5  # seconds; doubles with each attempt
FIRST_THROTTLED_PAUSE = 1.0  # the account's limit is counted over a second
LONGEST_PAUSE = 8.0
LONGEST_OBEYED_PAUSE = 30.0  # told to wait longer than this: the caller should know now, not then


@dataclass(frozen=True, kw_only=True, slots=True)
class Wait:
    """Try again after `seconds`."""

    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class GiveUp:
    """Trying again would not help, or might do harm."""


def judge(
    error: QuickBIError, *, attempt: int, attempts: int, repeatable: bool, luck: float
) -> Wait | GiveUp:
    """What to do after attempt number `attempt` (from 1) of at most `attempts` ended with `error`.

    `repeatable`: carrying the call out twice does no harm (reading; not running a mail). Such a call may
    follow a lost answer; any other only follows a refusal, or a request that never left.
    `luck` is a random number in [0, 1): it spreads the callers that failed together.
    """
    if attempt >= attempts:
        return GiveUp()
    match error:
        case Throttled():
            return _after_throttling(error, attempt=attempt, luck=luck)
        case QuickBIUnavailable() if repeatable or not error.outcome_unknown:
            return Wait(seconds=_pause(FIRST_PAUSE, attempt=attempt) * (0.5 + luck / 2))
        case _:
            return GiveUp()


def _after_throttling(error: Throttled, *, attempt: int, luck: float) -> Wait | GiveUp:
    """Never earlier than Quick BI said, and a little later than the others."""
    if error.retry_after is None:
        return Wait(seconds=_pause(FIRST_THROTTLED_PAUSE, attempt=attempt) * (1 + luck / 2))
    if error.retry_after > LONGEST_OBEYED_PAUSE:
        return GiveUp()
    return Wait(seconds=error.retry_after + luck / 2)


def _pause(first: float, *, attempt: int) -> float:
    doublings = min(attempt - 1, 10)  # a float has no room for the doublings of a million attempts
    return float(min(LONGEST_PAUSE, first * 2**doublings))
