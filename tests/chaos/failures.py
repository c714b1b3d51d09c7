"""What becomes of the mails while replicas are under fire, and the verdict: which failures were lost or told twice.

A failure stays the mail's latest run for its allowance: one round of the schedule, in calls at the pace that the bot
keeps, with a call for each gap, whose answer the gap may lose; the gaps themselves, in which no bot led and reached
the database, as the run recorded them; and a few seconds. What no message and no edit has told a minute after the end
of all is lost: where more edits are wanted than Slack allows, some things are told late.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from time import monotonic

from bot.quickbi.call_budget import ARRIVAL_MARGIN
from bot.sandbox.quickbi.call_log import Call
from bot.sandbox.quickbi.limits import STATUS
from bot.sandbox.slack import Change, ChangeKind
from bot.sandbox.slack.model import Message
from bot.sandbox.world import Status
from tests.chaos.gaps import Gaps
from tests.chaos.story import REPEAT_WORDS
from tests.support.rig import Rig

# The schedule asks about mails that lose less more rarely: under one leader, too, up to 1.4 times as rarely as in turn.
ROUND = 1.5  # calls for each mail
GRACE = 4.0  # seconds for a call on its way, and for the record of the gaps, which is a moment behind
TOLD_WITHIN = 60.0  # seconds after the end: in a storm notices are gathered, and edits are limited
_ANSWER = 0.3  # seconds in which an answer is stored
OVER = ("recovered", "a newer run was sent")  # what a message says of a failure that is over
_TAKES = timedelta(seconds=0.05)
_ACCOUNT_WINDOW = 0.99  # seconds; see bot.sandbox.quickbi.limits.TOLERANCE


class Deed(StrEnum):
    KILL = "kill"
    FREEZE = "freeze"  # SIGSTOP beyond the lease, then SIGCONT
    RESTART = "restart"  # SIGTERM
    CUT = "cut"
    STALL = "stall"
    SWALLOW = "swallow"
    AWAY = "away"  # the database cannot be reached by anybody
    TRAP = "trap"  # SIGKILL at the moment a message reaches Slack
    LATE = (
        "late"  # SIGSTOP right before a message is written, until another has led for long enough to send it
    )
    COMMIT = "commit"  # SIGKILL at the moment a transaction commits: just before or just after


@dataclass(frozen=True, kw_only=True, slots=True)
class Slowest:
    """The failure that took most of its allowance until its mail was asked about, in seconds. `gaps`: part of that."""

    name: str = ""
    seen_after: float = 0.0
    allowed: float = 0.0
    gaps: float = 0.0

    @property
    def share(self) -> float:
        return self.seen_after / self.allowed if self.allowed else 0.0


@dataclass(kw_only=True, slots=True)
class Result:
    """`pace`: Quick BI's status calls a second, outside of the gaps. Times are in seconds."""

    seed: int
    replicas: int
    failures: int = 0
    told: int = 0
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    marked_repeats: int = 0
    over: int = 0
    deeds: dict[str, int] = field(default_factory=dict)
    slowest: Slowest = field(default_factory=Slowest)
    told_after: float = 0.0  # the latest
    gaps: float = 0.0
    longest_gap: float = 0.0
    pace: float = 0.0
    seconds: float = 0.0
    ok: bool = False


@dataclass(kw_only=True, slots=True)
class Failure:
    """`told_at` is when Slack first took something that tells it."""

    name: str
    channel_id: str
    began: float
    mail_id: str = ""
    ended: float = float("inf")
    told_at: float | None = None
    told: asyncio.Event = field(default_factory=asyncio.Event)
    hits: list[Deed] = field(default_factory=list)  # on the leader
    posts: list[Message] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        return self.ended < float("inf")


@dataclass(kw_only=True)
class Play:
    """The mails' failures, and what Slack's channels were told."""

    stage: Rig
    mails: dict[str, str]  # mail ID -> channel ID
    luck: random.Random
    limit: float  # calls a second
    failures: list[Failure] = field(default_factory=list)
    gaps: Gaps = field(default_factory=Gaps)
    standing: dict[str, Failure] = field(default_factory=dict)  # by channel

    def watch(self, change: Change) -> None:
        if not isinstance(change.subject, Message) or not change.subject.from_app:
            return
        message = change.subject
        failure = self.standing.get(message.channel_id)
        if failure is None:
            return
        is_late = any(words in message.text for words in OVER)  # before this one ended it is the one before
        tells = "failed" in message.text and (not is_late or failure.is_over)
        if tells and failure.told_at is None:
            failure.told_at = monotonic()
            failure.told.set()
        if change.kind is ChangeKind.MESSAGE_POSTED:
            failure.posts.append(message)

    def hit(self, deed: Deed) -> None:
        """The leader is hit now."""
        for failure in self.standing.values():
            if not failure.is_over:
                failure.hits.append(deed)

    def has_stood(self, failure: Failure) -> bool:
        """It was the mail's latest run for long enough."""
        now = monotonic()
        return now - failure.began >= self.allowance(failure.began, now)

    def allowance(self, began: float, ended: float) -> float:
        """In seconds, with the gaps of that time."""
        calls = ROUND * len(self.mails) + self.gaps.count(began, ended)
        return calls * (1 + ARRIVAL_MARGIN) / self.limit + self.gaps.seconds(began, ended) + GRACE

    def measure(self, result: Result, *, since: float) -> None:
        """How long nobody led, and how fast the bots asked when somebody did."""
        now, calls = monotonic(), self.stage.quickbi.ledger.calls(STATUS)
        gaps = self.gaps.seconds(since, now)
        result.gaps, result.longest_gap = round(gaps, 1), round(self.gaps.longest(now), 1)
        result.pace = round(len(calls) / (now - since - gaps), 2)

    async def happen(self, stopped: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as group:
            for mail_id, channel_id in self.mails.items():
                group.create_task(self._live(mail_id, channel_id, stopped, random.Random(self.luck.random())))
        with suppress(TimeoutError):
            async with asyncio.timeout(TOLD_WITHIN):
                for failure in self.failures:
                    await failure.told.wait()

    async def _live(self, mail_id: str, channel_id: str, stopped: asyncio.Event, luck: random.Random) -> None:
        name = self.stage.world.mail(mail_id).name
        stand = self.allowance(0.0, 0.0)
        await _until(stopped, luck.uniform(0, stand))
        while not stopped.is_set():
            failure = Failure(name=name, mail_id=mail_id, channel_id=channel_id, began=monotonic())
            self.failures.append(failure)
            self.standing[channel_id] = failure
            self.stage.world.run_now(mail_id, outcome=Status.FAILED, takes=_TAKES)
            while not self.has_stood(failure):  # noqa: ASYNC110 (gaps put it off)
                await asyncio.sleep(0.1)
            failure.ended = monotonic()
            self.stage.world.run_now(mail_id, outcome=Status.SENT, takes=_TAKES)
            await _until_any(failure.told, stopped)  # what is said of it is not to be taken for the next one
            await _until(stopped, stand + luck.uniform(0, stand))


async def _until_any(*events: asyncio.Event) -> None:
    waits = [asyncio.create_task(each.wait()) for each in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waits:
            each.cancel()


async def _until(happened: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(happened.wait(), seconds)


def judge(result: Result, play: Play) -> None:
    """Count what was lost and what was told twice without saying that it may be a repeat."""
    calls = play.stage.quickbi.ledger.calls(STATUS)
    result.failures = len(play.failures)
    for failure in play.failures:
        if failure.told_at is None:
            result.lost.append(_in_words(failure, play.gaps, calls))
            continue
        result.told += 1
        result.told_after = max(result.told_after, round(failure.told_at - failure.began, 1))
        result.slowest = max(result.slowest, _slowness(failure, play, calls), key=lambda one: one.share)
        count_repeats(result, failure)


def _in_words(failure: Failure, gaps: Gaps, calls: Sequence[Call]) -> str:
    """A loss where few calls were made is another one than where many were."""
    hits = ", ".join(failure.hits) or "nothing"
    meanwhile = [call for call in calls if failure.began < call.arrived < failure.ended]
    asked = sum(call.mail_id == failure.mail_id for call in meanwhile)
    return (
        f"{failure.name} stood {failure.ended - failure.began:.0f} s, "
        f"{gaps.seconds(failure.began, failure.ended):.0f} of them in gaps, leader hit by {hits}; "
        f"asked about {asked} times, {len({call.mail_id for call in meanwhile})} mails in {len(meanwhile)} calls"
    )


def _slowness(failure: Failure, play: Play, calls: Sequence[Call]) -> Slowest:
    """It was seen by the first call that no gap followed before its answer was stored, and before it was told."""
    told_at = failure.told_at or failure.ended
    asked = [
        call.arrived
        for call in calls
        if call.mail_id == failure.mail_id and failure.began < call.arrived <= told_at
    ]
    seen_at = next(
        (at for at in asked if not play.gaps.began_after(at, within=_ANSWER)), (asked or [told_at])[-1]
    )
    return Slowest(
        name=failure.name,
        seen_after=round(seen_at - failure.began, 1),
        allowed=round(play.allowance(failure.began, seen_at), 1),
        gaps=round(play.gaps.seconds(failure.began, seen_at), 1),
    )


def count_repeats(result: Result, failure: Failure) -> None:
    said = Counter((each.thread_ts, each.text) for each in failure.posts)
    heads = [each for each in failure.posts if each.thread_ts is None]
    extra = max(len(heads) - 1, 0) + sum(
        count - 1 for (thread, _), count in said.items() if thread is not None
    )
    marked = sum(REPEAT_WORDS in each.text for each in failure.posts)
    result.marked_repeats += min(extra, marked)
    if extra > marked:
        result.twice.append(f"{failure.name}: {[each.text for each in failure.posts]}")


def calls_over(stage: Rig, limit: float) -> int:
    """How many calls arrived as one more than the limit allows within a second."""
    arrived = [call.arrived for call in stage.quickbi.ledger.calls(STATUS)]
    most = max(1, int(limit))
    return sum(
        later - earlier < _ACCOUNT_WINDOW * most / limit
        for earlier, later in zip(arrived, arrived[most:], strict=False)
    )
