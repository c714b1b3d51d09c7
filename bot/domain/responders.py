"""Who looks after what is failing: one person for each incident, in every channel that is told of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median

from bot.domain import Incident, Subscription, UserId


class Response(StrEnum):
    """What a person does about an incident."""

    TAKE = "take"
    TAKE_OVER = "takeover"  # also from somebody else
    GIVE_BACK = "giveback"


class ResponseOutcome(StrEnum):
    DONE = "done"
    ALREADY = "already"  # it was so before
    TAKEN = "taken"  # somebody else looks after it
    NOTHING_WRONG = "nothing_wrong"
    NOT_SUBSCRIBED = "not_subscribed"


def respond(
    incident: Incident, response: Response, by: UserId, now: datetime
) -> tuple[ResponseOutcome, Incident]:
    """The outcome, and the incident as it is from now on. Nobody loses it to somebody who only takes it."""
    responder = incident.responder
    if responder == (None if response is Response.GIVE_BACK else by):
        return ResponseOutcome.ALREADY, incident
    if responder not in {None, by} and response is not Response.TAKE_OVER:
        return ResponseOutcome.TAKEN, incident
    if response is Response.GIVE_BACK:
        return ResponseOutcome.DONE, replace(incident, responder=None, responding_since=None)
    first = incident.acknowledged_at or now
    return ResponseOutcome.DONE, replace(incident, responder=by, responding_since=now, acknowledged_at=first)


def reminder_due(subscription: Subscription, incident: Incident, now: datetime) -> datetime | None:
    """When the channel's people are called once more, if nobody takes it from now on; None for never.

    On the full minute, so that what failed together is one reminder.
    """
    on_call = subscription.on_call
    if on_call is None or on_call.again_after is None or subscription.is_snoozed(now):
        return None
    if incident.responder or not incident.is_firing:
        return None
    due = now + on_call.again_after
    return due + timedelta(microseconds=-(due.second * 1_000_000 + due.microsecond) % 60_000_000)


@dataclass(frozen=True, kw_only=True, slots=True)
class Acknowledgements:
    """How many of the last `incidents` somebody took, and the median time until then."""

    incidents: int
    acknowledged: int
    after: timedelta


def acknowledgements(incidents: Iterable[Incident]) -> Acknowledgements | None:
    """None where nobody ever took one."""
    opened = [(each.opened_at, each.acknowledged_at) for each in incidents]
    waits = [(taken_at - at).total_seconds() for at, taken_at in opened if taken_at]
    if not waits:
        return None
    return Acknowledgements(
        incidents=len(opened), acknowledged=len(waits), after=timedelta(seconds=median(waits))
    )
