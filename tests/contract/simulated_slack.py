"""A manifest, a hand-moved clock and real Bolt apps for the simulated Slack's tests."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack import SimulatedSlack

MANIFEST: dict[str, Any] = {
    "display_information": {"name": "Test app"},
    "features": {
        "bot_user": {"display_name": "Test app"},
        "app_home": {"home_tab_enabled": True},
        "slash_commands": [
            {"command": "/hello", "description": "Says hello", "usage_hint": "[name]"},
        ],
    },
    "oauth_config": {
        "scopes": {
            "bot": [
                "commands",
                "chat:write",
                "chat:write.public",
                "channels:read",
                "channels:join",
                "groups:read",
                "im:write",
                "users:read",
                "channels:history",
                "groups:history",
            ]
        }
    },
    "settings": {
        "interactivity": {"is_enabled": True},
        "event_subscriptions": {
            "bot_events": [
                "app_home_opened",
                "channel_archive",
                "channel_id_changed",
                "channel_left",
                "group_left",
                "member_joined_channel",
            ]
        },
    },
}


class Clock:
    """A clock that moves only when told to."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def client_of(slack: SimulatedSlack, token: str | None = None) -> AsyncWebClient:
    """slack_sdk's own client, resending nothing."""
    return AsyncWebClient(token=token or slack.bot_token, base_url=slack.api_url, retry_handlers=[])


def bolt_app(slack: SimulatedSlack) -> AsyncApp:
    """A real Bolt app that was installed into the simulated workspace."""
    return AsyncApp(client=client_of(slack), signing_secret=slack.signing_secret)


def open_on_hello(app: AsyncApp, view: dict[str, Any]) -> None:
    """Let `/hello` open this modal."""

    @app.command("/hello")
    async def hello(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=view)


@asynccontextmanager
async def connected(app: AsyncApp, slack: SimulatedSlack, mode: str) -> AsyncGenerator[None, None]:
    """The app, reached over Socket Mode (`socket`) or by signed requests (`http`)."""
    if mode == "http":
        async with _served(app, slack):
            yield
        return
    handler = AsyncSocketModeHandler(app, slack.app_token, web_client=client_of(slack))
    await handler.connect_async()  # type: ignore[no-untyped-call]
    try:
        await slack.wait_for_socket()
        yield
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]


@asynccontextmanager
async def _served(app: AsyncApp, slack: SimulatedSlack) -> AsyncGenerator[None, None]:
    async def receive(request: web.Request) -> web.Response:
        bolt_request = AsyncBoltRequest(
            body=await request.text(), query=request.query_string, headers=dict(request.headers)
        )
        answer = await app.async_dispatch(bolt_request)
        kind = answer.headers.get("content-type", ["text/plain"])[0].partition(";")[0]
        return web.Response(status=answer.status, text=answer.body, content_type=kind)

    server = web.Application()
    server.add_routes([web.post("/slack/events", receive)])
    runner = web.AppRunner(server, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.request_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    try:
        yield
    finally:
        await runner.cleanup()
