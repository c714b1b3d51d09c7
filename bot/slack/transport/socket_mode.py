"""Socket Mode: two connections, because Slack refreshes each now and then. Logs each outage and its end once.

slack_sdk's client reconnects by itself, for ever. It logs each attempt, which `bot.app.logs` drops, and tries the
address of its first failure again, although each address works only once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from time import monotonic

from aiohttp import WSCloseCode, WSMsgType
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.transport.connect import SlackRefuses, until_slack_answers
from bot.slack.transport.dispatcher import ENVELOPE_ID
from bot.slack.transport.errors import SlackRefusal

_log = logging.getLogger(__name__)
SOCKETS = 2
# Seconds. A lost connection is noticed at the next ping, a silent one after four without an answer; commands typed
# meanwhile are lost. Bolt's 10 s is long for that; below slack_sdk's own 5 s a slow network still answers in time.
PING_INTERVAL = 4.0
CLOSE_LIMIT = 0.5  # seconds to wait for Slack's closing frame
_GOODBYE = WSCloseCode.OK.to_bytes(2, "big")
_MOST_FAREWELLS = 2 * SOCKETS
_MOMENT = 0.01  # seconds
_CHECK_EVERY = 1.0  # seconds
_OUTAGE = 5.0  # seconds without any connection: a refresh takes less
_NEW_ADDRESS_EVERY = 30.0  # seconds: apps.connections.open is rate limited


class SocketMode:
    """Call `check_app_token`, then `open`, with `watch` as a task. `close` must be called in any case.

    `on_ack` is called with the seconds from each envelope to its ack.
    """

    def __init__(
        self,
        bolt: AsyncApp,
        slack: AsyncWebClient,
        *,
        app_token: str,
        ping_interval: float = PING_INTERVAL,
        on_ack: Callable[[float], None] = lambda _: None,
    ) -> None:
        logger = logging.getLogger("slack_sdk.socket_mode")
        self._slack = slack
        self._app_token = app_token
        self._handlers = [
            _Handler(bolt, app_token=app_token, logger=logger, web_client=slack, ping_interval=ping_interval)
            for _ in range(SOCKETS)
        ]
        for handler in self._handlers:
            handler.on_ack, handler.ack_over = on_ack, self._ack_over
        self._reopening = asyncio.Lock()
        self._new_address_at: dict[AsyncSocketModeHandler, float] = {}

    async def check_app_token(self) -> None:
        """Return when Slack accepts the app token. Raises SlackRefuses: slack_sdk's client would try for ever."""
        ask = partial(self._slack.apps_connections_open, app_token=self._app_token)
        answer = await until_slack_answers("SLACK_APP_TOKEN", ask)
        if "url" not in answer:
            raise SlackRefuses("SLACK_APP_TOKEN", SlackRefusal())
        self._handlers[0].client.wss_uri = answer["url"]

    def take_token(self, app_token: str) -> None:
        """Open the next connections with this one; those that are open stay."""
        self._app_token = app_token
        for handler in self._handlers:
            handler.client.app_token = app_token

    async def open(self) -> None:
        """Return when connected."""
        await asyncio.gather(*map(_connect, self._handlers))

    async def close(self) -> None:
        """Leave the connections one after the other: an envelope that Slack sends meanwhile is acked over another."""
        try:
            for _ in range(_MOST_FAREWELLS):
                if (handler := next((each for each in self._handlers if not each.is_leaving), None)) is None:
                    return
                await handler.leave()
        finally:
            await asyncio.gather(*map(_close, self._handlers))

    async def _ack_over(self, own: _Handler) -> SocketModeClient:
        """Slack knows an ack by its envelope, not by its connection. Where none is left, one is opened for it."""
        async with self._reopening:
            for handler in (own, *self._handlers):
                if not handler.is_leaving:
                    return handler.client
            handler = next(each for each in self._handlers if each is not own)
            handler.client.wss_uri = None  # each address works only once
            await _connect(handler)
            handler.is_leaving = False
            return handler.client

    async def are_connected(self) -> bool:
        states = [await handler.client.is_connected() for handler in self._handlers]
        return any(states)

    async def watch(self) -> None:
        """Log each outage once, and its end once, for as long as the bot runs."""
        while True:
            while await self._is_any_connected():  # noqa: ASYNC110  (the client tells nobody)
                await asyncio.sleep(_CHECK_EVERY)
            await self._outage()

    async def _outage(self) -> None:
        began = monotonic()
        is_told = False
        while not await self._is_any_connected():
            if monotonic() - began >= _OUTAGE and not is_told:
                _log.warning("slack_sockets_lost")
                is_told = True
            await asyncio.sleep(_CHECK_EVERY)
        if is_told:
            _log.info("slack_sockets_back", extra={"after": round(monotonic() - began)})

    async def _is_any_connected(self) -> bool:
        """Whether any is connected. One that has been away for long gets a new address for its next attempt."""
        now = monotonic()
        for handler in self._handlers:
            if await handler.client.is_connected():
                self._new_address_at.pop(handler, None)
            elif self._new_address_at.setdefault(handler, now + _NEW_ADDRESS_EVERY) <= now:
                self._new_address_at[handler] = now + _NEW_ADDRESS_EVERY
                handler.client.wss_uri = None
        return len(self._new_address_at) < len(self._handlers)


class _Handler(AsyncSocketModeHandler):
    """Adds the envelope's ID to the body, which Bolt drops: a repeated envelope is known by it.

    `ack_over` returns the client whose connection takes this one's acks.
    """

    on_ack: Callable[[float], None]
    ack_over: Callable[[_Handler], Awaitable[SocketModeClient]]
    is_leaving = False
    _at_work = 0

    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]  # noqa: ARG002
        began = monotonic()
        req.payload[ENVELOPE_ID] = req.envelope_id
        self._at_work += 1
        try:
            await super().handle(await self.ack_over(self), req)
        finally:
            self._at_work -= 1
        self.on_ack(monotonic() - began)

    async def leave(self) -> None:
        """Say goodbye and go on listening until Slack has said so, too: slack_sdk throws away what comes meanwhile."""
        self.is_leaving = True
        client, session = self.client, self.client.current_session
        if session is None or session.closed:
            return
        client.auto_reconnect_enabled = False
        with suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(CLOSE_LIMIT):
                await session.send_frame(_GOODBYE, WSMsgType.CLOSE)
                while not session.closed:  # noqa: ASYNC110 (the client tells only whom it has not overtaken)
                    await asyncio.sleep(_MOMENT)
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_LIMIT):
                while self._at_work or not client.message_queue.empty():  # noqa: ASYNC110 (likewise)
                    await asyncio.sleep(_MOMENT)


def _connect(handler: AsyncSocketModeHandler) -> Awaitable[None]:
    return handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt gives it no types


async def _close(handler: AsyncSocketModeHandler) -> None:
    """Close without the 10 s that the client would wait for Slack: after the limit the connection is cut."""
    closing = asyncio.ensure_future(handler.close_async())  # type: ignore[no-untyped-call]
    await asyncio.wait({closing}, timeout=CLOSE_LIMIT)
    if not closing.done():
        await handler.client.aiohttp_client_session.close()
    await closing
