"""Short-lived rights that Slack hands out with a delivery: trigger IDs and response URLs."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from bot.sandbox.slack.model import SlackError

TRIGGER_SECONDS = 3.0
REPLY_SECONDS = 30 * 60.0
REPLY_USES = 5


@dataclass(kw_only=True, slots=True)
class _Trigger:
    user_id: str
    expires_at: float
    is_used: bool = False


class Triggers:
    """`trigger_id`: opens one view for one person, within three seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._known: dict[str, _Trigger] = {}

    def grant(self, user_id: str) -> str:
        now = self._clock()
        trigger_id = f"{int(now * 1000)}.{len(self._known) + 1}.{secrets.token_hex(16)}"
        self._known[trigger_id] = _Trigger(user_id=user_id, expires_at=now + TRIGGER_SECONDS)
        return trigger_id

    def redeem(self, trigger_id: str) -> str:
        """The person whose screen this trigger opens; it is used up by that."""
        trigger = self._known.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if self._clock() > trigger.expires_at:
            raise SlackError("expired_trigger_id")
        if trigger.is_used:
            raise SlackError("exchanged_trigger_id")
        trigger.is_used = True
        return trigger.user_id


@dataclass(kw_only=True, slots=True)
class Reply:
    """What a `response_url` stands for. `original_ts` is what `replace_original` replaces."""

    token: str
    channel_id: str
    user_id: str
    expires_at: float
    original_ts: str | None
    uses_left: int = REPLY_USES


class Replies:
    """`response_url`: five uses within thirty minutes."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._known: dict[str, Reply] = {}

    def grant(self, *, channel_id: str, user_id: str, original_ts: str | None = None) -> Reply:
        """A new right to answer this person here."""
        reply = Reply(
            token=secrets.token_hex(12),
            channel_id=channel_id,
            user_id=user_id,
            expires_at=self._clock() + REPLY_SECONDS,
            original_ts=original_ts,
        )
        self._known[reply.token] = reply
        return reply

    def redeem(self, token: str) -> Reply:
        """Use a response URL once."""
        reply = self._known.get(token)
        if reply is None:
            raise SlackError("invalid_url")
        if self._clock() > reply.expires_at:
            raise SlackError("expired_url")
        if reply.uses_left == 0:
            raise SlackError("used_url")
        reply.uses_left -= 1
        return reply
