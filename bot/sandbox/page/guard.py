"""Who may reach the page: this computer's own browser, by this computer's own name.

A page anywhere on the web can make a browser send requests to loopback, and a name that an attacker owns can
be made to resolve to 127.0.0.1 (DNS rebinding): so both `Host` and `Origin` must be ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES = ("127.0.0.1", "localhost", "[::1]")


class Guard:
    """Knows the names under which this port is ours."""

    def __init__(self, port: int) -> None:
        self._hosts = frozenset(f"{name}:{port}" for name in _NAMES)
        self._origins = frozenset(f"http://{host}" for host in self._hosts)
        self.headers: Mapping[str, str] = {
            "Content-Security-Policy": _policy(self._hosts),
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "no-store",
        }

    def lets_in(self, host: str | None, origin: str | None, *, needs_origin: bool) -> bool:
        """A plain request has no `Origin`; a WebSocket from a browser always has one."""
        if host not in self._hosts:
            return False
        return not needs_origin if origin is None else origin in self._origins


def _policy(hosts: frozenset[str]) -> str:
    """Nothing inline, nothing from elsewhere. Safari does not count a WebSocket as 'self': it is named."""
    sockets = " ".join(sorted(f"ws://{host}" for host in hosts if not host.startswith("[")))
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            f"connect-src 'self' {sockets}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        )
    )
