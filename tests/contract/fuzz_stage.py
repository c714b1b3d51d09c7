"""All handlers behind the real Bolt, with a Slack that takes everything and a Quick BI that says anything."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import aiohttp
import httpx
from pydantic import SecretStr
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.app.core import build_core
from bot.app.handlers import HandlerDependencies, build_handlers
from bot.app.instruments import Instruments
from bot.app.settings import Settings
from bot.domain import TeamId, UserId
from bot.slack.app import bolt_app
from bot.slack.payloads import Home
from bot.store.store import open_store
from tests.messages.cast import NASTY, SALES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from slack_bolt.app.async_app import AsyncApp

    from bot.app.handlers import Handlers

TEAM = "T0SANDBOX"
_TAKEN = {
    "ok": True,
    "ts": "1772588120.000100",
    "channel": {"id": "C0REPORTS2", "name": "reports", "is_channel": True, "is_member": True},
    "user": {"id": "U0ADA00001", "team_id": TEAM, "tz": "Asia/Shanghai"},
    "channels": [],
    "view": {"id": "V1"},
}


class TakingSlack(AsyncWebClient):
    """Keeps what was sent, and takes it."""

    def __init__(self) -> None:
        super().__init__(token="xoxb-1")
        self.sent: list[dict[str, Any]] = []

    async def api_call(self, api_method: str, **options: Any) -> AsyncSlackResponse:
        self.sent.append(options.get("json") or options.get("params") or {})
        return AsyncSlackResponse(
            client=self,
            http_verb="POST",
            api_url=api_method,
            req_args={},
            data=_TAKEN,
            headers={},
            status_code=200,
        )


class Troubles(logging.Handler):
    """What a handler let out, or the boundary had to catch."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(logging.Formatter().format(record))


@dataclass(kw_only=True)
class FuzzStage:
    app: AsyncApp
    handlers: Handlers
    slack: TakingSlack
    troubles: Troubles = field(default_factory=Troubles)
    answer: httpx.Response = field(default_factory=lambda: httpx.Response(200))

    async def receive(self, payload: dict[str, Any], answer: tuple[int, bytes]) -> list[dict[str, Any]]:
        """Hand a payload to Bolt while Quick BI answers so. Returns what Slack was sent until all was handled."""
        self.slack.sent.clear()
        self.troubles.seen.clear()
        self.answer = httpx.Response(answer[0], content=answer[1])
        response = await self.app.async_dispatch(AsyncBoltRequest(body=payload, mode="socket_mode"))
        assert response.status == 200
        async with asyncio.timeout(60):
            while tasks := self.handlers.dispatcher._tasks:
                await asyncio.wait(tasks)
        return list(self.slack.sent)


@asynccontextmanager
async def fuzz_stage(database_url: str) -> AsyncIterator[FuzzStage]:
    settings = Settings(
        slack_bot_token=SecretStr("xoxb-1"),
        slack_app_token=SecretStr("xapp-1"),
        alibaba_cloud_access_key_id="key",
        alibaba_cloud_access_key_secret=SecretStr("secret"),
        quickbi_calls_per_second=1000.0,
        mail_run_users=frozenset({"*"}),
    )
    home = Home(team_id=TeamId(TEAM), enterprise_id="", bot_user_id=UserId("UBOT"), app_name="Bot")
    app, slack = bolt_app(home), TakingSlack()
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(database_url))
        await store.mails.save_mails([SALES, NASTY], seen_at=datetime.now(UTC))
        core = await build_core(settings, stack, slack=slack, store=store, may_send=lambda: True)
        handlers = build_handlers(
            app,
            HandlerDependencies(
                settings=settings,
                instruments=Instruments(),
                home=home,
                slack=slack,
                session=await stack.enter_async_context(aiohttp.ClientSession()),
                store=store,
                core=core,
                now=lambda: datetime.now(UTC),
            ),
        )
        stage = FuzzStage(app=app, handlers=handlers, slack=slack)
        await core.quickbi._http.aclose()
        core.quickbi._http = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: stage.answer))
        core.quickbi._sleep = _at_once
        logging.getLogger("bot").addHandler(stage.troubles)
        stack.callback(logging.getLogger("bot").removeHandler, stage.troubles)
        yield stage
        await handlers.manual_runs.drain(0)
        await handlers.dispatcher.drain(0)


async def _at_once(_: float) -> None:
    await asyncio.sleep(0)
