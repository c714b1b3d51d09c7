"""Turns a setting's text into an address. No error shows the text: people paste keys into the wrong line."""

from __future__ import annotations

import re
from ipaddress import ip_address

import httpx

_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+", re.IGNORECASE)  # a name or an IP address
HIGHEST_PORT = 65535
_ABROAD = {"ap-southeast-1", "cn-hongkong", "ap-southeast-3", "eu-central-1", "ap-southeast-5"}


def endpoint_for(region: str) -> str:
    """The public endpoint of a region: https://next.api.alibabacloud.com/product/quickbi-public"""
    return f"quickbi-public.{region}.aliyuncs.com"


def console_for(region: str) -> str:
    """Where people open Quick BI; empty for a region of which that is not known.

    https://help.aliyun.com/document_detail/55768.html
    """
    if region.startswith("cn-") and region not in _ABROAD:
        return "https://bi.aliyun.com"
    return f"https://bi-{region}.data.aliyun.com" if region in _ABROAD else ""


def endpoint_url(endpoint: str) -> httpx.URL:
    """Quick BI's one URL, from a host or a URL with scheme and port. Raises `ValueError`."""
    text = endpoint.strip()
    url = web_url(text if "://" in text else f"https://{text}", "the endpoint")
    if url.path not in {"", "/"}:
        raise ValueError("the endpoint takes a scheme, a host and a port, and nothing more")
    return url.copy_with(path="/")


def web_url(text: str, what: str = "the address") -> httpx.URL:
    """An http(s) URL without user, query and fragment. Raises `ValueError`, which names `what`."""
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        raise ValueError(f"{what} is not a host or a URL") from None
    if url.scheme not in {"http", "https"} or not is_host(url.raw_host.decode("ascii")):
        raise ValueError(f"{what} is not a host or an http(s) URL")
    if url.port is not None and not 0 < url.port <= HIGHEST_PORT:
        raise ValueError(f"{what} has an invalid port")
    if url.userinfo or url.query or url.fragment:
        raise ValueError(f"{what} takes no user, no query and no fragment")
    return url


def is_host(text: str) -> bool:
    """Python's resolver raises over a label that is empty or too long."""
    try:
        text.removesuffix(".").encode("idna")
    except UnicodeError:
        return False
    return _HOST.fullmatch(text) is not None


def is_loopback(url: httpx.URL) -> bool:
    """This machine: no proxy is used to reach it."""
    try:
        return ip_address(url.host).is_loopback
    except ValueError:
        return url.host == "localhost"
