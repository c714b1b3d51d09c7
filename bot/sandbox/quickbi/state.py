"""What the control API shows of mails, runs, faults and calls, as JSON. Pure. Task IDs are texts."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from bot.sandbox.quickbi.faults import Fault
    from bot.sandbox.quickbi.ledger import Call
    from bot.sandbox.world.mail import Mail
    from bot.sandbox.world.runs import Run


def mail_state(mail: Mail, now: datetime) -> dict[str, Any]:
    latest = mail.latest(now)
    return {
        "mail_id": mail.mail_id,
        "name": mail.name,
        "owner_name": mail.owner_name,
        "group": mail.group,
        "shows": mail.shows,
        "paused": mail.paused,
        "permitted": mail.permitted,
        "fail_next": mail.fail_next,
        "hang_next": mail.hang_next,
        "skip_next": mail.skip_next,
        "failing_until": _instant(mail.failing_until),
        "next_start": _instant(mail.next_start(now)),
        "latest": run_state(latest, now) if latest else None,
    }


def run_state(run: Run, now: datetime) -> dict[str, Any]:
    return {
        "task_id": str(run.task_id),
        "exec_at": run.exec_at.isoformat(),
        "ends_at": _instant(run.ends_at),
        "status": run.status_at(now),
        "outcome": run.outcome,
        "revised_at": _instant(run.revised_at),
        "revised_to": run.revised_to,
        "by_hand": run.by_hand,
    }


def fault_state(fault: Fault) -> dict[str, Any]:
    return asdict(fault)


def call_state(call: Call) -> dict[str, Any]:
    return {**asdict(call), "at": call.at.isoformat()}


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
