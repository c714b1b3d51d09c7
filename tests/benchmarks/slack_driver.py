"""Plays Slack as fast as it can, over Socket Mode or signed HTTP requests: measures acks and answers, checks nothing.

The Web API is passed on to the simulated Slack; only `apps.connections.open` is answered here.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from time import perf_counter, time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from aiohttp import ClientSession, TCPConnector, WSMsgType, web
from slack_sdk.signature import SignatureVerifier

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

AT_ONCE = 32  # people who wait for an answer
PATIENCE = 120.0  # seconds for one round


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """One thing that a person does. `kind` is Socket Mode's word; a typeahead is answered by its ack alone."""

    kind: str
    payload: dict[str, Any]

    @property
    def answers_in_ack(self) -> bool:
        return self.payload.get("type") == "block_suggestion"


@dataclass(kw_only=True)
class Round:
    """What one round took: `acks` in seconds, `per_second` from the first question to the last answer."""

    per_second: float
    acks: list[float]


@dataclass(kw_only=True)
class Driver:
    """Slack for one app. `request_url` is set in HTTP mode only."""

    session: ClientSession
    web_api: str
    secret: str
    url: str = ""
    request_url: str = ""
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    _numbers: count[int] = field(default_factory=count)
    _acked: dict[str, asyncio.Future[Any]] = field(default_factory=dict)
    _answered: dict[str, asyncio.Future[Any]] = field(default_factory=dict)

    @property
    def api_url(self) -> str:
        return f"{self.url}/api/"

    async def ask(self, ask: Ask) -> tuple[Any, float]:
        """The answer, as the app sent it, and the seconds until the ack."""
        number, loop = f"{next(self._numbers)}", asyncio.get_running_loop()
        acked = self._acked[number] = loop.create_future()
        answered = self._answered[number] = loop.create_future()
        payload = ask.payload | {"trigger_id": number, "response_url": f"{self.url}/hook/{number}"}
        began = perf_counter()
        if self.request_url:
            acked.set_result(await self._post(payload))
        else:
            envelope = {
                "envelope_id": number,
                "type": ask.kind,
                "payload": payload,
                "accepts_response_payload": True,
            }
            await self.sockets[int(number) % len(self.sockets)].send_str(json.dumps(envelope))
        told = await acked
        ack = perf_counter() - began
        answer = told if ask.answers_in_ack else await answered
        del self._acked[number], self._answered[number]
        return answer, ack

    async def round(self, make: Callable[[int], Ask], commands: int) -> Round:
        acks: list[float] = []
        numbers = iter(range(commands))

        async def person() -> None:
            for number in numbers:
                _, ack = await self.ask(make(number))
                acks.append(ack)

        began = perf_counter()
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*(person() for _ in range(AT_ONCE)))
        return Round(per_second=commands / (perf_counter() - began), acks=acks)

    async def until_connected(self, sockets: int) -> None:
        async with asyncio.timeout(30):
            while not self.request_url and len(self.sockets) < sockets:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def _post(self, payload: Mapping[str, Any]) -> Any:
        is_command = "command" in payload
        body = urlencode(payload if is_command else {"payload": json.dumps(payload)})
        stamp = str(int(time()))
        signature = SignatureVerifier(self.secret).generate_signature(timestamp=stamp, body=body)
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": signature or "",
        }
        async with self.session.post(self.request_url, data=body, headers=headers) as ack:
            text = await ack.text()
            if ack.status != web.HTTPOk.status_code:
                raise RuntimeError(f"answered with HTTP {ack.status}")
        return json.loads(text) if text.startswith("{") else text

    async def call(self, request: web.Request) -> web.Response:
        """The Web API."""
        if request.match_info["method"] == "apps.connections.open":
            return web.json_response({"ok": True, "url": f"{self.url.replace('http', 'ws', 1)}/socket"})
        headers = {
            name: request.headers[name]
            for name in ("Authorization", "Content-Type")
            if name in request.headers
        }
        async with self.session.post(
            self.web_api + request.match_info["method"],
            params=request.query,
            data=await request.read(),
            headers=headers,
        ) as answer:
            scopes = {"x-oauth-scopes": answer.headers.get("x-oauth-scopes", "")}
            return web.Response(
                body=await answer.read(),
                status=answer.status,
                content_type=answer.content_type,
                headers=scopes,
            )

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        """One Socket Mode connection, for as long as the app keeps it."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str(json.dumps({"type": "hello", "num_connections": 1}))
        self.sockets.append(socket)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                told = json.loads(message.data)
                self._acked[told["envelope_id"]].set_result(told.get("payload"))
        self.sockets.remove(socket)
        return socket

    async def hook(self, request: web.Request) -> web.Response:
        """A response URL. The first answer counts."""
        answered = self._answered.get(request.match_info["number"])
        told = await request.json()
        if answered is not None and not answered.done():
            answered.set_result(told)
        return web.Response(text="ok")


@asynccontextmanager
async def driver(*, web_api: str, secret: str) -> AsyncIterator[Driver]:
    """Slack on a free port of loopback."""
    async with ClientSession(connector=TCPConnector(limit=0)) as session:
        slack = Driver(session=session, web_api=web_api, secret=secret)
        app = web.Application()
        app.router.add_route("*", "/api/{method}", slack.call)
        app.router.add_get("/socket", slack.socket)
        app.router.add_post("/hook/{number}", slack.hook)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        slack.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield slack
        finally:
            await runner.cleanup()
