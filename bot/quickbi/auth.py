"""Signs each attempt as it leaves, over the very bytes that are sent, with a new nonce and date."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

import httpx

from bot.quickbi.signing import EMPTY_BODY_SHA256, authorization

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from datetime import datetime

    from bot.quickbi.credentials import Credentials


class Acs3Auth(httpx.Auth):
    """One attempt's signature: a nonce counts once, so each attempt starts the flow anew."""

    def __init__(
        self, credentials: Credentials, *, clock: Callable[[], datetime], nonce: Callable[[], str]
    ) -> None:
        self._credentials = credentials
        self._clock = clock
        self._nonce = nonce

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """For requests without a body, as all of Quick BI's are."""
        request.headers["x-acs-date"] = f"{self._clock().astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        request.headers["x-acs-signature-nonce"] = self._nonce()
        request.headers["x-acs-content-sha256"] = EMPTY_BODY_SHA256
        if self._credentials.security_token:
            request.headers["x-acs-security-token"] = self._credentials.security_token
        request.headers["authorization"] = authorization(
            access_key_id=self._credentials.access_key_id,
            access_key_secret=self._credentials.access_key_secret,
            method=request.method,
            path=request.url.raw_path.partition(b"?")[0].decode("ascii"),
            query=request.url.query.decode("ascii"),
            headers={name: value for name, value in request.headers.items() if _is_signed(name)},
        )
        yield request


def _is_signed(name: str) -> bool:
    """The headers that say what is asked for. Others may be changed on the way by a proxy."""
    return name == "host" or name.startswith("x-acs-")
