"""Socket Mode: the app's WebSocket connections, envelopes to one of them, acks by envelope ID."""

import asyncio
import itertools
import json
from dataclasses import dataclass

from aiohttp import WSMsgType, web

from bot.sandbox.slack.deliveries import Ack, Envelope, EnvelopeType
from bot.sandbox.slack.model import Answered, EntryKind, Json
from bot.sandbox.slack.site import Site
from bot.sandbox.slack.workspace import APP_ID

MOST = 10
"""Connections of one app, https://docs.slack.dev/apis/events-api/using-socket-mode/."""


@dataclass(eq=False, frozen=True, slots=True)
class _Socket:
    number: int
    request: web.Request
    link: web.WebSocketResponse


@dataclass(eq=False, frozen=True, slots=True)
class _Expected:
    socket: _Socket
    envelope: Envelope
    ack: asyncio.Future[Json | None]


class SocketMode:
    """The open connections. Deliveries go round among them."""

    def __init__(self, site: Site, ack_seconds: float) -> None:
        self._site = site
        self._ack_seconds = ack_seconds
        self._open: list[_Socket] = []
        self._expected: list[_Expected] = []
        self._numbers = itertools.count(1)
        self._turn = 0

    @property
    def count(self) -> int:
        return len(self._open)

    async def accept(self, request: web.Request) -> web.StreamResponse:
        """`/link/?ticket=…`: serve one connection until it ends."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._site.tickets:
            return web.Response(status=web.HTTPUnauthorized.status_code)
        self._site.tickets.discard(ticket)
        link = web.WebSocketResponse(autoping=False)
        await link.prepare(request)
        socket = _Socket(next(self._numbers), request, link)
        await link.send_json(self._hello())
        if len(self._open) >= MOST:
            await self._dismiss(socket, "too_many_websockets", close_after=0.0)
            return link
        self._open.append(socket)
        self._log("opened", socket)
        try:
            await self._listen(socket)
        finally:
            self._forget(socket)
        return link

    async def send(self, envelope: Envelope) -> Ack:
        """Deliver to the next connection in turn, and wait for the ack on any."""
        if not self._open:
            return Ack(answered=Answered.UNREACHABLE, code="dispatch_failed")
        self._turn += 1
        socket = self._open[self._turn % len(self._open)]
        ack: asyncio.Future[Json | None] = asyncio.get_running_loop().create_future()
        expected = _Expected(socket, envelope, ack)
        self._expected.append(expected)
        try:
            async with asyncio.timeout(self._ack_seconds):
                if not self._site.faults.mute_sockets:
                    await socket.link.send_json(envelope.as_json())
                return Ack(answered=Answered.ACKED, body=await ack)
        except TimeoutError:
            return Ack(answered=Answered.TIMED_OUT, code="operation_timeout")
        except ConnectionError:
            return Ack(answered=Answered.UNREACHABLE, code="dispatch_failed")
        finally:
            self._expected.remove(expected)

    def drop(self, count: int | None = None) -> None:
        """Break the oldest connections, or all, without a word."""
        for socket in tuple(self._open)[:count]:
            self._forget(socket)
            if socket.request.transport is not None:
                socket.request.transport.abort()

    async def disconnect(self, reason: str, *, close_after: float) -> None:
        """Tell every connection to go, then close it."""
        for socket in tuple(self._open):
            await self._dismiss(socket, reason, close_after=close_after)

    async def _dismiss(self, socket: _Socket, reason: str, *, close_after: float) -> None:
        debug = {"host": "applink-sandbox"}
        await socket.link.send_json({"type": "disconnect", "reason": reason, "debug_info": debug})
        self._log(f"disconnect {reason}", socket)
        if close_after > 0:
            self._site.spawn(self._close(socket, close_after))
        else:
            await self._close(socket, 0.0)

    async def _close(self, socket: _Socket, after: float) -> None:
        await asyncio.sleep(after)
        self._forget(socket)
        await socket.link.close()

    async def _listen(self, socket: _Socket) -> None:
        async for message in socket.link:
            if self._site.faults.mute_sockets:
                continue
            if message.type is WSMsgType.PING:
                await socket.link.pong(message.data)
            elif message.type is WSMsgType.TEXT:
                self._hear(socket, json.loads(message.data))

    def _hear(self, socket: _Socket, told: Json) -> None:
        envelope_id = told.get("envelope_id")
        for expected in self._expected:
            if expected.envelope.id == envelope_id and not expected.ack.done():
                expected.ack.set_result(
                    told.get("payload") if expected.envelope.accepts_response_payload else None
                )
                return
        self._log("late ack", socket, envelope_id=envelope_id)

    def _forget(self, socket: _Socket) -> None:
        """A connection is gone. Its unacked events go elsewhere; a person's command waits in vain."""
        if socket not in self._open:
            return
        self._open.remove(socket)
        self._log("closed", socket)
        for expected in self._expected:
            lost = expected.socket is socket and expected.envelope.type is EnvelopeType.EVENT
            if lost and not expected.ack.done():
                expected.ack.set_exception(ConnectionResetError(expected.envelope.id))

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self._open) + 1,
            "connection_info": {"app_id": APP_ID},
            "debug_info": {
                "host": "applink-sandbox",
                "build_number": 1,
                "approximate_connection_time": 18060,
            },
        }

    def _log(self, name: str, socket: _Socket, **args: object) -> None:
        self._site.ledger.append(
            kind=EntryKind.SOCKET, name=name, outcome="ok", args={"socket": socket.number, **args}
        )
