"""The signature, against the vendor's worked example, its SDK's captured requests, and its SDK's own code."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from alibabacloud_tea_openapi.utils import Utils, get_canonical_query_string
from darabonba.request import DaraRequest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import MailId, MailRef, TaskId
from bot.quickbi import wire
from bot.quickbi.credentials import Credentials
from bot.quickbi.endpoints import endpoint_url
from bot.quickbi.signing import EMPTY_BODY_SHA256, Acs3Auth, authorization, canonical_query, canonical_request

SAMPLES = Path(__file__).parent.parent / "samples"
CAPTURES = sorted((SAMPLES / "sdk-captures").glob("*.json"))
NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)

# What a mail ID can hold is not stated: every character there is, half surrogate pairs left out.
any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
any_parameters = st.dictionaries(st.from_regex(r"[A-Za-z]{1,12}", fullmatch=True), any_text, min_size=1)


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def signed_names(header: str) -> list[str]:
    return header.partition("SignedHeaders=")[2].partition(",")[0].split(";")


def sign(request: httpx.Request, *, token: str = "", nonce: str = "nonce-1") -> httpx.Request:
    """Step through the flow by hand, as httpx would."""
    credentials = Credentials(access_key_id="ak", access_key_secret="sk", security_token=token)
    return next(Acs3Auth(credentials, clock=lambda: NOON, nonce=lambda: nonce).auth_flow(request))


def request_for(query: str, *, endpoint: str = "quickbi.example") -> httpx.Request:
    url = endpoint_url(endpoint).copy_with(query=query.encode())
    return httpx.Request("POST", url, headers={"x-acs-action": "GetMailTaskStatus"})


def vendors_authorization(request: httpx.Request) -> str:
    """What the vendor's SDK would have signed for the headers that we signed."""
    names = signed_names(request.headers["authorization"])
    theirs = DaraRequest()
    theirs.method = request.method
    theirs.pathname = "/"
    theirs.query = dict(parse_qsl(request.url.query.decode(), keep_blank_values=True))
    theirs.headers = {name: request.headers[name] for name in names}
    return str(Utils.get_authorization(theirs, "ACS3-HMAC-SHA256", EMPTY_BODY_SHA256, "ak", "sk"))


def test_the_vendors_worked_example() -> None:
    """The canonical request and the header are those that the vendor's page shows, byte for byte."""
    vector = load(SAMPLES / "acs3-official-vector.json")
    query = canonical_query(vector["query"])
    parts: dict[str, Any] = {
        "method": vector["method"],
        "path": vector["path"],
        "query": query,
        "headers": vector["headers"],
        "body_sha256": EMPTY_BODY_SHA256,
    }
    assert canonical_request(**parts) == vector["canonical_request"]
    assert (
        authorization(
            access_key_id=vector["access_key_id"], access_key_secret=vector["access_key_secret"], **parts
        )
        == vector["authorization"]
    )


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_a_captured_request_of_the_vendors_sdk_is_signed_alike(path: Path) -> None:
    """The same headers and parameters give the signature that the vendor's SDK put on the wire."""
    capture = load(path)
    for sent in capture["requests"]:
        headers = {name.lower(): value for name, value in sent["headers"]}
        theirs = headers.pop("authorization")
        parameters = dict(parse_qsl(urlsplit(sent["target"]).query, keep_blank_values=True))
        ours = authorization(
            access_key_id=capture["credentials"]["access_key_id"],
            access_key_secret=capture["credentials"]["access_key_secret"],
            method=sent["method"],
            path="/",
            query=canonical_query(parameters),
            headers={name: headers[name] for name in signed_names(theirs)},
        )
        assert ours == theirs


def test_every_capture_is_there() -> None:
    """The test above does not pass for want of captures."""
    assert len(CAPTURES) == 34


@given(any_text, st.integers(1, 2**63 - 1) | st.none(), st.sampled_from(["", "token/1+2=="]))
def test_our_requests_verify_under_the_vendors_signing_code(
    mail_id: str, task_id: int | None, token: str
) -> None:
    """Whatever the mail ID holds, the vendor's own code computes our signature from our request."""
    call = wire.ask_status(MailRef(mail_id=MailId(mail_id), task_id=TaskId(task_id) if task_id else None))
    request = sign(request_for(call.query), token=token)
    assert request.headers["authorization"] == vendors_authorization(request)


@given(any_parameters)
def test_the_canonical_query_is_the_vendors(parameters: dict[str, str]) -> None:
    """Sorting and escaping agree with the vendor's SDK for any values."""
    assert canonical_query(parameters) == get_canonical_query_string(parameters)


@given(any_parameters)
def test_the_bytes_that_are_signed_are_the_bytes_that_are_sent(parameters: dict[str, str]) -> None:
    """The query goes out as it was built: nothing is escaped a second time, or spelled another way."""
    query = canonical_query(parameters)
    request = request_for(query)
    assert request.url.query == query.encode()
    assert request.url.raw_path == b"/?" + query.encode()
    assert dict(parse_qsl(query, keep_blank_values=True)) == parameters


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        pytest.param("a b", "a%20b", id="space"),
        pytest.param("a+b", "a%2Bb", id="plus"),
        pytest.param("*", "%2A", id="star"),
        pytest.param("~-_.", "~-_.", id="unreserved"),
        pytest.param("a/b", "a%2Fb", id="slash"),
        pytest.param("100%", "100%25", id="percent"),
        pytest.param("%41", "%2541", id="percent that looks encoded"),
        pytest.param("a\nb\t", "a%0Ab%09", id="newline and tab"),
        pytest.param("周报", "%E5%91%A8%E6%8A%A5", id="unicode"),
        pytest.param("\ud83d", "%3F", id="half a surrogate pair"),
        pytest.param("", "", id="empty"),
    ],
)
def test_a_value_is_escaped_as_the_vendors_page_says(value: str, encoded: str) -> None:
    """Odd characters have one spelling each."""
    assert canonical_query({"MailId": value}) == f"MailId={encoded}"


@pytest.mark.parametrize(
    ("endpoint", "host"),
    [
        pytest.param("quickbi.example", "quickbi.example", id="host"),
        pytest.param("https://quickbi.example:443", "quickbi.example", id="default port"),
        pytest.param("http://quickbi.example:80/", "quickbi.example", id="default port of http"),
        pytest.param("quickbi.example:8443", "quickbi.example:8443", id="host and port"),
        pytest.param("http://127.0.0.1:4300", "127.0.0.1:4300", id="loopback and port"),
        pytest.param("http://[::1]:4300", "[::1]:4300", id="IPv6"),
    ],
)
def test_the_host_is_signed_as_it_is_sent(endpoint: str, host: str) -> None:
    """The port is part of the signed host only where it is not the scheme's own."""
    request = sign(request_for("MailId=m", endpoint=endpoint))
    assert request.headers["host"] == host
    assert request.headers["authorization"] == vendors_authorization(request)


def test_every_header_that_says_what_is_asked_is_signed() -> None:
    """The token too, and nothing that a proxy may change."""
    request = sign(request_for("MailId=m"), token="token")
    assert signed_names(request.headers["authorization"]) == [
        "host",
        "x-acs-action",
        "x-acs-content-sha256",
        "x-acs-date",
        "x-acs-security-token",
        "x-acs-signature-nonce",
    ]
    assert request.headers["x-acs-date"] == "2026-01-02T12:00:00Z"


def test_no_token_no_header() -> None:
    """A key pair that needs no token does not send an empty one."""
    assert "x-acs-security-token" not in sign(request_for("MailId=m")).headers


def test_the_same_request_signed_again_has_another_nonce_and_signature() -> None:
    """Nothing of the first attempt's signature stays in the second."""
    request = request_for("MailId=m")
    first = sign(request, nonce="nonce-1").headers["authorization"]
    second = sign(request, nonce="nonce-2").headers["authorization"]
    assert request.headers["x-acs-signature-nonce"] == "nonce-2"
    assert first != second
    assert second == vendors_authorization(request)
