"""The bot's own HTTP server: /healthz, /metrics, and in HTTP mode /slack/events. Judges nothing itself."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from aiohttp import web
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request

from bot.domain import MailBotError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from prometheus_client import CollectorRegistry
    from slack_bolt.app.async_app import AsyncApp

LARGEST_REQUEST = 2**20  # bytes; Slack's payloads have some 10,000
_STOP_LIMIT = 0.4  # seconds for requests under way when the server stops: an ack takes milliseconds
_PATIENCE = 5.0  # seconds for a look at what is well: a probe that hangs tells nobody anything
_log = logging.getLogger(__name__)


class PortTaken(MailBotError):
    """Another program listens on HTTP_PORT."""


class HttpServer:
    """Serves until `stop`. `health` answers with what is well and what is not; all must be well for a 200.

    Where it takes longer than `patience` seconds, that is what is not well.
    """

    def __init__(
        self,
        *,
        health: Callable[[], Awaitable[Mapping[str, str]]],
        registry: CollectorRegistry,
        bolt: AsyncApp | None,
        patience: float = _PATIENCE,
    ) -> None:
        self._health = health
        self._patience = patience
        self._registry = registry
        app = web.Application(client_max_size=LARGEST_REQUEST)
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/metrics", self._metrics)
        if bolt is not None:
            app.router.add_post("/slack/events", _events_for(bolt))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_STOP_LIMIT)
        self.port = 0

    async def start(self, host: str, port: int) -> None:
        """Listen. Port 0 takes a free one, to be read from `port`. Raises PortTaken."""
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as taken:
            await self._runner.cleanup()
            raise PortTaken(f"HTTP_PORT {port} on {host} cannot be used: {taken.strerror}") from None
        self.port = self._runner.addresses[0][1]
        _log.info("listening", extra={"host": host, "port": self.port})

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def _healthz(self, _: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(self._patience):
                report = dict(await self._health())
        except TimeoutError:
            report = {"health": f"no answer in {self._patience:g} s"}
        well = all(state == "ok" for state in report.values())
        return web.json_response({"ok": well, **report}, status=200 if well else 503)

    async def _metrics(self, _: web.Request) -> web.Response:
        body = generate_latest(self._registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})


def _events_for(bolt: AsyncApp) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Bolt verifies the signature and the age of each request before anything of ours sees it.

    It takes the body apart even before that, and reads the signature's headers as if they were Slack's, so
    anybody could make it stumble.
    """

    async def events(request: web.Request) -> web.Response:
        if not _could_be_signed(request):
            return web.Response(status=401, text="not signed by Slack")
        try:
            asked = await to_bolt_request(request)
        except web.HTTPException:
            raise
        except Exception as error:  # noqa: BLE001 (the boundary: whatever a stranger sends)
            _log.warning("request_not_understood", extra={"error": type(error).__name__})
            return web.Response(status=400, text="bad request")
        return await to_aiohttp_response(await bolt.async_dispatch(asked))

    return events


def _could_be_signed(request: web.Request) -> bool:
    at = request.headers.get("X-Slack-Request-Timestamp", "0")
    return at.isascii() and at.isdigit() and request.headers.get("X-Slack-Signature", "").isascii()
