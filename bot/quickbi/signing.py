"""Alibaba Cloud's request signature, ACS3-HMAC-SHA256.

https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import quote

import httpx

from bot.quickbi.credentials import Credentials

ALGORITHM = "ACS3-HMAC-SHA256"
EMPTY_BODY_SHA256 = sha256(b"").hexdigest()


def canonical_query(parameters: Mapping[str, str]) -> str:
    """The query as it is signed, and as it must be sent. A space is `%20`; `_.-~` are not encoded."""
    return "&".join(f"{_encode(key)}={_encode(parameters[key])}" for key in sorted(parameters))


def canonical_request(
    *, method: str, path: str, query: str, headers: Mapping[str, str], body_sha256: str
) -> str:
    """`headers` are those to be signed, no others."""
    lines = _canonical_headers(headers)
    header_block = "".join(f"{name}:{value}\n" for name, value in lines)
    return "\n".join((method, path, query, header_block, _signed_names(lines), body_sha256))


def authorization(
    *,
    access_key_id: str,
    access_key_secret: str,
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    body_sha256: str = EMPTY_BODY_SHA256,
) -> str:
    """The value of the `Authorization` header for a request with these parts."""
    request = canonical_request(
        method=method, path=path, query=query, headers=headers, body_sha256=body_sha256
    )
    text = f"{ALGORITHM}\n{sha256(request.encode()).hexdigest()}"
    signature = hmac.new(access_key_secret.encode(), text.encode(), sha256).hexdigest()
    names = _signed_names(_canonical_headers(headers))
    return f"{ALGORITHM} Credential={access_key_id},SignedHeaders={names},Signature={signature}"


@dataclass(frozen=True, slots=True)
class Acs3Auth(httpx.Auth):
    """Signs one attempt of a request without a body: each attempt needs its own nonce and date."""

    credentials: Credentials
    clock: Callable[[], datetime]
    nonce: Callable[[], str]

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["x-acs-date"] = f"{self.clock().astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        request.headers["x-acs-signature-nonce"] = self.nonce()
        request.headers["x-acs-content-sha256"] = EMPTY_BODY_SHA256
        if self.credentials.security_token:
            request.headers["x-acs-security-token"] = self.credentials.security_token
        request.headers["authorization"] = authorization(
            access_key_id=self.credentials.access_key_id,
            access_key_secret=self.credentials.access_key_secret,
            method=request.method,
            path=request.url.raw_path.partition(b"?")[0].decode("ascii"),
            query=request.url.query.decode("ascii"),
            headers={name: value for name, value in request.headers.items() if _is_signed(name)},
        )
        yield request


def _is_signed(name: str) -> bool:
    """Only these: a proxy may change the others."""
    return name == "host" or name.startswith("x-acs-")


def _encode(text: str) -> str:
    return quote(text, safe="~", errors="replace")


def _canonical_headers(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    return sorted((name.lower(), value.strip()) for name, value in headers.items())


def _signed_names(lines: list[tuple[str, str]]) -> str:
    return ";".join(name for name, _ in lines)
