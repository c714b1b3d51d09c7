"""Checks a call in order: faults, signature, version, rate limit; then runs the operation."""

import socket
import struct
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import ceil
from urllib.parse import parse_qsl

from aiohttp import web

from bot.sandbox.quickbi.faults import Fault, Faults, Mode
from bot.sandbox.quickbi.limits import Limit, Limits
from bot.sandbox.quickbi.operations import Operations
from bot.sandbox.quickbi.replies import GATEWAY_PAGE, LOGIN_PAGE, Reply, dropped, refused, web_page
from bot.sandbox.signature import AccessKey, NonceLog, SignedRequest, verify
from bot.sandbox.world.refusals import THROTTLING_USER, Refusal
from bot.sandbox.world.world import Clock

_LAST_DATA_RECEIVED = 52  # bytes into Linux' `struct tcp_info`: milliseconds since then, as 32 bits
_TICK = 10  # milliseconds, by which it may be told too long: the kernel counts in ticks
_BITS = struct.Struct("=I")

VERSION = "2022-01-01"
WRONG_VERSION = Refusal(
    code="InvalidVersion", message="Specified parameter Version is not valid.", status=404
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """A call as it came in. `arrived` is monotonic, in seconds."""

    request: SignedRequest
    arrived: float
    request_id: str

    @property
    def action(self) -> str:
        return self.request.headers.get("x-acs-action", "")

    @property
    def parameters(self) -> dict[str, str]:
        return dict(parse_qsl(self.request.query, keep_blank_values=True))


class Gateway:
    """The cloud's gateway in front of Quick BI, for one account."""

    def __init__(
        self, *, key: AccessKey, operations: Operations, faults: Faults, limits: Limits, clock: Clock
    ) -> None:
        self._key = key
        self._operations = operations
        self._faults = faults
        self._limits = limits
        self._clock = clock
        self._nonces = NonceLog()
        self._taken: dict[str, Limit] = {}

    def judge(self, arrival: Arrival) -> Reply:
        struck = self._faults.strike(arrival.action)
        reply = self._instead(struck, arrival) or self._admit(arrival)
        delay = reply.delay + sum(fault.seconds for fault in struck if fault.mode is Mode.SLOW)
        if any(fault.mode is Mode.LOSE_REPLY for fault in struck):
            return replace(dropped(Mode.LOSE_REPLY), delay=delay, over_limit=reply.over_limit)
        return replace(reply, delay=delay)

    def _instead(self, struck: Iterable[Fault], arrival: Arrival) -> Reply | None:
        """What a fault of the whole service answers instead of doing anything."""
        for fault in struck:
            if refusal := self._faults.refusal(fault):
                return refused(refusal, arrival.request_id)
            match fault.mode:
                case Mode.DOWN:
                    return dropped(fault.mode)
                case Mode.GARBAGE:
                    return web_page(LOGIN_PAGE, outcome=fault.mode)
                case Mode.BAD_GATEWAY:
                    return web_page(GATEWAY_PAGE, outcome=fault.mode, status=502)
                case _:
                    continue
        return None

    def _admit(self, arrival: Arrival) -> Reply:
        now = self._clock() + self._faults.skew()
        if refusal := verify(arrival.request, self._key, now=now, nonces=self._nonces):
            return refused(refusal, arrival.request_id)
        if arrival.request.headers["x-acs-version"] != VERSION:
            return refused(WRONG_VERSION, arrival.request_id)
        wait = self._limit(arrival.action).take(arrival.arrived)
        if wait is not None:
            refusal = replace(THROTTLING_USER, retry_after_ms=ceil(wait * 1000))
            return replace(refused(refusal, arrival.request_id), over_limit=True)
        return self._operations.answer(arrival.action, arrival.parameters, arrival.request_id)

    def _limit(self, action: str) -> Limit:
        if action not in self._taken:
            self._taken[action] = self._limits.limit(action)
        return self._taken[action]


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
