"""What becomes of the mails while replicas are under fire, and the verdict: which failures were lost or told twice.

A failure stays the mail's latest run for one round and a few seconds in which somebody may lead: the seconds of a
takeover do not count, and those of two takeovers at once are counted off once. A round is as many calls as there are
mails, and those whose answers a takeover may lose; three times its length at full speed is the most that is waited.
What no message and no edit tells by the end is lost.
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

from bot.monitoring.poller import MOST_AT_ONCE
from bot.sandbox.quickbi.call_log import Call
from bot.sandbox.quickbi.limits import STATUS
from bot.sandbox.slack import Change, ChangeKind
from bot.sandbox.slack.model import Message
from bot.sandbox.world import Status
from tests.chaos.story import REPEAT_WORDS
from tests.support.rig import Rig

TELLING = 10.0  # seconds for what is asked about to be told
SLOWEST = 3.0  # times a round at full speed: a crowded machine is slower
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
    COMMIT = "commit"  # SIGKILL at the moment a transaction commits: just before or just after


@dataclass(kw_only=True, slots=True)
class Result:
    seed: int
    replicas: int
    failures: int = 0
    told: int = 0
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    marked_repeats: int = 0
    over: int = 0
    deeds: dict[str, int] = field(default_factory=dict)
    slowest: float = 0.0
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
    calls_before: int = 0
    round_over_at: float | None = None
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
    round_seconds: float
    failures: list[Failure] = field(default_factory=list)
    gaps: list[tuple[float, float]] = field(default_factory=list)  # in which nobody may lead
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
        if change.kind is ChangeKind.MESSAGE_POSTED:
            failure.posts.append(message)

    def hit(self, deed: Deed, *, seconds: float) -> None:
        """The leader is hit now: for so long nobody may lead."""
        self.gaps.append((monotonic(), monotonic() + seconds))
        for failure in self.standing.values():
            if not failure.is_over:
                failure.hits.append(deed)

    def has_stood(self, failure: Failure) -> bool:
        """It was the mail's latest run for long enough."""
        calls = len(self.stage.quickbi.ledger) - failure.calls_before
        if failure.round_over_at is None and calls >= len(self.mails) + MOST_AT_ONCE * len(failure.hits):
            failure.round_over_at = monotonic()
        last = end_of_wait(failure.began, SLOWEST * self.round_seconds + TELLING, self.gaps)
        if failure.round_over_at is not None:
            last = min(last, end_of_wait(failure.round_over_at, TELLING, self.gaps))
        return monotonic() >= last

    async def happen(self, stopped: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as group:
            for mail_id, channel_id in self.mails.items():
                group.create_task(self._live(mail_id, channel_id, stopped, random.Random(self.luck.random())))

    async def _live(self, mail_id: str, channel_id: str, stopped: asyncio.Event, luck: random.Random) -> None:
        name = self.stage.world.mail(mail_id).name
        stand = self.round_seconds + TELLING
        await _or_stopped(stopped, luck.uniform(0, stand))
        while not stopped.is_set():
            failure = Failure(
                name=name,
                mail_id=mail_id,
                channel_id=channel_id,
                began=monotonic(),
                calls_before=len(self.stage.quickbi.ledger),
            )
            self.failures.append(failure)
            self.standing[channel_id] = failure
            self.stage.world.run_now(mail_id, outcome=Status.FAILED, takes=_TAKES)
            while not self.has_stood(failure):  # noqa: ASYNC110 (calls and the hits of others count)
                await asyncio.sleep(0.25)
            failure.ended = monotonic()
            self.stage.world.run_now(mail_id, outcome=Status.SENT, takes=_TAKES)
            await _or_stopped(stopped, stand + luck.uniform(0, stand))


def end_of_wait(began: float, seconds: float, gaps: Sequence[tuple[float, float]]) -> float:
    """When `seconds` outside of all gaps have passed."""
    end = began + seconds
    counted_until = began
    for gap_began, gap_ended in sorted(gaps):
        first = max(gap_began, counted_until)
        if first < min(gap_ended, end):
            end += gap_ended - first
            counted_until = gap_ended
    return end


async def _or_stopped(stopped: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stopped.wait(), seconds)


def judge(result: Result, failures: Sequence[Failure], calls: Sequence[Call] = ()) -> None:
    """Count what was lost and what was told twice without saying that it may be a repeat.

    `calls` are those of the bots to Quick BI: a loss where few were made is another one than where many were.
    """
    result.failures = len(failures)
    for failure in failures:
        if failure.told_at is None:
            hits = ", ".join(failure.hits) or "nothing"
            stood = failure.ended - failure.began
            meanwhile = [call for call in calls if failure.began < call.arrived < failure.ended]
            asked = sum(call.mail_id == failure.mail_id for call in meanwhile)
            result.lost.append(
                f"{failure.name} stood {stood:.0f} s, leader hit by {hits}; asked about {asked} times, "
                f"{len({call.mail_id for call in meanwhile})} mails in {len(meanwhile)} calls"
            )
            continue
        result.told += 1
        result.slowest = round(max(result.slowest, failure.told_at - failure.began), 1)
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
