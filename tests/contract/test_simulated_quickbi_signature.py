"""The simulated gateway's judgement of signatures: the vendor's example and SDK pass, every flaw has its code."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.quickbi.signing import canonical_query as bots_canonical_query
from bot.sandbox.quickbi import Mode, SimulatedQuickBI
from bot.sandbox.signature import (
    AccessKey,
    NonceLog,
    SignedRequest,
    canonical_query,
    canonical_request,
    signature_of,
    verify,
)
from tests.contract.caller import Caller, other, plain_http

if TYPE_CHECKING:
    from bot.sandbox.world import World

SAMPLES = Path(__file__).parent.parent / "samples"
CAPTURES = sorted((SAMPLES / "sdk-captures").glob("*.json"))
NOW = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)

any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def captured(path: Path) -> tuple[SignedRequest, AccessKey]:
    """A request as the vendor's SDK put it on the wire, and the key that it was given."""
    sample = load(path)
    (sent,) = sample["requests"]
    _, _, query = sent["target"].partition("?")
    request = SignedRequest(
        method=sent["method"],
        path="/",
        query=query,
        headers={name.lower(): value for name, value in sent["headers"]},
        body=sent["body"].encode(),
    )
    credentials = sample["credentials"]
    key = AccessKey(
        key_id=credentials["access_key_id"],
        secret=credentials["access_key_secret"],
        security_token=credentials["security_token"],
    )
    return request, key


def dated(headers: Mapping[str, str]) -> datetime:
    return datetime.strptime(headers["x-acs-date"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def test_the_vendors_worked_example_verifies() -> None:
    """The very canonical request and signature that the vendor's page prints."""
    sample = load(SAMPLES / "acs3-official-vector.json")
    headers = {**sample["headers"], "authorization": sample["authorization"]}
    query = urlencode(sample["query"], quote_via=quote)
    request = SignedRequest(method="POST", path="/", query=query, headers=headers)
    key = AccessKey(key_id=sample["access_key_id"], secret=sample["access_key_secret"])
    canonical = canonical_request(request, tuple(sorted(sample["headers"])))
    assert canonical == sample["canonical_request"]
    assert signature_of(canonical, key.secret) == sample["signature"]
    assert verify(request, key, now=dated(headers), nonces=NonceLog()) is None


def test_there_are_captures_to_verify() -> None:
    """All of them are found."""
    assert len(CAPTURES) == 34


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_what_the_vendors_sdk_sends_verifies(path: Path) -> None:
    """Sync and async, odd characters, temporary tokens; `+` stands for a space."""
    request, key = captured(path)
    assert verify(request, key, now=dated(request.headers), nonces=NonceLog()) is None


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_what_the_vendors_sdk_sends_does_not_verify_with_another_secret(path: Path) -> None:
    """One letter more is enough."""
    request, key = captured(path)
    wrong = replace(key, secret=key.secret + "x")
    rejection = verify(request, wrong, now=dated(request.headers), nonces=NonceLog())
    assert rejection is not None
    assert rejection.code == "SignatureDoesNotMatch"


@given(st.dictionaries(st.from_regex(r"[A-Za-z]{1,10}", fullmatch=True), any_text))
def test_however_a_query_is_escaped_its_canonical_form_is_the_same(parameters: dict[str, str]) -> None:
    """`+` or `%20`, much or little: decoded and written again it is what the bot signs."""
    canonical = bots_canonical_query(parameters)
    backwards = dict(reversed(parameters.items()))
    assert canonical_query(urlencode(parameters)) == canonical
    assert canonical_query(urlencode(backwards, quote_via=quote)) == canonical
    assert canonical_query(canonical) == canonical


async def test_a_well_signed_request_is_answered(caller: Caller, world: World) -> None:
    """The base of all that follows."""
    mail = world.add_mail("Sales")
    assert (await caller.status(mail.mail_id)).json()["Success"] is True


Flaw = Callable[[Caller], Awaitable[httpx.Response]]


async def wrong_key(caller: Caller) -> httpx.Response:
    return await caller.send(other(caller.ask("GetMailTaskList"), key_id="LTAInobody"))


async def wrong_secret(caller: Caller) -> httpx.Response:
    return await caller.send(other(caller.ask("GetMailTaskList"), secret="wrong"))


async def tampered_query(caller: Caller) -> httpx.Response:
    return await caller.send(other(caller.ask("GetMailTaskList", PageNum="1"), added="&PageSize=9"))


async def tampered_action(caller: Caller) -> httpx.Response:
    return await caller.send(caller.ask("GetMailTaskList"), x_acs_action="ManualRunMailTask")


async def tampered_signature(caller: Caller) -> httpx.Response:
    names = "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version"
    forged = f"Credential={caller.quickbi.access_key_id},SignedHeaders={names},Signature={'0' * 64}"
    return await caller.send(caller.ask("GetMailTaskList"), authorization=f"ACS3-HMAC-SHA256 {forged}")


async def wrong_body_hash(caller: Caller) -> httpx.Response:
    ask = caller.ask("GetMailTaskList")
    return await caller.send(other(ask, extra={"x-acs-content-sha256": "0" * 64}))


async def signed_long_ago(caller: Caller) -> httpx.Response:
    old = datetime.now(UTC) - timedelta(minutes=15, seconds=5)
    return await caller.send(other(caller.ask("GetMailTaskList"), at=old))


async def signed_in_the_future(caller: Caller) -> httpx.Response:
    early = datetime.now(UTC) + timedelta(minutes=15, seconds=5)
    return await caller.send(other(caller.ask("GetMailTaskList"), at=early))


async def odd_date(caller: Caller) -> httpx.Response:
    return await caller.send(other(caller.ask("GetMailTaskList"), extra={"x-acs-date": "today"}))


async def repeated_nonce(caller: Caller) -> httpx.Response:
    ask = other(caller.ask("GetMailTaskList"), nonce="n-1")
    assert (await caller.send(ask)).status_code == 200
    return await caller.send(ask)


async def unsigned_header(caller: Caller) -> httpx.Response:
    return await caller.send(caller.ask("GetMailTaskList"), x_acs_something="slipped in")


async def unsigned(caller: Caller) -> httpx.Response:
    return await caller.http.post(caller.quickbi.endpoint)


async def unwanted_token(caller: Caller) -> httpx.Response:
    return await caller.send(other(caller.ask("GetMailTaskList"), token="a-token"))


async def wrong_version(caller: Caller) -> httpx.Response:
    return await caller.send(other(caller.ask("GetMailTaskList"), version="2014-05-26"))


async def unknown_action(caller: Caller) -> httpx.Response:
    return await caller.call("DeleteEverything")


@pytest.mark.parametrize(
    ("flaw", "code", "status"),
    [
        pytest.param(wrong_key, "InvalidAccessKeyId.NotFound", 404, id="unknown key"),
        pytest.param(wrong_secret, "SignatureDoesNotMatch", 400, id="wrong secret"),
        pytest.param(tampered_query, "SignatureDoesNotMatch", 400, id="query changed after signing"),
        pytest.param(tampered_action, "SignatureDoesNotMatch", 400, id="action changed after signing"),
        pytest.param(tampered_signature, "SignatureDoesNotMatch", 400, id="made-up signature"),
        pytest.param(wrong_body_hash, "SignatureDoesNotMatch", 400, id="hash of another body"),
        pytest.param(signed_long_ago, "InvalidTimeStamp.Expired", 400, id="signed long ago"),
        pytest.param(signed_in_the_future, "InvalidTimeStamp.Expired", 400, id="signed in the future"),
        pytest.param(odd_date, "InvalidTimeStamp.Format", 400, id="a date that cannot be read"),
        pytest.param(repeated_nonce, "SignatureNonceUsed", 400, id="nonce used before"),
        pytest.param(unsigned_header, "IncompleteSignature", 400, id="header that was not signed"),
        pytest.param(unsigned, "IncompleteSignature", 400, id="not signed at all"),
        pytest.param(unwanted_token, "InvalidSecurityToken.MismatchWithAccessKey", 400, id="token unasked"),
        pytest.param(wrong_version, "InvalidVersion", 404, id="another product's version"),
        pytest.param(unknown_action, "InvalidAction.NotFound", 404, id="no such operation"),
    ],
)
async def test_each_flaw_is_refused_with_its_own_code(
    caller: Caller, flaw: Flaw, code: str, status: int
) -> None:
    """In the gateway's error body, and with the time, as real servers tell it."""
    response = await flaw(caller)
    body = response.json()
    assert (response.status_code, body["Code"]) == (status, code)
    assert set(body) == {"RequestId", "HostId", "Code", "Message", "Recommend"}
    assert response.headers["date"].endswith("GMT")
    assert caller.quickbi.ledger.calls(outcome=code)
    assert caller.quickbi.access_key_secret not in response.text


async def test_a_date_just_within_fifteen_minutes_is_taken(caller: Caller) -> None:
    """Either way."""
    for seconds in (-890, 890):
        at = datetime.now(UTC) + timedelta(seconds=seconds)
        response = await caller.send(other(caller.ask("GetMailTaskList"), at=at))
        assert response.status_code == 200


async def test_a_refused_request_does_not_use_up_its_nonce(caller: Caller) -> None:
    """Nobody can burn another's nonce without the secret."""
    ask = other(caller.ask("GetMailTaskList"), nonce="n-1")
    assert (await caller.send(other(ask, secret="wrong"))).status_code == 400
    assert (await caller.send(ask)).status_code == 200


def test_nonces_are_forgotten_once_their_dates_are_stale() -> None:
    """So that a server that runs for long does not grow."""
    nonces = NonceLog()
    for second in range(0, 10_000, 10):
        assert nonces.take(f"n-{second}", NOW + timedelta(seconds=second))
    assert not nonces.take("n-9990", NOW + timedelta(seconds=10_000))
    assert len(nonces) < 200


@pytest.mark.parametrize(
    ("token", "code"),
    [
        pytest.param("right-token/1+a==", None, id="right"),
        pytest.param(None, "MissingSecurityToken", id="missing"),
        pytest.param("another", "InvalidSecurityToken.Malformed", id="another"),
    ],
)
async def test_a_temporary_key_needs_its_token(world: World, token: str | None, code: str | None) -> None:
    """Signed with the request; without it, or with another, its own refusal."""
    async with (
        SimulatedQuickBI(world, security_token="right-token/1+a==") as quickbi,
        plain_http() as http,
    ):
        caller = Caller(quickbi=quickbi, http=http)
        response = await caller.send(other(caller.ask("GetMailTaskList"), token=token))
        assert response.json().get("Code") == code


async def test_the_services_clock_can_be_off(caller: Caller) -> None:
    """A skewed service refuses what is signed now, and its `Date` says why."""
    caller.quickbi.faults.add(Mode.CLOCK_SKEW, seconds=3_600)
    refused = await caller.call("GetMailTaskList")
    assert refused.json()["Code"] == "InvalidTimeStamp.Expired"
    told = datetime.strptime(refused.headers["date"], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    assert timedelta(minutes=59) < told - datetime.now(UTC) < timedelta(minutes=61)
    in_an_hour = datetime.now(UTC) + timedelta(hours=1)
    taken = await caller.send(other(caller.ask("GetMailTaskList"), at=in_an_hour))
    assert taken.status_code == 200
