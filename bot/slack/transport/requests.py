"""Requests that no handler sees: those that are not signed by Slack, and those that nobody listens to."""

from __future__ import annotations

import logging
from time import time
from typing import TYPE_CHECKING, Any

from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.middleware.request_verification.async_request_verification import AsyncRequestVerification
from slack_bolt.response import BoltResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

_OLDEST = 300  # seconds: Slack's own advice, and what slack_sdk checks
_UNKNOWN_COMMAND = "I don't know this command. Type /mail-help to see what I can do."
_log = logging.getLogger(__name__)


class RequestVerification(AsyncRequestVerification):
    """Bolt's, except that what it refuses is logged in one line, without the body: anybody can send one."""

    def _debug_log_error(self, signature: str, timestamp: str, body: str) -> None:  # noqa: ARG002
        age = time() - int(timestamp)
        if not signature:
            why = "not signed"
        elif abs(age) > _OLDEST:
            off = f"{abs(age) / 60:.0f} min {'behind' if age > 0 else 'ahead of'}"
            why = f"timestamp {off} this machine's clock: is the clock right?"
        else:
            why = "wrong signature: is SLACK_SIGNING_SECRET this app's?"
        _log.warning("request_refused", extra={"why": why})


async def ack_unhandled(error: Exception, body: Mapping[str, Any]) -> BoltResponse | None:
    """Ack what has no listener, or Slack sends it three times more: an event or shortcut added by hand."""
    if not isinstance(error, BoltUnhandledRequestError):
        _log.error("request_failed", exc_info=error)
        return None
    event = body.get("event")
    kind = event.get("type") if isinstance(event, dict) else body.get("type") or body.get("command")
    _log.info("request_not_handled", extra={"kind": str(kind)[:80]})
    return BoltResponse(status=200, body=_UNKNOWN_COMMAND if "command" in body else "")
