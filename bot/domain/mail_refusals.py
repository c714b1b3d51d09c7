"""Pure: a mail that Quick BI refuses to tell about in words that nobody knows, while it tells about others.

One such refusal may be anything. Many of them for long, and nothing else, are trouble with this one mail.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain import ProtocolError, UnknownRefusal

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain import MailId, QuickBIError

PATIENCE = timedelta(minutes=15)
FEWEST = 3


def is_riddle(error: QuickBIError) -> bool:
    """Quick BI refuses, and nothing says whose fault that is: one mail's, or everybody's."""
    return isinstance(error, UnknownRefusal | ProtocolError)


def denial_of(error: QuickBIError) -> str:
    """What an incident keeps of it: our name for what can be mended, else Quick BI's own code, as it is."""
    return error.code if is_riddle(error) and error.code else type(error).__name__


@dataclass(frozen=True, kw_only=True, slots=True)
class _Refused:
    since: datetime
    last: datetime
    times: int = 1


class RefusalClock:
    """Counts refusals that are a riddle: so many, for so long, while Quick BI answers about others, are one mail's.

    Where nothing is answered in between, Quick BI as a whole is in trouble, and no mail's clock runs. It
    begins anew with a restart: then whoever waits is told some minutes later.
    """

    def __init__(self) -> None:
        self._refused: dict[MailId, _Refused] = {}

    def forget(self, mail_id: MailId) -> None:
        """Quick BI told about it, or nobody wants to know any more."""
        self._refused.pop(mail_id, None)

    def refused(
        self, mail_id: MailId, *, now: datetime, others_answered_at: datetime | None
    ) -> datetime | None:
        """Since when this mail alone has been refused, once that is to be believed; else None."""
        before = self._refused.get(mail_id)
        if others_answered_at is None or (before is not None and others_answered_at < before.last):
            return None
        if before is None:
            self._refused[mail_id] = _Refused(since=now, last=now)
            return None
        counted = self._refused[mail_id] = replace(before, last=now, times=before.times + 1)
        return counted.since if counted.times >= FEWEST and now - counted.since >= PATIENCE else None
