"""How long another service asks us to wait: a number from outside, so it is checked and capped."""

from __future__ import annotations

import logging
from math import isfinite

LONGEST = 3_600.0  # seconds: whoever asks for more is tried again after an hour
_LONGEST_TEXT = 20  # characters
_log = logging.getLogger(__name__)


def retry_after(value: object, *, unit: float = 1.0) -> float | None:
    """Seconds, finite and from 0 to LONGEST; None where `value` is absent or no such number.

    `unit` is the length in seconds of what is counted: 0.001 for milliseconds.
    """
    if value is None:
        return None
    said = str(value).strip()
    seconds = _number(said) * unit
    if not isfinite(seconds) or seconds < 0:
        _log.error("retry_after_not_understood", extra={"said": said[:_LONGEST_TEXT]})
        return None
    if seconds > LONGEST:
        _log.error("retry_after_capped", extra={"said": said[:_LONGEST_TEXT], "seconds": LONGEST})
    return min(seconds, LONGEST)


def _number(said: str) -> float:
    """Digits of other scripts and underscores are numbers to Python, but not to HTTP."""
    try:
        return float(said) if said.isascii() and "_" not in said else float("nan")
    except ValueError:
        return float("nan")
