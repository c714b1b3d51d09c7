"""Where words go that a response URL does not take any more: to the channel, to the person, never twice to all."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain import ChannelId, UserId
from bot.sandbox.slack import SimulatedSlack
from bot.slack.kit.blocks import Message, section
from bot.slack.transport.plain_responders import DirectResponder
from bot.slack.transport.responders import Responder
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


@asynccontextmanager
async def response_url(*answers: dict[str, Any]) -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
    """A response URL that answers HTTP 200 with one of these after the other, and what was sent to it."""
    sent: list[dict[str, Any]] = []
    waiting = list(answers)

    async def take(request: web.Request) -> web.Response:
        sent.append(await request.json())
        return web.json_response(waiting.pop(0))

    app = web.Application()
    app.router.add_post("/", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/", sent
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("answers", "taken", "with_blocks"),
    [
        pytest.param([{"ok": True}], True, [True], id="taken"),
        pytest.param([{"ok": False, "error": "channel_not_found"}], False, [True], id="refused"),
        pytest.param([{"ok": False}, {"ok": False}], False, [True, False], id="refused without a word"),
        pytest.param(
            [{"ok": False, "error": "invalid_blocks"}, {"ok": True}], True, [True, False], id="as words alone"
        ),
    ],
)
async def test_a_refusal_under_http_200_is_read(
    answers: list[dict[str, Any]], *, taken: bool, with_blocks: list[bool]
) -> None:
    """The status alone does not say that the message was taken."""
    async with response_url(*answers) as (url, sent), aiohttp.ClientSession() as session:
        assert await Responder(url, session).send(HELLO) is taken
    assert ["blocks" in body for body in sent] == with_blocks
