"""The control API, by which other processes drive the simulated Slack and read what the bot did."""

import asyncio
from typing import Any

import aiohttp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.sandbox.slack import ChangeKind, SimulatedSlack
from tests.contract.simulated_slack import MANIFEST, bolt_app, client_of, connected


async def test_another_process_types_breaks_and_reads() -> None:
    """People, faults, sockets, state and ledger over JSON."""
    async with SimulatedSlack(manifest=MANIFEST) as slack, aiohttp.ClientSession(slack.base_url) as session:
        app = bolt_app(slack)

        @app.command("/hello")
        async def hello(ack: AsyncAck) -> None:
            await ack("hi")

        async def post(path: str, **body: Any) -> Any:
            async with session.post(path, json=body) as answer:
                return await answer.json()

        async def get(path: str) -> Any:
            async with session.get(path) as answer:
                return await answer.json()

        async with connected(app, slack, "socket"):
            outcome = await post("/-/people/type_command", user="ada", channel="reports", text="/hello")
            await post("/-/faults/slack_error", method="auth.test", code="internal_error", times=None)
            state, ledger = await get("/-/state"), await get("/-/ledger")
            later = await get(f"/-/ledger?since={ledger[-1]['seq']}")
            await post("/-/faults/clear")
            await post("/-/slack/drop_sockets")

        assert (outcome["answered"], outcome["message"]["text"]) == ("acked", "hi")
        assert state["messages"]["C0REPORTS2"][0]["ephemeral_for"] == "U0ADA00001"
        assert state["faults"] == ["slack_error auth.test"]
        assert ledger[0]["name"] == "apps.connections.open"
        assert later == []


async def test_mistakes_of_the_caller_are_explained() -> None:
    """Unknown verbs list the known ones; unknown people and wrong arguments are said so."""
    async with SimulatedSlack(manifest=MANIFEST) as slack, aiohttp.ClientSession(slack.base_url) as session:
        async with session.post("/-/people/shout", json={}) as answer:
            assert answer.status == 404
            assert "people/click" in (await answer.json())["known"]
        nobody = {"user": "nobody", "channel": "reports", "text": "/hello"}
        async with session.post("/-/people/type_command", json=nobody) as answer:
            assert answer.status == 422
            assert "nobody" in (await answer.json())["error"]
        async with session.post("/-/people/type_command", json={"who": "ada"}) as answer:
            assert answer.status == 422


async def test_changes_are_streamed() -> None:
    """A WebSocket tells every change as it happens, in JSON."""
    async with SimulatedSlack(manifest=MANIFEST) as slack, aiohttp.ClientSession(slack.base_url) as session:
        async with session.ws_connect("/-/changes") as link:
            posting = asyncio.create_task(client_of(slack).chat_postMessage(channel="C0REPORTS2", text="x"))
            told = [await link.receive_json(timeout=5) for _ in range(2)]
            await posting

        assert [each["kind"] for each in told] == [ChangeKind.MESSAGE_POSTED, ChangeKind.LOGGED]
        assert told[0]["subject"]["text"] == "x"
