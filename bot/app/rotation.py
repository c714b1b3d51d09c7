"""Takes over secrets whose files changed, without a restart: as Kubernetes, Vault and cron jobs rotate them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.app.clients import credentials, reveal, slack_client
from bot.app.heartbeat import Heartbeat
from bot.app.secret_files import KEY_PAIR
from bot.app.settings import Settings, SettingsError, load_settings
from bot.domain import MailBotError
from bot.quickbi.client import QuickBIClient
from bot.slack.payloads import Home
from bot.slack.transport.connect import who_are_we
from bot.slack.transport.socket_mode import SocketMode
from bot.slack.transport.verification import RequestVerification

CHECK_EVERY = 2.0  # seconds
Take: TypeAlias = Callable[[Settings], Awaitable[None]]
_log = logging.getLogger(__name__)


class WrongApp(MailBotError):
    """The token belongs to another app or workspace: its channels are not those that are subscribed."""


@dataclass(kw_only=True, eq=False)
class SecretRotation:
    """`takers` are called with the new settings once one of theirs has changed; a MailBotError says why not.

    What is refused is tried again when its file changes again. `hide` learns each new secret first.
    """

    settings: Settings
    names: frozenset[str]
    takers: Mapping[tuple[str, ...], Take]
    hide: Callable[[Iterable[str]], None]
    load: Callable[[], Settings] = load_settings
    _problems: list[str] = field(default_factory=list, init=False)

    async def run(self) -> None:
        """Until cancelled; without files there is nothing to do."""
        while True:
            await asyncio.sleep(CHECK_EVERY)
            if self.names:
                await self.check()

    async def check(self) -> None:
        """Read the files once. One that is missing or wrong is logged once, and the secrets in use stay."""
        try:
            fresh = await asyncio.to_thread(self.load)
        except SettingsError as wrong:
            if wrong.problems != self._problems:
                _log.warning("secrets_not_read", extra={"why": str(wrong)})
            self._problems = wrong.problems
            return
        self._problems = []
        changed = {name for name in self.names if getattr(fresh, name) != getattr(self.settings, name)}
        self.hide(fresh.secret_values())
        self.settings = fresh
        for names, take in self.takers.items():
            if mine := changed.intersection(names):
                await _taken(take, fresh, " ".join(sorted(mine)).upper())


async def _taken(take: Take, fresh: Settings, names: str) -> None:
    try:
        await take(fresh)
    except MailBotError as refused:
        _log.warning("secret_not_taken_over", extra={"setting": names, "why": str(refused)})
    else:
        _log.info("secret_taken_over", extra={"setting": names})


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretUsers:
    """Whoever uses a secret that can change while the bot runs. The database's connections cannot."""

    home: Home
    slack: tuple[AsyncWebClient, ...]
    session: aiohttp.ClientSession
    quickbi: QuickBIClient
    sockets: SocketMode | None
    verification: RequestVerification | None
    heartbeat: Heartbeat

    @property
    def takers(self) -> dict[tuple[str, ...], Take]:
        """The bot token is last: it waits for Slack."""
        return {
            KEY_PAIR: self._take_key_pair,
            ("slack_app_token",): self._take_app_token,
            ("slack_signing_secret",): self._take_signing_secret,
            ("heartbeat_url",): self._take_heartbeat,
            ("slack_bot_token",): self._take_bot_token,
        }

    async def _take_key_pair(self, fresh: Settings) -> None:
        self.quickbi.use(credentials(fresh))

    async def _take_app_token(self, fresh: Settings) -> None:
        if self.sockets:
            self.sockets.take_token(reveal(fresh.slack_app_token))

    async def _take_signing_secret(self, fresh: Settings) -> None:
        if self.verification:
            self.verification.take_secret(reveal(fresh.slack_signing_secret))

    async def _take_heartbeat(self, fresh: Settings) -> None:
        self.heartbeat.url = reveal(fresh.heartbeat_url)

    async def _take_bot_token(self, fresh: Settings) -> None:
        client = slack_client(fresh, self.session)
        home = await who_are_we(client)
        if (home.team_id, home.bot_user_id) != (self.home.team_id, self.home.bot_user_id):
            raise WrongApp("the token is another app's or another workspace's")
        for each in self.slack:
            each.token = client.token
