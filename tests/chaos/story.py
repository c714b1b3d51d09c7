"""What happens to the mails while the bot dies and comes back, and what people must have been told of it.

Each thing happens only after the one before it was told, so that nothing hides in the API's blind window:
what is not told in the end is lost, what is told more often was repeated. Nor does it happen while a repeat may
still come, which would be taken for it.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.sandbox.world import Status

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from bot.sandbox.slack import SimulatedSlack
    from bot.sandbox.slack.model import Message
    from bot.sandbox.world import World

REPEAT_WORDS = "may be a repeat"
_TAKES = timedelta(seconds=0.05)
_FOR_EVER = 1e9  # whoever plays the story ends it
_ON_ITS_WAY = """
    SELECT count(*) FROM notices
    JOIN incidents ON incidents.incident_id = notices.incident_id
    LEFT JOIN posts ON posts.post_id = notices.post_id
    WHERE incidents.mail_id = ?
      AND (notices.post_id IS NULL AND NOT notices.is_folded OR posts.state IN ('sending', 'unsure'))
"""
_APART = 1.1  # seconds: Quick BI tells when a run started to the second


class Told(StrEnum):
    """What one message tells about one mail."""

    FAILED = "failed"
    AGAIN = "again"
    RECOVERED = "recovered"


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """A mail, and the channels that are subscribed to it."""

    mail_id: str
    name: str
    channel_ids: tuple[str, ...]


@dataclass(kw_only=True)
class Story:
    slack: SimulatedSlack
    world: World
    actors: tuple[Actor, ...]
    random: Random
    database: Path
    expected: Counter[tuple[str, str, Told]] = field(default_factory=Counter)
    awaited: dict[tuple[str, str, Told], int] = field(default_factory=dict)
    slowest: float = 0.0
    is_ending: bool = False

    async def play(self) -> None:
        """Every mail's ups and downs, until `is_ending`; each comes to its end."""
        async with asyncio.TaskGroup() as group:
            for actor in self.actors:
                group.create_task(self._live(actor))

    async def _live(self, actor: Actor) -> None:
        await asyncio.sleep(self.random.uniform(0, 2))
        while not self.is_ending:
            await self._happens(actor, Status.FAILED, Told.FAILED)
            if self.random.random() < 0.5:
                await self._happens(actor, Status.FAILED, Told.AGAIN)
            await self._happens(actor, Status.SENT, Told.RECOVERED)

    async def _happens(self, actor: Actor, outcome: Status, tells: Told) -> None:
        """One run, and the wait until every channel was told of it."""
        while not self.is_ending and not is_quiet(self.database, actor.mail_id):  # noqa: ASYNC110 (a file)
            await asyncio.sleep(0.2)
        for channel_id in actor.channel_ids:
            key = channel_id, actor.name, tells
            self.expected[key] += 1
            self.awaited[key] = len(self.messages(*key)) + 1
        self.world.run_now(actor.mail_id, outcome=outcome, takes=_TAKES)
        begun = asyncio.get_running_loop().time()

        def told() -> bool:
            return all(self._is_told(channel_id, actor.name, tells) for channel_id in actor.channel_ids)

        await self.slack.changes.until(told, seconds=_FOR_EVER)
        self.slowest = max(self.slowest, asyncio.get_running_loop().time() - begun)
        await asyncio.sleep(_APART)

    def _is_told(self, channel_id: str, name: str, tells: Told) -> bool:
        return len(self.messages(channel_id, name, tells)) >= self.awaited[channel_id, name, tells]

    def messages(self, channel_id: str, name: str, tells: Told) -> list[Message]:
        """The messages that Slack took and that tell this, as they were first posted or are now."""
        return [
            each
            for each in self.slack.workspace.messages(channel_id)
            if each.from_app and tells in _tells(each, name)
        ]

    def lost(self) -> list[str]:
        return [
            f"{name} {tells} in {channel_id}"
            for channel_id, name, tells in self.awaited
            if not self._is_told(channel_id, name, tells)
        ]

    def repeated(self) -> tuple[int, int]:
        """How many messages are too many, and how many of those do not say that they may be repeats."""
        too_many = unmarked = 0
        for (channel_id, name, tells), count in self.expected.items():
            found = self.messages(channel_id, name, tells)
            extra = len(found) - count
            marked = sum(REPEAT_WORDS in each.text for each in found)
            too_many += max(0, extra)
            unmarked += max(0, extra - marked)
        return too_many, unmarked


def is_quiet(database: Path, mail_id: str) -> bool:
    """By the bot's own word, which decides only when the story goes on: nothing about this mail is on its way."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)) as connection:
        (count,) = connection.execute(_ON_ITS_WAY, (mail_id,)).fetchone()
    return bool(count == 0)


def _tells(message: Message, name: str) -> set[Told]:
    """A message of its own is about a failure; what it became later is in its edits. Replies say the rest."""
    if name not in message.text:
        return set()
    if message.thread_ts is None:
        return {Told.FAILED}
    failing, _, fine = message.text.partition("Fine again:")
    if name in fine:
        return {Told.RECOVERED}
    return {Told.RECOVERED if "recovered" in failing and not fine else Told.AGAIN}
