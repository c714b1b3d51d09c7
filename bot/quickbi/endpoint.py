"""Where Quick BI answers: a setting's text in, the one URL that every call goes to out. Pure."""

from __future__ import annotations

import re
from ipaddress import ip_address

import httpx

_HOST = re.compile(rb"[a-z0-9._-]+|[0-9a-f:.]+", re.IGNORECASE)  # a name or an IP address
_HIGHEST_PORT = 65535


def endpoint_for(region: str) -> str:
    """The public endpoint of a region: https://next.api.alibabacloud.com/product/quickbi-public"""
    return f"quickbi-public.{region}.aliyuncs.com"


def endpoint_url(endpoint: str) -> httpx.URL:
    """From a host, or a URL with scheme and port. Raises a `ValueError` that does not show it."""
    text = endpoint.strip()
    try:
        url = httpx.URL(text if "://" in text else f"https://{text}")
    except httpx.InvalidURL:
        raise ValueError("the endpoint is not a host or a URL") from None
    if url.scheme not in {"http", "https"} or not _HOST.fullmatch(url.raw_host):
        raise ValueError("the endpoint is not a host or an http(s) URL")
    if url.port is not None and not 0 < url.port <= _HIGHEST_PORT:
        raise ValueError("the endpoint's port is none")
    if url.userinfo or url.query or url.fragment or url.path not in {"", "/"}:
        raise ValueError("the endpoint takes a scheme, a host and a port, and nothing more")
    return url.copy_with(path="/")


def is_loopback(url: httpx.URL) -> bool:
    """This machine itself: no proxy is asked for the way there."""
    try:
        return ip_address(url.host).is_loopback
    except ValueError:
        return url.host == "localhost"
