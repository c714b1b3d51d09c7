"""Opens what the settings name: Slack, its sockets, Quick BI, the database. Refusals become one clear line."""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import aiohttp
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.addresses import endpoint_for
from bot.domain import MailBotError, TeamId, UserId
from bot.quickbi.client import QuickBIClient
from bot.quickbi.credentials import Credentials, RamCredentials, RamExtraMissing, StaticCredentials
from bot.settings import SettingsError
from bot.slack.incoming import Home
from bot.store.store import open_store

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from contextlib import AbstractAsyncContextManager

    from pydantic import SecretStr
    from slack_bolt.app.async_app import AsyncApp

    from bot.quickbi.credentials import CredentialsProvider
    from bot.settings import Settings
    from bot.store.store import Store

_log = logging.getLogger(__name__)
SLACK_TIME_LIMIT = 10  # seconds for one call of Slack's API
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds between two tries of what must not end
SOCKETS = 2  # Slack refreshes each now and then; while one is away the other receives


async def who_are_we(slack: AsyncWebClient) -> Home:
    """Ask Slack whose token this is, for as long as Slack cannot be reached. Raises MailBotError on a refusal."""
    pause = FIRST_PAUSE
    while True:
        try:
            answer: Any = (await slack.auth_test()).data
        except SlackApiError as refused:
            if refused.response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR and not is_passing(refused):
                raise _refused("SLACK_BOT_TOKEN", refused) from None
        except (aiohttp.ClientError, TimeoutError) as error:
            _log.warning("slack_out_of_reach", extra={"error": type(error).__name__, "again_in": pause})
        else:
            return Home(
                team_id=TeamId(answer["team_id"]),
                enterprise_id=answer.get("enterprise_id") or "",
                bot_user_id=UserId(answer["user_id"]),
                app_name=answer.get("app_name") or answer.get("user") or "",
            )
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


def is_passing(refused: SlackApiError) -> bool:
    """Slack says of itself that it is in trouble, or that we are too fast."""
    return refused.response.get("error") in {
        "ratelimited",
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
    }


def _refused(setting: str, refused: SlackApiError) -> MailBotError:
    return MailBotError(f"Slack does not accept {setting}: it says {refused.response.get('error')!r}")


def open_database(settings: Settings) -> AbstractAsyncContextManager[Store]:
    return open_store(settings.database_url.get_secret_value())


def slack_client(settings: Settings, session: aiohttp.ClientSession) -> AsyncWebClient:
    """A client that never sends anything twice by itself: what is repeated, we decide."""
    return AsyncWebClient(
        token=_reveal(settings.slack_bot_token),
        base_url=settings.slack_api_url,
        timeout=SLACK_TIME_LIMIT,
        session=session,
        retry_handlers=[],
    )


def quickbi_client(settings: Settings) -> QuickBIClient:
    """Raises SettingsError where the endpoint or the credentials cannot be right."""
    try:
        return QuickBIClient(
            endpoint=settings.quickbi_endpoint or endpoint_for(settings.quickbi_region),
            credentials=_credentials(settings),
            timezone=settings.zone,
        )
    except ValueError as wrong:
        raise SettingsError([f"Quick BI: {wrong}"]) from None


def _credentials(settings: Settings) -> CredentialsProvider:
    """Static keys where they are set; else the RAM role that the extra `ram` finds."""
    if settings.alibaba_cloud_access_key_id is None:
        try:
            return RamCredentials()
        except RamExtraMissing:
            missing = (
                "ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET are missing "
                "(or install the extra `ram` to use a RAM role)"
            )
            raise SettingsError([missing]) from None
    return StaticCredentials(
        Credentials(
            access_key_id=settings.alibaba_cloud_access_key_id,
            access_key_secret=_reveal(settings.alibaba_cloud_access_key_secret),
            security_token=_reveal(settings.alibaba_cloud_security_token),
        )
    )


def signing_secret(settings: Settings) -> str | None:
    return None if settings.socket_mode else _reveal(settings.slack_signing_secret)


def _reveal(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""


class Sockets:
    """Socket Mode: two connections, for Slack refreshes each now and then."""

    def __init__(self, settings: Settings, bolt: AsyncApp, slack: AsyncWebClient) -> None:
        token = settings.slack_app_token
        self._handlers = [
            AsyncSocketModeHandler(bolt, app_token=_reveal(token), web_client=slack) for _ in range(SOCKETS)
        ]

    async def open(self) -> None:
        """Raises MailBotError where Slack refuses the app token."""
        try:
            await asyncio.gather(*map(_connect, self._handlers))
        except SlackApiError as refused:
            await self.close()
            raise _refused("SLACK_APP_TOKEN", refused) from None

    async def close(self) -> None:
        await asyncio.gather(*map(_close, self._handlers))

    async def are_connected(self) -> bool:
        states = [await handler.client.is_connected() for handler in self._handlers]
        return any(states)


def _connect(handler: AsyncSocketModeHandler) -> Awaitable[None]:
    return handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt gives it no types


def _close(handler: AsyncSocketModeHandler) -> Awaitable[None]:
    return handler.close_async()  # type: ignore[no-untyped-call]
