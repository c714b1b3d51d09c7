"""What the client says of what went wrong, in errors and in the log: enough to act on, and no secret."""

from __future__ import annotations

import json
import logging

import httpx
import pytest

from bot.domain import (
    CredentialsRejected,
    MailNotFound,
    QuickBIError,
)
from tests.contract.scripted_quickbi import (
    MAIL_ID,
    Call,
    Script,
    Step,
    ask,
    refusal,
    replay,
)
from tests.support.secrets import ACCESS_KEY_ID, ACCESS_KEY_SECRET, SECURITY_TOKEN, assert_no_secrets

ECHO = f"specified: {ACCESS_KEY_ID}, x-acs-security-token:{SECURITY_TOKEN}, key {ACCESS_KEY_SECRET}"


def hostile(error: httpx.TransportError) -> httpx.TransportError:
    """As httpx raises it: with the request, headers and all, hanging on it."""
    headers = {"authorization": ACCESS_KEY_SECRET, "x-acs-security-token": SECURITY_TOKEN}
    error.request = httpx.Request("POST", "https://quickbi.example/", headers=headers)
    return error


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(refusal("SignatureDoesNotMatch", message=ECHO), id="wrong secret"),
        pytest.param(refusal("InvalidAccessKeyId.NotFound", status=404, message=ECHO), id="wrong key"),
        pytest.param(refusal("InvalidSecurityToken.Expired", message=ECHO), id="token expired"),
        pytest.param(refusal("Never.Seen.Before", message=ECHO), id="unknown code"),
        pytest.param(refusal(ECHO, message=ECHO), id="in the code itself"),
        pytest.param(refusal("Throttling.User", message=ECHO), id="throttled"),
        pytest.param(refusal("InternalError", status=500, message=ECHO), id="HTTP 500"),
        pytest.param(httpx.Response(200, text=ECHO), id="not JSON"),
        pytest.param(httpx.Response(302, headers={"location": ECHO}), id="redirect"),
        pytest.param(hostile(httpx.ConnectError("refused")), id="no connection"),
        pytest.param(hostile(httpx.ReadTimeout("slow")), id="no answer"),
        pytest.param(
            hostile(httpx.LocalProtocolError(f"Illegal header value {SECURITY_TOKEN!r}")), id="illegal header"
        ),
        pytest.param(replay("status_sent"), id="all well"),
    ],
)
@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda client: client.get_task_status(MAIL_ID, attempts=2), id="status"),
        pytest.param(lambda client: client.list_mails(), id="list"),
        pytest.param(lambda client: client.run_mail(MAIL_ID), id="run"),
    ],
)
async def test_no_secret_in_any_error_or_log(
    step: Step, call: Call, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever goes wrong, and however much of it the gateway repeats, no key, secret or token is shown."""
    caplog.set_level(logging.DEBUG)
    script = Script(steps=[step])
    async with script.client() as client:
        try:
            shown: object = await call(client)
        except QuickBIError as error:
            logging.getLogger("test").exception("caught")
            shown = error
        assert_no_secrets(shown, client, client._credentials, caplog=caplog)


async def test_a_wrong_secret_is_told_without_what_the_gateway_says_about_it() -> None:
    """The problem is named; the signed text that the gateway repeats is not."""
    script = Script(steps=[refusal("SignatureDoesNotMatch", message=ECHO)])
    async with script.client() as client:
        with pytest.raises(CredentialsRejected, match=r"GetMailTaskStatus: HTTP 400, SignatureDoesNotMatch"):
            await ask(client)


async def test_what_is_tried_again_is_logged_by_a_constant_name(caplog: pytest.LogCaptureFixture) -> None:
    """The event's name is always the same; what differs is in fields."""
    caplog.set_level(logging.INFO, logger="bot.quickbi")
    script = Script(steps=[refusal("Throttling.User"), replay("status_sent")])
    async with script.client() as client:
        await ask(client, attempts=2)
    [record] = [record for record in caplog.records if record.name.startswith("bot.")]
    assert record.getMessage() == "quickbi_call_failed"
    fields = vars(record)
    assert (fields["operation"], fields["code"], fields["attempt"]) == (
        "GetMailTaskStatus",
        "Throttling.User",
        1,
    )


async def test_a_refusal_is_told_with_its_request_id() -> None:
    """What the vendor's support asks for first."""
    script = Script(
        steps=[httpx.Response(400, content=json.dumps({"Code": "Mail.Not.Found", "RequestId": "R-9"}))]
    )
    async with script.client() as client:
        with pytest.raises(MailNotFound) as missing:
            await ask(client)
    assert missing.value.request_id == "R-9"


async def test_every_attempt_is_told_of() -> None:
    """The operation, what came of it, and a time: what the metrics are made of."""
    heard: list[tuple[str, str]] = []

    def hear(operation: str, error: QuickBIError | None, seconds: float) -> None:
        assert seconds >= 0
        heard.append((operation, error.code if error else "ok"))

    script = Script(steps=[refusal("Throttling.User"), replay("status_sent")])
    async with script.client(on_call=hear) as client:
        await ask(client, attempts=2)
    assert heard == [("GetMailTaskStatus", "Throttling.User"), ("GetMailTaskStatus", "ok")]
