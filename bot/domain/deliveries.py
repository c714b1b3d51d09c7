"""What the courier is told of the news that are owed and of the messages that are out: values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain import ChannelId, IncidentView, PostId


@dataclass(frozen=True, kw_only=True, slots=True)
class Backlog:
    """What one channel is waiting for: news, messages to be drawn anew, messages that may be there or not."""

    channel_id: ChannelId
    owed: int = 0
    newest_at: datetime | None = None
    has_stale: bool = False
    has_unsure: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Nothing:
    """Nothing to send now. `at`: look again then (None: when something has changed)."""

    at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Unsure:
    """A message that may be there. `thread_ts` is set for a reply: it is looked for in its thread."""

    post_id: PostId
    channel_id: ChannelId
    claimed_at: datetime
    thread_ts: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Redraw:
    """A message that shows what is no longer so. `wanted` is what it will have shown when this is done.

    `may_repeat`: an earlier try may have arrived; the message goes on saying so.
    """

    post_id: PostId
    channel_id: ChannelId
    ts: str
    wanted: int
    items: tuple[IncidentView, ...]
    may_repeat: bool = False
