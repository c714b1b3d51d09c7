"""The dead man's switch: while all is well the leader calls an address every minute, which alarms when the calls stop.

The protocol is Healthchecks': https://healthchecks.io/docs/http_api/
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus

import aiohttp

from bot.app.http_server import Report

EVERY = 60.0  # seconds
UNTIL_WELL = 2.0  # seconds between two looks at whether all is well again
TIME_LIMIT = 10.0  # seconds
_LONGEST_SILENCE = 13  # check intervals without an answer: a paused mail is looked at twelve times less often
_log = logging.getLogger(__name__)


@dataclass(kw_only=True, eq=False)
class Heartbeat:
    """`url` is a secret, for whoever has it can silence the alarm: it is never logged. "" for none.

    `report` is the health's; `is_out_of_reach` tells whether Quick BI is; `check_interval` is in seconds.
    """

    url: str
    session: aiohttp.ClientSession
    report: Callable[[], Awaitable[Report]]
    is_out_of_reach: Callable[[], bool]
    check_interval: float
    _trouble: str = field(default="", init=False)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            is_well = await self.beat()
            await asyncio.sleep(EVERY if is_well else UNTIL_WELL)

    async def beat(self) -> bool:
        """Once, if all is well; returns whether it is. Never raises. Without an address nobody needs to know."""
        if not self.url:
            return True
        is_well = await self._is_well()
        if is_well:
            self._note(await self._ping())
        return is_well

    async def _is_well(self) -> bool:
        """Of this replica if it leads, of Quick BI, and of the looks at mails, if any is watched."""
        report = await self.report()
        age = report.details.get("last_answer_age", 0.0)
        has_looked = isinstance(age, float) and age < _LONGEST_SILENCE * self.check_interval
        return report.is_well and report.is_leader and has_looked and not self.is_out_of_reach()

    async def _ping(self) -> str:
        """What went wrong, or ""."""
        try:
            limit = aiohttp.ClientTimeout(total=TIME_LIMIT)
            async with self.session.get(self.url, timeout=limit, allow_redirects=False) as answer:
                return "" if answer.status == HTTPStatus.OK else f"HTTP {answer.status}"
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return type(error).__name__

    def _note(self, trouble: str) -> None:
        """Log the beginning and the end of a trouble once."""
        if trouble and not self._trouble:
            _log.warning("heartbeat_not_taken", extra={"error": trouble})
        elif self._trouble and not trouble:
            _log.info("heartbeat_taken_again")
        self._trouble = trouble
