"""Pure: how a mail is doing, in a sign and the few words that can stand behind its name in a list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain import IncidentKind, RunStatus
from bot.slack.kit.blocks import absolute, when
from bot.slack.views.incident_text import state_words
from bot.slack.views.status import is_stuck, state_of

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from bot.domain import Incident, SubscriptionState, TaskRun

_TROUBLE = {
    IncidentKind.FAILED: "failing",
    IncidentKind.STUCK: "probably stuck",
    IncidentKind.LATE: "late",
    IncidentKind.ACCESS_LOST: "out of this bot's sight",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """`marked` is mrkdwn with times in the reader's zone; `plain` says the same in words alone."""

    sign: str
    marked: str
    plain: str


_UNSEEN = Condition(sign="⚪", marked="has not been seen running yet", plain="has not been seen running yet")


def condition_of(state: SubscriptionState, *, now: datetime, zone: tzinfo) -> Condition:
    """Of a subscription's mail. That nothing is known of it is said, too."""
    return condition(state.latest, state.incident, now=now, zone=zone) or _UNSEEN


def needs_attention(latest: TaskRun | None, incident: Incident | None, now: datetime) -> bool:
    """What a list shows first. A run that ended badly or hangs counts, too, if nobody was to be told of it."""
    if incident is not None and incident.is_firing:
        return True
    return latest is not None and (latest.status is RunStatus.FAILED or is_stuck(latest, now))


def condition(
    latest: TaskRun | None, incident: Incident | None, *, now: datetime, zone: tzinfo
) -> Condition | None:
    """What is wrong with a mail, else how its newest run ended; None where nothing is known."""
    if incident is not None and incident.is_firing:
        sign, words = state_words(incident)[0], _TROUBLE[incident.kind]
        return Condition(
            sign=sign,
            marked=f"is *{words}* since {when(incident.began_at, zone)}",
            plain=f"is {words} since {absolute(incident.began_at, zone)}",
        )
    if latest is None:
        return None
    state = state_of(latest, now)
    sign = {RunStatus.SENT: "🟢", RunStatus.FAILED: "🔴"}.get(latest.status, state.sign)
    if latest.exec_at is None:
        return Condition(sign=sign, marked=state.words, plain=state.words)
    joint = "since" if latest.status is RunStatus.PROCESSING else "at"
    marked_joint = "since " if latest.status is RunStatus.PROCESSING else "· "
    return Condition(
        sign=sign,
        marked=f"{state.words} {marked_joint}{when(latest.exec_at, zone)}",
        plain=f"{state.words} {joint} {absolute(latest.exec_at, zone)}",
    )
