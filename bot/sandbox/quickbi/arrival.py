"""When a request really arrived: a busy event loop notices it late, and must not take that for haste."""

from __future__ import annotations

import socket
import struct
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp import web

_LAST_DATA_RECEIVED = 52  # bytes into Linux' `struct tcp_info`: milliseconds since then, as 32 bits
_TICK = 10  # milliseconds, by which it may be told too long: the kernel counts in ticks
_BITS = struct.Struct("=I")


def unnoticed_for(request: web.Request) -> float:
    """Seconds for which the whole request has surely been lying in the kernel; 0.0 where that does not say.

    https://man7.org/linux/man-pages/man7/tcp.7.html (TCP_INFO)
    """
    connection = None if request.transport is None else request.transport.get_extra_info("socket")
    if connection is None or sys.platform != "linux":
        return 0.0
    try:
        told = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _LAST_DATA_RECEIVED + _BITS.size)
    except OSError:
        return 0.0
    if len(told) < _LAST_DATA_RECEIVED + _BITS.size:
        return 0.0
    milliseconds: int = _BITS.unpack_from(told, _LAST_DATA_RECEIVED)[0]
    return max(0, milliseconds - _TICK) / 1_000
