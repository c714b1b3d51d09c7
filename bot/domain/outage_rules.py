"""Pure: can Quick BI be asked at all? A short silence is nothing; a long one is told to the operators, once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.domain import (
    AccessForbidden,
    CredentialsRejected,
    NotifyReason,
    Outage,
    ProtocolError,
    QuickBIError,
    QuickBIUnavailable,
    Throttled,
)

if TYPE_CHECKING:
    from datetime import datetime

TOLD_AFTER = timedelta(minutes=3)


@dataclass(frozen=True, kw_only=True, slots=True)
class OutageDecision:
    """`outage` is what it is from now on. `reason` is OUTAGE_BEGAN, OUTAGE_OVER or AS_BEFORE."""

    reason: NotifyReason
    outage: Outage | None


class CauseKind(StrEnum):
    """Why there is no answer, where it is neither the credentials nor a closed door: those have kinds of their own."""

    THROTTLED = "throttled"
    DOWN = "down"
    ODD = "odd"
    UNKNOWN = "unknown"


def cause_of(error: QuickBIError) -> str:
    """The kind of trouble, by which people are told what to do, then Quick BI's code for it where there is one."""
    return f"{_kind_of(error)} {error.code}".strip()


def _kind_of(error: QuickBIError) -> str:
    match error:
        case CredentialsRejected():
            return error.problem
        case AccessForbidden():
            return error.missing
        case Throttled():
            return CauseKind.THROTTLED
        case QuickBIUnavailable():
            return CauseKind.DOWN
        case ProtocolError():
            return CauseKind.ODD
        case _:
            return CauseKind.UNKNOWN


def judge_failure(
    outage: Outage | None, *, cause: str, now: datetime, new_id: str, told_after: timedelta = TOLD_AFTER
) -> OutageDecision:
    """Quick BI gave no answer, for a reason that is not one mail's."""
    if outage is None:
        begun = Outage(outage_id=new_id, began_at=now, cause=cause)
        return OutageDecision(reason=NotifyReason.AS_BEFORE, outage=begun)
    if outage.told_at is not None or now - outage.began_at < told_after:
        return OutageDecision(reason=NotifyReason.AS_BEFORE, outage=replace(outage, cause=cause))
    told = replace(outage, cause=cause, told_at=now)
    return OutageDecision(reason=NotifyReason.OUTAGE_BEGAN, outage=told)


def judge_success(outage: Outage | None, *, now: datetime) -> OutageDecision:
    """Quick BI answered. Only an outage that was told of has an end to tell."""
    if outage is None:
        return OutageDecision(reason=NotifyReason.AS_BEFORE, outage=None)
    reason = NotifyReason.AS_BEFORE if outage.told_at is None else NotifyReason.OUTAGE_OVER
    return OutageDecision(reason=reason, outage=replace(outage, ended_at=now))
