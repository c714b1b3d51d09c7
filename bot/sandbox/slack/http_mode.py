"""HTTP mode: deliveries as signed POSTs to the app's request URL, https://docs.slack.dev/apis/events-api/."""

import hashlib
import hmac
import json
import secrets
from urllib.parse import urlencode

from aiohttp import ClientConnectionError, ClientResponse, ClientSession, ClientTimeout

from bot.sandbox.slack.deliveries import Ack, Envelope, EnvelopeType
from bot.sandbox.slack.model import Answered, Json
from bot.sandbox.slack.payloads import VERIFICATION_TOKEN
from bot.sandbox.slack.site import Site

_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"
_BAD_REQUEST, _SERVER_ERROR = 400, 500


class HttpMode:
    """Sends each envelope to one URL and reads the answer as its ack."""

    def __init__(self, site: Site, session: ClientSession, url: str, ack_seconds: float) -> None:
        self._site = site
        self._session = session
        self._url = url
        self._timeout = ClientTimeout(total=ack_seconds)

    async def send(self, envelope: Envelope) -> Ack:
        """Deliver once. Whatever is not a 2xx is a failure."""
        kind, body = _encoded(envelope)
        retry = _retry_headers(envelope) if envelope.type is EnvelopeType.EVENT else {}
        try:
            async with self._session.post(
                self._url, data=body, headers=self._signed(body, kind) | retry, timeout=self._timeout
            ) as response:
                return await _ack(response)
        except TimeoutError:
            return Ack(answered=Answered.TIMED_OUT, code="operation_timeout")
        except ClientConnectionError:
            return Ack(answered=Answered.UNREACHABLE, code="dispatch_failed")

    async def verify_url(self) -> bool:
        """The handshake before Slack accepts a request URL: does it echo the challenge?"""
        challenge = secrets.token_hex(16)
        told = {"token": VERIFICATION_TOKEN, "challenge": challenge, "type": "url_verification"}
        body = json.dumps(told).encode()
        async with self._session.post(
            self._url, data=body, headers=self._signed(body, _JSON), timeout=self._timeout
        ) as response:
            return response.ok and challenge in await response.text()

    def _signed(self, body: bytes, kind: str) -> dict[str, str]:
        timestamp = str(int(self._site.clock()))
        signed = b":".join((b"v0", timestamp.encode(), body))
        digest = hmac.new(self._site.signing_secret.encode(), signed, hashlib.sha256).hexdigest()
        return {
            "Content-Type": kind,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": f"v0={digest}",
        }


def _encoded(envelope: Envelope) -> tuple[str, bytes]:
    if envelope.type is EnvelopeType.EVENT:
        return _JSON, json.dumps(envelope.payload).encode()
    if envelope.type is EnvelopeType.COMMAND:
        return _FORM, urlencode(envelope.payload).encode()
    return _FORM, urlencode({"payload": json.dumps(envelope.payload)}).encode()


def _retry_headers(envelope: Envelope) -> dict[str, str]:
    if envelope.retry_attempt == 0:
        return {}
    return {"X-Slack-Retry-Num": str(envelope.retry_attempt), "X-Slack-Retry-Reason": envelope.retry_reason}


async def _ack(response: ClientResponse) -> Ack:
    """What the app's answer means. JSON that is none counts as no answer that Slack can use."""
    if response.status >= _SERVER_ERROR:
        return Ack(answered=Answered.HTTP_ERROR, code="http_service_error")
    if response.status >= _BAD_REQUEST:
        return Ack(answered=Answered.HTTP_ERROR, code="http_client_error")
    try:
        return Ack(answered=Answered.ACKED, body=_body(response.content_type, await response.text()))
    except ValueError:
        return Ack(answered=Answered.HTTP_ERROR, code="invalid_command_response")


def _body(kind: str, text: str) -> Json | None:
    if not text.strip():
        return None
    if kind != _JSON:
        return {"text": text}
    value = json.loads(text)
    return value if isinstance(value, dict) else None
