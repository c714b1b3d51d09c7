"""Looks that the schedule does not plan: is Quick BI back, and is that mail really out of sight? Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.incident_rules import CONFIRM_AFTER
from bot.domain.outage_rules import TOLD_AFTER
from bot.monitoring.schedule import Ask

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain import MailId, Outage

PROBE_EVERY = timedelta(seconds=30)


class Probes:
    """The caller tells how each look ended, and makes the one that is `due` before the schedule's."""

    def __init__(self) -> None:
        self._unanswered: tuple[Ask, datetime] | None = None
        self._unconfirmed: dict[MailId, datetime] = {}

    def answered(self, ask: Ask) -> None:
        """Quick BI answers, and tells about this mail."""
        self._unanswered = None
        self._unconfirmed.pop(ask.mail_id, None)

    def denied(self, ask: Ask, now: datetime, *, is_confirmed: bool) -> None:
        """Quick BI answers, but not about this mail: that is told once a second look says the same."""
        self._unanswered = None
        if is_confirmed:
            self._unconfirmed.pop(ask.mail_id, None)
        else:
            self._unconfirmed[ask.mail_id] = now

    def unanswered(self, ask: Ask, now: datetime) -> None:
        """Quick BI cannot be asked: any mail will do to find out when it can."""
        self._unanswered = (ask, now)
        if ask.mail_id in self._unconfirmed:
            self._unconfirmed[ask.mail_id] = now

    def forget(self, mail_id: MailId) -> None:
        """Nobody watches this mail any more. It will still do to find out whether Quick BI is back."""
        self._unconfirmed.pop(mail_id, None)

    def due(self, now: datetime, outage: Outage | None) -> Ask | None:
        """The look to make now, if any. It counts as made."""
        if self._unanswered is not None and self._is_probe_due(self._unanswered[1], now, outage):
            ask, _ = self._unanswered
            self._unanswered = (ask, now)
            return ask
        for mail_id, denied_at in self._unconfirmed.items():
            if _is_past(denied_at, CONFIRM_AFTER, now):
                self._unconfirmed[mail_id] = now
                return Ask(mail_id=mail_id)
        return None

    def _is_probe_due(self, asked_at: datetime, now: datetime, outage: Outage | None) -> bool:
        """Also at the moment from which an outage is worth telling."""
        if _is_past(asked_at, PROBE_EVERY, now):
            return True
        told_from = outage.began_at + TOLD_AFTER if outage is not None and outage.told_at is None else None
        return told_from is not None and asked_at < told_from <= now


def _is_past(since: datetime, wait: timedelta, now: datetime) -> bool:
    """Also where the clock was set back: nobody waits longer than `wait`."""
    return not since <= now < since + wait
