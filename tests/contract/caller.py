"""Calls the simulated Quick BI with requests signed step by step, so that each step can be got wrong."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import httpx

from bot.sandbox.signature import SignedRequest, canonical_request, signature_of

if TYPE_CHECKING:
    from bot.sandbox.quickbi import SimulatedQuickBI

EMPTY_BODY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def plain_http() -> httpx.AsyncClient:
    """A client without a TLS context, which would take 50 ms."""
    return httpx.AsyncClient(timeout=5.0, trust_env=False, verify=False)  # noqa: S501 (plain HTTP on loopback)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """A request to be signed. `extra` headers are signed too; `added` query text is not."""

    action: str
    parameters: dict[str, str] = field(default_factory=dict)
    key_id: str = ""
    secret: str = ""
    token: str | None = None
    at: datetime | None = None
    nonce: str = ""
    version: str = "2022-01-01"
    extra: dict[str, str] = field(default_factory=dict)
    added: str = ""


def signed_headers(ask: Ask, *, host: str, query: str) -> dict[str, str]:
    """All that a call needs, `authorization` last."""
    headers = {
        "host": host,
        "x-acs-action": ask.action,
        "x-acs-content-sha256": EMPTY_BODY,
        "x-acs-date": f"{ask.at or datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "x-acs-signature-nonce": ask.nonce or uuid4().hex,
        "x-acs-version": ask.version,
        **({"x-acs-security-token": ask.token} if ask.token else {}),
        **ask.extra,
    }
    names = tuple(sorted(headers))
    request = SignedRequest(method="POST", path="/", query=query, headers=headers)
    signature = signature_of(canonical_request(request, names), ask.secret)
    credential = f"Credential={ask.key_id},SignedHeaders={';'.join(names)},Signature={signature}"
    return {**headers, "authorization": f"ACS3-HMAC-SHA256 {credential}"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """One client of one simulated Quick BI."""

    quickbi: SimulatedQuickBI
    http: httpx.AsyncClient

    def ask(self, action: str, **parameters: str) -> Ask:
        return Ask(
            action=action,
            parameters=parameters,
            key_id=self.quickbi.access_key_id,
            secret=self.quickbi.access_key_secret,
            token=self.quickbi.security_token,
        )

    async def send(self, ask: Ask, **headers: str) -> httpx.Response:
        """`headers` replace signed ones after signing (`_` stands for `-`)."""
        query = urlencode(ask.parameters, quote_via=quote)
        signed = signed_headers(ask, host=self.quickbi.endpoint.removeprefix("http://"), query=query)
        signed.update({name.replace("_", "-"): value for name, value in headers.items()})
        return await self.http.post(f"{self.quickbi.endpoint}/?{query}{ask.added}", headers=signed)

    async def call(self, action: str, **parameters: str) -> httpx.Response:
        return await self.send(self.ask(action, **parameters))

    async def status(self, mail_id: str, task_id: int | None = None) -> httpx.Response:
        more = {} if task_id is None else {"TaskId": str(task_id)}
        return await self.call("GetMailTaskStatus", MailId=mail_id, **more)

    async def run(self, mail_id: str) -> httpx.Response:
        return await self.call("ManualRunMailTask", MailId=mail_id)

    async def words(self, mail_id: str) -> list[Any]:
        """The status of each run in the answer."""
        return [run["status"] for run in (await self.status(mail_id)).json()["Result"]]


def other(ask: Ask, **changes: Any) -> Ask:
    return replace(ask, **changes)
