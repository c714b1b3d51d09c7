"""HTTP mode of the simulated Slack: signatures, the URL handshake, and what bad answers look like to people."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import yaml
from aiohttp import web
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.signature import SignatureVerifier

from bot.sandbox.slack import Answered, Manifest, SimulatedSlack
from tests.contract.simulated_slack import MANIFEST, bolt_app, connected

Answer = Callable[[web.Request], Awaitable[web.Response]]


@asynccontextmanager
async def answering(slack: SimulatedSlack, answer: Answer) -> AsyncGenerator[None]:
    """A request URL that answers in this way."""
    server = web.Application()
    server.add_routes([web.post("/", answer)])
    runner = web.AppRunner(server, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.request_url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    try:
        yield
    finally:
        await runner.cleanup()


async def test_requests_are_signed_so_that_slack_sdk_believes_them() -> None:
    """The `v0` signature over time and body holds, and holds for nothing else."""
    verdicts: list[tuple[bool, bool]] = []
    async with SimulatedSlack(manifest=MANIFEST) as slack:

        async def answer(request: web.Request) -> web.Response:
            body, headers = await request.text(), dict(request.headers)
            verifier = SignatureVerifier(slack.signing_secret)
            verdicts.append(
                (verifier.is_valid_request(body, headers), verifier.is_valid_request(body + "x", headers))
            )
            return web.Response()

        async with answering(slack, answer):
            await slack.people.type_command("ada", "reports", "/hello a&b=c")

    assert verdicts == [(True, False)]


async def test_a_bolt_app_with_another_secret_refuses() -> None:
    """A wrong signing secret is a 401 of the app, and a `http_client_error` for the person."""
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        app = bolt_app(slack)

        @app.command("/hello")
        async def hello(ack: AsyncAck) -> None:
            await ack()

        async with connected(app, slack, "http"):
            assert await slack.verify_request_url()
            good = await slack.people.type_command("ada", "reports", "/hello")
            slack.signing_secret = "0" * 32
            bad = await slack.people.type_command("ada", "reports", "/hello")

    assert good.answered is Answered.ACKED
    assert bad.words == '/hello failed with the error "http_client_error"'


@pytest.mark.parametrize(
    ("response", "words"),
    [
        pytest.param({"status": 404}, "http_client_error", id="no such handler"),
        pytest.param({"status": 500}, "http_service_error", id="the app broke"),
        pytest.param(
            {"text": "{oops", "content_type": "application/json"}, "invalid_command_response", id="no JSON"
        ),
    ],
)
async def test_bad_answers_are_named(response: dict[str, object], words: str) -> None:
    """The person reads Slack's word for what went wrong."""
    async with SimulatedSlack(manifest=MANIFEST) as slack:

        async def answer(_request: web.Request) -> web.Response:
            return web.Response(**response)  # type: ignore[arg-type]

        async with answering(slack, answer):
            outcome = await slack.people.type_command("ada", "reports", "/hello")

    assert outcome.answered is Answered.HTTP_ERROR
    assert outcome.words == f'/hello failed with the error "{words}"'


async def test_an_unreachable_request_url_is_a_dispatch_failure() -> None:
    """Nobody listens there."""
    async with SimulatedSlack(manifest=MANIFEST, request_url="http://127.0.0.1:1/") as slack:
        outcome = await slack.people.type_command("ada", "reports", "/hello")

    assert (outcome.answered, outcome.seconds < 3) == (Answered.UNREACHABLE, True)


def test_the_products_own_manifest_is_understood() -> None:
    """Every command, scope and event of `manifest.yaml` is known to the simulation."""
    document = yaml.safe_load((Path(__file__).parents[2] / "manifest.yaml").read_text(encoding="utf-8"))
    manifest = Manifest.parse(document)

    assert list(manifest.commands) == [each["command"] for each in document["features"]["slash_commands"]]
    assert {"commands", "chat:write"} <= manifest.scopes
    assert "app_home_opened" in manifest.events
    assert manifest.has_home
