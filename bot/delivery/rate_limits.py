"""Keeps calls below Slack's rate limits: may a method be called now, or in how many seconds?

https://docs.slack.dev/apis/web-api/rate-limits
"""

from __future__ import annotations

from collections import defaultdict, deque

from bot.domain import ChannelId

POST = "chat.postMessage"
UPDATE = "chat.update"
HISTORY = "conversations.history"  # and conversations.replies: they share a limit

MINUTE = 60.0
CHANNEL_GAP = 1.1  # seconds between two messages to one channel: Slack asks for 1
PER_MINUTE = {POST: 240, UPDATE: 45, HISTORY: 45}  # "several hundred", and tier 3 (50)
FIRST_REST, LONGEST_REST = 1.0, 30.0  # seconds
WIDEST = 10  # most calls under way
FORGETS_AFTER = 10.0  # seconds after the last good answer, calls go one by one again


class RateLimits:
    """Times are seconds on the caller's monotonic clock.

    Slack counts a call that was under way when a 429 came as sent while limited. So the first call goes alone;
    with each good answer one more may be under way.
    """

    def __init__(self) -> None:
        self._width = 1
        self._good_at = float("-inf")
        self._calls: defaultdict[str, deque[float]] = defaultdict(deque)
        self._posts: defaultdict[ChannelId, deque[float]] = defaultdict(deque)
        self._held_until: dict[str, float] = {}
        self._rests: dict[tuple[str, ChannelId], tuple[float, float]] = {}  # until when, how long

    def width(self, at: float) -> int:
        """How many calls may be under way."""
        return self._width if at - self._good_at < FORGETS_AFTER else 1

    def wait(self, method: str, channel_id: ChannelId, at: float, *, ahead: int = 0) -> float:
        """Seconds until this call may be made; 0.0 if it may be made now.

        `ahead`: how many others are about to make the same call.
        """
        rests_until, _ = self._rests.get((method, channel_id), (at, 0.0))
        waits = [0.0, self._held_until.get(method, at) - at, rests_until - at]
        calls = _recent(self._calls[method], at)
        allowed = max(1, PER_MINUTE[method] - ahead)
        if len(calls) >= allowed:
            waits.append(calls[-allowed] + MINUTE - at)
        if method == POST and self._posts.get(channel_id):
            waits.append(self._posts[channel_id][-1] + CHANNEL_GAP - at)
        return max(waits)

    def may_call_now(self, method: str, channel_id: ChannelId, at: float) -> bool:
        """Call right before the call, which counts from here if this returns True."""
        if self.wait(method, channel_id, at):
            return False
        self.note(method, channel_id, at)
        return True

    def note(self, method: str, channel_id: ChannelId, at: float) -> None:
        _recent(self._calls[method], at).append(at)
        if method == POST:
            self._posts[channel_id].append(at)

    def hold(self, method: str, until: float) -> None:
        """After a 429: no call before then, then one by one."""
        self._held_until[method] = max(until, self._held_until.get(method, until))
        self._width = 1

    def failed(self, method: str, channel_id: ChannelId, at: float) -> None:
        """Pause this method in this channel, each time for longer."""
        length = min(LONGEST_REST, 2 * self._rests.get((method, channel_id), (0.0, FIRST_REST / 2))[1])
        self._rests[method, channel_id] = (at + length, length)

    def succeeded(self, method: str, channel_id: ChannelId, at: float) -> None:
        self._rests.pop((method, channel_id), None)
        self._width = min(WIDEST, self.width(at) + 1)
        self._good_at = at

    def recent_calls(self, method: str, at: float) -> int:
        """Calls of this method in the last minute, to all channels."""
        return len(_recent(self._calls[method], at))

    def recent_posts(self, channel_id: ChannelId, at: float) -> int:
        """Messages to this channel in the last minute."""
        if channel_id not in self._posts:
            return 0
        recent = len(_recent(self._posts[channel_id], at))
        if not recent:
            del self._posts[channel_id]
        return recent


def _recent(times: deque[float], at: float) -> deque[float]:
    while times and times[0] <= at - MINUTE:
        times.popleft()
    return times
