"""Reads single fields of the vendor's JSON, whose types are not always the documented ones."""

from __future__ import annotations

from bot.domain import MAX_TASK_ID

_LONGEST_NUMBER = len(str(MAX_TASK_ID))
_FLAGS = {"true": True, "false": False, "1": True, "0": False}


def text(value: object) -> str:
    """A string or an integer as text; "" for anything else.

    Lone surrogates and NUL are legal in JSON, but Slack and some databases reject them.
    """
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", errors="replace").decode("utf-8")
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) <= MAX_TASK_ID else ""
    return ""


def whole_number(value: object) -> int | None:
    """An integer from 0 to 2^63 - 1, also as text. Not a float: beyond 2^53 it has lost digits."""
    digits = text(value).strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_NUMBER):
        return None
    number = int(digits)
    return number if number <= MAX_TASK_ID else None


def flag(value: object) -> bool | None:
    """A boolean, also as text or as 1 and 0; None for anything else."""
    if isinstance(value, bool):
        return value
    return _FLAGS.get(text(value).strip().lower())
