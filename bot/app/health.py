"""What the health endpoints report: database, Slack and leadership. The log has the reasons and the addresses."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.app.http_server import Report
from bot.app.leadership import Leadership
from bot.domain import DatabaseAway, StoreError
from bot.slack.transport.connect import NotSlack, heard
from bot.slack.transport.socket_mode import SocketMode
from bot.store.store import Store

SLACK_EVERY = 20.0  # seconds for which an answer of Slack counts: probes come more often
SLACK_LIMIT = 3.0  # seconds
_log = logging.getLogger(__name__)


@dataclass(kw_only=True, eq=False)
class Health:
    """`sockets` is None in HTTP mode, where Slack is asked instead. That Quick BI is down makes no replica unwell."""

    store: Store
    leadership: Leadership
    slack: AsyncWebClient
    sockets: SocketMode | None
    now: Callable[[], datetime]
    _slack_state: str = field(default="ok", init=False)
    _slack_asked_at: float = field(default=float("-inf"), init=False)

    async def report(self) -> Report:
        """All parts must be "ok". `role` and `last_answer_age`, in seconds, are for whoever reads it."""
        has_leader, details = self.leadership.is_sure, {}
        try:
            condition = await self.store.look_over()
        except DatabaseAway:
            database = "does not answer"
        except StoreError:
            database = "cannot be written"
        else:
            database = "ok"
            has_leader = has_leader or condition.has_leader
            if condition.last_look_at is not None:
                details["last_answer_age"] = round((self.now() - condition.last_look_at).total_seconds(), 1)
        parts = {"database": database, "leader": "ok" if has_leader else "nobody leads"}
        if self.sockets is not None:
            parts["slack_socket"] = "ok" if await self.sockets.are_connected() else "not connected"
        else:
            parts["slack"] = await self._slack()
        is_leader = self.leadership.is_sure
        role = "leader" if is_leader else "standby"
        is_well = all(state == "ok" for state in parts.values())
        return Report(is_well=is_well, is_leader=is_leader, details={**parts, "role": role, **details})

    async def _slack(self) -> str:
        if monotonic() - self._slack_asked_at >= SLACK_EVERY:
            state = await self._ask_slack()
            if state != self._slack_state:
                _log.log(
                    logging.INFO if state == "ok" else logging.WARNING, "slack_health", extra={"is": state}
                )
            self._slack_state, self._slack_asked_at = state, monotonic()
        return self._slack_state

    async def _ask_slack(self) -> str:
        try:
            async with asyncio.timeout(SLACK_LIMIT):
                await heard(self.slack.auth_test())
        except SlackApiError:
            return "refuses the bot token"
        except (aiohttp.ClientError, NotSlack, OSError):  # TimeoutError is one
            return "does not answer"
        return "ok"
