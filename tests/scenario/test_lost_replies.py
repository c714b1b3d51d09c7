"""Slack took a message and its answer was lost, at times and places where looking for it is harder."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.sandbox.world import Status
from tests.support.leader_stage import REPORTS, leader_stage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.leader_stage import LeaderStage

POST, HISTORY = "chat.postMessage", "conversations.history"
REPEAT = "may be a repeat"
OFF = timedelta(minutes=20)  # more than a message is looked for around its claim


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[LeaderStage]:
    async with leader_stage(f"sqlite:///{tmp_path}/mailbot.db") as stage:
        yield stage


async def lose_the_reply(stage: LeaderStage) -> None:
    """A failure is told, and the bot does not hear that it was."""
    stage.slack.faults.lose_reply(POST)
    await stage.start()
    mail_id = await stage.watch("Daily Sales")
    stage.run(mail_id, Status.FAILED)
    await stage.until_said("Daily Sales failed")


async def until_looked_for(stage: LeaderStage, *, channel: str = "reports") -> list[str]:
    """Wait until the bot has looked and, where it did not find it, has had time to send it again."""
    await stage.slack.changes.until(lambda: stage.slack.ledger.calls(HISTORY), seconds=20)
    await asyncio.sleep(3)
    return [one.text for one in stage.posts(channel)]


@pytest.mark.parametrize("off", [OFF, -OFF], ids=["ahead", "behind"])
async def test_it_is_found_although_the_clock_is_wrong(stage: LeaderStage, off: timedelta) -> None:
    """The time at which to look is Slack's."""
    stage.clock_error = off
    await lose_the_reply(stage)
    assert len(await until_looked_for(stage)) == 1


@pytest.mark.parametrize("off", [OFF, -OFF], ids=["was ahead", "was behind"])
async def test_it_is_found_although_the_clock_was_set_meanwhile(stage: LeaderStage, off: timedelta) -> None:
    """What was claimed by one clock is looked for by another."""
    stage.clock_error = off
    await lose_the_reply(stage)
    stage.clock_error = timedelta(0)
    assert len(await until_looked_for(stage)) == 1


async def test_it_is_marked_where_nobody_can_tell_when_it_was_sent(stage: LeaderStage) -> None:
    """Claimed in the future, by a process that is gone: it is sent again, and says that it may be a repeat."""
    stage.clock_error = OFF
    await lose_the_reply(stage)
    await stage.stop()
    stage.clock_error = timedelta(0)
    await stage.start()
    texts = await until_looked_for(stage)
    assert [REPEAT in text for text in texts] == [False, True]


@pytest.mark.parametrize(
    ("withheld", "marks"),
    [
        pytest.param((), [False], id="may look"),
        pytest.param(("im:history",), [False, True], id="may not look"),
    ],
)
async def test_what_a_person_is_told_directly(
    stage: LeaderStage, withheld: tuple[str, ...], marks: list[bool]
) -> None:
    """It is looked for in the conversation with that person, if the scope is granted; else it is marked."""
    stage.slack.withhold_scopes(withheld)
    await stage.watch("Daily Sales")
    await stage.store.gates.close_channel(
        REPORTS, reason="restricted_action", now=stage.now(), operator_channel=None, term=None
    )
    stage.slack.faults.lose_reply(POST)
    await stage.start(polling=False)
    ada = stage.slack.workspace.user("ada").id
    conversation = stage.slack.workspace.direct_message(ada).id
    await stage.until_said("I can no longer post in", channel=conversation)
    texts = await until_looked_for(stage, channel=conversation)
    assert [REPEAT in text for text in texts] == marks
