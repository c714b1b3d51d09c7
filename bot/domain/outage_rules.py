"""Is Quick BI as a whole out of reach, or does it refuse one mail? An outage is reported only if it lasts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain import (
    AccessForbidden,
    CredentialsRejected,
    MailId,
    NotifyReason,
    Outage,
    ProtocolError,
    QuickBIError,
    QuickBIUnavailable,
    Throttled,
    UnknownRefusal,
)

TOLD_AFTER = timedelta(minutes=3)
PATIENCE = timedelta(minutes=15)
FEWEST = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class OutageDecision:
    """`outage` is the new state. `reason` is OUTAGE_BEGAN, OUTAGE_OVER or AS_BEFORE."""

    reason: NotifyReason
    outage: Outage | None


class CauseKind(StrEnum):
    """Causes other than credentials and access, which have kinds of their own."""

    THROTTLED = "throttled"
    DOWN = "down"
    ODD = "odd"
    UNKNOWN = "unknown"


def cause_of(error: QuickBIError) -> str:
    """The kind of cause, which decides what people are told to do, then Quick BI's code if there is one."""
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


def judge_failure(outage: Outage | None, *, cause: str, now: datetime, new_id: str) -> OutageDecision:
    """Quick BI gave no answer, for a reason that is not about one mail."""
    if outage is None:
        begun = Outage(outage_id=new_id, began_at=now, cause=cause)
        return OutageDecision(reason=NotifyReason.AS_BEFORE, outage=begun)
    if outage.told_at is not None or now - outage.began_at < TOLD_AFTER:
        return OutageDecision(reason=NotifyReason.AS_BEFORE, outage=replace(outage, cause=cause))
    told = replace(outage, cause=cause, told_at=now)
    return OutageDecision(reason=NotifyReason.OUTAGE_BEGAN, outage=told)


def judge_success(outage: Outage | None, *, now: datetime) -> OutageDecision:
    """Quick BI answered. The end of an outage is reported only if its beginning was."""
    if outage is None:
        return OutageDecision(reason=NotifyReason.AS_BEFORE, outage=None)
    reason = NotifyReason.AS_BEFORE if outage.told_at is None else NotifyReason.OUTAGE_OVER
    return OutageDecision(reason=reason, outage=replace(outage, ended_at=now))


def is_ambiguous(error: QuickBIError) -> bool:
    """Nothing in the refusal says whether it is about this mail or about all."""
    return isinstance(error, UnknownRefusal | ProtocolError)


def denial_of(error: QuickBIError) -> str:
    """The cause that an incident keeps: the error's name, or Quick BI's own code where that is unknown."""
    return error.code if is_ambiguous(error) and error.code else type(error).__name__


@dataclass(frozen=True, kw_only=True, slots=True)
class _Refused:
    since: datetime
    last: datetime
    times: int = 1


class RefusalClock:
    """Decides when ambiguous refusals are about one mail: FEWEST within PATIENCE while others are answered.

    While no mail is answered Quick BI as a whole is out of reach, and nothing is counted. A restart starts over.
    """

    def __init__(self) -> None:
        self._refused: dict[MailId, _Refused] = {}

    def forget(self, mail_id: MailId) -> None:
        """The mail was answered, or is no longer watched."""
        self._refused.pop(mail_id, None)

    def refused(
        self, mail_id: MailId, *, now: datetime, others_answered_at: datetime | None
    ) -> datetime | None:
        """Since when this mail alone has been refused; None while that is not certain."""
        before = self._refused.get(mail_id)
        if others_answered_at is None or (before is not None and others_answered_at < before.last):
            return None
        if before is None:
            self._refused[mail_id] = _Refused(since=now, last=now)
            return None
        counted = self._refused[mail_id] = replace(before, last=now, times=before.times + 1)
        return counted.since if counted.times >= FEWEST and now - counted.since >= PATIENCE else None
