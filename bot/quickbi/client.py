"""Quick BI's three operations over HTTP: one connection pool, signed attempts, time limits and retries."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from random import random
from time import monotonic
from typing import Self, TypeVar
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx

from bot.domain import (
    MailId,
    MailPage,
    MailRef,
    ProtocolError,
    QuickBIError,
    QuickBIUnavailable,
    StatusAnswer,
    TaskId,
)
from bot.quickbi import wire
from bot.quickbi.credentials import CredentialsProvider
from bot.quickbi.endpoints import endpoint_url, is_loopback
from bot.quickbi.retry import pause_before_retry
from bot.quickbi.signing import Acs3Auth

Read = TypeVar("Read")


# Quick BI answers that it gave up after 10 s.
TIME_LIMITS = httpx.Timeout(connect=5.0, read=12.0, write=5.0, pool=5.0)
ATTEMPT_LIMIT = 15.0  # seconds for a whole attempt: a slow body stays within the limit of each read
LARGEST_BODY = 4 * 2**20  # bytes, unpacked; a page of 100 mails has about 30,000
POOL = httpx.Limits(max_connections=10, max_keepalive_connections=5, keepalive_expiry=30.0)
SENT = "http11.send_request_body.complete"
LIST_ATTEMPTS = 3
RUN_ATTEMPTS = 3
# The request was never sent.
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)

_log = logging.getLogger(__name__)


class QuickBIClient:
    """Implements `bot.domain.ports.QuickBI`. Close it with `aclose`, or use it as a context manager.

    `status_sent` is called when a status call is on the wire, which is later than its attempt begins where a
    connection has to be made first; `on_call` with the operation, error and seconds of each attempt.
    """

    def __init__(
        self,
        *,
        endpoint: str,
        credentials: CredentialsProvider,
        timezone: ZoneInfo,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        nonce: Callable[[], str] = lambda: uuid4().hex,
        jitter: Callable[[], float] = random,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        time_limits: httpx.Timeout = TIME_LIMITS,
        attempt_limit: float = ATTEMPT_LIMIT,
        status_sent: Callable[[], None] = lambda: None,
        on_call: Callable[[str, QuickBIError | None, float], None] = lambda *_: None,
    ) -> None:
        self._url = endpoint_url(endpoint)
        self._credentials = credentials
        self._timezone = timezone
        self._clock = clock
        self._nonce = nonce
        self._jitter = jitter
        self._sleep = sleep
        self._attempt_limit = attempt_limit
        self._status_sent = status_sent
        self._on_call = on_call
        self._http = httpx.AsyncClient(
            transport=transport,
            timeout=time_limits,
            limits=POOL,
            follow_redirects=False,
            event_hooks={"response": [_drop_location]},
            trust_env=not is_loopback(self._url),
            headers={"user-agent": "quickbi-mailbot", "accept": "application/json"},
        )

    def use(self, credentials: CredentialsProvider) -> None:
        """Sign with these from the next attempt on."""
        self._credentials = credentials

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._http.aclose()

    async def get_task_status(
        self,
        mail_id: MailId,
        task_id: TaskId | None = None,
        *,
        attempts: int = 1,
        before_attempt: Callable[[], Awaitable[None]] | None = None,
        after_failure: Callable[[QuickBIError], Awaitable[None]] | None = None,
    ) -> StatusAnswer:
        asked = MailRef(mail_id=mail_id, task_id=task_id)
        call = wire.ask_status(asked)

        def read(answer: wire.Answer) -> StatusAnswer:
            return wire.read_status(call, answer, asked=asked, zone=self._timezone, now=self._clock())

        return await self._ask(
            call, read, attempts=attempts, before_attempt=before_attempt, after_failure=after_failure
        )

    async def list_mails(self, *, page: int = 1, page_size: int = 100) -> MailPage:
        call = wire.ask_mails(page=page, page_size=page_size)

        def read(answer: wire.Answer) -> MailPage:
            return wire.read_mails(call, answer, page=page)

        return await self._ask(call, read, attempts=LIST_ATTEMPTS)

    async def run_mail(self, mail_id: MailId) -> str:
        """Start a run; returns the request ID.

        After `ProtocolError`, or `QuickBIUnavailable` with `outcome_unknown`, the mail may be running.
        """
        call = wire.ask_run(mail_id)
        return await self._ask(call, lambda answer: wire.read_run(call, answer), attempts=RUN_ATTEMPTS)

    async def server_time_offset(self) -> timedelta:
        """How far Quick BI's clock is ahead of ours, to about a second.

        Costs no status call: the gateway refuses an unsigned request, with a `Date` header.
        """
        asked_at = self._clock()
        response, _ = await self._exchange(self._http.build_request("GET", self._url), auth=None)
        midway = asked_at + (self._clock() - asked_at) / 2
        half_a_second = timedelta(seconds=0.5)  # the header counts whole seconds
        return _date_of(response) + half_a_second - midway

    async def _ask(
        self,
        call: wire.Call,
        read: Callable[[wire.Answer], Read],
        *,
        attempts: int,
        before_attempt: Callable[[], Awaitable[None]] | None = None,
        after_failure: Callable[[QuickBIError], Awaitable[None]] | None = None,
    ) -> Read:
        attempt = 0
        while True:
            attempt += 1
            if before_attempt:
                await before_attempt()
            began = monotonic()
            try:
                result = read(await self._attempt(call))
            except QuickBIError as error:
                pause = pause_before_retry(
                    error,
                    attempt=attempt,
                    attempts=attempts,
                    repeatable=call.repeatable,
                    jitter=self._jitter(),
                )
                self._on_call(call.operation, error, monotonic() - began)
                _log_failure(call, error, attempt=attempt, again_in=pause)
                if after_failure:
                    await after_failure(error)
                if pause is None:
                    raise
            else:
                self._on_call(call.operation, None, monotonic() - began)
                return result
            await self._sleep(pause)

    async def _attempt(self, call: wire.Call) -> wire.Answer:
        credentials = await self._credentials.current()
        request = self._http.build_request(
            "POST",
            self._url.copy_with(query=call.query.encode("ascii")),
            headers={"x-acs-action": call.operation, "x-acs-version": wire.API_VERSION},
            extensions={"trace": self._note_sent} if call.operation == wire.STATUS else None,
        )
        auth = Acs3Auth(credentials, clock=self._clock, nonce=self._nonce)
        response, body = await self._exchange(request, auth=auth)
        return wire.Answer(
            status=response.status_code, headers=response.headers, body=body, redact=credentials.redact
        )

    async def _note_sent(self, event: str, _info: object) -> None:
        """https://www.encode.io/httpcore/extensions/#trace"""
        if event == SENT:
            self._status_sent()

    async def _exchange(
        self, request: httpx.Request, *, auth: Acs3Auth | None
    ) -> tuple[httpx.Response, bytes]:
        """`from None`: httpx's errors hold the request, and so our secrets."""
        try:
            async with asyncio.timeout(self._attempt_limit):
                return await self._send(request, auth=auth)
        except NEVER_SENT as error:
            # Why there was no connection, for the operator: DNS, a refused port, an untrusted certificate.
            raise QuickBIUnavailable(f"{type(error).__name__}: {error}", outcome_unknown=False) from None
        except httpx.DecodingError:
            raise ProtocolError("the body is not encoded as its header says") from None
        except (httpx.HTTPError, TimeoutError) as error:
            raise QuickBIUnavailable(type(error).__name__, outcome_unknown=True) from None

    async def _send(self, request: httpx.Request, *, auth: Acs3Auth | None) -> tuple[httpx.Response, bytes]:
        response = await self._http.send(request, auth=auth, stream=True)
        try:
            return response, await _bounded_body(response)
        finally:
            await response.aclose()


async def _drop_location(response: httpx.Response) -> None:
    """Httpx parses `Location` even where it does not follow it, and fails if that is no URL."""
    response.headers.pop("location", None)


async def _bounded_body(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise ProtocolError(f"HTTP {response.status_code}, a body of over {LARGEST_BODY} bytes")
    return bytes(body)


def _date_of(response: httpx.Response) -> datetime:
    """The header is in UTC by its standard, whatever zone it names."""
    try:
        return parsedate_to_datetime(response.headers.get("date", "")).replace(tzinfo=UTC)
    except ValueError:
        raise ProtocolError("the answer does not say what time it is") from None


def _log_failure(call: wire.Call, error: QuickBIError, *, attempt: int, again_in: float | None) -> None:
    """The last failure is logged by the caller, too."""
    _log.log(
        logging.DEBUG if again_in is None else logging.INFO,
        "quickbi_call_failed",
        extra={
            "operation": call.operation,
            "error": type(error).__name__,
            "detail": str(error),
            "code": error.code,
            "request_id": error.request_id,
            "attempt": attempt,
            "again_in": again_in,
        },
    )
