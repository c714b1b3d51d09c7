"""The bot's own HTTP server: health, metrics, and a door that only Slack's signature opens."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import io
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, Gauge
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.app.http_server import (
    LARGEST_REQUEST,
    READ_LIMIT,
    HttpServer,
    PortTaken,
    Report,
    bare,
    event_routes,
    status_routes,
)
from bot.domain import TeamId, UserId
from bot.slack.app import bolt_app
from bot.slack.payloads import Home
from bot.slack.transport.verification import RequestVerification
from tests.support.stopwatch import Stopwatch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from slack_bolt.context.ack.async_ack import AsyncAck

SECRET = "signing-PLANTED"
FORM = "application/x-www-form-urlencoded"
HOME = Home(team_id=TeamId("T1"), enterprise_id="", bot_user_id=UserId("U0BOT"), app_name="Report Bot")
COMMAND = urlencode(
    {"command": "/hello", "user_id": "U1", "team_id": "T1", "channel_id": "C1", "text": "x", "type": ""}
).encode()


class Door:
    """A server with one command behind it, and a client in front of it."""

    def __init__(self, web: HttpServer, http: aiohttp.ClientSession, heard: list[str]) -> None:
        self.port = web.port
        self._url = f"http://127.0.0.1:{web.port}"
        self._http = http
        self.heard = heard

    async def get(self, path: str) -> tuple[int, str]:
        async with self._http.get(self._url + path) as answer:
            return answer.status, await answer.text()

    async def post(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
        async with self._http.post(
            f"{self._url}/slack/events", data=io.BytesIO(body), headers=headers
        ) as answer:
            return answer.status, await answer.text()


@asynccontextmanager
async def door(
    *, health: Mapping[str, str] | None = None, with_bolt: bool = True, read_limit: float = READ_LIMIT
) -> AsyncIterator[Door]:
    heard: list[str] = []
    app = bolt_app(HOME, verification=RequestVerification(SECRET))

    async def hello(ack: AsyncAck, body: Mapping[str, str]) -> None:
        await ack()
        heard.append(body["text"])

    app.command("/hello")(hello)

    async def report() -> Report:
        details = health or {"database": "ok"}
        return Report(is_well=all(each == "ok" for each in details.values()), details=details)

    registry = CollectorRegistry()
    Gauge("mails_watched", "How many mails are watched.", registry=registry).set(7)
    events = event_routes(app) if with_bolt else {}
    web = HttpServer({**status_routes(report, registry), **events}, read_limit=read_limit)
    await web.start("127.0.0.1", 0, setting="HTTP_PORT")
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as http:
            yield Door(web, http, heard)
    finally:
        await web.stop()


def signed(body: bytes, *, secret: str = SECRET, age: float = 0, kind: str = FORM) -> dict[str, str]:
    """https://docs.slack.dev/authentication/verifying-requests-from-slack."""
    at = str(int(time.time() - age))
    digest = hmac.new(secret.encode(), f"v0:{at}:".encode() + body, hashlib.sha256).hexdigest()
    return {
        "Content-Type": kind,
        "X-Slack-Request-Timestamp": at,
        "X-Slack-Signature": f"v0={digest}",
    }


async def test_health_is_200_while_all_is_well() -> None:
    """Each part is named."""
    async with door(health={"database": "ok", "slack_socket": "ok"}) as at:
        assert await at.get("/healthz") == (200, '{"ok": true, "database": "ok", "slack_socket": "ok"}')


async def test_health_is_503_with_what_is_wrong() -> None:
    """Whoever looks reads which part it is."""
    async with door(health={"database": "ok", "slack_socket": "not connected"}) as at:
        status, text = await at.get("/healthz")
        assert status == 503
        assert '"slack_socket": "not connected"' in text


async def test_health_that_cannot_be_told_is_503() -> None:
    """A database that hangs must not make the probe hang, too."""

    async def hangs() -> Report:
        await asyncio.Event().wait()
        raise AssertionError

    web = HttpServer(status_routes(hangs, CollectorRegistry(), time_limit=0.05))
    await web.start("127.0.0.1", 0, setting="HTTP_PORT")
    try:
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"http://127.0.0.1:{web.port}/healthz") as answer,
        ):
            assert answer.status == 503
            assert await answer.json() == {"ok": False, "health": "no answer in 0.05 s"}
    finally:
        await web.stop()


@pytest.mark.parametrize("is_well", [True, False])
async def test_where_strangers_come_health_has_no_details_and_there_are_no_metrics(*, is_well: bool) -> None:
    """A load balancer learns all that it needs."""

    async def report() -> Report:
        return Report(is_well=is_well, details={"database": "a secret"})

    web = HttpServer(bare(status_routes(report, CollectorRegistry())))
    await web.start("127.0.0.1", 0, setting="HTTP_PORT")
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{web.port}") as session:
            async with session.get("/healthz") as answer:
                assert answer.status == (200 if is_well else 503)
                assert await answer.json() == {"ok": is_well}
            async with session.get("/metrics") as answer:
                assert answer.status == 404
    finally:
        await web.stop()


async def test_a_process_whose_loop_turns_is_alive_whatever_else_is_wrong() -> None:
    """A liveness probe that failed while Slack is away would restart healthy processes."""
    async with door(health={"slack_socket": "not connected"}) as at:
        assert await at.get("/livez") == (200, '{"ok": true}')
        assert (await at.get("/readyz"))[0] == 503


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"POST /slack/events HTTP/1.1\r\nHost: x\r\nX-Slow", id="half of the headers"),
        pytest.param(
            b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf", id="half a body"
        ),
    ],
)
async def test_a_request_that_does_not_arrive_is_not_waited_for(sent: bytes) -> None:
    """Or anybody could fill the process with open connections."""
    async with door(read_limit=0.2) as at:
        reader, stranger = await asyncio.open_connection("127.0.0.1", at.port)
        stranger.write(sent)
        async with asyncio.timeout(READ_LIMIT):
            answer = await reader.read()
        assert not answer or answer.startswith(b"HTTP/1.1 408")
        stranger.close()


async def test_who_holds_the_line_does_not_keep_the_server() -> None:
    """Half a request of a stranger is cut; the server is gone in a second."""
    async with door() as at:
        _, stranger = await asyncio.open_connection("127.0.0.1", at.port)
        stranger.write(b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
        await stranger.drain()
        assert (await at.get("/healthz"))[0] == 200  # by then it has come
        stopwatch = Stopwatch()
    assert stopwatch.seconds < 2
    stranger.close()


async def test_metrics_are_prometheus_text() -> None:
    """As a scraper reads it."""
    async with door() as at:
        status, text = await at.get("/metrics")
        assert status == 200
        assert "mails_watched 7.0" in text


async def test_a_signed_command_is_acked_and_heard() -> None:
    """HTTP mode: an empty 200 at once."""
    async with door() as at:
        assert await at.post(COMMAND, signed(COMMAND)) == (200, "")
        assert at.heard == ["x"]


async def test_slacks_handshake_is_answered() -> None:
    """`url_verification` echoes the challenge."""
    async with door() as at:
        body = b'{"type": "url_verification", "challenge": "abc", "token": "t"}'
        status, text = await at.post(body, signed(body, kind="application/json"))
        assert status == 200
        assert "abc" in text


@pytest.mark.parametrize(
    "headers_of",
    [
        pytest.param(lambda: signed(COMMAND, secret="another secret"), id="another secret"),
        pytest.param(lambda: signed(COMMAND, secret=""), id="signed with nothing"),
        pytest.param(lambda: signed(COMMAND + b"&more=1"), id="another body"),
        pytest.param(lambda: signed(COMMAND, age=301), id="older than five minutes"),
        pytest.param(lambda: signed(COMMAND, age=-301), id="from the future"),
        pytest.param(lambda: {"Content-Type": FORM}, id="no signature at all"),
        pytest.param(lambda: signed(COMMAND) | {"X-Slack-Signature": ""}, id="an empty signature"),
        pytest.param(lambda: signed(COMMAND) | {"X-Slack-Signature": "v0=é"}, id="an odd signature"),
        pytest.param(lambda: signed(COMMAND) | {"X-Slack-Request-Timestamp": "soon"}, id="an odd time"),
        pytest.param(lambda: signed(COMMAND) | {"X-Slack-Request-Timestamp": ""}, id="no time"),
        pytest.param(
            lambda: signed(COMMAND) | {"X-Slack-Request-Timestamp": "1" * 5_000}, id="an endless time"
        ),
    ],
)
async def test_what_slack_did_not_sign_is_refused(
    headers_of: Callable[[], dict[str, str]], caplog: pytest.LogCaptureFixture
) -> None:
    """401, nothing heard, and the secret is in no log."""
    async with door() as at:
        status, text = await at.post(COMMAND, headers_of())
        assert status == 401
        assert at.heard == []
    assert SECRET not in caplog.text + text
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(
    ("headers_of", "why"),
    [
        pytest.param(lambda: signed(COMMAND, secret="another"), "wrong signature", id="another secret"),
        pytest.param(lambda: signed(COMMAND, age=360), "6 min behind this machine's clock", id="old"),
        pytest.param(lambda: signed(COMMAND, age=-360), "6 min ahead of this machine's clock", id="early"),
        pytest.param(lambda: {"Content-Type": FORM}, "not signed", id="not signed"),
    ],
)
async def test_a_refused_request_is_one_line_in_the_log_without_its_body(
    headers_of: Callable[[], dict[str, str]], why: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Which of the two it is, tells what to do; the body is anybody's words, and may hold a response URL."""
    caplog.set_level("INFO")
    async with door() as at:
        assert (await at.post(COMMAND, headers_of()))[0] == 401
    (refused,) = [vars(each) for each in caplog.records if each.getMessage() == "request_refused"]
    assert why in refused["why"]
    assert "hello" not in caplog.text
    assert all("hello" not in str(vars(each)) for each in caplog.records)


async def test_a_signed_request_is_handled_once() -> None:
    """Who has seen one could send it again for five minutes; another of the same words is signed anew."""
    async with door() as at:
        first = signed(COMMAND)
        assert (await at.post(COMMAND, first))[0] == 200
        assert (await at.post(COMMAND, first))[0] == 200
        assert at.heard == ["x"]
        assert (await at.post(COMMAND, signed(COMMAND, age=5)))[0] == 200
        assert at.heard == ["x", "x"]


async def test_signatures_are_remembered_for_as_long_as_they_are_good() -> None:
    """Also one from a clock that is ahead; then they are forgotten."""
    now = 1_000_000.0
    verification = RequestVerification(SECRET, clock=lambda: now)
    requests = [
        AsyncBoltRequest(body="", headers={"x-slack-signature": f"v0={number}"}) for number in range(3)
    ]
    assert not verification._came_before(requests[0])
    now += 599
    assert verification._came_before(requests[0])
    now += 2
    assert not verification._came_before(requests[1])
    assert len(verification._seen) == 1


async def test_the_check_of_certificates_opens_no_door() -> None:
    """Bolt lets `ssl_check=1` pass unsigned; nothing of ours hears it."""
    async with door() as at:
        await at.post(COMMAND + b"&ssl_check=1", {"Content-Type": FORM})
        assert at.heard == []


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        pytest.param(b"\xff\xfe\xfa", FORM, {400, 401}, id="no UTF-8"),
        pytest.param(COMMAND, f"{FORM}; charset=nonsense", {400, 401}, id="no charset"),
        pytest.param(b"{not json", "application/json", {400, 401}, id="no JSON"),
        pytest.param(b'["a list"]', "application/json", {400, 401}, id="a list"),
        pytest.param(b"payload=%7Bnot", FORM, {400, 401}, id="no JSON in the form"),
        pytest.param(b"payload=%5B1%5D", FORM, {400, 401}, id="a list in the form"),
        pytest.param(b"", FORM, {400, 401}, id="nothing"),
        pytest.param(b"x" * (LARGEST_REQUEST + 1), FORM, {413}, id="too much"),
    ],
)
async def test_a_strangers_nonsense_is_a_plain_refusal(
    body: bytes, kind: str, status: set[int], caplog: pytest.LogCaptureFixture
) -> None:
    """No traceback for whoever has no signature, whatever is sent."""
    async with door() as at:
        answered, _ = await at.post(body, {"Content-Type": kind})
        assert answered in status
        assert at.heard == []
    assert "Traceback" not in caplog.text


async def test_in_socket_mode_there_is_no_door() -> None:
    """Slack reaches us through the socket; nobody else has a way in."""
    async with door(with_bolt=False) as at:
        assert (await at.post(COMMAND, signed(COMMAND)))[0] == 404
        assert (await at.get("/slack/events"))[0] == 404


@pytest.mark.parametrize("host", ["127.0.0.1", "host.invalid"])
async def test_a_port_that_cannot_be_used_is_one_clear_line(host: str) -> None:
    """It names the setting, and leaves nothing open behind."""
    first = HttpServer({})
    await first.start("127.0.0.1", 0, setting="HTTP_PORT")
    try:
        second = HttpServer({})
        with pytest.raises(PortTaken, match=rf"HTTP_PORT {first.port} on {host} cannot be used: \w+"):
            await second.start(host, first.port, setting="HTTP_PORT")
    finally:
        await first.stop()
