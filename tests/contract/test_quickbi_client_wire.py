"""The client over real connections: the bytes that leave, the time that it takes, what the logs show."""

from __future__ import annotations

import asyncio
import logging
import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import httpx
import pytest

from bot.domain import MailId, ProtocolError, QuickBIError, QuickBIUnavailable, TaskId
from bot.quickbi.client import QuickBIClient
from bot.quickbi.signing import authorization
from tests.contract.raw_server import http, raw_server, saying
from tests.contract.scripted_quickbi import PLANTED_KEY
from tests.support.answers import MAIL, recorded
from tests.support.certificate import Certificate, make_certificate
from tests.support.secrets import ACCESS_KEY_ID, ACCESS_KEY_SECRET, assert_no_secrets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.contract.raw_server import Answer

MAIL_ID = MailId(MAIL)
SENT = http(recorded("status_sent").body)
SHORT = httpx.Timeout(connect=0.2, read=0.2, write=0.2, pool=0.2)
ODD_MAIL_IDS = [
    "a b",
    "a+b",
    "100%",
    "%41%2B",
    "~*'()!",
    "a/b?c#d&e=f",
    'quote"back`tick',
    "line\nbreak\ttab",
    "周报 é 😀",
    "<!channel>",
]


def client_of(url: str, *, attempt_limit: float = 5.0) -> QuickBIClient:
    return QuickBIClient(
        endpoint=url,
        credentials=PLANTED_KEY,
        timezone=ZoneInfo("Asia/Shanghai"),
        clock=lambda: datetime(2026, 1, 2, 12, 0, tzinfo=UTC),
        time_limits=SHORT,
        attempt_limit=attempt_limit,
    )


@pytest.mark.parametrize("mail_id", ODD_MAIL_IDS)
async def test_the_bytes_on_the_wire_are_the_bytes_that_were_signed(mail_id: str) -> None:
    """A server that takes the request line and headers as they came finds the signature right."""
    async with raw_server(saying(http(recorded("status_never_ran").body))) as server:
        async with client_of(server.url) as client:
            await client.get_task_status(MailId(mail_id), TaskId(7))
        method, target, _ = server.request_line.split(" ")
        headers = server.headers
    names = headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    assert headers["host"] == server.url.removeprefix("http://")
    assert headers["authorization"] == authorization(
        access_key_id=ACCESS_KEY_ID,
        access_key_secret=ACCESS_KEY_SECRET,
        method=method,
        path="/",
        query=target.removeprefix("/?"),
        headers={name: headers[name] for name in names},
    )


async def test_one_connection_is_kept() -> None:
    """Call after call goes over the same connection."""
    async with raw_server(saying(SENT)) as server, client_of(server.url) as client:
        for _ in range(5):
            await client.get_task_status(MAIL_ID)
        assert (server.connections, len(server.requests)) == (1, 5)


async def test_a_kept_connection_that_was_closed_meanwhile_is_replaced() -> None:
    """A server may close an idle connection; the next call opens another and succeeds."""
    async with raw_server(saying(SENT, then_close=True)) as server, client_of(server.url) as client:
        for _ in range(3):
            await client.get_task_status(MAIL_ID, attempts=2)
        assert server.connections >= 3


async def silence(_: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def hang_up(writer: asyncio.StreamWriter) -> None:
    writer.close()


async def half_an_answer(writer: asyncio.StreamWriter) -> None:
    writer.write(SENT[:-20])
    await writer.drain()
    writer.close()


async def drip(writer: asyncio.StreamWriter) -> None:
    """Never so slow that a single read would be too slow."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("answer", "attempt_limit"),
    [
        pytest.param(silence, 5.0, id="silence"),
        pytest.param(drip, 0.3, id="a body that drips"),
        pytest.param(hang_up, 5.0, id="closed without an answer"),
        pytest.param(half_an_answer, 5.0, id="closed in the middle"),
        pytest.param(saying(b"not HTTP at all\r\n\r\n"), 5.0, id="not HTTP"),
    ],
)
async def test_an_answer_that_does_not_come(answer: Answer, attempt_limit: float) -> None:
    """It ends in time, and what was asked for may have been done."""
    async with asyncio.timeout(10), raw_server(answer) as server:
        async with client_of(server.url, attempt_limit=attempt_limit) as client:
            with pytest.raises(QuickBIUnavailable) as unavailable:
                await client.run_mail(MAIL_ID)
        assert unavailable.value.outcome_unknown
        assert len(server.requests) == 1


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
async def closed_port() -> AsyncIterator[str]:
    """A port that is taken, and where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


async def test_nobody_listens(closed_port: str) -> None:
    """The request never left, and the operator reads why."""
    async with client_of(closed_port) as client:
        with pytest.raises(QuickBIUnavailable, match="ConnectError") as unavailable:
            await client.get_task_status(MAIL_ID)
    assert not unavailable.value.outcome_unknown


async def test_a_certificate_that_nobody_vouches_for(certificate: Certificate) -> None:
    """Not a byte of the request goes to a server that cannot prove who it is."""
    async with raw_server(saying(SENT), tls=certificate.server()) as server:
        async with client_of(server.url) as client:
            with pytest.raises(QuickBIUnavailable, match="CERTIFICATE_VERIFY_FAILED") as unavailable:
                await client.get_task_status(MAIL_ID)
        assert not unavailable.value.outcome_unknown
        assert server.requests == []


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(saying(SENT), id="all well"),
        pytest.param(saying(http(recorded("error_ram").body, status="403 Forbidden")), id="refused"),
        pytest.param(saying(http(b"", status="302 Found", headers="location: /x\r\n")), id="redirect"),
        pytest.param(hang_up, id="closed"),
        pytest.param(silence, id="silence"),
    ],
)
async def test_no_header_of_ours_reaches_a_log(answer: Answer, caplog: pytest.LogCaptureFixture) -> None:
    """With every logger at its most talkative, neither httpx nor its parts show what we sign with."""
    caplog.set_level(logging.DEBUG)
    shown: list[object] = []
    async with raw_server(answer) as server, client_of(server.url) as client:
        try:
            shown.append(await client.get_task_status(MAIL_ID))
        except QuickBIError as error:
            shown.append(error)
    assert caplog.records
    assert_no_secrets(*shown, caplog=caplog)


async def test_a_very_large_body_is_not_read_to_its_end() -> None:
    """The connection is dropped once there is more than any answer can need."""
    endless = http(b" " * 8 * 2**20)
    async with asyncio.timeout(10), raw_server(saying(endless)) as server, client_of(server.url) as client:
        with pytest.raises(ProtocolError):
            await client.get_task_status(MAIL_ID)
