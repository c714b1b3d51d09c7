"""Sends, edits and looks for one message at a time, and records the outcome.

What Slack did not do is raised as a SlackError once the outcome is stored.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from bot.aio import correlated, until_stored
from bot.delivery.outcomes import DeliveryStats, RefusedForGood, subjects
from bot.delivery.rate_limits import CHANNEL_GAP, HISTORY, PER_MINUTE, POST, UPDATE, RateLimits
from bot.domain import (
    AppRejected,
    CannotLook,
    ChannelGone,
    ChannelId,
    DeliveryUnknown,
    MessageGone,
    MessageRefused,
    Notice,
    PostId,
    SlackBusy,
    SlackError,
    UnknownSlackRefusal,
)
from bot.domain.clock import uptime
from bot.domain.grouping import Load
from bot.domain.notices import Nothing, Redraw, Unsure
from bot.domain.ports import Messenger
from bot.domain.repositories import Deliveries, Outbox

SETTLE_AFTER = timedelta(seconds=3)  # after a lost answer: what Slack accepted is visible by then
GATHER_EDITS = 3.0  # seconds between two edits of a message about many mails
GATHER_ROLL_CALL = 60.0  # seconds between two edits of a roll-call: news has a notice of its own
DEFAULT_RETRY_AFTER = 30.0  # seconds, where a 429 does not say
MOST_UNKNOWN = 5  # refusals in a row for a reason in no table: Slack will hardly change its mind
_SOON = 0.05  # seconds until the next step of a channel, so that others get their turn
_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class NotNow(Exception):
    """The call was not made: a rate limit was reached, or this process may no longer lead."""


@dataclass(kw_only=True, eq=False)
class Sender:
    """Each step returns the seconds until the next is worth trying, None if nothing is left to do.

    `on_refused` is called for a message that Slack refuses for good, before it is given up.
    """

    outbox: Outbox
    deliveries: Deliveries
    messenger: Messenger
    rate_limits: RateLimits
    on_refused: Callable[[RefusedForGood], Awaitable[None]]
    may_send: Callable[[], bool] = lambda: True
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    in_flight: set[PostId] = field(default_factory=set, init=False)
    stats: DeliveryStats = field(default_factory=DeliveryStats, init=False)
    _edit_from: dict[PostId, float] = field(
        default_factory=dict, init=False
    )  # when the next edit may be made
    # When a message was sent, until it is known whether it arrived.
    _called_at: dict[PostId, float] = field(default_factory=dict, init=False)
    _about_to_post: set[ChannelId] = field(default_factory=set, init=False)
    _unknown_refusals: Counter[tuple[str, ChannelId]] = field(default_factory=Counter, init=False)  # in a row

    async def send_next(self, channel_id: ChannelId, *, load: Load, term: int) -> float | None:
        """Claim and send one message. Raises SlackError, LeaseLost."""
        at = uptime()
        if wait := self.rate_limits.wait(POST, channel_id, at, ahead=len(self._about_to_post)):
            return wait
        load = replace(
            load,
            recent_posts=self.rate_limits.recent_posts(channel_id, at),
            recent_everywhere=self.rate_limits.recent_calls(POST, at),
            may_edit=not self.rate_limits.wait(UPDATE, channel_id, at),
        )
        self._about_to_post.add(channel_id)
        try:
            claimed = await self.outbox.claim(channel_id, load=load, now=self.now(), term=term)
            if isinstance(claimed, Nothing):
                return None if claimed.at is None else max(_SOON, (claimed.at - self.now()).total_seconds())
            self.in_flight.add(claimed.post_id)
            try:
                with correlated(claimed.post_id):
                    await self._send(claimed)
            finally:
                self.in_flight.discard(claimed.post_id)
        finally:
            self._about_to_post.discard(channel_id)
        return self.rate_limits.wait(POST, channel_id, uptime())

    async def _send(self, notice: Notice) -> None:
        try:
            ts = await self._post(notice)
        except NotNow:
            self._called_at.pop(notice.post_id, None)
            await until_stored(lambda: self.deliveries.release(notice.post_id))
            return
        except MessageRefused as refused:
            self._called_at.pop(notice.post_id, None)
            await self._give_up(POST, notice, refused)
            await until_stored(lambda: self.deliveries.mark_refused(notice.post_id))
            return
        except DeliveryUnknown:
            settle_at = self.now() + SETTLE_AFTER
            await until_stored(lambda: self.deliveries.mark_unsure(notice.post_id, settle_at=settle_at))
            raise
        except SlackError as error:
            self._called_at.pop(notice.post_id, None)
            await until_stored(lambda: self.deliveries.release(notice.post_id))
            if isinstance(error, MessageGone) and notice.thread_ts is not None:
                await self._mark_gone(notice.channel_id, notice.thread_ts)
                return
            raise
        self._worked(POST, notice.channel_id)
        await until_stored(lambda: self.deliveries.mark_sent(notice.post_id, ts=ts, now=self.now()))
        self._called_at.pop(notice.post_id, None)
        self._note_edit(notice, uptime())
        self.stats.sent += 1
        _log.info("message_sent", extra={"channel_id": notice.channel_id, "about": subjects(notice)})
        self.stats.may_have_repeated += notice.may_repeat

    async def _give_up(self, method: str, message: Notice | Redraw, refused: MessageRefused) -> None:
        """Report a message that Slack will not take, so that somebody knows what was not told."""
        self.stats.refused += 1
        del self._unknown_refusals[method, message.channel_id]
        lost = RefusedForGood.of(message, refused.error)
        _log.error("message_given_up", extra={"method": method, **asdict(lost)})
        await self.on_refused(lost)

    async def _post(self, notice: Notice) -> str:
        """Post the message; as plain words where Slack refuses the blocks. Raises NotNow."""
        try:
            return await self._post_now(notice, plain=False)
        except MessageRefused as refused:
            _log.warning("message_refused", extra={"post_id": notice.post_id, "error": refused.error})
            await asyncio.sleep(CHANNEL_GAP)
            return await self._post_now(notice, plain=True)

    async def _post_now(self, notice: Notice, *, plain: bool) -> str:
        """Check again right before the call: since the claim there may have been a 429, or a new leader."""
        at = uptime()
        if not self.may_send() or not self.rate_limits.may_call_now(POST, notice.channel_id, at):
            raise NotNow
        self._about_to_post.discard(notice.channel_id)
        self._called_at[notice.post_id] = at
        return await self._with_rate_limit(POST, notice.channel_id, self.messenger.post(notice, plain=plain))

    async def _with_rate_limit(self, method: str, channel_id: ChannelId, call: Awaitable[_T]) -> _T:
        """Apply a 429 to all channels at once. Raises MessageRefused after many refusals for an unknown reason."""
        try:
            return await call
        except SlackBusy as busy:
            if busy.limited:
                self.rate_limits.hold(method, uptime() + (busy.retry_after or DEFAULT_RETRY_AFTER))
            raise
        except UnknownSlackRefusal as unknown:
            self._unknown_refusals[method, channel_id] += 1
            if self._unknown_refusals[method, channel_id] < MOST_UNKNOWN:
                raise
            raise MessageRefused(unknown.error) from None

    async def redraw_stale(self, channel_id: ChannelId) -> float | None:
        """Edit the channel's messages that are out of date. Raises SlackError."""
        waits = []
        for post_id in await self.deliveries.stale(channel_id):
            if wait := self._wait_to_redraw(channel_id, post_id):
                waits.append(wait)
                continue
            redraw = await self.deliveries.redraw(post_id)
            with correlated(post_id):
                if redraw is not None and not await self._redraw(redraw):
                    waits.append(self._wait_to_redraw(channel_id, post_id))
        return min(waits, default=None)

    def _note_edit(self, message: Notice | Redraw, at: float) -> None:
        """A message that changes often is edited again only after a while."""
        gather = GATHER_ROLL_CALL if message.roll_call else GATHER_EDITS if len(message.items) > 1 else 0.0
        waiting = {each: then for each, then in self._edit_from.items() if then > at}
        self._edit_from = waiting | ({message.post_id: at + gather} if gather else {})

    def _wait_to_redraw(self, channel_id: ChannelId, post_id: PostId) -> float:
        at = uptime()
        gathered = self._edit_from.get(post_id, at) - at
        return max(0.0, gathered, self.rate_limits.wait(UPDATE, channel_id, at))

    async def _redraw(self, redraw: Redraw) -> bool:
        """Returns whether it is done. After a lost answer the edit is repeated."""
        try:
            await self._draw(redraw)
        except NotNow:
            return False
        except MessageGone:
            await self._mark_gone(redraw.channel_id, redraw.ts)
            return True
        except MessageRefused as refused:
            await self._give_up(UPDATE, redraw, refused)
            await until_stored(lambda: self.deliveries.mark_undrawable(redraw.post_id))
            return True
        self._worked(UPDATE, redraw.channel_id)
        await until_stored(lambda: self.deliveries.mark_shown(redraw.post_id, wanted=redraw.wanted))
        self.stats.edited += 1
        return True

    async def _draw(self, redraw: Redraw) -> None:
        try:
            await self._draw_now(redraw, plain=False)
        except MessageRefused as refused:
            _log.warning("edit_refused", extra={"post_id": redraw.post_id, "error": refused.error})
            await self._draw_now(redraw, plain=True)

    async def _draw_now(self, redraw: Redraw, *, plain: bool) -> None:
        at = uptime()
        if redraw.roll_call and self.rate_limits.recent_calls(UPDATE, at) >= PER_MINUTE[UPDATE] // 2:
            self._note_edit(redraw, at)  # the other half of the limit is for incidents
            raise NotNow
        if not self.may_send() or not self.rate_limits.may_call_now(UPDATE, redraw.channel_id, at):
            raise NotNow
        self._note_edit(redraw, at)
        await self._with_rate_limit(UPDATE, redraw.channel_id, self.messenger.redraw(redraw, plain=plain))

    async def settle(self, channel_id: ChannelId) -> float | None:
        """Look for one message whose answer was lost. Raises SlackBusy, DeliveryUnknown: try again later."""
        unsure = await self.deliveries.unsure(channel_id, now=self.now())
        if unsure is None:
            return None
        with correlated(unsure.post_id):
            return await self._settle(channel_id, unsure)

    async def _settle(self, channel_id: ChannelId, unsure: Unsure) -> float:
        if not self.rate_limits.may_call_now(HISTORY, channel_id, uptime()):
            return self.rate_limits.wait(HISTORY, channel_id, uptime())
        try:
            ts = await self._with_rate_limit(
                HISTORY, channel_id, self.messenger.find(self._as_it_was_sent(unsure))
            )
        except MessageGone:
            if unsure.thread_ts is not None:
                await self._mark_gone(channel_id, unsure.thread_ts)
            ts = None
        except (AppRejected, CannotLook, ChannelGone, MessageRefused) as closed:
            _log.warning("cannot_look", extra={"channel_id": channel_id, "error": closed.error})
            await until_stored(lambda: self.deliveries.release(unsure.post_id, may_repeat=True))
            self._called_at.pop(unsure.post_id, None)
            return _SOON
        await self._settled(unsure, ts)
        return _SOON

    def _as_it_was_sent(self, unsure: Unsure) -> Unsure:
        """Date what this process sent by the time that has passed: the clock may have been set since."""
        called_at = self._called_at.get(unsure.post_id)
        if called_at is None:
            return unsure
        return replace(unsure, claimed_at=self.now() - timedelta(seconds=uptime() - called_at))

    async def _settled(self, unsure: Unsure, ts: str | None) -> None:
        self._worked(HISTORY, unsure.channel_id)
        self._called_at.pop(unsure.post_id, None)
        if ts is None:
            await until_stored(lambda: self.deliveries.release(unsure.post_id))
            return
        self.stats.found_again += 1
        await until_stored(lambda: self.deliveries.mark_sent(unsure.post_id, ts=ts, now=self.now()))

    def _worked(self, method: str, channel_id: ChannelId) -> None:
        self.rate_limits.succeeded(method, channel_id, uptime())
        del self._unknown_refusals[method, channel_id]
        if self.stats.rejected_since is not None:
            self.stats.rejected_since = None
            _log.info("slack_takes_the_app_again")

    async def _mark_gone(self, channel_id: ChannelId, ts: str) -> None:
        _log.info("message_deleted", extra={"channel_id": channel_id})
        await until_stored(lambda: self.deliveries.mark_gone(channel_id, ts))
