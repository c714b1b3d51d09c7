"""What the health endpoints report, of a replica in each state."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError

from bot.app.health import Health
from bot.domain import DatabaseAway, StoreError

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
LED = SimpleNamespace(has_leader=True, last_look_at=NOON - timedelta(seconds=3))


class Parts:
    """A database, Slack and the sockets, each well unless it is said otherwise."""

    def __init__(
        self, *, database: Any = LED, slack: Exception | None = None, connected: bool = True
    ) -> None:
        self._database, self._slack, self._connected = database, slack, connected
        self.slack_calls = 0

    async def look_over(self) -> Any:
        if isinstance(self._database, Exception):
            raise self._database
        return self._database

    async def auth_test(self) -> Any:
        self.slack_calls += 1
        if self._slack:
            raise self._slack
        return {"ok": True}

    async def are_connected(self) -> bool:
        return self._connected


def health(parts: Parts, *, http: bool = False, leads: bool = True) -> Health:
    fakes: dict[str, Any] = {"store": parts, "slack": parts, "sockets": None if http else parts}
    return Health(**fakes, leadership=SimpleNamespace(is_sure=leads), now=lambda: NOON)  # type: ignore[arg-type]


async def test_a_leader_tells_how_old_the_last_answer_is() -> None:
    report = await health(Parts()).report()
    assert report.is_well
    assert report.details == {
        "database": "ok",
        "leader": "ok",
        "slack_socket": "ok",
        "role": "leader",
        "last_answer_age": 3.0,
    }


async def test_a_standby_is_ready_for_people() -> None:
    report = await health(Parts(), leads=False).report()
    assert (report.is_well, report.details["role"]) == (True, "standby")


REFUSED = SlackApiError("refused", {"ok": False, "error": "token_revoked"})  # type: ignore[no-untyped-call]
NOBODY = SimpleNamespace(has_leader=False, last_look_at=None)


@pytest.mark.parametrize(
    ("parts", "part", "state"),
    [
        pytest.param(Parts(database=DatabaseAway("host db-1")), "database", "does not answer", id="silent"),
        pytest.param(
            Parts(database=StoreError("host db-1")), "database", "cannot be written", id="a standby"
        ),
        pytest.param(Parts(database=NOBODY), "leader", "nobody leads", id="nobody leads"),
        pytest.param(
            Parts(slack=aiohttp.ClientConnectionError("host proxy-1")), "slack", "does not answer", id="away"
        ),
        pytest.param(Parts(slack=TimeoutError()), "slack", "does not answer", id="slow"),
        pytest.param(Parts(slack=ValueError("a login page")), "slack", "does not answer", id="not Slack"),
        pytest.param(Parts(slack=REFUSED), "slack", "refuses the bot token", id="refused"),
    ],
)
async def test_what_is_wrong_is_named_without_an_address(parts: Parts, part: str, state: str) -> None:
    """In HTTP mode there is no socket that shows whether Slack is there: it is asked."""
    report = await health(parts, http=True, leads=False).report()
    assert (report.is_well, report.details[part]) == (False, state)
    assert "-1" not in str(report.details)


async def test_sockets_that_are_away_make_it_unwell() -> None:
    report = await health(Parts(connected=False)).report()
    assert (report.is_well, report.details["slack_socket"]) == (False, "not connected")


async def test_slack_is_not_asked_at_each_probe() -> None:
    parts = Parts()
    looked_at = health(parts, http=True)
    for _ in range(5):
        assert (await looked_at.report()).is_well
    assert parts.slack_calls == 1
