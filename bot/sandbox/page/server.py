"""Serves the page and its WebSocket on loopback. Everything that the page loads comes from here."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web

from bot.sandbox.loopback import LoopbackServer
from bot.sandbox.page.actions import Actions
from bot.sandbox.page.broadcast import Broadcast, Queue, reply
from bot.sandbox.page.faults import bot_troubles, quickbi_troubles, slack_troubles
from bot.sandbox.page.stage import Bot, Stage
from bot.sandbox.page.storm import Storm
from bot.sandbox.quickbi import SimulatedQuickBI
from bot.sandbox.slack import SimulatedSlack
from bot.sandbox.slack.model import SlackError

STATIC = Path(__file__).parent / "static"
SPEED = 60.0
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_HEARTBEAT = 20.0
_GOODBYE = 1.0  # seconds for a browser to answer that the connection ends
_LARGEST_MESSAGE = 256 * 1024

_NAMES = ("127.0.0.1", "localhost", "[::1]")

_log = logging.getLogger(__name__)


class Guard:
    """Lets in this computer's own browser, by this computer's own name.

    A page anywhere on the web can make a browser send requests to loopback, and a name that an attacker owns can
    be made to resolve to 127.0.0.1 (DNS rebinding): so both `Host` and `Origin` must be ours.
    """

    def __init__(self, port: int) -> None:
        self._hosts = frozenset(f"{name}:{port}" for name in _NAMES)
        self._origins = frozenset(f"http://{host}" for host in self._hosts)
        self.headers: Mapping[str, str] = {
            "Content-Security-Policy": _policy(self._hosts),
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "no-store",
        }

    def lets_in(self, host: str | None, origin: str | None, *, needs_origin: bool) -> bool:
        """A plain request has no `Origin`; a WebSocket from a browser always has one."""
        if host not in self._hosts:
            return False
        return not needs_origin if origin is None else origin in self._origins


def _policy(hosts: frozenset[str]) -> str:
    """Nothing inline, nothing from elsewhere. Safari does not count a WebSocket as 'self': it is named."""
    sockets = " ".join(sorted(f"ws://{host}" for host in hosts if not host.startswith("[")))
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            f"connect-src 'self' {sockets}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        )
    )


class PageServer(LoopbackServer):
    """The page over a simulated Slack and a simulated Quick BI. The state of `bot` is shown, and it can be killed."""

    def __init__(
        self,
        *,
        slack: SimulatedSlack,
        quickbi: SimulatedQuickBI,
        bot: Bot | None = None,
        speed: float = SPEED,
    ) -> None:
        super().__init__(shutdown_timeout=0.5)
        stage = Stage(slack=slack, quickbi=quickbi, bot=bot or Bot(), speed=speed)
        troubles = (
            Storm(stage).trouble(),
            *quickbi_troubles(stage),
            *slack_troubles(slack),
            *bot_troubles(stage),
        )
        self._broadcast = Broadcast(stage, troubles)
        self._actions = Actions(stage, troubles)
        self._files = {path.name: path.read_bytes() for path in STATIC.iterdir() if path.suffix in _TYPES}
        self._guard = Guard(0)
        self._sockets: set[web.WebSocketResponse] = set()
        self._telling: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def _application(self) -> web.Application:
        app = web.Application(middlewares=[self._check])
        app.add_routes([web.get("/ws", self._watch), web.get("/{name:[^/]*}", self._file)])
        return app

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen. Port 0 takes a free one. Raises OSError if the port is taken."""
        await super().start(host, port)
        self._guard = Guard(self.port)
        self._telling = asyncio.create_task(self._broadcast.run(), name="page-audience")

    async def stop(self) -> None:
        """Close all browsers' connections and the server."""
        if self._telling is not None:
            self._telling.cancel()
            with suppress(asyncio.CancelledError):
                await self._telling
        for socket in tuple(self._sockets):
            await socket.close()
        await super().stop()

    @web.middleware
    async def _check(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        host, origin = request.headers.get("Host"), request.headers.get("Origin")
        if not self._guard.lets_in(host, origin, needs_origin=request.path == "/ws"):
            return web.Response(status=403, text="This page is for a browser on this computer.\n")
        return await handler(request)

    async def _file(self, request: web.Request) -> web.Response:
        name = request.match_info["name"] or "index.html"
        body = self._files.get(name)
        if body is None:
            return web.Response(status=404, text="There is no such page.\n", headers=self._guard.headers)
        kind = _TYPES[Path(name).suffix]
        return web.Response(body=body, content_type=kind, charset="utf-8", headers=self._guard.headers)

    async def _watch(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one browser: send it changes and run the actions that it requests, several at a time."""
        socket = web.WebSocketResponse(heartbeat=_HEARTBEAT, timeout=_GOODBYE, max_msg_size=_LARGEST_MESSAGE)
        await socket.prepare(request)
        self._sockets.add(socket)
        try:
            with self._broadcast.subscribe() as queue, suppress(ConnectionError):
                await self._serve(socket, queue)
        finally:
            self._sockets.discard(socket)
        return socket

    async def _serve(self, socket: web.WebSocketResponse, queue: Queue) -> None:
        async with asyncio.TaskGroup() as tasks:
            telling = tasks.create_task(_tell(socket, queue))
            doing: set[asyncio.Task[None]] = set()
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    task = tasks.create_task(self._do(message.data, queue))
                    doing.add(task)
                    task.add_done_callback(doing.discard)
            for task in (telling, *doing):
                task.cancel()

    async def _do(self, text: str, queue: Queue) -> None:
        """Answer in any case: the browser waits for it."""
        number: Any = None
        try:
            asked = json.loads(text)
            number = asked["id"]
            answer = reply(number, result=await self._actions.do(asked["verb"], asked["args"]))
        except SlackError as refused:
            answer = reply(number, error=f"Slack refuses: {refused.code}")
        except (LookupError, ValueError, TypeError) as wrong:
            answer = reply(number, error=_words(wrong))
        except Exception:  # noqa: BLE001 (the edge: whatever a verb does, the browser gets an answer)
            _log.exception("page verb failed")
            answer = reply(number, error="The sandbox made a mistake; its terminal says which.")
        await queue.put(answer)


async def _tell(socket: web.WebSocketResponse, queue: Queue) -> None:
    """Send until the browser is gone, or is so far behind that it has to reconnect."""
    with suppress(ConnectionError):
        while (text := await queue.get()) is not None:
            await socket.send_str(text)
    await socket.close()


def _words(wrong: Exception) -> str:
    """KeyError wraps its words in quotes."""
    return str(wrong.args[0]) if wrong.args else type(wrong).__name__
