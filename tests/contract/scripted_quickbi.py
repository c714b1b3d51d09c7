"""A Quick BI that answers by a script, for the client: no wire, no clock, no waiting."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from bot.domain import (
    MailId,
    TaskId,
)
from bot.quickbi.client import QuickBIClient
from bot.quickbi.credentials import Credentials, StaticCredentials
from tests.support.answers import MAIL, REQUEST_ID, recorded
from tests.support.secrets import ACCESS_KEY_ID, ACCESS_KEY_SECRET, SECURITY_TOKEN

ENDPOINT = "quickbi.example"
NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
TASK = TaskId(7218865303929605212)
MAIL_ID = MailId(MAIL)
PLANTED_KEY = StaticCredentials(
    Credentials(
        access_key_id=ACCESS_KEY_ID, access_key_secret=ACCESS_KEY_SECRET, security_token=SECURITY_TOKEN
    )
)
Step = httpx.Response | Exception
Call = Callable[[QuickBIClient], Awaitable[object]]


@dataclass(kw_only=True, slots=True)
class Script:
    """Answers each request with the next step, and remembers what was asked; the last step stays."""

    steps: list[Step]
    requests: list[httpx.Request] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if isinstance(step, Exception):
            raise step
        return step

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def client(self, *, clock: Callable[[], datetime] | None = None, **options: Any) -> QuickBIClient:
        nonces, minutes = count(1), count()
        return QuickBIClient(
            endpoint=ENDPOINT,
            credentials=PLANTED_KEY,
            timezone=ZoneInfo("Asia/Shanghai"),
            transport=httpx.MockTransport(self.handle),
            clock=clock or (lambda: NOON + timedelta(minutes=next(minutes))),
            nonce=lambda: f"nonce-{next(nonces)}",
            jitter=lambda: 0.0,
            sleep=self.sleep,
            **options,
        )


def replay(name: str) -> httpx.Response:
    was = recorded(name)
    return httpx.Response(was.status, headers=was.headers, content=was.body)


def refusal(code: str, *, status: int = 400, message: str = "") -> httpx.Response:
    return httpx.Response(status, json={"Code": code, "Message": message, "RequestId": REQUEST_ID})


def ask(client: QuickBIClient, *, attempts: int = 1) -> Awaitable[object]:
    return client.get_task_status(MAIL_ID, attempts=attempts)
