"""The three things that can be done for one channel: find out about a message, draw one anew, send the next.

Each does one step and marks it. What Slack did not do is raised as a SlackError, after the store knows of it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING

from bot.domain import (
    AppRejected,
    CannotLook,
    ChannelGone,
    DeliveryUnknown,
    MessageGone,
    MessageRefused,
    SlackError,
)
from bot.outgoing import Nothing
from bot.pacing import HISTORY, POST, UPDATE
from bot.persist import until_stored

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.bundling import Rhythm
    from bot.domain import ChannelId, Notice, PostId
    from bot.outgoing import Redraw, Unsure
    from bot.pacing import Pacing
    from bot.telling import Deliveries, Messenger, Outbox

SETTLE_AFTER = timedelta(seconds=3)  # after a lost answer: what Slack has taken can be seen by then
GATHER_EDITS = 3.0  # seconds: a message about many is not drawn anew for each of them
_SOON = 0.05
_log = logging.getLogger(__name__)


@dataclass(kw_only=True, slots=True)
class Tally:
    """What was done and could not be done, for `/healthz` and `/metrics`."""

    sent: int = 0
    edited: int = 0
    found_again: int = 0
    may_have_repeated: int = 0
    refused: int = 0
    rate_limited: int = 0
    owed: int = 0
    rejected_since: datetime | None = None


class Dispatch:
    """Every method returns the seconds until its next step is worth while, None if nothing is left to do."""

    def __init__(
        self,
        *,
        outbox: Outbox,
        deliveries: Deliveries,
        messenger: Messenger,
        pacing: Pacing,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._outbox = outbox
        self._deliveries = deliveries
        self._messenger = messenger
        self._pacing = pacing
        self._now = now
        self._drawn_at: dict[PostId, float] = {}
        self.in_flight: set[PostId] = set()
        self.tally = Tally()

    async def send_next(self, channel_id: ChannelId, *, rhythm: Rhythm, term: int) -> float | None:
        """Claim and send one message. Raises SlackError, LeaseLost.

        The call is noted before the claim, so that channels served at the same time keep the pace together.
        """
        at = monotonic()
        if wait := self._pacing.wait(POST, channel_id, at):
            return wait
        rhythm = replace(
            rhythm,
            recent_posts=self._pacing.recent_posts(channel_id, at),
            recent_everywhere=self._pacing.recent_calls(POST, at),
            may_edit=not self._pacing.wait(UPDATE, channel_id, at),
        )
        self._pacing.note(POST, channel_id, at)
        try:
            claimed = await self._outbox.claim(channel_id, rhythm=rhythm, now=self._now(), term=term)
        except BaseException:
            self._pacing.take_back(POST, channel_id)
            raise
        if isinstance(claimed, Nothing):
            self._pacing.take_back(POST, channel_id)
            return None if claimed.at is None else max(_SOON, (claimed.at - self._now()).total_seconds())
        self.in_flight.add(claimed.post_id)
        try:
            await self._send(claimed)
        finally:
            self.in_flight.discard(claimed.post_id)
        return self._pacing.wait(POST, channel_id, monotonic())

    async def _send(self, notice: Notice) -> None:
        try:
            ts = await self._post(notice)
        except MessageRefused:
            self.tally.refused += 1
            await until_stored(lambda: self._deliveries.mark_refused(notice.post_id))
            return
        except DeliveryUnknown:
            settle_at = self._now() + SETTLE_AFTER
            await until_stored(lambda: self._deliveries.mark_unsure(notice.post_id, settle_at=settle_at))
            raise
        except SlackError as error:
            await until_stored(lambda: self._deliveries.release(notice.post_id))
            if isinstance(error, MessageGone) and notice.thread_ts is not None:
                await self._mark_gone(notice.channel_id, notice.thread_ts)
                return
            raise
        await until_stored(lambda: self._deliveries.mark_sent(notice.post_id, ts=ts, now=self._now()))
        self._worked(POST, notice.channel_id)
        if len(notice.items) > 1:
            self._drawn_at[notice.post_id] = monotonic()
        self.tally.sent += 1
        self.tally.may_have_repeated += notice.may_repeat

    async def _post(self, notice: Notice) -> str:
        """Where Slack refuses our blocks, the words must get through all the same."""
        try:
            return await self._messenger.post(notice)
        except MessageRefused as refused:
            _log.warning("message_refused", extra={"post_id": notice.post_id, "error": refused.error})
            return await self._messenger.post(notice, plain=True)

    async def redraw_stale(self, channel_id: ChannelId) -> float | None:
        """Draw the channel's messages anew that show what is no longer so. Raises SlackError."""
        waits = []
        for post_id in await self._deliveries.stale(channel_id):
            if wait := self._wait_to_redraw(channel_id, post_id):
                waits.append(wait)
                continue
            if (redraw := await self._deliveries.redraw(post_id)) is not None:
                await self._redraw(redraw)
        return min(waits, default=None)

    def _wait_to_redraw(self, channel_id: ChannelId, post_id: PostId) -> float:
        at = monotonic()
        gathered = self._drawn_at.get(post_id, at - GATHER_EDITS) + GATHER_EDITS - at
        return max(0.0, gathered, self._pacing.wait(UPDATE, channel_id, at))

    async def _redraw(self, redraw: Redraw) -> None:
        """Drawing a message twice does no harm, so a lost answer only means another try."""
        self._pacing.note(UPDATE, redraw.channel_id, monotonic())
        if len(redraw.items) > 1:
            self._drawn_at[redraw.post_id] = monotonic()
        try:
            await self._draw(redraw)
        except MessageGone:
            await self._mark_gone(redraw.channel_id, redraw.ts)
            return
        except MessageRefused:
            self.tally.refused += 1
        await until_stored(lambda: self._deliveries.mark_shown(redraw.post_id, wanted=redraw.wanted))
        self._worked(UPDATE, redraw.channel_id)
        self.tally.edited += 1

    async def _draw(self, redraw: Redraw) -> None:
        try:
            await self._messenger.redraw(redraw)
        except MessageRefused as refused:
            _log.warning("edit_refused", extra={"post_id": redraw.post_id, "error": refused.error})
            await self._messenger.redraw(redraw, plain=True)

    async def settle(self, channel_id: ChannelId) -> float | None:
        """Find out about one message that may be there. Raises SlackBusy, DeliveryUnknown: ask again later."""
        unsure = await self._deliveries.unsure(channel_id, now=self._now())
        if unsure is None:
            return None
        if wait := self._pacing.wait(HISTORY, channel_id, monotonic()):
            return wait
        self._pacing.note(HISTORY, channel_id, monotonic())
        try:
            ts = await self._messenger.find(unsure)
        except MessageGone:
            if unsure.thread_ts is not None:
                await self._mark_gone(channel_id, unsure.thread_ts)
            ts = None
        except (AppRejected, CannotLook, ChannelGone, MessageRefused) as closed:
            _log.warning("cannot_look", extra={"channel_id": channel_id, "error": closed.error})
            await until_stored(lambda: self._deliveries.release(unsure.post_id, may_repeat=True))
            return _SOON
        await self._settled(unsure, ts)
        return _SOON

    async def _settled(self, unsure: Unsure, ts: str | None) -> None:
        self._worked(HISTORY, unsure.channel_id)
        if ts is None:
            await until_stored(lambda: self._deliveries.release(unsure.post_id))
            return
        self.tally.found_again += 1
        await until_stored(lambda: self._deliveries.mark_sent(unsure.post_id, ts=ts, now=self._now()))

    def _worked(self, method: str, channel_id: ChannelId) -> None:
        self._pacing.went_well(method, channel_id)
        if self.tally.rejected_since is not None:
            self.tally.rejected_since = None
            _log.info("slack_takes_the_app_again")

    async def _mark_gone(self, channel_id: ChannelId, ts: str) -> None:
        _log.info("message_deleted", extra={"channel_id": channel_id})
        await until_stored(lambda: self._deliveries.mark_gone(channel_id, ts))
