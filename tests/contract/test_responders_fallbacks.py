"""Where words go that a response URL does not take any more: to the channel, to the person, never twice to all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain import ChannelId, UserId
from bot.sandbox.slack import SimulatedSlack
from bot.slack.kit.blocks import Message, section
from bot.slack.transport.responders import DirectResponder, Responder
from tests.contract.simulated_slack import MANIFEST

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ADA, REPORTS, SALES = UserId("U0ADA00001"), ChannelId("C0REPORTS2"), ChannelId("C0SALES003")
HELLO = Message(text="hello there", blocks=(section("hello there"),))


@pytest.fixture
async def slack() -> AsyncIterator[SimulatedSlack]:
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        yield slack


async def send(
    slack: SimulatedSlack, channel: ChannelId = REPORTS, **how: bool
) -> tuple[bool, list[tuple[str, bool]]]:
    """Answer through a response URL that was never good. Returns whether it was taken, and where it is seen."""
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[])
    async with aiohttp.ClientSession() as session:
        otherwise = DirectResponder(client, ADA, channel)
        reply = Responder(f"{slack.base_url}commands/dead", session, otherwise=otherwise)
        taken = await reply.send(HELLO, **how)
    places = {"channel": channel, "direct": slack.workspace.direct_message(ADA).id}
    return taken, [
        (name, message.ephemeral_for is not None)
        for name, place in places.items()
        for message in slack.workspace.messages(place)
    ]


@pytest.mark.parametrize(
    ("channel", "how", "seen"),
    [
        pytest.param(REPORTS, {}, [("channel", True)], id="beside the channel's messages"),
        pytest.param(SALES, {}, [("direct", False)], id="the bot is not in the channel"),
        pytest.param(SALES, {"in_channel": True}, [("channel", False)], id="for all"),
        pytest.param(REPORTS, {"replace": True}, [], id="what is to be replaced is the caller's"),
    ],
)
async def test_the_words_arrive_another_way(
    slack: SimulatedSlack, channel: ChannelId, how: dict[str, bool], seen: list[tuple[str, bool]]
) -> None:
    assert await send(slack, channel, **how) == (bool(seen), seen)


async def test_a_channel_is_not_told_twice_where_the_answer_was_lost(slack: SimulatedSlack) -> None:
    """It may be there, though the next try says that the URL is used up: a person may hear it again, a channel not."""
    slack.faults.lose_reply("response_url", times=1)
    assert await send(slack, in_channel=True) == (False, [])
    slack.faults.lose_reply("response_url", times=1)
    assert await send(slack) == (True, [("channel", True)])
