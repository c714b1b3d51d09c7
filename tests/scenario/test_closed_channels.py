"""A channel is closed to the bot and opens again: whom that concerns knows, and nothing that failed is missed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.sandbox.world import Status
from tests.support.leader_stage import OPERATORS
from tests.support.rig import Rig, rig

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.sandbox.slack.model import Message

FAILED = Status.FAILED
SETTINGS = {"QUICKBI_CHECK_INTERVAL": "1", "OPERATOR_CHANNEL": OPERATORS}


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Rig]:
    """A running bot, and a channel that is told about Daily Sales."""
    async with rig(tmp_path, calls_per_second=50, settings=SETTINGS) as stage:
        await stage.start_bot()
        yield stage


async def until_told(stage: Rig, words: str, *, channel: str = "reports", seconds: float = 30) -> Message:
    """Wait until everybody in a channel can read these words."""

    def said() -> Message | None:
        messages = stage.slack.workspace.messages(channel)
        return next((one for one in messages if one.ephemeral_for is None and words in one.text), None)

    return await stage.slack.changes.until(said, seconds=seconds)


async def subscribe(stage: Rig, *, user: str = "ada", channel: str = "reports") -> None:
    await stage.slack.people.type_command(user, channel, "/mail-subscribe Daily Sales")
    await until_told(stage, "subscribed this channel to Daily Sales", channel=channel)


def fail(stage: Rig) -> None:
    mail = stage.world.named("Daily Sales")
    stage.world.run_now(mail.mail_id, takes=timedelta(0), outcome=FAILED)


def direct_message(stage: Rig, user: str) -> str:
    return stage.slack.workspace.direct_message(stage.slack.workspace.user(user).id).id


async def until_recorded(stage: Rig) -> None:
    """Wait until the failure is news inside the bot."""
    assert stage.bot
    await stage.bot.until_logged("first_failure", seconds=20)


async def test_an_archived_channel_is_told_what_it_missed_when_it_is_back(stage: Rig) -> None:
    """Paused with the reason; its subscriber and the operators hear of it; unarchived, it hears what failed."""
    await subscribe(stage)
    await stage.slack.people.archive("reports")
    lost = await until_told(stage, "I can no longer post in", channel=direct_message(stage, "ada"))
    assert "it is archived" in lost.text
    await until_told(stage, "I can no longer post in", channel=OPERATORS)
    fail(stage)
    await until_recorded(stage)
    await stage.slack.people.unarchive("reports")
    await until_told(stage, "Daily Sales failed")


async def test_a_channel_that_came_back_while_the_bot_was_down(stage: Rig) -> None:
    """No event tells of it: the bot looks by itself when it starts."""
    await subscribe(stage)
    await stage.slack.people.archive("reports")
    assert stage.bot
    await stage.bot.until_logged("channel_closed")
    await stage.bot.stop()
    fail(stage)
    await stage.slack.people.unarchive("reports")
    await stage.start_bot()
    await until_told(stage, "Daily Sales failed")
    assert "not told" not in str((await stage.ask("/mail-subscriptions")).blocks)


@pytest.mark.parametrize(
    "typed", ["/mail-status Weekly Ops", "/mail-subscribe Weekly Ops", "/mail-subscriptions"]
)
async def test_a_command_typed_in_a_closed_channel_opens_it(stage: Rig, typed: str) -> None:
    """Slack never said that it is back. The answer is true already: it is told again."""
    await subscribe(stage)
    await stage.slack.people.archive("reports")
    assert stage.bot
    await stage.bot.until_logged("channel_closed")
    fail(stage)
    await until_recorded(stage)
    reports = stage.slack.workspace.channel("reports")
    stage.slack.workspace.put_channel(replace(reports, is_archived=False))
    await stage.slack.people.type_command("ada", "reports", typed)
    await until_told(stage, "Daily Sales failed")
    if typed == "/mail-subscriptions":
        listed = await stage.until_text("told about 1 mail")
        assert "not told" not in str(listed.blocks)


async def test_a_bot_that_is_removed_from_a_private_channel_and_invited_back(stage: Rig) -> None:
    """Meanwhile it can be asked there, and says nothing of its own; back in, it tells what it missed."""
    await stage.slack.people.invite_bot("ada", "board")
    await subscribe(stage, channel="board")
    await stage.slack.people.remove_bot("ada", "board")
    lost = await until_told(stage, "I can no longer post in", channel=direct_message(stage, "ada"))
    assert "I was removed from it" in lost.text
    fail(stage)
    await until_recorded(stage)
    assert "Slack says channel_not_found" in str(
        (await stage.ask("/mail-subscriptions", channel="board")).blocks
    )
    await stage.slack.people.invite_bot("ada", "board")
    await until_told(stage, "Daily Sales failed", channel="board")


async def test_a_channel_whose_id_changes_is_told_on(stage: Rig) -> None:
    """It was shared with another organisation: its message is edited, and typing there shows what it has."""
    await subscribe(stage)
    fail(stage)
    await until_told(stage, "Daily Sales failed")
    old = stage.slack.workspace.channel("reports").id
    new = await stage.slack.people.change_channel_id("reports")
    assert new.id != old
    assert stage.bot
    await stage.bot.until_logged("channel_id_changed", seconds=20)
    mail = stage.world.named("Daily Sales")
    stage.world.run_now(mail.mail_id, takes=timedelta(0), outcome=Status.SENT)
    await until_told(stage, "Daily Sales recovered")
    await stage.slack.people.type_command("ada", "reports", "/mail-subscriptions")
    await stage.until_text("Daily Sales", seconds=10)
    assert "channel_closed" not in "\n".join(stage.bot.log)
