"""The bot's HTTP server: health and metrics, and in HTTP mode Slack's events on a port of their own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic
from typing import TypeAlias

from aiohttp import web
from aiohttp.web_protocol import RequestHandler
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.domain import MailBotError

READ_LIMIT = 10.0  # seconds for a request to arrive; Slack sends a few kilobytes
IDLE_LIMIT = 75.0  # seconds that a connection stays open between two requests
HEALTH_LIMIT = 5.0  # seconds for a report: a probe that hangs tells nobody anything
LARGEST_REQUEST = 2**20  # bytes, aiohttp's own limit; Slack's payloads have some 10,000
_LINGER = 1.0  # seconds in which a client that still sends can read why it is refused
_STOP_LIMIT = 0.4  # seconds for requests under way when the server stops: an ack takes milliseconds
_LONGEST_TIMESTAMP = 20  # digits
Route: TypeAlias = Callable[[web.BaseRequest], Awaitable[web.Response]]
_log = logging.getLogger(__name__)


class PortTaken(MailBotError):
    """Another program listens on the port."""


class HttpServer:
    """Serves `routes`, by path, until `stop`. `read_limit` is in seconds."""

    def __init__(self, routes: Mapping[str, Route], *, read_limit: float = READ_LIMIT) -> None:
        self._routes = routes
        self._read_limit = read_limit
        self._runner: web.ServerRunner | None = None
        self.port = 0

    async def start(self, host: str, port: int, *, setting: str) -> None:
        """Listen. Port 0 takes a free one, to be read from `port`. Raises PortTaken, which names `setting`."""
        server = _ImpatientServer(self._serve, self._read_limit)
        self._runner = web.ServerRunner(server, shutdown_timeout=_STOP_LIMIT)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as taken:
            await self._runner.cleanup()
            raise PortTaken(f"{setting} {port} on {host} cannot be used: {taken.strerror}") from None
        self.port = self._runner.addresses[0][1]
        _log.info("listening", extra={"host": host, "port": self.port, "paths": " ".join(self._routes)})

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _serve(self, request: web.BaseRequest) -> web.Response:
        route = self._routes.get(request.path)
        return await route(request) if route else web.Response(status=404, text="not found")


class _ImpatientServer(web.Server):
    """Closes a connection whose first request does not arrive in time, which aiohttp keeps open for ever."""

    def __init__(self, serve: Route, read_limit: float) -> None:
        super().__init__(self._handle, keepalive_timeout=IDLE_LIMIT, lingering_time=_LINGER, access_log=None)
        self._serve = serve
        self._read_limit = read_limit
        self._timers: dict[RequestHandler, asyncio.TimerHandle] = {}

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        loop = asyncio.get_running_loop()
        self._timers[handler] = loop.call_later(self._read_limit, handler.force_close)

    def connection_lost(self, handler: RequestHandler, exc: BaseException | None = None) -> None:
        self._stop_timer(handler)
        super().connection_lost(handler, exc)

    def _stop_timer(self, handler: RequestHandler) -> None:
        if timer := self._timers.pop(handler, None):
            timer.cancel()

    async def _handle(self, request: web.BaseRequest) -> web.Response:
        self._stop_timer(request.protocol)
        try:
            async with asyncio.timeout(self._read_limit):
                await request.read()
        except TimeoutError:
            response = web.Response(status=408, text="the request did not arrive in time")
            response.force_close()
            return response
        except ConnectionError:  # it was broken off, so nobody reads this
            return web.Response(status=HTTPStatus.BAD_REQUEST)
        return await self._serve(request)


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """`is_well` decides between 200 and 503. `details` name no address: anybody may read them."""

    is_well: bool
    is_leader: bool = False
    details: Mapping[str, object]


def status_routes(
    health: Callable[[], Awaitable[Report]], registry: CollectorRegistry, *, time_limit: float = HEALTH_LIMIT
) -> dict[str, Route]:
    """`/livez` shows that the event loop runs; `/readyz` and `/healthz` answer with what `health` reports."""

    async def live(_: web.BaseRequest) -> web.Response:
        return web.json_response({"ok": True})

    async def ready(_: web.BaseRequest) -> web.Response:
        try:
            async with asyncio.timeout(time_limit):
                report = await health()
        except TimeoutError:
            report = Report(is_well=False, details={"health": f"no answer in {time_limit:g} s"})
        return web.json_response(
            {"ok": report.is_well, **report.details}, status=200 if report.is_well else 503
        )

    async def metrics(_: web.BaseRequest) -> web.Response:
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return {"/livez": live, "/readyz": ready, "/healthz": ready, "/metrics": metrics}


def bare(status: Mapping[str, Route]) -> dict[str, Route]:
    """The probes alone, for a load balancer: whether all is well, and no details."""

    def without_details(route: Route) -> Route:
        async def probe(request: web.BaseRequest) -> web.Response:
            answer = await route(request)
            return web.json_response({"ok": answer.status == HTTPStatus.OK}, status=answer.status)

        return probe

    return {path: without_details(route) for path, route in status.items() if path != "/metrics"}


def event_routes(bolt: AsyncApp, on_ack: Callable[[float], None] = lambda _: None) -> dict[str, Route]:
    """Bolt verifies signature and age, but parses headers and body before that, and fails at a stranger's.

    `on_ack` is called with the seconds from a request to its ack.
    """

    async def events(request: web.BaseRequest) -> web.Response:
        began = monotonic()
        if request.method != "POST" or not _could_be_signed(request):
            return web.Response(status=401, text="not signed by Slack")
        try:
            asked = AsyncBoltRequest(
                body=await request.text(),
                query=request.query_string,
                headers=dict(request.headers),
            )
        except web.HTTPException:
            raise
        except Exception as error:  # noqa: BLE001 (the boundary: whatever a stranger sends)
            _log.warning("request_not_understood", extra={"error": type(error).__name__})
            return web.Response(status=400, text="bad request")
        answer = await bolt.async_dispatch(asked)
        if answer.status == HTTPStatus.OK:
            on_ack(monotonic() - began)
        return await to_aiohttp_response(answer)

    return {"/slack/events": events}


def _could_be_signed(request: web.BaseRequest) -> bool:
    """Bolt passes both headers to functions that raise at anything else."""
    at = request.headers.get("X-Slack-Request-Timestamp", "0")
    is_time = at.isascii() and at.isdigit() and len(at) <= _LONGEST_TIMESTAMP
    return is_time and request.headers.get("X-Slack-Signature", "").isascii()
