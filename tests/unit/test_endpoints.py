"""Which endpoint settings are understood, and that none is shown when it is not."""

from __future__ import annotations

import httpx
import pytest

from bot.quickbi.endpoints import console_for, endpoint_for, endpoint_url, is_loopback
from tests.support.secrets import ACCESS_KEY_SECRET, assert_no_secrets


@pytest.mark.parametrize(
    ("region", "console"),
    [
        ("cn-hangzhou", "https://bi.aliyun.com"),
        ("cn-hongkong", "https://bi-cn-hongkong.data.aliyun.com"),
        ("ap-southeast-1", "https://bi-ap-southeast-1.data.aliyun.com"),
        ("us-east-1", ""),
    ],
)
def test_where_people_open_quick_bi(region: str, console: str) -> None:
    """Nowhere, where Quick BI's pages do not tell it."""
    assert console_for(region) == console


def test_a_regions_endpoint() -> None:
    """Each region has a host of its own."""
    assert endpoint_for("ap-southeast-1") == "quickbi-public.ap-southeast-1.aliyuncs.com"


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        pytest.param("quickbi.example", "https://quickbi.example/", id="host"),
        pytest.param("quickbi.example:8443", "https://quickbi.example:8443/", id="host and port"),
        pytest.param(" http://127.0.0.1:4300/ ", "http://127.0.0.1:4300/", id="URL, spaces around"),
        pytest.param("https://quickbi.example:443", "https://quickbi.example/", id="default port"),
        pytest.param("HTTPS://QuickBI.Example", "https://quickbi.example/", id="capitals"),
        pytest.param("http://[::1]:4300", "http://[::1]:4300/", id="IPv6"),
    ],
)
def test_an_endpoint(endpoint: str, url: str) -> None:
    """HTTPS, unless the setting says otherwise."""
    assert str(endpoint_url(endpoint)) == url


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "   ",
        "https://",
        "ftp://quickbi.example",
        "quickbi.example/api",
        "https://quickbi.example/?x=1",
        "https://quickbi.example/#x",
        "quickbi.example:port",
        "https://quickbi.example:99999",
        "quick bi.example",
        "https://[::1",
        f"https://user:{ACCESS_KEY_SECRET}@quickbi.example",
        f"https://quickbi.example:{ACCESS_KEY_SECRET}",
    ],
)
def test_an_endpoint_that_is_none(endpoint: str) -> None:
    """The error says what is wanted, and not what was set."""
    with pytest.raises(ValueError, match="endpoint") as wrong:
        endpoint_url(endpoint)
    assert_no_secrets(wrong.value)


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://127.0.0.1:1", True),
        ("http://127.8.9.10", True),
        ("http://[::1]", True),
        ("http://localhost:1", True),
        ("https://quickbi.example", False),
        ("https://10.0.0.1", False),
    ],
)
def test_loopback(url: str, *, loopback: bool) -> None:
    """This machine, by address or by name."""
    assert is_loopback(httpx.URL(url)) is loopback
