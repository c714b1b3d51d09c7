"""What was learned of a mail as a line of JSON, and back. Versioned; what cannot be read counts as never learned."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable
from itertools import accumulate, pairwise
from typing import Any, NewType

from bot.domain import MailId, RunStatus, TaskId
from bot.monitoring.schedule.localtime import LocalTime
from bot.monitoring.schedule.mail import Overtaken, SeenRun, WatchedMail
from bot.monitoring.schedule.outcomes import Belief, Durations, Failures, Fleet
from bot.monitoring.schedule.rhythm import Rhythm

MailMemory = NewType("MailMemory", str)
VERSION = 1


def remember(mail: WatchedMail) -> MailMemory:
    """What is worth keeping over a restart: a few hundred bytes, a few thousand for the busiest mails."""
    rhythm, failures = mail.rhythm, mail.failures
    data: dict[str, Any] = {
        "v": VERSION,
        "looked_at": _round(mail.looked_at),
        "late_told": _round(mail.late_reported),
        "by_hand": _round(mail.manual_run_at),
        "latest": _from_seen(mail.latest) if mail.latest else None,
        "overtaken": [_from_seen(followed.run) for followed in mail.overtaken.values()],
        "since": rhythm.since,
        "slots": [_differences(slot.starts) for slot in rhythm.slots],
        "offsets": [round(offset, 1) for offset in rhythm.offsets],
        "blind": [[round(begin), round(end)] for begin, end in rhythm.blind],
        "rests": rhythm.rests,
        "surprises": [round(rhythm.unexpected, 3), round(rhythm.unexpected_at)],
        "lasts": [
            [round(x, 4) for x in (one.within, one.weight, one.mean, one.variance)]
            for one in mail.durations.beliefs
        ],
        "failures": [
            round(failures.runs, 2),
            round(failures.failed, 2),
            round(failures.runs_after, 2),
            round(failures.failed_after, 2),
            failures.failed_last,
        ],
    }
    return MailMemory(json.dumps(data, separators=(",", ":")))


def recall(memory: MailMemory | None, mail_id: MailId, local: LocalTime, fleet: Fleet) -> WatchedMail:
    """The mail as it was remembered, or a new one if this version cannot read the memory."""
    if memory is not None:
        try:
            data = json.loads(memory)
            if data["v"] == VERSION:
                return _restore(data, mail_id, local, fleet)
        except (ValueError, TypeError, KeyError, IndexError, AttributeError):
            pass  # without its memory the mail is learned anew
    return WatchedMail(mail_id, Rhythm(local), fleet)


def _restore(data: dict[str, Any], mail_id: MailId, local: LocalTime, fleet: Fleet) -> WatchedMail:
    unexpected, unexpected_at = map(float, data["surprises"])
    rhythm = Rhythm.restored(
        local,
        since=data["since"],
        slots=[[float(start) for start in accumulate(slot)] for slot in data["slots"]],
        offsets=array("d", map(float, data["offsets"])),
        blind=[(float(begin), float(end)) for begin, end in data["blind"]],
        rests=[(int(first), int(last)) for first, last in data.get("rests", ())],
        unexpected=unexpected,
        unexpected_at=unexpected_at,
    )
    mail = WatchedMail(mail_id, rhythm, fleet)
    mail.durations = Durations(beliefs=tuple(map(_to_belief, data.get("lasts", ()))))
    if "failures" in data:  # like `lasts` not in the earliest memories
        runs, failed, runs_after, failed_after, failed_last = map(float, data["failures"])
        mail.failures = Failures(
            runs=runs,
            failed=failed,
            runs_after=runs_after,
            failed_after=failed_after,
            failed_last=bool(failed_last),
        )
    mail.looked_at = mail.judged_at = data["looked_at"]
    mail.late_reported = data["late_told"]
    mail.manual_run_at = data["by_hand"]
    mail.latest = _to_seen(data["latest"]) if data["latest"] else None
    for run in map(_to_seen, data["overtaken"]):
        if run.task_id is not None:
            mail.overtaken[run.task_id] = Overtaken(mail, run)
    return mail


def _round(instant: float | None) -> float | None:
    return None if instant is None else round(instant, 1)


def _from_seen(run: SeenRun) -> list[Any]:
    return [run.key, run.task_id, run.start, round(run.age, 1), run.status.value, run.flip]


def _to_seen(data: list[Any]) -> SeenRun:
    key, task_id, start, age, status, flip = data
    return SeenRun(
        key=str(key),
        task_id=None if task_id is None else TaskId(int(task_id)),
        start=float(start),
        age=float(age),
        status=RunStatus(status),
        flip=float(flip),
    )


def _to_belief(data: list[float]) -> Belief:
    within, weight, mean, variance = map(float, data)
    return Belief(within=within, weight=weight, mean=mean, variance=variance)


def _differences(instants: Iterable[float]) -> list[int]:
    """The first instant, then what each adds to the one before: a third of the digits."""
    return [later - earlier for earlier, later in pairwise([0, *map(round, instants)])]
