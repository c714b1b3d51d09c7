"""As little of Slack as the bot needs to start, and that badly: odd answers, doors that stay shut, no goodbyes."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

WHO = '{"ok": true, "team_id": "T0HOME0001", "user_id": "U0MAILBOT1"}'


@dataclass(kw_only=True)
class StubbornSlack:
    """`auth_test` is the body that answers it, under `status` and as `kind`.

    Sockets open unless `handshake` is another status; only tickets from the `first_good` on are let in. What
    is sent over a socket is never read, so that nobody answers its closing.
    """

    auth_test: str = WHO
    status: int = 200
    kind: str = "application/json"
    handshake: int = 101
    first_good: int = 1
    url: str = ""
    tickets: int = 0
    tried: list[str] = field(default_factory=list)

    async def who(self, _: web.Request) -> web.Response:
        return web.Response(text=self.auth_test, status=self.status, content_type=self.kind)

    async def new_address(self, _: web.Request) -> web.Response:
        self.tickets += 1
        ticket = f"PLANTED-{self.tickets}"
        return web.json_response(
            {"ok": True, "url": f"{self.url.replace('http', 'ws')}link/?ticket={ticket}"}
        )

    async def link(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query["ticket"]
        self.tried.append(ticket)
        if self.handshake != 101 or int(ticket.removeprefix("PLANTED-")) < self.first_good:
            return web.Response(status=401)
        socket = web.WebSocketResponse(autoclose=False)
        await socket.prepare(request)
        await asyncio.Event().wait()
        return socket


@asynccontextmanager
async def stubborn_slack(**how: str | int) -> AsyncIterator[StubbornSlack]:
    """Serves on a free port; its API's address is `url` and `api/` behind it."""
    slack = StubbornSlack(**how)  # type: ignore[arg-type]
    app = web.Application()
    app.add_routes(
        [
            web.post("/api/auth.test", slack.who),
            web.post("/api/apps.connections.open", slack.new_address),
            web.get("/link/", slack.link),
        ]
    )
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    try:
        yield slack
    finally:
        await runner.cleanup()
