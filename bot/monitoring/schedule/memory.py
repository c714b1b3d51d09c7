"""A mail's lessons as a line of JSON, and back. Versioned; what cannot be read counts as never learned."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bot.domain import RunStatus, TaskId
from bot.monitoring.schedule.durations import Belief, Durations
from bot.monitoring.schedule.failures import Failures
from bot.monitoring.schedule.mail import Overtaken, Seen, WatchedMail
from bot.monitoring.schedule.rhythm import Rhythm
from bot.monitoring.schedule.values import MailMemory

if TYPE_CHECKING:
    from bot.domain import MailId
    from bot.monitoring.schedule.fleet import Fleet
    from bot.monitoring.schedule.localtime import LocalTime

VERSION = 1


def remember(mail: WatchedMail) -> MailMemory:
    """What is worth keeping over a restart: a few hundred bytes, a few thousand for the busiest mails."""
    rhythm, durations, failures = mail.rhythm, mail.durations, mail.failures
    told: dict[str, Any] = {
        "v": VERSION,
        "looked_at": _round(mail.looked_at),
        "late_told": _round(mail.late_told),
        "by_hand": _round(mail.by_hand_at),
        "latest": _from_seen(mail.latest) if mail.latest else None,
        "overtaken": [_from_seen(followed.run) for followed in mail.overtaken.values()],
        "since": rhythm.since,
        "slots": [_differences(slot.starts) for slot in rhythm.slots],
        "offsets": [round(offset, 1) for offset in rhythm.offsets],
        "blind": [[round(begin), round(end)] for begin, end in rhythm.blind],
        "surprises": [round(rhythm.surprises, 3), round(rhythm.surprises_at)],
        "lasts": [
            [round(x, 4) for x in (one.within, one.weight, one.mean, one.variance)]
            for one in durations.beliefs
        ],
        "failures": [
            round(failures.runs, 2),
            round(failures.failed, 2),
            round(failures.runs_after, 2),
            round(failures.failed_after, 2),
            failures.failed_last,
        ],
    }
    return MailMemory(json.dumps(told, separators=(",", ":")))


def recall(memory: MailMemory | None, mail_id: MailId, local: LocalTime, fleet: Fleet) -> WatchedMail:
    """The mail as it was remembered; a new one where there is nothing that this version can read."""
    if memory is not None:
        try:
            told = json.loads(memory)
            if told["v"] == VERSION:
                return _restore(told, mail_id, local, fleet)
        except (ValueError, TypeError, KeyError, IndexError, AttributeError):
            pass  # a memory is a convenience: without it the mail is learned anew
    return WatchedMail(mail_id, local, fleet)


def _restore(told: dict[str, Any], mail_id: MailId, local: LocalTime, fleet: Fleet) -> WatchedMail:
    mail = WatchedMail(mail_id, local, fleet)
    surprises, surprises_at = told["surprises"]
    mail.rhythm = Rhythm.remembered(
        local,
        since=told["since"],
        slots=[_sums(slot) for slot in told["slots"]],
        offsets=[float(offset) for offset in told["offsets"]],
        blind=[(float(begin), float(end)) for begin, end in told["blind"]],
        surprises=float(surprises),
        surprises_at=float(surprises_at),
    )
    mail.durations = Durations(beliefs=tuple(map(_to_belief, told.get("lasts", ()))))
    if "failures" in told:  # like `lasts` not in the earliest memories
        runs, failed, runs_after, failed_after, failed_last = told["failures"]
        mail.failures = Failures(
            runs=float(runs),
            failed=float(failed),
            runs_after=float(runs_after),
            failed_after=float(failed_after),
            failed_last=bool(failed_last),
        )
    mail.looked_at = mail.judged_at = told["looked_at"]
    mail.late_told = told["late_told"]
    mail.by_hand_at = told["by_hand"]
    mail.latest = _to_seen(told["latest"]) if told["latest"] else None
    for run in map(_to_seen, told["overtaken"]):
        if run.task_id is not None:
            mail.overtaken[run.task_id] = Overtaken(mail, run)
    return mail


def _round(instant: float | None) -> float | None:
    return None if instant is None else round(instant, 1)


def _from_seen(run: Seen) -> list[Any]:
    return [run.key, run.task_id, run.start, round(run.age, 1), run.status.value, run.flip]


def _to_seen(told: list[Any]) -> Seen:
    key, task_id, start, age, status, flip = told
    return Seen(
        key=str(key),
        task_id=None if task_id is None else TaskId(int(task_id)),
        start=float(start),
        age=float(age),
        status=RunStatus(status),
        flip=float(flip),
    )


def _to_belief(told: list[float]) -> Belief:
    within, weight, mean, variance = map(float, told)
    return Belief(within=within, weight=weight, mean=mean, variance=variance)


def _differences(instants: list[float]) -> list[int]:
    """The first instant, then what each adds to the one before: a third of the digits."""
    whole = [round(instant) for instant in instants]
    return [later - earlier for earlier, later in zip([0, *whole], whole, strict=False)]


def _sums(differences: list[int]) -> list[float]:
    instants, instant = [], 0.0
    for difference in differences:
        instant += difference
        instants.append(instant)
    return instants
