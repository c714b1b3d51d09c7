"""Alibaba Cloud credentials: static keys, or those of a RAM role. Never shows a secret."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol
from urllib.parse import quote

from bot.domain import QuickBIUnavailable

RAM_TIME_LIMIT = 20.0  # seconds to fetch a role's credentials: the vendor's library tries 5 + 10
HIDDEN = "***"
# The vendor's loggers write to stderr past our formatter, and log whole answers of the metadata service with
# the secrets in them.
_VENDOR_LOGGERS = ("credentials", "alibabacloud-tea", "darabonba-core")


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Credentials:
    """An access key, and the STS token that belongs to it if there is one."""

    access_key_id: str
    access_key_secret: str
    security_token: str = ""

    def __post_init__(self) -> None:
        """Raises `ValueError`: what does not fit into a header would fail later, in an error that shows it."""
        for value in (self.access_key_id, self.access_key_secret, self.security_token):
            if not value.isascii() or not value.isprintable() or " " in value:
                raise ValueError("credentials are printable ASCII without spaces")
        if not (self.access_key_id and self.access_key_secret):
            raise ValueError("credentials need an access key ID and its secret")

    def __repr__(self) -> str:
        return f"Credentials({HIDDEN})"

    def redact(self, text: str) -> str:
        """`text` without our secrets: the gateway repeats what it was sent in its messages."""
        for secret in (self.access_key_secret, self.security_token, self.access_key_id):
            for spelling in (secret, quote(secret, safe="~")):
                text = text.replace(spelling, HIDDEN) if spelling else text
        return text


class RamExtraMissing(RuntimeError):
    """There are no static keys, and the library that fetches a RAM role's is not installed."""


class CredentialsProvider(Protocol):
    async def current(self) -> Credentials: ...


@dataclass(frozen=True, slots=True)
class StaticCredentials:
    credentials: Credentials

    async def current(self) -> Credentials:
        return self.credentials


class RamCredentials:
    """The credentials of a RAM role, fetched and refreshed by `alibabacloud-credentials`.

    That library reads the environment when imported, starts a thread and blocks while it fetches: so it is
    imported when first needed, and called in a thread. By default it goes through its default chain, which
    ends with the metadata address of an ECS instance.
    """

    def __init__(self, open_provider: Callable[[], Any] | None = None) -> None:
        if find_spec("alibabacloud_credentials") is None:
            raise RamExtraMissing("RAM roles need the extra `ram`: pip install 'quickbi-mailbot[ram]'")
        self._open_provider = open_provider or _default_chain
        self._provider: Any = None
        self._opening = asyncio.Lock()

    async def current(self) -> Credentials:
        """Raises `QuickBIUnavailable`, before anything was sent to Quick BI."""
        try:
            async with asyncio.timeout(RAM_TIME_LIMIT), self._opening:
                return await asyncio.to_thread(self._fetch)
        except Exception as error:  # noqa: BLE001 (whatever a library of twenty packages may raise)
            # Not its message, which may be a whole answer of the metadata service with the secrets in it.
            said = type(error).__name__
        raise QuickBIUnavailable(f"no RAM credentials could be had: {said}", outcome_unknown=False)

    def _fetch(self) -> Credentials:
        if self._provider is None:
            self._provider = self._open_provider()
            _silence_the_vendor()
        found = self._provider.get_credentials()
        return Credentials(
            access_key_id=found.get_access_key_id(),
            access_key_secret=found.get_access_key_secret(),
            security_token=found.get_security_token() or "",
        )


def _silence_the_vendor() -> None:
    """Call it once its modules are imported: older versions have a logger for each of them."""
    own = [name for name in logging.root.manager.loggerDict if name.startswith("alibabacloud_credentials")]
    for name in (*_VENDOR_LOGGERS, *own):
        logging.getLogger(name).disabled = True


def _default_chain() -> Any:
    return import_module("alibabacloud_credentials.provider").DefaultCredentialsProvider()
