"""Credentials show nothing of themselves, and a role's are fetched only where they are asked for."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from bot.domain import QuickBIUnavailable
from bot.quickbi.credentials import Credentials, RamCredentials, StaticCredentials
from tests.contract.raw_server import http, raw_server, saying
from tests.support.secrets import ACCESS_KEY_ID, ACCESS_KEY_SECRET, SECURITY_TOKEN, assert_no_secrets

if TYPE_CHECKING:
    from collections.abc import Callable

OURS = Credentials(
    access_key_id=ACCESS_KEY_ID, access_key_secret=ACCESS_KEY_SECRET, security_token=SECURITY_TOKEN
)


@dataclass(frozen=True, slots=True)
class Found:
    """What the vendor's library hands out."""

    token: str | None = None

    def get_access_key_id(self) -> str:
        return ACCESS_KEY_ID

    def get_access_key_secret(self) -> str:
        return ACCESS_KEY_SECRET

    def get_security_token(self) -> str | None:
        return self.token


@dataclass(slots=True)
class Role:
    """A provider of the vendor's library, with a new token for each time that it is asked."""

    asked: int = 0

    def get_credentials(self) -> Found:
        self.asked += 1
        return Found(token=f"token-{self.asked}")


@dataclass(slots=True)
class SlowRole:
    """Answers once it is told to."""

    answered: threading.Event = field(default_factory=threading.Event)

    def get_credentials(self) -> Found:
        assert self.answered.wait(5), "nothing else ran meanwhile"
        return Found(token="token")


def test_credentials_do_not_show_themselves() -> None:
    """Neither as text, nor in a list, a dict or a dataclass that holds them."""
    assert_no_secrets(OURS, [OURS], {"credentials": OURS}, StaticCredentials(OURS), f"{OURS} {OURS!r}")


def test_credentials_are_hidden_in_what_others_say() -> None:
    """As they are, and as they stand in a URL."""
    text = f"{ACCESS_KEY_ID} {ACCESS_KEY_SECRET} {SECURITY_TOKEN} CAISPLANTED%2Ftoken%2Bof%3Dthe%3D%3Drole"
    assert OURS.redact(text) == "*** *** *** ***"


def test_no_token_hides_nothing() -> None:
    """An empty token is not found between any two letters."""
    assert Credentials(access_key_id="ak", access_key_secret="sk").redact("a text") == "a text"


@pytest.mark.parametrize(
    ("key_id", "secret", "token"),
    [
        pytest.param("", "sk", "", id="no ID"),
        pytest.param("ak", "", "", id="no secret"),
        pytest.param("ak", f"{ACCESS_KEY_SECRET}\n", "", id="newline behind"),
        pytest.param("ak", f" {ACCESS_KEY_SECRET}", "", id="space before"),
        pytest.param("ak", f"{ACCESS_KEY_SECRET}é", "", id="not ASCII"),
        pytest.param("ak", "sk", f"{SECURITY_TOKEN}\r\nx-evil: 1", id="a header behind the token"),
    ],
)
def test_what_no_header_can_carry_is_refused(key_id: str, secret: str, token: str) -> None:
    """At once, and without showing it."""
    with pytest.raises(ValueError, match="credentials") as wrong:
        Credentials(access_key_id=key_id, access_key_secret=secret, security_token=token)
    assert_no_secrets(wrong.value)


async def test_static_keys_stay_as_they_are() -> None:
    """Nothing is fetched where keys are set."""
    assert await StaticCredentials(OURS).current() is OURS


async def test_a_roles_credentials_are_asked_for_each_time() -> None:
    """Refreshed tokens are used as soon as they are there; the provider itself is made once."""
    role, made = Role(), []

    def open_provider() -> Role:
        made.append(role)
        return role

    provider = RamCredentials(open_provider)
    assert made == []
    tokens = [(await provider.current()).security_token for _ in range(3)]
    assert tokens == ["token-1", "token-2", "token-3"]
    assert len(made) == 1


async def test_the_loop_goes_on_while_a_role_is_asked() -> None:
    """The vendor's library blocks while it fetches, when a token is renewed as well as at first."""
    role = SlowRole()
    provider = RamCredentials(lambda: role)
    for _ in range(2):
        asked = asyncio.create_task(provider.current())
        await asyncio.sleep(0)
        role.answered.set()  # by the loop, which a blocking call would have stopped
        assert (await asked).security_token == "token"
        role.answered.clear()


@pytest.mark.parametrize(
    "fail",
    [
        pytest.param(lambda: _raise(RuntimeError(f"result: {ACCESS_KEY_SECRET}")), id="when opened"),
        pytest.param(object, id="when asked"),
    ],
)
async def test_a_role_that_cannot_be_had(fail: Callable[[], object]) -> None:
    """Nothing was sent to Quick BI, and what the library says of it stays hidden."""
    with pytest.raises(QuickBIUnavailable) as unavailable:
        await RamCredentials(fail).current()
    assert not unavailable.value.outcome_unknown
    assert_no_secrets(unavailable.value)


def _raise(error: Exception) -> object:
    raise error


async def test_the_vendors_library_fetches_from_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its provider for a credentials URI, against a server on loopback."""
    answer = {
        "Code": "Success",
        "AccessKeyId": ACCESS_KEY_ID,
        "AccessKeySecret": ACCESS_KEY_SECRET,
        "SecurityToken": SECURITY_TOKEN,
        "Expiration": "2999-01-01T00:00:00Z",
    }
    async with raw_server(saying(http(json.dumps(answer).encode()))) as server:
        provider = RamCredentials(lambda: uri_provider(monkeypatch, f"{server.url}/credentials"))
        assert await provider.current() == OURS
        assert await provider.current() == OURS
    assert len(server.requests) == 1, "the library keeps what is still good"


async def test_a_server_that_tells_secrets_in_its_error(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """The vendor's library puts the whole answer into its error; ours has nothing of it."""
    caplog.set_level(logging.DEBUG)
    answer = json.dumps({"Code": "Failed", "AccessKeySecret": ACCESS_KEY_SECRET}).encode()
    async with raw_server(saying(http(answer, status="500 Oops"))) as server:
        provider = RamCredentials(lambda: uri_provider(monkeypatch, f"{server.url}/credentials"))
        with pytest.raises(QuickBIUnavailable, match="CredentialException") as unavailable:
            await provider.current()
    assert_no_secrets(unavailable.value, *capfd.readouterr(), caplog=caplog)


def uri_provider(monkeypatch: pytest.MonkeyPatch, uri: str) -> object:
    """The library reads the environment as it is imported: the metadata address stays out of reach."""
    monkeypatch.setenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")
    from alibabacloud_credentials.provider import URLCredentialsProvider  # noqa: PLC0415

    return URLCredentialsProvider(uri=uri)


def test_the_vendors_library_is_not_imported_unasked() -> None:
    """It reads the environment and starts a thread: only a role is worth that."""
    code = (
        "import sys; from bot.quickbi.credentials import RamCredentials; import bot.quickbi.client;"
        "RamCredentials();"
        "sys.exit(any(name.startswith(('alibabacloud', 'Tea')) for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=60)  # noqa: S603 (our own code)
    assert done.returncode == 0
