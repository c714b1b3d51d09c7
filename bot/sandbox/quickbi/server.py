"""The loopback server: reads calls, has them checked, logs them, and delivers the answers."""

import asyncio
import secrets
import time
from collections.abc import Callable
from email.utils import format_datetime
from uuid import uuid4

from aiohttp import web

from bot.sandbox.loopback import LoopbackServer, reset_connection
from bot.sandbox.quickbi.call_log import Call, CallLog
from bot.sandbox.quickbi.checks import Arrival, Gateway, unnoticed_for
from bot.sandbox.quickbi.faults import Faults
from bot.sandbox.quickbi.limits import Limits
from bot.sandbox.quickbi.operations import Operations
from bot.sandbox.quickbi.replies import Delivery, Reply
from bot.sandbox.signature import AccessKey, SignedRequest
from bot.sandbox.world.world import Clock, World, utc_now

SLOW = 20.0  # seconds: longer than the 10 s after which Quick BI itself gives up


class SimulatedQuickBI(LoopbackServer):
    """Quick BI's OpenAPI for one account with one key pair.

    >>> async with SimulatedQuickBI(world) as quickbi:
    ...     start_the_bot(quickbi.endpoint, quickbi.access_key_id, quickbi.access_key_secret)
    """

    def __init__(
        self,
        world: World,
        *,
        access_key_id: str | None = None,
        access_key_secret: str | None = None,
        security_token: str | None = None,
        limits: Limits | None = None,
        slow_seconds: float = SLOW,
        clock: Clock = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` is the gateway's own, for the dates of requests; the world has its own for runs."""
        super().__init__(shutdown_timeout=0.1)
        self.world = world
        self.faults = Faults(monotonic)
        self.ledger = CallLog()
        self._key = AccessKey(
            key_id=access_key_id or f"LTAIsandbox{secrets.token_hex(6)}",
            secret=access_key_secret or secrets.token_hex(15),
            security_token=security_token,
        )
        self._gateway = Gateway(
            key=self._key,
            operations=Operations(world=world, slow_seconds=slow_seconds),
            faults=self.faults,
            limits=limits or Limits(),
            clock=clock,
        )
        self._clock = clock
        self._monotonic = monotonic

    def _application(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/{anything:.*}", self._serve)
        return app

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def access_key_id(self) -> str:
        return self._key.key_id

    @property
    def access_key_secret(self) -> str:
        return self._key.secret

    @property
    def security_token(self) -> str | None:
        return self._key.security_token

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        unnoticed = unnoticed_for(request) if self._monotonic is time.monotonic else 0.0
        arrived = self._monotonic() - unnoticed
        arrival = Arrival(request=_as_signed(request, body), arrived=arrived, request_id=str(uuid4()).upper())
        reply = self._gateway.judge(arrival)
        self._record(arrival, reply)
        if reply.delay:
            await asyncio.sleep(reply.delay)
        return await self._deliver(request, reply)

    def _record(self, arrival: Arrival, reply: Reply) -> None:
        parameters = arrival.parameters
        self.ledger.append(
            Call(
                seq=self.ledger.next_seq(),
                arrived=arrival.arrived,
                at=self._clock(),
                action=arrival.action,
                mail_id=parameters.get("MailId", ""),
                task_id=parameters.get("TaskId", ""),
                outcome=reply.outcome,
                request_id=arrival.request_id,
                over_limit=reply.over_limit,
            )
        )

    async def _deliver(self, request: web.Request, reply: Reply) -> web.StreamResponse:
        now = self._clock() + self.faults.skew()
        response = web.Response(
            body=reply.body,
            status=reply.status or 200,
            headers={
                **reply.headers,
                "Content-Type": reply.content_type,
                "Date": format_datetime(now, usegmt=True),
            },
        )
        match reply.delivery:
            case Delivery.DROPPED:
                reset_connection(request)
            case Delivery.CUT_SHORT:
                await _send_half(request, response, reply.body)
            case Delivery.WHOLE:
                pass
        return response


async def _send_half(request: web.Request, whole: web.Response, body: bytes) -> None:
    half = web.StreamResponse(status=whole.status, headers=whole.headers)
    half.content_length = len(body)
    await half.prepare(request)
    await half.write(body[: len(body) // 2])
    reset_connection(request)


def _as_signed(request: web.Request, body: bytes) -> SignedRequest:
    """The target exactly as it was sent: what was signed must not be tidied up first."""
    path, _, query = request.raw_path.partition("?")
    return SignedRequest(
        method=request.method,
        path=path,
        query=query,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
    )
