"""Slack took a message and its answer was lost, at times and places where looking for it is harder."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.sandbox.world import Status
from tests.support.telling import REPORTS, telling

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.telling import Telling

POST, HISTORY = "chat.postMessage", "conversations.history"
REPEAT = "may be a repeat"
OFF = timedelta(minutes=20)  # more than a message is looked for around its claim


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Telling]:
    async with telling(f"sqlite:///{tmp_path}/mailbot.db") as desk:
        yield desk


async def lose_the_reply(desk: Telling) -> None:
    """A failure is told, and the bot does not hear that it was."""
    desk.slack.faults.lose_reply(POST)
    await desk.start()
    mail_id = await desk.watch("Daily Sales")
    desk.run(mail_id, Status.FAILED)
    await desk.until_said("Daily Sales failed")


async def until_looked_for(desk: Telling, *, channel: str = "reports") -> list[str]:
    """Wait until the bot has looked and, where it did not find it, has had time to send it again."""
    await desk.slack.changes.until(lambda: desk.slack.ledger.calls(HISTORY), seconds=20)
    await asyncio.sleep(3)
    return [one.text for one in desk.posts(channel)]


@pytest.mark.parametrize("off", [OFF, -OFF], ids=["ahead", "behind"])
async def test_it_is_found_although_the_clock_is_wrong(desk: Telling, off: timedelta) -> None:
    """The time at which to look is Slack's."""
    desk.clock_error = off
    await lose_the_reply(desk)
    assert len(await until_looked_for(desk)) == 1


@pytest.mark.parametrize("off", [OFF, -OFF], ids=["was ahead", "was behind"])
async def test_it_is_found_although_the_clock_was_set_meanwhile(desk: Telling, off: timedelta) -> None:
    """What was claimed by one clock is looked for by another."""
    desk.clock_error = off
    await lose_the_reply(desk)
    desk.clock_error = timedelta(0)
    assert len(await until_looked_for(desk)) == 1


async def test_it_is_marked_where_nobody_can_tell_when_it_was_sent(desk: Telling) -> None:
    """Claimed in the future, by a process that is gone: it is sent again, and says that it may be a repeat."""
    desk.clock_error = OFF
    await lose_the_reply(desk)
    await desk.stop()
    desk.clock_error = timedelta(0)
    await desk.start()
    texts = await until_looked_for(desk)
    assert [REPEAT in text for text in texts] == [False, True]


@pytest.mark.parametrize(
    ("withheld", "marks"),
    [
        pytest.param((), [False], id="may look"),
        pytest.param(("im:history",), [False, True], id="may not look"),
    ],
)
async def test_what_a_person_is_told_directly(
    desk: Telling, withheld: tuple[str, ...], marks: list[bool]
) -> None:
    """It is looked for in the conversation with that person, if the scope is granted; else it is marked."""
    desk.slack.withhold_scopes(withheld)
    await desk.watch("Daily Sales")
    await desk.store.gates.close_channel(
        REPORTS, reason="restricted_action", now=desk.now(), operator_channel=None, term=None
    )
    desk.slack.faults.lose_reply(POST)
    await desk.start(polling=False)
    ada = desk.slack.workspace.user("ada").id
    conversation = desk.slack.workspace.direct_message(ada).id
    await desk.until_said("I can no longer post in", channel=conversation)
    texts = await until_looked_for(desk, channel=conversation)
    assert [REPEAT in text for text in texts] == marks
