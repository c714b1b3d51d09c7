"""Verifies ACS3-HMAC-SHA256 as the cloud's gateway does. Written on its own: knows nothing of who signs.

https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature

`verify(request, key, now=…, nonces=…)` answers None when all is well, else the `Refusal` to send back.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote

from bot.sandbox.world import refusals
from bot.sandbox.world.refusals import Refusal

ALGORITHM = "ACS3-HMAC-SHA256"
FRESH_FOR = timedelta(minutes=15)
REQUIRED = frozenset(
    {"host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"}
)
TOKEN_HEADER = "x-acs-security-token"  # noqa: S105  a header's name

_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} +Credential=(?P<key>[^,]+), *SignedHeaders=(?P<signed>[^,]+), *Signature=(?P<signature>[^,]+)"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedRequest:
    """A request as it arrived. `query` is what stood behind the `?`; header names are lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessKey:
    """The one key that the server knows. With a `security_token` it is a temporary (STS) key."""

    key_id: str
    secret: str = field(repr=False)
    security_token: str | None = field(default=None, repr=False)


class NonceLog:
    """Remembers nonces for as long as a date keeps a request fresh: afterwards the date refuses it."""

    def __init__(self) -> None:
        self._used: dict[str, datetime] = {}

    def __len__(self) -> int:
        return len(self._used)

    def take(self, nonce: str, now: datetime) -> bool:
        """False if this nonce was used before."""
        self._forget(now - 2 * FRESH_FOR)
        if nonce in self._used:
            return False
        self._used[nonce] = now
        return True

    def _forget(self, before: datetime) -> None:
        """The dict is in the order of use, so the stale ones stand in front."""
        while self._used:
            oldest = next(iter(self._used))
            if self._used[oldest] >= before:
                return
            del self._used[oldest]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Claim:
    """What the `Authorization` header says."""

    key_id: str
    signed: tuple[str, ...]
    signature: str


def verify(request: SignedRequest, key: AccessKey, *, now: datetime, nonces: NonceLog) -> Refusal | None:
    """None if `key` signed exactly this request, lately, and for the first time."""
    claim = _claim(request.headers.get("authorization", ""))
    if claim is None:
        return Refusal(
            code="IncompleteSignature", message="The request signature does not conform to Aliyun standards."
        )
    refusal = (
        _judge_key(claim, key)
        or _judge_headers(claim, request)
        or _judge_date(request.headers["x-acs-date"], now)
        or _judge_token(request.headers.get(TOKEN_HEADER), key)
        or _judge_signature(claim, request, key)
    )
    if refusal:
        return refusal
    if not nonces.take(request.headers["x-acs-signature-nonce"], now):
        return Refusal(code="SignatureNonceUsed", message="Specified signature nonce was used already.")
    return None


def canonical_query(query: str) -> str:
    """Decoded (`+` is a space) and written again, sorted: clients differ in how they escape."""
    pairs = parse_qsl(query, keep_blank_values=True, errors="surrogateescape")
    return "&".join(f"{_escaped(name)}={_escaped(value)}" for name, value in sorted(pairs))


def canonical_request(request: SignedRequest, signed: tuple[str, ...]) -> str:
    headers = "".join(f"{name}:{request.headers[name].strip()}\n" for name in signed)
    return "\n".join(
        (
            request.method,
            request.path or "/",
            canonical_query(request.query),
            headers,
            ";".join(signed),
            hashlib.sha256(request.body).hexdigest(),
        )
    )


def string_to_sign(canonical: str) -> str:
    return f"{ALGORITHM}\n{hashlib.sha256(_bytes(canonical)).hexdigest()}"


def signature_of(canonical: str, secret: str) -> str:
    return hmac.new(secret.encode(), string_to_sign(canonical).encode(), hashlib.sha256).hexdigest()


def _claim(authorization: str) -> _Claim | None:
    match = _AUTHORIZATION.fullmatch(authorization.strip())
    if match is None:
        return None
    signed = tuple(sorted(match["signed"].lower().split(";")))
    return _Claim(key_id=match["key"], signed=signed, signature=match["signature"])


def _judge_key(claim: _Claim, key: AccessKey) -> Refusal | None:
    if hmac.compare_digest(_bytes(claim.key_id), key.key_id.encode()):
        return None
    return refusals.KEY_UNKNOWN


def _judge_headers(claim: _Claim, request: SignedRequest) -> Refusal | None:
    """Every `x-acs-` header must be signed, the required ones must be there, the rest must not be invented."""
    present = {name for name in request.headers if name.startswith("x-acs-")}
    unsigned = (REQUIRED | present) - set(claim.signed)
    missing = (REQUIRED | set(claim.signed)) - set(request.headers)
    if not unsigned and not missing:
        return None
    names = ", ".join(sorted(unsigned | missing))
    return Refusal(
        code="IncompleteSignature",
        message=f"The request signature does not conform to Aliyun standards. Not signed or missing: {names}.",
    )


def _judge_date(date: str, now: datetime) -> Refusal | None:
    try:
        signed_at = datetime.strptime(date, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return Refusal(
            code="InvalidTimeStamp.Format",
            message="Specified time stamp or date value is not well formatted.",
        )
    if abs(now - signed_at) <= FRESH_FOR:
        return None
    return refusals.TIMESTAMP


def _judge_token(token: str | None, key: AccessKey) -> Refusal | None:
    match token, key.security_token:
        case None, None:
            return None
        case None, str():
            return Refusal(code="MissingSecurityToken", message="SecurityToken is mandatory for this action.")
        case str(), None:
            return Refusal(
                code="InvalidSecurityToken.MismatchWithAccessKey",
                message="Specified SecurityToken mismatch with the AccessKey.",
            )
        case given, right:
            if hmac.compare_digest(_bytes(given or ""), (right or "").encode()):
                return None
            return Refusal(
                code="InvalidSecurityToken.Malformed", message="Specified SecurityToken is malformed."
            )


def _judge_signature(claim: _Claim, request: SignedRequest, key: AccessKey) -> Refusal | None:
    canonical = canonical_request(request, claim.signed)
    body_told = request.headers["x-acs-content-sha256"].strip()
    body_is_right = hmac.compare_digest(_bytes(body_told), hashlib.sha256(request.body).hexdigest().encode())
    if body_is_right and hmac.compare_digest(
        _bytes(claim.signature), signature_of(canonical, key.secret).encode()
    ):
        return None
    return Refusal(
        code="SignatureDoesNotMatch",
        message=(
            "Specified signature does not match our calculation. "
            f"server StringToSign is [{string_to_sign(canonical)}], server CanonicalRequest is [{canonical}]"
        ),
    )


def _escaped(text: str) -> str:
    return quote(text, safe="~", errors="surrogateescape")


def _bytes(text: str) -> bytes:
    """Headers may hold anything: `compare_digest` and hashes want bytes."""
    return text.encode(errors="surrogateescape")
