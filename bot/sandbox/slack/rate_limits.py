"""Slack's rate limits: who sent too much, and for how long they must be silent. Never sleeps."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

MINUTE = 60.0

TIERS: Mapping[int, int] = {1: 1, 2: 20, 3: 50, 4: 100}
"""Calls a minute for each tier, https://docs.slack.dev/apis/web-api/rate-limits/."""

TIER_OF: Mapping[str, int] = {
    "chat.update": 3,
    "chat.postEphemeral": 4,
    "conversations.info": 3,
    "conversations.history": 3,
    "conversations.replies": 3,
    "conversations.open": 3,
    "users.conversations": 3,
    "users.info": 4,
    "views.open": 4,
    "views.push": 4,
    "views.update": 4,
    "views.publish": 4,
}
"""Methods not named here have limits of their own that no reasonable app meets (`auth.test`)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rates:
    """How much is allowed. The default is Slack's documentation, read strictly."""

    per_minute: Mapping[str, int] = field(
        default_factory=lambda: {method: TIERS[tier] for method, tier in TIER_OF.items()}
    )
    """Calls of a method in any 60 seconds, in the whole workspace."""
    posts_per_second: float | None = 1.0
    """`chat.postMessage` to one channel."""
    post_burst: int = 3
    """How many of them may come at once before the pace counts: Slack tolerates short bursts."""
    posts_per_minute: int | None = 300
    """`chat.postMessage` in the whole workspace: Slack says "several hundred"."""
    retry_after: float = 30.0
    """How long a method's window stays closed when its minute is used up; a channel's: 1 s."""

    @classmethod
    def off(cls) -> "Rates":
        """No limits at all."""
        return cls(per_minute={}, posts_per_second=None, posts_per_minute=None)


class RateLimiter:
    """Counts calls and keeps closed windows, over the simulation's clock."""

    def __init__(self, rates: Rates, clock: Callable[[], float]) -> None:
        self.rates = rates
        self._clock = clock
        self._recent: dict[str, deque[float]] = {}
        self._full_at: dict[str, float] = {}
        self._closed_until: dict[tuple[str, str | None], float] = {}

    def closed_for(self, method: str, channel_id: str | None) -> float:
        """Seconds until this method may be called again (in this channel); 0 if it may be now."""
        until = max(self._closed_until.get((method, where), 0.0) for where in (None, channel_id))
        return max(0.0, until - self._clock())

    def close(self, method: str, channel_id: str | None, seconds: float) -> None:
        """Close a method's window in one channel, or (None) in the workspace."""
        self._closed_until[method, channel_id] = self._clock() + seconds

    def change(self, rates: Rates) -> None:
        """Other limits from now on; all windows and counts are forgotten."""
        self.rates = rates
        self._recent.clear()
        self._full_at.clear()
        self._closed_until.clear()

    def take(self, method: str, channel_id: str | None) -> float:
        """Count a call. 0 if it is within the limits, else for how long it closed the window."""
        allowed = (
            self.rates.posts_per_minute if method == "chat.postMessage" else self.rates.per_minute.get(method)
        )
        if allowed is not None and not self._within_minute(method, allowed):
            self.close(method, None, self.rates.retry_after)
            return self.rates.retry_after
        if method == "chat.postMessage" and channel_id is not None and not self._within_pace(channel_id):
            self.close(method, channel_id, 1.0)
            return 1.0
        return 0.0

    def _within_minute(self, method: str, allowed: int) -> bool:
        recent, now = self._recent.setdefault(method, deque()), self._clock()
        while recent and recent[0] <= now - MINUTE:
            recent.popleft()
        if len(recent) >= allowed:
            return False
        recent.append(now)
        return True

    def _within_pace(self, channel_id: str) -> bool:
        """A bucket of `post_burst` messages, refilled at the channel's pace (GCRA)."""
        if self.rates.posts_per_second is None:
            return True
        now, gap = self._clock(), 1.0 / self.rates.posts_per_second
        full_at = max(now, self._full_at.get(channel_id, now))
        if full_at - now > gap * (self.rates.post_burst - 1):
            return False
        self._full_at[channel_id] = full_at + gap
        return True
