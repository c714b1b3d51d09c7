"""IDs as people type and paste them, and what they mean."""

from __future__ import annotations

from datetime import time, timedelta

from bot.domain import (
    DueTime,
    MailId,
    MailRef,
    TaskId,
)

MAIL = "d5a59a898b634d75be5584f8dc159c62"
OTHER = "03e40cf2355c48b2abb6c2b247048ed3"
TASK = 7218865303929605212
VENDOR_LINE = (
    f"[TaskId]:{TASK}; [MailId]:{MAIL}; [ErrorCode]:50005; "
    "[ErrorMessage]:Mail send failed; [ErrorDetail]:screenshot timed out: 240 s"
)


def ref(mail: str = MAIL, task: int | None = None) -> MailRef:
    return MailRef(mail_id=MailId(mail), task_id=None if task is None else TaskId(task))


def due(at: str, days: str = "0123456", minutes: int = 15) -> DueTime:
    return DueTime(
        at=time.fromisoformat(at), weekdays=frozenset(map(int, days)), grace=timedelta(minutes=minutes)
    )
