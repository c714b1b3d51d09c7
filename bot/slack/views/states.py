"""How a run or a mail is doing: one sign and one word for each state, used by every message."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from bot.domain import Incident, IncidentKind, IncidentState, RunStatus, SubscriptionState, TaskRun
from bot.domain.manual_run_rules import is_stuck
from bot.slack.kit.text import dotted, name, plural, when


@dataclass(frozen=True, slots=True)
class State:
    """`words` stand behind a mail's name, `since` behind it and before "since …" (mrkdwn); `advice` is a sentence."""

    sign: str
    words: str
    since: str = ""
    advice: str = ""


_SEE_OWNER = "Ask its owner to look at it in Quick BI, or run it again."
SENT = State("✅", "was sent")
FAILED = State("❌", "failed", since="has been *failing*")
RUNNING = State(
    "⏳", "is running", since="has been running", advice="Most runs finish within minutes. Check again soon."
)
STUCK = State(
    "⚠️",
    "is probably stuck",
    since="has *probably been stuck*",
    advice=f"Reports time out after 11 minutes at most, and this run has taken longer. {_SEE_OWNER}",
)
LATE = State(
    "⏰",
    "is late",
    since="has been *late*",
    advice="No run has started. Look at its schedule in Quick BI: it may have been changed or switched off.",
)
STARTED_LATE = State("⏳", "started late", since="has been *late*", advice="It is running now.")
HIDDEN = State("🔒", "can no longer be seen", since="has been *hidden from me*")
RECOVERED = State(SENT.sign, "recovered")
CORRECTED = State(SENT.sign, "did not fail after all")
UNWATCHED = State("⚪", "is no longer watched")
NEVER_RAN = State(
    "⚪",
    "has not run yet",
    advice="Quick BI has no run of it. If one was due, look at its schedule in Quick BI.",
)
_UNSEEN = State("⚪", "has not been seen running yet")
RUNS = {
    RunStatus.SENT: SENT,
    RunStatus.FAILED: FAILED,
    RunStatus.PROCESSING: RUNNING,
    RunStatus.UNKNOWN: State(
        "❔",
        "is in a state that I do not know",
        advice="Quick BI has a new word for it. Its owner can look at it there.",
    ),
}
INCIDENTS = {
    IncidentKind.FAILED: FAILED,
    IncidentKind.STUCK: STUCK,
    IncidentKind.LATE: LATE,
    IncidentKind.ACCESS_LOST: HIDDEN,
}
_OVER = {
    IncidentState.RECOVERED: RECOVERED,
    IncidentState.CORRECTED: CORRECTED,
    IncidentState.UNWATCHED: UNWATCHED,
}


def state_of(run: TaskRun | None, now: datetime) -> State:
    """A run's state; None is a mail that never ran."""
    if run is None:
        return NEVER_RAN
    if is_hanging(run, now):
        return STUCK
    state = RUNS[run.status]
    if run.status is RunStatus.UNKNOWN:
        return replace(state, words=f"{state.words}: “{name(run.status_word, 40)}”")
    return state


def is_hanging(run: TaskRun, now: datetime) -> bool:
    """Running for longer than any report takes."""
    return run.status is RunStatus.PROCESSING and is_stuck(run, now)


def incident_state(incident: Incident) -> State:
    if not incident.is_firing:
        return _OVER[incident.state]
    if incident.kind is IncidentKind.LATE and incident.started_at:
        return STARTED_LATE
    state = INCIDENTS[incident.kind]
    if incident.kind is IncidentKind.FAILED and incident.failed_runs > 1:
        times = "twice" if incident.failed_runs == 2 else plural(incident.failed_runs, "time")  # noqa: PLR2004
        return replace(state, words=f"{state.words} {times}")
    return state


def condition_of(state: SubscriptionState, *, now: datetime, zone: tzinfo) -> State:
    """How a subscription's mail is doing. That nothing is known of it is said, too."""
    return condition(state.latest, state.incident, now=now, zone=zone) or _UNSEEN


def condition(
    latest: TaskRun | None, incident: Incident | None, *, now: datetime, zone: tzinfo
) -> State | None:
    """What is wrong with a mail, else how its newest run ended, with the time; None where nothing is known."""
    if incident is not None and incident.is_firing:
        return _since(incident_state(incident), incident.began_at, zone)
    if latest is None:
        return None
    state, at = state_of(latest, now), latest.exec_at
    if at is not None and latest.status is RunStatus.PROCESSING:
        return _since(state, at, zone)
    return State(state.sign, dotted(state.words, when(at, zone) if at else ""))


def _since(state: State, at: datetime, zone: tzinfo) -> State:
    return State(state.sign, f"{state.since} since {when(at, zone)}")


def needs_attention(latest: TaskRun | None, incident: Incident | None, now: datetime) -> bool:
    """What a list shows first. A run that ended badly or hangs counts, too, if nobody was to be told of it."""
    if incident is not None and incident.is_firing:
        return True
    return latest is not None and (latest.status is RunStatus.FAILED or is_hanging(latest, now))
