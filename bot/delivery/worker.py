"""Sends pending notices to Slack, one step at a time for each channel, and handles what goes wrong.

A message is sent only after it was claimed and counts as sent only after Slack said so. In between it is
neither: it is looked for in the channel, and sent again only if it is not there or the bot may not look.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from bot.aio import finish, until_stored
from bot.delivery.outcomes import DeliveryStats, RefusedForGood
from bot.delivery.rate_limits import HISTORY, LONGEST_REST, MINUTE, POST, UPDATE, WIDEST, RateLimits
from bot.delivery.sender import DEFAULT_RETRY_AFTER, Sender
from bot.domain import AppRejected, ChannelGone, ChannelId, LeaseLost, SlackBusy, SlackError, StoreError
from bot.domain.clock import uptime
from bot.domain.grouping import Load
from bot.domain.notices import Backlog
from bot.domain.ports import Messenger
from bot.domain.repositories import ClosedChannels, Deliveries, Outbox
from bot.domain.roll_call import RollCalls

ANSWERS_WITHIN = 2.0  # seconds: a slower answer is no refusal for going too fast
_TICK = 1.0  # seconds between two looks for snoozes and waits that ended
_RECHECK = 10.0  # seconds between two looks for messages whose sender died
_APP_REST = 30.0  # seconds between two tries while Slack takes no message of this app
_DRAIN_LIMIT = 5.0  # seconds for calls under way when the term ends
_Do: TypeAlias = Callable[[], Awaitable[float | None]]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Rest:
    """A step is not tried again before `until`; where nothing was left to do, unless there is something new."""

    until: float
    unless_new: Backlog | None


def in_turn(backlog: Iterable[Backlog], begun_at: Mapping[ChannelId, float]) -> list[Backlog]:
    """First channels with notices about failures, then with other notices, those that wait longest before others.

    Slack may allow fewer edits than are wanted: then good news wait for bad news, and nobody waits for ever, whoever
    leads. Channels with edits alone take turns.
    """

    def turn(each: Backlog) -> tuple[bool, bool, float, float]:
        waits_since = each.oldest_at.timestamp() if each.oldest_at else 0.0
        return not each.is_failing, not each.owed, waits_since, begun_at.get(each.channel_id, float("-inf"))

    return sorted(backlog, key=turn)


class DeliveryWorker:
    """`lead` is a duty of the leader. Whoever stores a notice calls `wake`.

    `may_send` is asked right before each message: is this process still certain to be the leader?
    """

    def __init__(
        self,
        *,
        outbox: Outbox,
        deliveries: Deliveries,
        roll_calls: RollCalls,
        closed_channels: ClosedChannels,
        messenger: Messenger,
        operator_channel: ChannelId | None = None,
        may_send: Callable[[], bool] = lambda: True,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._outbox = outbox
        self._deliveries = deliveries
        self._roll_calls = roll_calls
        self._closed_channels = closed_channels
        self._operator_channel = operator_channel
        self._now = now
        self._rate_limits = RateLimits()
        self._sender = Sender(
            outbox=outbox,
            deliveries=deliveries,
            messenger=messenger,
            rate_limits=self._rate_limits,
            on_refused=self._report_refusal,
            may_send=may_send,
            now=now,
        )
        self._awake = asyncio.Event()
        self._serving: dict[ChannelId, asyncio.Task[None]] = {}
        self._begun_at: dict[ChannelId, float] = {}
        self._rests: dict[tuple[str, ChannelId], _Rest] = {}
        self._app_rests_until = 0.0
        self._load = Load()

    @property
    def stats(self) -> DeliveryStats:
        return self._sender.stats

    def wake(self) -> None:
        """Look for pending notices at once."""
        self._awake.set()

    async def lead(self, term: int) -> None:
        """Send until cancelled; what is being sent then is still recorded. Raises LeaseLost."""
        await self._recall_limits()
        rechecked_at = woke_at = float("-inf")
        try:
            while True:
                if uptime() - rechecked_at >= _RECHECK:
                    rechecked_at = uptime()
                    await self._give_up_sending(term)
                    await until_stored(lambda: self._roll_calls.begin_due(now=self._now(), term=term))
                if uptime() - woke_at >= _TICK:
                    woke_at = uptime()
                    await until_stored(lambda: self._deliveries.end_snoozes(now=self._now(), term=term))
                await self._serve_all(term)
                await self._rest()
        finally:
            await self._drain()

    async def _recall_limits(self) -> None:
        """After a restart, what was sent in the last minute and every `Retry-After` still count."""
        now, at = self._now(), uptime()
        since = now - timedelta(seconds=MINUTE)
        for channel_id, sent_at in await until_stored(lambda: self._deliveries.recent(since=since)):
            self._rate_limits.note(POST, channel_id, at - max(0.0, (now - sent_at).total_seconds()))
        for method, until in (await until_stored(lambda: self._closed_channels.holds(now=now))).items():
            self._rate_limits.hold(method, at + (until - now).total_seconds())

    async def _give_up_sending(self, term: int) -> None:
        in_flight = frozenset(self._sender.in_flight)
        count = await until_stored(
            lambda: self._deliveries.give_up_sending(term=term, in_flight=in_flight, now=self._now())
        )
        if count:
            _log.warning("messages_unsure", extra={"count": count})

    async def _serve_all(self, term: int) -> None:
        for channel_id in [each for each, task in self._serving.items() if task.done()]:
            self._serving.pop(channel_id).result()  # LeaseLost ends the term; nothing else comes out
        if uptime() < self._app_rests_until:
            return
        backlog = await until_stored(lambda: self._outbox.backlog(now=self._now()))
        self._load = self._measure(backlog)
        for each in in_turn(backlog, self._begun_at):
            if not self._has_room():
                return
            if each.channel_id in self._serving:
                continue
            if steps := self._useful_steps(each):
                task = asyncio.create_task(self._serve(each, steps, term))
                task.add_done_callback(lambda _: self._awake.set())
                self._serving[each.channel_id] = task
                self._begun_at[each.channel_id] = uptime()

    def _has_room(self) -> bool:
        """Serve as many channels at once as Slack has accepted lately; those with slow answers do not count."""
        at = uptime()
        fresh = sum(at - self._begun_at[each] < ANSWERS_WITHIN for each in self._serving)
        return fresh < self._rate_limits.width(at) and len(self._serving) < WIDEST

    def _useful_steps(self, backlog: Backlog) -> tuple[str, ...]:
        """The steps that have something to do and need not wait."""
        wanted = ((HISTORY, backlog.has_unsure), (UPDATE, backlog.has_stale), (POST, backlog.owed > 0))
        return tuple(
            method for method, is_wanted in wanted if is_wanted and not self._rests_now(method, backlog)
        )

    def _rests_now(self, method: str, backlog: Backlog) -> bool:
        rest = self._rests.get((method, backlog.channel_id))
        if rest is None or rest.until <= uptime():
            return False
        return rest.unless_new is None or rest.unless_new == backlog

    def _measure(self, backlog: Sequence[Backlog]) -> Load:
        self.stats.pending = sum(each.owed for each in backlog)
        self.stats.oldest_pending_at = min(
            (each.oldest_at for each in backlog if each.oldest_at), default=None
        )
        newest_at = max((each.newest_at for each in backlog if each.newest_at), default=None)
        quiet_for = (self._now() - newest_at).total_seconds() if newest_at else 0.0
        return Load(owed_everywhere=self.stats.pending, quiet_for=quiet_for)

    async def _rest(self) -> None:
        """Sleep until `wake`, the end of a step's wait, or a second has passed."""
        at = uptime()
        self._rests = {step: rest for step, rest in self._rests.items() if rest.until > at}
        soonest = min((rest.until for rest in self._rests.values()), default=at + _TICK) - at
        try:
            async with asyncio.timeout(min(max(0.01, soonest), _TICK)):
                await self._awake.wait()
        except TimeoutError:
            return
        finally:
            self._awake.clear()

    async def _serve(self, backlog: Backlog, steps: Sequence[str], term: int) -> None:
        """Take the steps of one channel, and note when each is worth trying again."""
        channel_id = backlog.channel_id
        doings: dict[str, _Do] = {
            HISTORY: lambda: self._sender.settle(channel_id),
            UPDATE: lambda: self._sender.redraw_stale(channel_id),
            POST: lambda: self._send_next(channel_id, term),
        }
        for method in steps:
            wait = await self._try(method, channel_id, doings[method], term)
            self._rests[method, channel_id] = _Rest(
                until=uptime() + (_TICK if wait is None else wait),
                unless_new=backlog if wait is None else None,
            )

    async def _send_next(self, channel_id: ChannelId, term: int) -> float | None:
        return await self._sender.send_next(channel_id, load=self._load, term=term)

    async def _try(self, method: str, channel_id: ChannelId, step: _Do, term: int) -> float | None:
        """Returns the seconds until the step is worth trying again."""
        try:
            return await step()
        except (SlackError, StoreError) as error:
            await self._handle(method, channel_id, error, term)
            return self._rate_limits.wait(method, channel_id, uptime())
        except LeaseLost:
            raise
        except Exception:  # noqa: BLE001 (the boundary of one channel: the others are served on)
            _log.exception("delivery_failed", extra={"channel_id": channel_id})
            return LONGEST_REST

    async def _handle(
        self, method: str, channel_id: ChannelId, error: SlackError | StoreError, term: int
    ) -> None:
        match error:
            case SlackBusy(limited=True):
                await self._hold(method, error.retry_after or DEFAULT_RETRY_AFTER, term)
            case AppRejected():
                self._rest_the_app(error)
            case ChannelGone():
                await self._close(channel_id, error, term)
            case _:
                self._rate_limits.failed(method, channel_id, uptime())
                _log.info(
                    "delivery_delayed",
                    extra={"channel_id": channel_id, "method": method, "error": str(error)},
                )

    async def _hold(self, method: str, seconds: float, term: int) -> None:
        """Store the hold, which is in effect already, for the time after a restart."""
        self.stats.rate_limited += 1
        _log.warning("rate_limited", extra={"method": method, "seconds": seconds})
        now = self._now()
        until = now + timedelta(seconds=seconds)
        await until_stored(lambda: self._closed_channels.hold(method, now=now, until=until, term=term))

    def _rest_the_app(self, rejected: AppRejected) -> None:
        """Keep all notices and try now and then until the operator fixes the app; log it once."""
        if self.stats.rejected_since is None:
            self.stats.rejected_since = self._now()
            _log.error("slack_rejects_the_app", extra={"error": rejected.error})
        self._app_rests_until = uptime() + _APP_REST

    async def _close(self, channel_id: ChannelId, gone: ChannelGone, term: int) -> None:
        _log.warning("channel_gone", extra={"channel_id": channel_id, "error": gone.error})
        now = self._now()
        await until_stored(
            lambda: self._closed_channels.close_channel(
                channel_id, reason=gone.error, now=now, operator_channel=self._operator_channel, term=term
            )
        )

    async def _report_refusal(self, lost: RefusedForGood) -> None:
        """Tell the operators, unless it is their own channel that refuses."""
        operators = self._operator_channel
        if operators is None or operators == lost.channel_id:
            return
        await until_stored(
            lambda: self._closed_channels.report_refusal(
                lost.post_id,
                lost.channel_id,
                detail=f"{lost.error} {lost.about}",
                now=self._now(),
                operator_channel=operators,
            )
        )

    async def _drain(self) -> None:
        """Let the calls under way finish and be recorded."""
        tasks = tuple(self._serving.values())
        self._serving.clear()
        await finish(tasks, _DRAIN_LIMIT)
