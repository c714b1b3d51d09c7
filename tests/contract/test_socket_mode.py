"""Socket Mode through a relay that resets connections or goes deaf on them: both sockets are soon back."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain import TeamId, UserId
from bot.sandbox.slack import SimulatedSlack
from bot.sandbox.slack.model import Answered
from bot.slack.app import bolt_app
from bot.slack.payloads import Home, Typed, typed
from bot.slack.transport.dispatcher import Dispatcher
from bot.slack.transport.responders import Responder
from bot.slack.transport.socket_mode import PING_INTERVAL, SOCKETS, SocketMode
from tests.contract.bolt_stage import gate_of
from tests.contract.simulated_slack import MANIFEST, client_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.slack.transport.responders import Answer

HOME = Home(team_id=TeamId("T0HOME0001"), enterprise_id="", bot_user_id=UserId("U0BOT"), app_name="Test app")


CLOSING_FRAME = 0x88  # https://www.rfc-editor.org/rfc/rfc6455#section-5.2


class Relay:
    """Carries bytes between the bot and Slack, connection by connection."""

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self.port = 0
        self._writers: list[asyncio.StreamWriter] = []  # two for each connection
        self._deaf: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Condition()
        self.opened = 0
        self.holds_goodbyes = False
        self.goodbyes: asyncio.Queue[asyncio.Event] = asyncio.Queue()  # each waits for its event to be set

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(*self._to)
        number = self.opened
        self._writers += [writer, there_writer]
        for source, sink in ((reader, there_writer), (there_reader, writer)):
            task = asyncio.create_task(self._carry(number, source, sink))
            self._tasks.add(task)
        async with self._changed:
            self.opened += 1
            self._changed.notify_all()

    async def _carry(self, number: int, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65_536):
                if self.holds_goodbyes and data[0] == CLOSING_FRAME:
                    self.goodbyes.put_nowait(passes := asyncio.Event())
                    await passes.wait()
                if number not in self._deaf:
                    sink.write(data)
        except ConnectionError:
            pass
        sink.close()

    def go_deaf(self) -> None:
        """On all connections of now: they stay open, and nothing passes."""
        self._deaf = set(range(self.opened))

    def reset(self) -> None:
        """Cut all connections of now without a word."""
        for writer in self._writers:
            writer.transport.abort()

    async def until_opened(self, count: int) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self.opened >= count)

    async def close(self) -> None:
        self.reset()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class Rerouted(AsyncWebClient):
    """Is given Slack's address of a socket, and hands on the relay's."""

    relay: Relay

    async def apps_connections_open(self, **arguments: Any) -> Any:
        answer: Any = await super().apps_connections_open(**arguments)
        parts = urlsplit(answer.data["url"])
        answer.data["url"] = urlunsplit(parts._replace(netloc=f"127.0.0.1:{self.relay.port}"))
        return answer


async def test_an_envelope_that_comes_twice_is_handled_once() -> None:
    """Slack repeats what it believes was not acked; a second answer would be a second message."""
    handled: list[str] = []

    async def count(command: Typed, _: Answer) -> None:
        handled.append(command.text)

    async with SimulatedSlack(manifest=MANIFEST) as slack, aiohttp.ClientSession() as session:
        home = replace(HOME, team_id=TeamId(slack.team_id))
        app = bolt_app(home)
        dispatcher = Dispatcher(
            gate_of(slack, home), lambda incoming: Responder(incoming.response_url, session)
        )
        app.command("/hello")(dispatcher.listener(typed, count))
        sockets = SocketMode(app, client_of(slack), app_token=slack.app_token)
        await sockets.open()
        try:
            await slack.people.type_command("ada", "reports", "/hello first")
            await slack.redeliver(slack.delivered[-1].id)
            await slack.people.type_command("ada", "reports", "/hello second")
            await dispatcher.drain(5)
        finally:
            await sockets.close()
    assert handled == ["first", "second"]


@asynccontextmanager
async def relay_to(slack: SimulatedSlack) -> AsyncIterator[tuple[Relay, AsyncWebClient]]:
    address = urlsplit(slack.base_url)
    relay = Relay(address.hostname or "", address.port or 0)
    server = await asyncio.start_server(relay.accept, "127.0.0.1", 0)
    relay.port = server.sockets[0].getsockname()[1]
    client = Rerouted(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[])
    client.relay = relay
    try:
        yield relay, client
    finally:
        server.close()
        await relay.close()


async def test_what_slack_sends_before_it_hears_the_goodbye_is_acked_and_handled() -> None:
    """Over the other connection; and where there is no other, over one that is opened for it."""
    handled: list[str] = []

    async def count(command: Typed, _: Answer) -> None:
        handled.append(command.text)

    async with (
        SimulatedSlack(manifest=MANIFEST) as slack,
        relay_to(slack) as (relay, client),
        aiohttp.ClientSession() as session,
    ):
        home = replace(HOME, team_id=TeamId(slack.team_id))
        app = bolt_app(home)
        dispatcher = Dispatcher(
            gate_of(slack, home), lambda incoming: Responder(incoming.response_url, session)
        )
        app.command("/hello")(dispatcher.listener(typed, count))
        sockets = SocketMode(app, client, app_token=slack.app_token)
        await sockets.open()
        relay.holds_goodbyes = True
        closing = asyncio.create_task(sockets.close())
        for texts in (("first", "second"), ("third",)):  # connections take turns
            passes = await relay.goodbyes.get()
            for text in texts:
                outcome = await slack.people.type_command("ada", "reports", f"/hello {text}")
                assert outcome.answered is Answered.ACKED
            passes.set()
        relay.holds_goodbyes = False
        await closing
        await dispatcher.drain(5)
    assert handled == ["first", "second", "third"]


@asynccontextmanager
async def relayed(ping_interval: float) -> AsyncIterator[tuple[Relay, SimulatedSlack, SocketMode]]:
    """A bot whose two sockets are open through a relay."""
    async with SimulatedSlack(manifest=MANIFEST) as slack, relay_to(slack) as (relay, client):
        sockets = SocketMode(bolt_app(HOME), client, app_token=slack.app_token, ping_interval=ping_interval)
        try:
            await sockets.open()
            await relay.until_opened(SOCKETS)
            yield relay, slack, sockets
        finally:
            await sockets.close()


@pytest.mark.parametrize("trouble", ["reset", "go_deaf"])
async def test_both_sockets_are_opened_anew(trouble: str) -> None:
    """Whether the connection is cut or only silent, and on each of the two."""
    async with relayed(0.2) as (relay, _, sockets):
        getattr(relay, trouble)()
        async with asyncio.timeout(15):
            await relay.until_opened(2 * SOCKETS)
            while not await sockets.are_connected():  # noqa: ASYNC110  (the client tells nobody)
                await asyncio.sleep(0.01)


async def test_a_reset_is_noticed_within_one_ping() -> None:
    """With the interval that the bot runs with: what is typed meanwhile is lost."""
    async with relayed(PING_INTERVAL) as (relay, _, __):
        relay.reset()
        async with asyncio.timeout(5.5):
            await relay.until_opened(2 * SOCKETS)
