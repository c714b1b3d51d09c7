"""Alibaba Cloud's request signature, ACS3-HMAC-SHA256. Pure: date and nonce come from the caller.

https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

ALGORITHM = "ACS3-HMAC-SHA256"
EMPTY_BODY_SHA256 = sha256(b"").hexdigest()


def canonical_query(parameters: Mapping[str, str]) -> str:
    """The one spelling of a query that the signature knows; to be sent exactly so.

    `quote` leaves letters, digits and `_.-~` as they are: what the vendor's page asks for. A space is `%20`.
    """
    return "&".join(f"{_encode(key)}={_encode(parameters[key])}" for key in sorted(parameters))


def canonical_request(
    *, method: str, path: str, query: str, headers: Mapping[str, str], body_sha256: str
) -> str:
    """All that is signed, as one text. `headers` are those to be signed, no others."""
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


def _encode(text: str) -> str:
    return quote(text, safe="~", errors="replace")


def _canonical_headers(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    return sorted((name.lower(), value.strip()) for name, value in headers.items())


def _signed_names(lines: list[tuple[str, str]]) -> str:
    return ";".join(name for name, _ in lines)
