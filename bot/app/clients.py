"""Creates the clients of Slack and Quick BI, the sockets and the database from the settings. Connects to none."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import aiohttp
from pydantic import SecretStr
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.app.settings import Settings
from bot.domain import QuickBIError
from bot.quickbi.client import QuickBIClient
from bot.quickbi.credentials import Credentials, CredentialsProvider, RamCredentials, StaticCredentials
from bot.quickbi.endpoints import endpoint_for
from bot.slack.transport.socket_mode import SocketMode
from bot.slack.transport.verification import RequestVerification
from bot.store.store import Store, open_store

SLACK_TIME_LIMIT = 10  # seconds for one call of Slack's API


def open_database(settings: Settings, *, beside_a_bot: bool = False) -> AbstractAsyncContextManager[Store]:
    return open_store(settings.database_url.get_secret_value(), beside_a_bot=beside_a_bot)


def slack_client(settings: Settings, session: aiohttp.ClientSession) -> AsyncWebClient:
    """A client that never sends anything twice by itself."""
    return AsyncWebClient(
        token=reveal(settings.slack_bot_token),
        base_url=settings.slack_api_url,
        timeout=SLACK_TIME_LIMIT,
        session=session,
        retry_handlers=[],
        logger=logging.getLogger("slack_sdk"),
    )


def slack_session(*, may_send: Callable[[], bool] = lambda: True) -> aiohttp.ClientSession:
    """`may_send` is asked right before a request is written, however long its connection took to be made."""
    guard = aiohttp.TraceConfig()

    async def check(*_: object) -> None:
        if not may_send():
            raise ConnectionAbortedError("this process may no longer send")

    guard.on_request_chunk_sent.append(check)  # called before the chunk is written, and with it the headers
    limit = aiohttp.ClientTimeout(total=SLACK_TIME_LIMIT)
    return aiohttp.ClientSession(timeout=limit, trace_configs=[guard])


def quickbi_client(
    settings: Settings,
    *,
    status_sent: Callable[[], None] = lambda: None,
    on_call: Callable[[str, QuickBIError | None, float], None] = lambda *_: None,
) -> QuickBIClient:
    return QuickBIClient(
        endpoint=settings.quickbi_endpoint or endpoint_for(settings.quickbi_region),
        credentials=credentials(settings),
        timezone=settings.zone,
        status_sent=status_sent,
        on_call=on_call,
    )


def credentials(settings: Settings) -> CredentialsProvider:
    """Static keys where they are set, else a RAM role's."""
    if settings.alibaba_cloud_access_key_id is None:
        return RamCredentials()
    return StaticCredentials(
        Credentials(
            access_key_id=settings.alibaba_cloud_access_key_id,
            access_key_secret=reveal(settings.alibaba_cloud_access_key_secret),
            security_token=reveal(settings.alibaba_cloud_security_token),
        )
    )


def open_sockets(
    settings: Settings, bolt: AsyncApp, slack: AsyncWebClient, on_ack: Callable[[float], None]
) -> SocketMode | None:
    """None in HTTP mode. They must be closed, also where they were never connected."""
    if settings.slack_app_token is None:
        return None
    return SocketMode(bolt, slack, app_token=settings.slack_app_token.get_secret_value(), on_ack=on_ack)


def request_verification(settings: Settings) -> RequestVerification | None:
    """None in Socket Mode."""
    return None if settings.socket_mode else RequestVerification(reveal(settings.slack_signing_secret))


def reveal(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""
