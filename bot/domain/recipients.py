"""Which of a mail's channels are notified of an outcome, and from when on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime

from bot.domain import ChannelId, DueTime, Event, NotifyReason, Subscription

UNTIL_RECOVERED = datetime(9999, 1, 1, tzinfo=UTC)
_EVENT_OF = {
    NotifyReason.FIRST_FAILURE: Event.FAILED,
    NotifyReason.STILL_FAILING: Event.FAILED,
    NotifyReason.OVERTAKEN_FAILURE: Event.FAILED,
    NotifyReason.STUCK: Event.STUCK,
    NotifyReason.LATE: Event.LATE,
    NotifyReason.RECOVERED: Event.RECOVERED,
}
_FOLLOW_UPS = frozenset(
    {NotifyReason.RECOVERED, NotifyReason.CORRECTED, NotifyReason.ACCESS_BACK, NotifyReason.STARTED}
)


def audience(
    reason: NotifyReason,
    subscriptions: Iterable[Subscription],
    *,
    told: Collection[ChannelId],
    now: datetime,
    declared: DueTime | None = None,
) -> Mapping[ChannelId, datetime | None]:
    """The channels to notify, each with the instant before which no message is sent (snoozed).

    `told` are the channels that were notified of this incident: the others are not notified of its end.
    `declared` is the due time that was missed, None for a learned one.
    """
    if not reason.is_told:
        return {}
    return {
        each.channel_id: _not_before(each, reason, now)
        for each in subscriptions
        if _wants(each, reason, declared) and (reason not in _FOLLOW_UPS or each.channel_id in told)
    }


def _wants(subscription: Subscription, reason: NotifyReason, declared: DueTime | None) -> bool:
    event = _EVENT_OF.get(reason)
    if event is not None and event not in subscription.events:
        return False
    if reason is not NotifyReason.LATE:
        return True
    return subscription.due == declared if declared is not None else subscription.late_learned


def _not_before(subscription: Subscription, reason: NotifyReason, now: datetime) -> datetime | None:
    """A snooze until recovery ends with the recovery."""
    if subscription.snoozed_until_recovered:
        return None if reason in _FOLLOW_UPS else UNTIL_RECOVERED
    return subscription.snoozed_until if subscription.is_snoozed(now) else None
