"""Slack's limits: what is owed waits outside a closed window, and only what that window is about waits."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from bot.domain import ChannelId, MailId, RunStatus, StatusAnswer, TaskId, TaskRun
from bot.store.outbox import Outbox
from tests.support.leader_stage import leader_stage
from tests.support.stopwatch import Stopwatch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.domain import Notice
    from bot.domain.grouping import Load
    from bot.domain.notices import Nothing
    from bot.store.database import Database
    from tests.support.leader_stage import LeaderStage

POST, UPDATE = "chat.postMessage", "chat.update"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[LeaderStage]:
    """Nobody leads yet, and nobody asks Quick BI: the tests say what was seen."""
    async with leader_stage(f"sqlite:///{tmp_path}/mailbot.db") as stage:
        yield stage


async def sees_failed(stage: LeaderStage, mail_id: str, task_id: int, *, ago: float = 60) -> None:
    """As if the poller had just seen this run."""
    run = TaskRun(
        mail_id=MailId(mail_id),
        task_id=TaskId(task_id),
        exec_at=datetime.now(UTC) - timedelta(seconds=ago),
        status=RunStatus.FAILED,
        status_word="FAILED",
    )
    answer = StatusAnswer(runs=(run,), request_id="R")
    await stage.store.observations.record_answer(MailId(mail_id), answer, now=stage.now(), term=None)


async def fail_in_ten_channels(stage: LeaderStage) -> None:
    for number in range(10):
        place = stage.slack.workspace.add_channel(f"team-{number}")
        mail_id = await stage.watch(f"Report {number:02}", channel=ChannelId(place.id))
        await sees_failed(stage, mail_id, number + 1)


async def until_all_are_told(stage: LeaderStage) -> None:
    for number in range(10):
        await stage.until_said(f"Report {number:02} failed", channel=f"team-{number}", seconds=40)


@pytest.mark.parametrize("is_at_work", [False, True], ids=["a restart", "all at once"])
async def test_no_channel_is_sent_to_in_a_window_that_closes_at_the_first(
    stage: LeaderStage, *, is_at_work: bool
) -> None:
    """Ten channels are owed a message at the same moment, and the first of them gets a 429."""
    stage.slack.faults.rate_limit(POST, seconds=3)
    if is_at_work:
        await stage.start(polling=False)
        await fail_in_ten_channels(stage)
        stage.worker.wake()
    else:
        await fail_in_ten_channels(stage)
        await stage.start(polling=False)
    await until_all_are_told(stage)
    assert stage.slack.ledger.sends_while_limited() == 0
    assert len(stage.slack.ledger.calls(POST, outcome="ratelimited")) == 1
    assert [len(stage.posts(f"team-{number}")) for number in range(10)] == [1] * 10


class SlowToCommit(Outbox):
    """A busy disk: the first claim takes a second longer."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.chosen = asyncio.Event()

    async def claim(self, channel_id: ChannelId, *, load: Load, now: datetime, term: int) -> Notice | Nothing:
        claimed = await super().claim(channel_id, load=load, now=now, term=term)
        if not self.chosen.is_set():
            self.chosen.set()
            await asyncio.sleep(1.05)
        return claimed


async def test_a_slow_claim_does_not_crowd_the_next_message(stage: LeaderStage) -> None:
    """A channel's pace counts from when a message is sent, not from when it was chosen."""
    stage.store.outbox = outbox = SlowToCommit(stage.store.database)
    first, second = await stage.watch("First"), await stage.watch("Second")
    await stage.start(polling=False)
    await sees_failed(stage, first, 1)
    stage.worker.wake()
    await asyncio.wait_for(outbox.chosen.wait(), 15)
    await sees_failed(stage, second, 2)
    await stage.until_said("Second failed")
    sent_at = [call.at for call in stage.slack.ledger.calls(POST)]
    assert len(sent_at) == 2
    assert min(later - earlier for earlier, later in pairwise(sent_at)) >= 1.0


@pytest.mark.waits
async def test_a_429_for_edits_does_not_hold_up_a_new_failure(stage: LeaderStage) -> None:
    """Each method has a window of its own."""
    first, second = await stage.watch("First"), await stage.watch("Second")
    await stage.start(polling=False)
    await sees_failed(stage, first, 1)
    await stage.until_said("First failed")
    stage.slack.faults.rate_limit(UPDATE, seconds=15)
    await sees_failed(stage, first, 2, ago=30)
    await stage.slack.changes.until(
        lambda: stage.slack.ledger.calls(UPDATE, outcome="ratelimited"), seconds=10
    )
    await asyncio.sleep(1.2)  # the channel's own pace
    stopwatch = Stopwatch()
    await sees_failed(stage, second, 3)
    stage.worker.wake()
    await stage.until_said("Second failed")
    assert stopwatch.seconds < 5
    await stage.until_said("First failed twice", edited=True, seconds=30)
    assert stage.slack.ledger.sends_while_limited() == 0


async def test_news_that_slack_will_not_take_as_an_edit_get_a_message_of_their_own(
    stage: LeaderStage,
) -> None:
    """Neither with blocks nor without: the message that is there can no longer be kept true."""
    mail_id = await stage.watch("Daily Sales")
    await stage.start(polling=False)
    await sees_failed(stage, mail_id, 1)
    await stage.until_said("Daily Sales failed")
    stage.slack.faults.slack_error(UPDATE, "msg_too_long", times=None)
    await sees_failed(stage, mail_id, 2, ago=30)
    afresh = await stage.until_said("Daily Sales failed twice", seconds=20)
    assert (afresh.thread_ts, afresh.edited_ts) == (None, None)
    assert len(stage.slack.ledger.calls(UPDATE)) == 2
    assert len(stage.posts()) == 2
