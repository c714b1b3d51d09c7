"""Slack is in trouble while there is news: nothing is lost, nothing is said twice. The ledger is Slack's."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bot.domain import ChannelId
from bot.sandbox.world import Status
from tests.support.leader_stage import REPORTS, leader_stage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.leader_stage import LeaderStage

SENT, FAILED = Status.SENT, Status.FAILED
POST = "chat.postMessage"
HISTORY = ("channels:history", "groups:history")


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[LeaderStage]:
    """A leader at work. Nothing is subscribed yet."""
    async with leader_stage(f"sqlite:///{tmp_path}/mailbot.db") as stage:
        await stage.start()
        yield stage


def said(stage: LeaderStage, words: str, channel: str = "reports") -> list[str]:
    """The messages of the channel that say these words now."""
    return [one.text for one in stage.posts(channel) if words in one.text]


async def until_refused(stage: LeaderStage, outcome: str) -> None:
    """Wait until Slack has answered a message in this way."""
    await stage.slack.changes.until(lambda: stage.slack.ledger.calls(POST, outcome=outcome), seconds=20)


async def a_second_passes() -> None:
    """Quick BI tells when a run started to the second: two runs in one are told apart by their task IDs only."""
    await asyncio.sleep(1.1)


@pytest.mark.waits
async def test_a_429_stops_the_queue_for_as_long_as_slack_says(stage: LeaderStage) -> None:
    """Twenty channels are owed a message; while the window is closed nobody is sent one, and then all are."""
    places = [stage.slack.workspace.add_channel(f"team-{number}") for number in range(20)]
    mails = [
        await stage.watch(f"Report {number:02}", channel=ChannelId(place.id))
        for number, place in enumerate(places)
    ]
    stage.slack.faults.rate_limit(POST, seconds=2)
    stage.run(mails[0], FAILED)
    await until_refused(stage, "ratelimited")
    for mail_id in mails[1:]:
        stage.run(mail_id, FAILED)
    for number in range(20):
        await stage.until_said(f"Report {number:02} failed", channel=f"team-{number}", seconds=30)
    assert stage.slack.ledger.sends_while_limited() == 0
    assert [len(stage.posts(f"team-{number}")) for number in range(20)] == [1] * 20


async def test_a_429_is_honoured_after_a_restart(stage: LeaderStage) -> None:
    """The window is closed for the app, not for the process."""
    mail_id = await stage.watch("Daily Sales")
    stage.slack.faults.rate_limit(POST, seconds=4)
    stage.run(mail_id, FAILED)
    await until_refused(stage, "ratelimited")
    await asyncio.sleep(0.3)  # the window's end is written down
    await stage.stop()
    await stage.start()
    await stage.until_said("Daily Sales failed")
    assert stage.slack.ledger.sends_while_limited() == 0
    assert len(stage.slack.ledger.calls(POST)) == 2


async def test_a_lost_reply_is_looked_for_and_found(stage: LeaderStage) -> None:
    """Slack took the message, the answer was lost: it is found by its ID, and its thread goes on."""
    mail_id = await stage.watch("Daily Sales")
    stage.slack.faults.lose_reply(POST)
    stage.run(mail_id, FAILED)
    notice = await stage.until_said("Daily Sales failed")
    await a_second_passes()
    stage.run(mail_id, SENT)
    await stage.until_said("recovered", edited=True)
    await stage.until_posted(2)
    assert [one.thread_ts for one in stage.posts()] == [None, notice.ts]
    assert len(stage.slack.ledger.calls(POST, outcome="ok")) == 2
    assert said(stage, "repeat") == []


async def test_a_lost_reply_that_nobody_may_look_for_is_sent_again_and_says_so(stage: LeaderStage) -> None:
    """Without `channels:history`: better twice than never, and the second says that it may be one."""
    stage.slack.withhold_scopes(HISTORY)
    mail_id = await stage.watch("Daily Sales")
    stage.slack.faults.lose_reply(POST)
    stage.run(mail_id, FAILED)
    await stage.until_said("may be a repeat")
    assert len(said(stage, "Daily Sales failed")) == 2
    assert len(said(stage, "may be a repeat")) == 1


async def test_a_possible_repeat_says_so_after_an_edit_too(stage: LeaderStage) -> None:
    """The one that it may repeat is still there."""
    stage.slack.withhold_scopes(HISTORY)
    mail_id = await stage.watch("Daily Sales")
    stage.slack.faults.lose_reply(POST)
    stage.run(mail_id, FAILED)
    await stage.until_said("may be a repeat")
    await a_second_passes()
    stage.run(mail_id, FAILED)
    edited = await stage.until_said("Daily Sales failed twice", edited=True)
    assert "may be a repeat" in edited.text


async def test_a_lost_reply_is_found_among_what_was_said_since(stage: LeaderStage) -> None:
    """The bot was away for long: thousands of later messages neither hide its own nor are read."""
    mail_id = await stage.watch("Daily Sales")
    stage.slack.faults.lose_reply(POST)
    stage.run(mail_id, FAILED)
    await stage.until_said("Daily Sales failed")
    await stage.stop()
    a_day_later = stage.slack.workspace
    ahead = stage.now().timestamp() + 86_400
    a_day_later._clock = lambda: ahead
    for number in range(3_000):
        a_day_later.post("reports", author_id="U0BOB00002", text=f"chat {number}")
    await stage.start()
    await stage.slack.changes.until(lambda: stage.slack.ledger.calls("conversations.history"), seconds=20)
    await asyncio.sleep(2)
    assert len(said(stage, "Daily Sales failed")) == 1
    assert len(stage.slack.ledger.calls("conversations.history")) == 1


async def test_a_lost_reply_of_an_edit_is_only_drawn_again(stage: LeaderStage) -> None:
    """Drawing a message twice does no harm."""
    mail_id = await stage.watch("Daily Sales")
    stage.run(mail_id, FAILED)
    await stage.until_said("Daily Sales failed")
    stage.slack.faults.lose_reply("chat.update")
    await a_second_passes()
    stage.run(mail_id, SENT)
    await stage.slack.changes.until(lambda: len(stage.slack.ledger.calls("chat.update")) == 2, seconds=10)
    await stage.until_posted(2)
    assert all("recovered" in one.text for one in stage.posts())


@pytest.mark.waits
async def test_server_errors_and_then_refused_connections_lose_nothing(stage: LeaderStage) -> None:
    """HTTP 503, then no connection: told once, within the longest pause after it."""
    mail_id = await stage.watch("Daily Sales")
    stage.slack.faults.server_error(lasting=12)  # until the next trouble has begun
    stage.run(mail_id, FAILED)
    await until_refused(stage, "http_503")
    await asyncio.sleep(6)
    stage.slack.faults.refuse_connections(lasting=6)
    await asyncio.sleep(6)
    assert said(stage, "Daily Sales") == []
    await stage.until_said("Daily Sales failed", seconds=40)
    assert len(stage.posts()) == 1
    assert len(stage.slack.ledger.calls(POST)) < 20  # it did not hammer a Slack that is down


@pytest.mark.parametrize("code", ["internal_error", "service_unavailable"])
async def test_slacks_own_trouble_passes(stage: LeaderStage, code: str) -> None:
    """One may have taken the message all the same, the other has not: it comes, once."""
    mail_id = await stage.watch("Daily Sales")
    stage.slack.faults.slack_error(POST, code, times=2)
    stage.run(mail_id, FAILED)
    await stage.until_said("Daily Sales failed", seconds=25)
    assert len(stage.posts()) == 1


async def test_blocks_that_slack_refuses_do_not_hide_the_news(stage: LeaderStage) -> None:
    """Our own mistake: the words get through without the blocks."""
    mail_id = await stage.watch("Daily Sales")
    stage.slack.faults.slack_error(POST, "invalid_blocks")
    stage.run(mail_id, FAILED)
    notice = await stage.until_said("Daily Sales failed")
    assert notice.blocks == ()


async def test_a_revoked_token_keeps_everything_until_it_is_mended(stage: LeaderStage) -> None:
    """Nobody can be told meanwhile; Slack is not hammered; then what was missed is told, once."""
    mail_id = await stage.watch("Daily Sales")
    stage.slack.faults.revoke_token()
    stage.run(mail_id, FAILED)
    await until_refused(stage, "token_revoked")
    await asyncio.sleep(3)
    assert len(stage.slack.ledger.calls()) == 1
    assert stage.worker.stats.rejected_since is not None
    stage.slack.faults.clear()
    await stage.stop()
    await stage.start()  # the operator put the new token in
    await stage.until_said("Daily Sales failed")
    assert len(stage.posts()) == 1
    assert stage.worker.stats.rejected_since is None


async def test_a_deleted_message_is_posted_afresh_with_the_next_news(stage: LeaderStage) -> None:
    """Somebody tidied up; the failure goes on, and the next run says so in a new message."""
    mail_id = await stage.watch("Daily Sales")
    stage.run(mail_id, FAILED)
    notice = await stage.until_said("Daily Sales failed")
    await stage.slack.people.delete_message("reports", notice.ts)
    await a_second_passes()
    stage.run(mail_id, FAILED)
    afresh = await stage.until_said("Daily Sales failed twice")
    assert (afresh.thread_ts, afresh.ts != notice.ts) == (None, True)
    assert len(stage.posts()) == 1


async def test_a_channel_in_trouble_does_not_hold_up_the_others(stage: LeaderStage) -> None:
    """One channel's errors are its own."""
    other = stage.slack.workspace.add_channel("team-1")
    stuck, fine = await stage.watch("Stuck"), await stage.watch("Fine", channel=ChannelId(other.id))
    stage.slack.faults.slack_error(POST, "internal_error", times=None, lasting=6, channel_id=REPORTS)
    stage.run(stuck, FAILED)
    await until_refused(stage, "internal_error")
    stage.run(fine, FAILED)
    await stage.until_said("Fine failed", channel="team-1", seconds=4)
    await stage.until_said("Stuck failed", seconds=25)


async def test_edits_in_an_archived_channel_close_it(stage: LeaderStage) -> None:
    """Slack answers an edit there with `is_inactive`: nothing is tried for ever, and people are told."""
    mail_id = await stage.watch("Daily Sales")
    stage.run(mail_id, FAILED)
    await stage.until_said("Daily Sales failed")
    stage.slack.faults.slack_error("chat.update", "is_inactive")
    await a_second_passes()
    stage.run(mail_id, SENT)
    await stage.until_said("I can no longer post in", channel="finance")
    assert len(stage.slack.ledger.calls("chat.update")) == 1


@pytest.mark.parametrize("code", ["cannot_reply_to_message", "restricted_action_non_threadable_channel"])
async def test_a_reply_that_is_refused_is_posted_at_the_top(stage: LeaderStage, code: str) -> None:
    """And the channel's other mails do not wait for it."""
    mail_id = await stage.watch("Daily Sales")
    stage.run(mail_id, FAILED)
    await stage.until_said("Daily Sales failed")
    stage.slack.faults.slack_error(POST, code)
    await a_second_passes()
    stage.run(mail_id, SENT)
    await stage.until_posted(2)
    assert [one.thread_ts for one in stage.posts()] == [None, None]
    assert len(stage.slack.ledger.calls(POST)) == 3


async def test_a_message_that_slack_never_takes_is_told_to_the_operators(stage: LeaderStage) -> None:
    """With the words left alone, too: the next mail's failure is told in the channel as ever."""
    stuck, fine = await stage.watch("Stuck"), await stage.watch("Fine")
    stage.slack.faults.slack_error(POST, "invalid_blocks", times=2, channel_id=REPORTS)
    stage.run(stuck, FAILED)
    told = await stage.until_said("Slack refused a message", channel="finance")
    assert "It was about Stuck" in told.text
    stage.run(fine, FAILED)
    await stage.until_said("Fine failed")
    assert said(stage, "Stuck failed") == []
