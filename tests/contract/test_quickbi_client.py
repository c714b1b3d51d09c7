"""The client's behaviour: attempts, signatures, limits and broken connections, over a transport made for each test."""

from __future__ import annotations

import asyncio
import gzip
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from bot.domain import (
    ProtocolError,
    QuickBIError,
    QuickBIUnavailable,
    RunRefused,
    RunStatus,
    Throttled,
    UnknownRefusal,
)
from bot.quickbi.client import LARGEST_BODY
from tests.contract.scripted_quickbi import (
    MAIL_ID,
    NOON,
    TASK,
    Script,
    Step,
    ask,
    refusal,
    replay,
)
from tests.support.answers import MAIL, REQUEST_ID, recorded
from tests.support.secrets import SECURITY_TOKEN

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

# --- what is asked, and what comes back


async def test_a_status_is_asked_for() -> None:
    """One signed POST without a body; the answer's runs come back as values."""
    script = Script(steps=[replay("status_failed")])
    async with script.client() as client:
        told = await client.get_task_status(MAIL_ID)
    [request] = script.requests
    assert (request.method, str(request.url)) == ("POST", f"https://quickbi.example/?MailId={MAIL}")
    assert request.headers["x-acs-action"] == "GetMailTaskStatus"
    assert request.headers["x-acs-version"] == "2022-01-01"
    assert request.headers["x-acs-security-token"] == SECURITY_TOKEN
    assert request.headers["content-length"] == "0"
    assert [run.status for run in told.runs] == [RunStatus.FAILED]
    assert told.request_id == REQUEST_ID


async def test_a_run_is_asked_for_by_its_task_id() -> None:
    """The task ID goes along, to the last digit."""
    script = Script(steps=[replay("status_sent")])
    async with script.client() as client:
        told = await client.get_task_status(MAIL_ID, TASK)
    assert script.requests[0].url.query == f"MailId={MAIL}&TaskId=7218865303929605212".encode()
    assert [run.task_id for run in told.runs] == [TASK]


async def test_the_list_is_read_page_by_page() -> None:
    """Following `next_page` until there is none reads every page once."""
    script = Script(steps=[replay("list_page"), replay("list_last_page")])
    names: list[str] = []
    page: int | None = 1
    async with script.client() as client:
        while page is not None:
            told = await client.list_mails(page=page, page_size=2)
            names += [mail.name for mail in told.mails]
            page = told.next_page
    assert names == ["周报 1", "周报 2", "周报 3"]
    assert [request.url.query for request in script.requests] == [
        b"PageNum=1&PageSize=2",
        b"PageNum=2&PageSize=2",
    ]


async def test_a_mail_is_run() -> None:
    """What comes back is the request ID."""
    script = Script(steps=[replay("run_started")])
    async with script.client() as client:
        assert await client.run_mail(MAIL_ID) == REQUEST_ID
    assert script.requests[0].headers["x-acs-action"] == "ManualRunMailTask"


# --- attempts


async def test_every_attempt_has_its_own_nonce_date_and_signature() -> None:
    """A repeated request with the old nonce would be refused."""
    script = Script(steps=[refusal("InternalError", status=500), replay("status_sent")])
    async with script.client() as client:
        await ask(client, attempts=2)
    first, second = script.requests
    for header in ("x-acs-signature-nonce", "x-acs-date", "authorization"):
        assert first.headers[header] != second.headers[header]


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(refusal("SignatureNonceUsed"), id="a nonce that was used on the way"),
        pytest.param(refusal("Throttling.User"), id="throttled"),
        pytest.param(refusal("ServiceUnavailable", status=503), id="unavailable"),
        pytest.param(replay("html_502"), id="a gateway's page"),
        pytest.param(httpx.ConnectError("refused"), id="no connection"),
        pytest.param(httpx.ReadTimeout("slow"), id="no answer"),
    ],
)
async def test_a_passing_failure_is_tried_again_and_paid_for_each_time(failure: Step) -> None:
    """Reading is repeated after a pause, and the call budget is asked before every attempt."""
    script = Script(steps=[failure, failure, replay("status_sent")])
    paid: list[int] = []

    async def pay() -> None:
        paid.append(len(script.requests))

    async with script.client() as client:
        await client.get_task_status(MAIL_ID, attempts=3, before_attempt=pay)
    assert paid == [0, 1, 2]
    assert len(script.pauses) == 2
    assert all(pause > 0 for pause in script.pauses)


async def test_each_failed_attempt_is_told_at_once() -> None:
    """Before the pause that follows it, and also where the next attempt goes well."""
    script = Script(steps=[refusal("Throttling.User"), replay("error_throttled"), replay("status_sent")])
    told: list[tuple[type[QuickBIError], int]] = []

    async def hear(error: QuickBIError) -> None:
        told.append((type(error), len(script.pauses)))

    async with script.client() as client:
        await client.get_task_status(MAIL_ID, attempts=3, after_failure=hear)
    assert told == [(Throttled, 0), (Throttled, 1)]


async def test_one_attempt_unless_more_are_granted() -> None:
    """The call budget is someone else's to spend."""
    script = Script(steps=[refusal("Throttling.User")])
    async with script.client() as client:
        with pytest.raises(Throttled):
            await client.get_task_status(MAIL_ID)
    assert (len(script.requests), script.pauses) == (1, [])


async def test_the_last_failure_is_the_one_that_is_told() -> None:
    """Attempts end; the error is the last attempt's."""
    script = Script(steps=[refusal("Throttling.User"), httpx.ReadTimeout("slow")])
    async with script.client() as client:
        with pytest.raises(QuickBIUnavailable):
            await ask(client, attempts=3)
    assert len(script.requests) == 3


async def test_the_stated_wait_is_kept() -> None:
    """`x-acs-retry-after` is obeyed before the next attempt."""
    script = Script(steps=[replay("error_throttled"), replay("status_sent")])
    async with script.client() as client:
        await ask(client, attempts=2)
    assert script.pauses == [0.75]


async def test_a_budget_that_refuses_stops_the_call() -> None:
    """Nothing is sent that nobody paid for."""
    script = Script(steps=[replay("status_sent")])

    async def refuse() -> None:
        raise Throttled(retry_after=5.0)

    async with script.client() as client:
        with pytest.raises(Throttled):
            await client.get_task_status(MAIL_ID, attempts=3, before_attempt=refuse)
    assert script.requests == []


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        pytest.param(httpx.ReadTimeout("slow"), QuickBIUnavailable, id="no answer in time"),
        pytest.param(httpx.ReadError("reset"), QuickBIUnavailable, id="connection lost"),
        pytest.param(httpx.WriteError("reset"), QuickBIUnavailable, id="connection lost while asking"),
        pytest.param(httpx.RemoteProtocolError("gone"), QuickBIUnavailable, id="closed without an answer"),
        pytest.param(refusal("InternalError", status=500), QuickBIUnavailable, id="HTTP 500"),
        pytest.param(refusal("SignatureNonceUsed"), QuickBIUnavailable, id="our request came twice"),
        pytest.param(replay("truncated"), ProtocolError, id="half an answer"),
        pytest.param(replay("html_502"), QuickBIUnavailable, id="a gateway's page"),
        pytest.param(replay("run_not_started"), RunRefused, id="not started"),
        pytest.param(refusal("MailTask.Already.Running"), RunRefused, id="already running"),
        pytest.param(refusal("Never.Seen.Before"), UnknownRefusal, id="unknown code"),
    ],
)
async def test_a_mail_is_never_run_again_after_an_unclear_outcome(
    failure: Step, error: type[QuickBIError]
) -> None:
    """The request reached Quick BI once, and it is not sent a second time."""
    script = Script(steps=[failure])
    async with script.client() as client:
        with pytest.raises(error):
            await client.run_mail(MAIL_ID)
    assert len(script.requests) == 1


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(refusal("Throttling.Api"), id="refused for pace"),
        pytest.param(httpx.ConnectError("refused"), id="no connection"),
        pytest.param(httpx.ConnectTimeout("slow"), id="no connection in time"),
    ],
)
async def test_a_mail_is_run_again_where_it_surely_was_not(failure: Step) -> None:
    """A clear refusal, or a request that never left, may be followed by another."""
    script = Script(steps=[failure, replay("run_started")])
    async with script.client() as client:
        assert await client.run_mail(MAIL_ID) == REQUEST_ID
    assert len(script.requests) == 2


# --- failures of the way there and back


@pytest.mark.parametrize(
    ("failure", "outcome_unknown"),
    [
        pytest.param(httpx.ConnectError("refused"), False, id="ConnectError"),
        pytest.param(httpx.ConnectTimeout("slow"), False, id="ConnectTimeout"),
        pytest.param(httpx.PoolTimeout("full"), False, id="PoolTimeout"),
        pytest.param(httpx.ReadTimeout("slow"), True, id="ReadTimeout"),
        pytest.param(httpx.WriteTimeout("slow"), True, id="WriteTimeout"),
        pytest.param(httpx.ReadError("reset"), True, id="ReadError"),
        pytest.param(httpx.WriteError("reset"), True, id="WriteError"),
        pytest.param(httpx.CloseError("reset"), True, id="CloseError"),
        pytest.param(httpx.RemoteProtocolError("gone"), True, id="RemoteProtocolError"),
        pytest.param(httpx.LocalProtocolError("ours"), True, id="LocalProtocolError"),
        pytest.param(httpx.ProxyError("407"), True, id="ProxyError"),
    ],
)
async def test_a_broken_connection(failure: Step, *, outcome_unknown: bool) -> None:
    """Quick BI is unavailable; only what never left has surely not been carried out."""
    script = Script(steps=[failure])
    async with script.client() as client:
        with pytest.raises(QuickBIUnavailable) as unavailable:
            await ask(client)
    assert unavailable.value.outcome_unknown is outcome_unknown


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
@pytest.mark.parametrize(
    "location", ["https://elsewhere.example/", "", "mailto:x", "https://[", "specified: a b", "\udcff"]
)
async def test_a_redirect_is_not_followed(status: int, location: str) -> None:
    """A signed request goes nowhere but to the endpoint, however odd the place that it is sent to."""
    away = httpx.Response(status, headers={b"location": location.encode("utf-8", "surrogateescape")})
    script = Script(steps=[away])
    async with script.client() as client:
        with pytest.raises(ProtocolError):
            await ask(client)
    assert len(script.requests) == 1


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b" " * (LARGEST_BODY + 1), id="plain"),
        pytest.param(gzip.compress(b" " * (LARGEST_BODY * 4)), id="packed small"),
    ],
)
async def test_a_body_without_end_is_not_swallowed(content: bytes) -> None:
    """Memory is bounded by what a page of mails can need, also where little came over the wire."""
    packed = {"content-encoding": "gzip"} if content[:2] == b"\x1f\x8b" else {}

    async def stream() -> AsyncIterator[bytes]:
        yield content

    script = Script(steps=[httpx.Response(200, headers=packed, content=stream())])
    async with script.client() as client:
        with pytest.raises(ProtocolError):
            await ask(client)


async def test_a_packed_answer_is_unpacked() -> None:
    """gzip, as the gateway sends it where it is accepted."""
    body = gzip.compress(recorded("status_sent").body)
    script = Script(steps=[httpx.Response(200, headers={"content-encoding": "gzip"}, content=body)])
    async with script.client() as client:
        assert (await client.get_task_status(MAIL_ID)).latest is not None


async def test_a_body_that_is_not_packed_as_its_header_says() -> None:
    """What cannot be unpacked is a broken protocol."""

    async def stream() -> AsyncIterator[bytes]:
        yield b"not gzip"

    packed = httpx.Response(200, headers={"content-encoding": "gzip"}, content=stream())
    script = Script(steps=[packed])
    async with script.client() as client:
        with pytest.raises(ProtocolError):
            await ask(client)


async def test_cancellation_is_not_swallowed() -> None:
    """Whoever cancels a call while it waits between attempts is obeyed at once."""
    script = Script(steps=[refusal("Throttling.User")])
    waiting = asyncio.Event()

    async def wait_for_ever(_: float) -> None:
        waiting.set()
        await asyncio.Event().wait()

    async with script.client() as client:
        client._sleep = wait_for_ever
        call = asyncio.create_task(client.get_task_status(MAIL_ID, attempts=2))
        async with asyncio.timeout(5):
            await waiting.wait()
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
    assert len(script.requests) == 1


# --- the clock


@pytest.mark.parametrize("status", [200, 400, 404, 302, 500])
async def test_the_clock_is_compared_without_a_call(status: int) -> None:
    """An unsigned request is refused, and its refusal tells the time."""
    script = Script(steps=[httpx.Response(status, headers={"date": "Fri, 02 Jan 2026 12:20:00 GMT"})])
    async with script.client(clock=lambda: NOON) as client:
        offset = await client.server_time_offset()
    assert offset == timedelta(minutes=20, seconds=0.5)
    [request] = script.requests
    assert "authorization" not in request.headers
    assert "x-acs-action" not in request.headers


@pytest.mark.parametrize("headers", [{}, {"date": "yesterday"}, {"date": ""}])
async def test_an_answer_that_does_not_tell_the_time(headers: dict[str, str]) -> None:
    """Not knowing is not "no offset"."""
    script = Script(steps=[httpx.Response(400, headers=headers)])
    async with script.client() as client:
        with pytest.raises(ProtocolError):
            await client.server_time_offset()


async def test_the_clock_cannot_be_compared() -> None:
    """No connection, no time."""
    script = Script(steps=[httpx.ConnectError("refused")])
    async with script.client() as client:
        with pytest.raises(QuickBIUnavailable):
            await client.server_time_offset()
