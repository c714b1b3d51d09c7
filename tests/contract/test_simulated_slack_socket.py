"""The simulated Socket Mode under slack_sdk's own client: one of several sockets, drops, refreshes, repeats."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiohttp
from slack_sdk.socket_mode import SocketModeClient as BuiltinClient
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web import WebClient

from bot.sandbox.slack import Answered, EntryKind, SimulatedSlack
from tests.contract.simulated_slack import MANIFEST, client_of


class Listener:
    """One socket of the app: what it heard, and whether it acks."""

    def __init__(self, slack: SimulatedSlack, *, acks: bool = True) -> None:
        self.acks = acks
        self.heard: list[SocketModeRequest] = []
        self._news = asyncio.Event()
        self.client = SocketModeClient(
            app_token=slack.app_token, web_client=client_of(slack), ping_interval=0.2
        )
        self.client.socket_mode_request_listeners.append(self._hear)

    async def _hear(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        self.heard.append(request)
        self._news.set()
        if self.acks:
            await client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))

    async def hears(self, count: int = 1) -> None:
        """Wait until so many requests have arrived."""
        async with asyncio.timeout(10):
            while len(self.heard) < count:
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def listening(
    slack: SimulatedSlack, *, count: int = 1, acks: bool = True
) -> AsyncGenerator[list[Listener]]:
    """So many open sockets."""
    listeners = [Listener(slack, acks=acks) for _ in range(count)]
    for listener in listeners:
        await listener.client.connect()  # type: ignore[no-untyped-call]
    await slack.wait_for_socket(count=count)
    try:
        yield listeners
    finally:
        for listener in listeners:
            await listener.client.close()  # type: ignore[no-untyped-call]


async def test_each_delivery_goes_to_one_of_the_open_sockets() -> None:
    """Ten commands over three sockets: each arrives once, every socket has its share."""
    async with SimulatedSlack(manifest=MANIFEST) as slack, listening(slack, count=3) as listeners:
        outcomes = [await slack.people.type_command("ada", "reports", "/hello") for _ in range(9)]

        assert {each.answered for each in outcomes} == {Answered.ACKED}
        assert [len(each.heard) for each in listeners] == [3, 3, 3]


async def test_without_a_socket_a_command_fails_at_once() -> None:
    """Slack says `dispatch_failed` when the app is not connected."""
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        outcome = await slack.people.type_command("ada", "reports", "/hello")

        assert outcome.answered is Answered.UNREACHABLE
        assert outcome.words == '/hello failed with the error "dispatch_failed"'


async def test_a_dropped_socket_reconnects_by_itself() -> None:
    """slack_sdk's client finds the break and opens another connection."""
    async with SimulatedSlack(manifest=MANIFEST) as slack, listening(slack):
        await slack.drop_sockets()
        assert slack.socket_count == 0
        await slack.wait_for_socket()
        outcome = await slack.people.type_command("ada", "reports", "/hello")

        assert outcome.answered is Answered.ACKED


async def test_a_refresh_makes_the_client_move_to_a_new_socket() -> None:
    """`disconnect` with `refresh_requested` is followed by a new connection, without a lost command."""
    async with SimulatedSlack(manifest=MANIFEST) as slack, listening(slack):
        await slack.disconnect_sockets("refresh_requested")
        await slack.wait_for_socket()

        outcome = await slack.people.type_command("ada", "reports", "/hello")
        assert outcome.answered is Answered.ACKED
        sockets = [entry.name for entry in slack.ledger if entry.kind is EntryKind.SOCKET]
        assert sockets[:2] == ["opened", "disconnect refresh_requested"]


async def test_an_event_on_a_dropped_socket_goes_to_another() -> None:
    """An unacked event is sent again at once, over a socket that is open."""
    async with (
        SimulatedSlack(manifest=MANIFEST, event_retry_delays=(0.0, 0.05, 0.1)) as slack,
        listening(slack, acks=False) as (deaf,),
    ):
        await slack.people.archive("general")
        await deaf.hears()
        async with listening(slack) as (awake,):
            await slack.wait_for_socket(count=2)
            await slack.drop_sockets(count=1)
            await awake.hears()

        assert awake.heard[0].payload["event"]["type"] == "channel_archive"
        assert (awake.heard[0].retry_attempt or 0) > 0
        assert awake.heard[0].envelope_id == deaf.heard[0].envelope_id


async def test_redelivery_and_duplicates_arrive_with_the_same_envelope() -> None:
    """A delivery can be sent again on purpose, and twice at once."""
    async with SimulatedSlack(manifest=MANIFEST) as slack, listening(slack) as (listener,):
        await slack.people.type_command("ada", "reports", "/hello")
        await slack.redeliver(slack.delivered[0].id)
        slack.faults.duplicate()
        await slack.people.type_command("ada", "reports", "/hello again")
        await listener.hears(4)

        ids = [each.envelope_id for each in listener.heard]
        assert ids[0] == ids[1]
        assert ids[2] == ids[3]
        assert ids[0] != ids[2]


async def test_half_open_sockets_are_found_by_ping() -> None:
    """While sockets are muted no ping is answered and no ack heard; the client starts over."""
    async with SimulatedSlack(manifest=MANIFEST, ack_seconds=0.1) as slack, listening(slack):
        slack.faults.mute()
        outcome = await slack.people.type_command("ada", "reports", "/hello")
        assert outcome.answered is Answered.TIMED_OUT
        opened = len([entry for entry in slack.ledger if entry.name == "opened"])
        await slack.changes.until(
            lambda: len([entry for entry in slack.ledger if entry.name == "opened"]) > opened, seconds=10
        )
        slack.faults.clear()
        await slack.wait_for_socket()
        again = await slack.people.type_command("ada", "reports", "/hello")
        assert again.answered is Answered.ACKED


async def test_the_sync_client_works_against_the_same_server() -> None:
    """slack_sdk's built-in Socket Mode client, with threads of its own, acks a command."""
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        web_client = WebClient(token=slack.bot_token, base_url=slack.api_url)
        client = BuiltinClient(app_token=slack.app_token, web_client=web_client, ping_interval=0.1)

        def ack(_client: BaseSocketModeClient, request: SocketModeRequest) -> None:
            client.send_socket_mode_response(
                SocketModeResponse(envelope_id=request.envelope_id, payload={"text": "from a thread"})
            )

        client.socket_mode_request_listeners.append(ack)
        await asyncio.to_thread(client.connect)
        try:
            await slack.wait_for_socket()
            outcome = await slack.people.type_command("ada", "reports", "/hello")
        finally:
            await asyncio.to_thread(client.close)

        assert outcome.message is not None
        assert outcome.message.text == "from a thread"


async def test_the_eleventh_connection_is_sent_away() -> None:
    """Ten connections are the most; tickets work once."""
    async with SimulatedSlack(manifest=MANIFEST) as slack, aiohttp.ClientSession() as session:
        client = client_of(slack)
        links = []
        for _ in range(11):
            url = (await client.apps_connections_open(app_token=slack.app_token))["url"]
            links.append(await session.ws_connect(url))
        hello = [await link.receive_json(timeout=5) for link in links]
        assert [each["type"] for each in hello] == ["hello"] * 11
        goodbye = await links[-1].receive_json(timeout=5)
        assert (goodbye["type"], goodbye["reason"]) == ("disconnect", "too_many_websockets")
        assert slack.socket_count == 10
        async with session.get(url.replace("ws", "http", 1)) as used:
            assert used.status == 401
