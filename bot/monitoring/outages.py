"""Outages of Quick BI: stores when they begin and end, and decides when to probe whether Quick BI is back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from bot.aio import until_stored
from bot.domain import ChannelId, MailId, NotifyReason, Outage, QuickBIError
from bot.domain.incident_rules import CONFIRM_AFTER
from bot.domain.outage_rules import TOLD_AFTER, OutageDecision, cause_of, judge_failure, judge_success
from bot.domain.repositories import OutageRepository
from bot.monitoring.schedule import Ask

PROBE_EVERY = timedelta(seconds=30)
_log = logging.getLogger(__name__)


@dataclass(kw_only=True, slots=True)
class OutageMonitor:
    """`on_changed` is called with the start of an outage that the operators were told of, or None, on each change.

    `on_pending` is called after something was stored that the operators may have to be notified of. Methods with a
    `term` raise LeaseLost if another replica leads.
    """

    repository: OutageRepository
    operator_channel: ChannelId | None
    on_changed: Callable[[datetime | None], None]
    on_pending: Callable[[], None]
    current: Outage | None = field(init=False, default=None)  # not over; also one too short to report
    _storing: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)

    async def begin_term(self) -> None:
        self._set_current(await until_stored(self.repository.current))

    async def no_answer(self, error: QuickBIError, *, now: datetime, term: int) -> None:
        """Quick BI gave no answer, for a reason that concerns more than one mail."""
        decision = judge_failure(self.current, cause=cause_of(error), now=now, new_id=uuid4().hex)
        is_known = self.current is not None and decision.reason is NotifyReason.AS_BEFORE
        self._set_current(decision.outage)
        if not is_known:
            await self._store(decision, now, term)

    async def answered(self, *, now: datetime, term: int) -> None:
        """Quick BI answered, if only with a refusal that concerns one mail."""
        if self.current is None:
            return
        decision = judge_success(self.current, now=now)
        self._set_current(None)
        await self._store(decision, now, term)

    def _set_current(self, outage: Outage | None) -> None:
        self.current = outage
        self.on_changed(None if outage is None or outage.told_at is None else outage.began_at)

    async def _store(self, decision: OutageDecision, now: datetime, term: int) -> None:
        """One at a time: if the database is away for a while, an end must not be stored before its beginning."""
        if decision.reason is not NotifyReason.AS_BEFORE and decision.outage is not None:
            _log.warning(decision.reason.value, extra={"cause": decision.outage.cause})
        async with self._storing:
            await until_stored(
                lambda: self.repository.keep(
                    decision, now=now, operator_channel=self.operator_channel, term=term
                )
            )
        self.on_pending()


class Probes:
    """Calls that the schedule does not plan: is Quick BI back, and is a mail really out of reach?

    The caller reports how each call ended, and makes the one that is `due` before the schedule's.
    """

    def __init__(self) -> None:
        self._unanswered: tuple[Ask, datetime] | None = None
        self._unconfirmed: dict[MailId, datetime] = {}

    def answered(self, ask: Ask) -> None:
        self._unanswered = None
        self._unconfirmed.pop(ask.mail_id, None)

    def denied(self, ask: Ask, now: datetime, *, is_confirmed: bool) -> None:
        """Quick BI refused to answer for this mail. A first refusal has to be confirmed by a second one."""
        self._unanswered = None
        if is_confirmed:
            self._unconfirmed.pop(ask.mail_id, None)
        else:
            self._unconfirmed[ask.mail_id] = now

    def unanswered(self, ask: Ask, now: datetime) -> None:
        """Quick BI cannot be asked. The next probe is `ask`; any mail will do."""
        self._unanswered = (ask, now)
        if ask.mail_id in self._unconfirmed:
            self._unconfirmed[ask.mail_id] = now

    def forget(self, mail_id: MailId) -> None:
        """The mail is not watched any more. A probe for an outage may still use it."""
        self._unconfirmed.pop(mail_id, None)

    def due(self, now: datetime, outage: Outage | None) -> Ask | None:
        """The call to make now, if any. It counts as made."""
        if self._unanswered is not None and self._is_probe_due(self._unanswered[1], now, outage):
            ask, _ = self._unanswered
            self._unanswered = (ask, now)
            return ask
        for mail_id, denied_at in self._unconfirmed.items():
            if _is_over(denied_at, CONFIRM_AFTER, now):
                self._unconfirmed[mail_id] = now
                return Ask(mail_id=mail_id)
        return None

    def _is_probe_due(self, asked_at: datetime, now: datetime, outage: Outage | None) -> bool:
        """Also at the moment from which an outage is worth reporting."""
        if _is_over(asked_at, PROBE_EVERY, now):
            return True
        report_from = outage.began_at + TOLD_AFTER if outage is not None and outage.told_at is None else None
        return report_from is not None and asked_at < report_from <= now


def _is_over(since: datetime, wait: timedelta, now: datetime) -> bool:
    """Is the wait over? Also if the clock was set back to before `since`."""
    return not since <= now < since + wait
