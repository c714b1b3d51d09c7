"""What goes wrong on purpose, and what Slack's rates forbid: seen by slack_sdk's clients and in the ledger."""

import asyncio

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack import Fault, Rates, SimulatedSlack
from tests.contract.simulated_slack import MANIFEST, Clock, client_of

METADATA = {"event_type": "notice", "event_payload": {"id": "n1"}}


async def test_a_lost_reply_leaves_the_message_posted() -> None:
    """The client sees a broken connection; the channel and the ledger have the message."""
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        slack.faults.lose_reply("chat.postMessage")
        client = client_of(slack)
        with pytest.raises(aiohttp.ClientConnectionError):
            await client.chat_postMessage(channel="C0REPORTS2", text="there?", metadata=METADATA)

        (message,) = slack.workspace.messages("reports")
        (entry,) = slack.ledger.calls("chat.postMessage")
        assert (entry.outcome, entry.answered, entry.ts) == ("ok", False, message.ts)
        found = await client.conversations_history(channel="C0REPORTS2", include_all_metadata=True)
        assert found["messages"][0]["metadata"] == METADATA


async def test_refused_connections_and_server_errors_do_nothing() -> None:
    """Neither a reset before the call nor a 503 leaves a message."""
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        client = client_of(slack)
        slack.faults.refuse_connections(times=1)
        with pytest.raises(aiohttp.ClientConnectionError):
            await client.chat_postMessage(channel="C0REPORTS2", text="x")
        slack.faults.server_error("chat.postMessage", status=503, times=1)
        with pytest.raises(SlackApiError) as caught:
            await client.chat_postMessage(channel="C0REPORTS2", text="x")

        assert caught.value.response.status_code == 503
        assert slack.workspace.messages("reports") == ()
        await client.chat_postMessage(channel="C0REPORTS2", text="x")
        assert [entry.outcome for entry in slack.ledger] == ["reset", "http_503", "ok"]


async def test_a_fault_may_last_a_while_or_hit_one_channel_only() -> None:
    """`lasting` ends by the clock; `channel_id` leaves other channels alone."""
    clock = Clock()
    async with SimulatedSlack(manifest=MANIFEST, clock=clock) as slack:
        client = client_of(slack)
        slack.faults.slack_error(
            "chat.postMessage", "restricted_action", times=None, lasting=60, channel_id="C0REPORTS2"
        )
        await client.chat_postMessage(channel="C0FINANCE4", text="x")
        with pytest.raises(SlackApiError, match="restricted_action"):
            await client.chat_postMessage(channel="C0REPORTS2", text="x")
        clock.now += 61
        await client.chat_postMessage(channel="C0REPORTS2", text="x")


async def test_faults_end_by_kind_or_all_together() -> None:
    """What is wrong is listed; one kind can be mended alone."""
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        slack.faults.server_error()
        slack.faults.lose_reply("chat.update")
        slack.faults.revoke_token()
        slack.faults.clear(Fault.SERVER_ERROR)
        assert slack.faults.active() == ("lose_reply chat.update", "token_revoked")
        slack.faults.clear()
        assert slack.faults.active() == ()


async def test_a_slow_answer_comes_after_the_deed() -> None:
    """The message is there while its sender still waits."""
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        slack.faults.slow("chat.postMessage", seconds=30)
        client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[])
        posting = asyncio.ensure_future(client.chat_postMessage(channel="C0REPORTS2", text="x"))
        await slack.changes.until(lambda: slack.workspace.messages("reports"))
        assert not posting.done()
        posting.cancel()


async def test_a_forced_429_closes_the_method_and_counts_those_who_go_on() -> None:
    """`Retry-After` in seconds; a send inside the window is refused and remembered against the app."""
    clock = Clock()
    async with SimulatedSlack(manifest=MANIFEST, clock=clock) as slack:
        client = client_of(slack)
        slack.faults.rate_limit("chat.postMessage", seconds=20)
        for channel in ("C0REPORTS2", "C0FINANCE4"):
            with pytest.raises(SlackApiError) as caught:
                await client.chat_postMessage(channel=channel, text="x")
            assert caught.value.response.status_code == 429
            assert caught.value.response.headers["Retry-After"] == "20"
        assert slack.ledger.sends_while_limited() == 1
        await client.chat_update(channel="C0REPORTS2", ts=(await _said(slack)), text="other methods go on")
        clock.now += 20
        await client.chat_postMessage(channel="C0REPORTS2", text="x")


async def test_one_message_a_second_and_channel_with_a_short_burst() -> None:
    """Three at once pass, the fourth is too many; other channels are not concerned."""
    clock = Clock()
    async with SimulatedSlack(manifest=MANIFEST, clock=clock) as slack:
        client = client_of(slack)
        for _ in range(3):
            await client.chat_postMessage(channel="C0REPORTS2", text="x")
        with pytest.raises(SlackApiError) as caught:
            await client.chat_postMessage(channel="C0REPORTS2", text="x")
        assert caught.value.response.headers["Retry-After"] == "1"
        await client.chat_postMessage(channel="C0FINANCE4", text="x")
        for _ in range(20):
            clock.now += 1.01
            await client.chat_postMessage(channel="C0REPORTS2", text="x")


async def test_methods_have_their_tiers() -> None:
    """Fifty `conversations.info` a minute; the next closes the method."""
    clock = Clock()
    async with SimulatedSlack(manifest=MANIFEST, clock=clock) as slack:
        client = client_of(slack)
        for _ in range(50):
            await client.conversations_info(channel="C0REPORTS2")
        with pytest.raises(SlackApiError, match="ratelimited"):
            await client.conversations_info(channel="C0REPORTS2")
        clock.now += 61
        await client.conversations_info(channel="C0REPORTS2")


async def test_several_hundred_messages_a_minute_are_the_workspaces_limit() -> None:
    """The 301st message within a minute is refused, whatever its channel; here the 21st."""
    assert Rates().posts_per_minute == 300
    async with SimulatedSlack(manifest=MANIFEST, clock=Clock(), rates=Rates(posts_per_minute=20)) as slack:
        client = client_of(slack)
        for number in range(21):
            channel = slack.workspace.add_channel(f"team-{number}").id
            if number < 20:
                await client.chat_postMessage(channel=channel, text="x")
        with pytest.raises(SlackApiError, match="ratelimited"):
            await client.chat_postMessage(channel=channel, text="x")


async def test_limits_can_be_switched_off() -> None:
    """`Rates.off()` lets everything through."""
    async with SimulatedSlack(manifest=MANIFEST, rates=Rates.off()) as slack:
        client = client_of(slack)
        for _ in range(30):
            await client.chat_postMessage(channel="C0REPORTS2", text="x")
        assert slack.ledger.calls(outcome="ratelimited") == ()


async def test_a_response_url_ends_after_thirty_minutes() -> None:
    """Late use is `expired_url`; refused blocks are named."""
    clock = Clock()
    async with SimulatedSlack(manifest=MANIFEST, clock=clock) as slack, aiohttp.ClientSession() as session:
        await slack.people.type_command("ada", "reports", "/hello")
        url = slack.delivered[0].payload["response_url"]
        async with session.post(url, json={"text": "x", "blocks": [{"type": "alert"}]}) as answer:
            assert (answer.status, (await answer.json())["error"]) == (400, "invalid_blocks")
        async with session.post(url, json={"text": "in time"}) as answer:
            assert (answer.status, await answer.text()) == (200, "ok")
        clock.now += 1801
        async with session.post(url, json={"text": "late"}) as answer:
            assert (answer.status, (await answer.json())["error"]) == (404, "expired_url")


async def _said(slack: SimulatedSlack) -> str:
    return slack.workspace.post("C0REPORTS2", author_id=slack.bot_user_id, text="x", from_app=True).ts
