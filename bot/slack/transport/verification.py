"""HTTP mode: Slack's signature, and that a signed request is handled once."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from time import time

from slack_bolt.middleware.request_verification.async_request_verification import AsyncRequestVerification
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

_OLDEST = 300  # seconds: Slack's own advice, and what slack_sdk checks
_log = logging.getLogger(__name__)


class RequestVerification(AsyncRequestVerification):
    """Bolt's, except that what it refuses is logged in one line, without the body: anybody can send one.

    A signature is good for five minutes. Whoever has seen a signed request could send it again, so its second
    arrival is acked and goes no further. What Slack itself repeats is signed anew.
    """

    def __init__(self, signing_secret: str, *, clock: Callable[[], float] = time) -> None:
        super().__init__(signing_secret)
        self._clock = clock
        self._seen: dict[str, float] = {}  # when, by signature; oldest first

    def take_secret(self, signing_secret: str) -> None:
        """From now on requests must be signed with this one."""
        self.verifier.signing_secret = signing_secret

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002 (Bolt's name)
    ) -> BoltResponse:
        async def once() -> BoltResponse:
            return BoltResponse(status=200) if self._came_before(req) else await next()

        return await super().async_process(req=req, resp=resp, next=once)

    def _came_before(self, req: AsyncBoltRequest) -> bool:
        """Called for verified requests only, so that nobody else can fill the memory."""
        signature, now = req.headers.get("x-slack-signature", [""])[0], self._clock()
        while self._seen and next(iter(self._seen.values())) < now - 2 * _OLDEST:
            del self._seen[next(iter(self._seen))]
        if signature in self._seen:
            _log.warning("request_replayed")
            return True
        self._seen[signature] = now
        return False

    def _debug_log_error(self, signature: str, timestamp: str, body: str) -> None:  # noqa: ARG002
        age = self._clock() - int(timestamp)
        if not signature:
            why = "not signed"
        elif abs(age) > _OLDEST:
            off = f"{abs(age) / 60:.0f} min {'behind' if age > 0 else 'ahead of'}"
            why = f"timestamp {off} this machine's clock: is the clock right?"
        else:
            why = "wrong signature: is SLACK_SIGNING_SECRET this app's?"
        _log.warning("request_refused", extra={"why": why})
