"""What `/metrics` tells is true of this replica now, not of a time when it led."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from bot.app.metrics import BotMetrics
from bot.delivery.outcomes import DeliveryStats
from bot.monitoring.poller import PollerStats

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def told(*, leads: bool) -> str:
    """By a replica that saw an outage, and whose app Slack rejected, while it led."""
    registry = CollectorRegistry()
    parts: dict[str, Any] = {
        "poller": SimpleNamespace(stats=PollerStats(watched=7, calls=40, outage_since=LONG_AGO)),
        "worker": SimpleNamespace(
            stats=DeliveryStats(sent=3, pending=5, oldest_pending_at=LONG_AGO, rejected_since=LONG_AGO)
        ),
        "leadership": SimpleNamespace(is_leader=leads),
    }
    registry.register(BotMetrics(**parts, busy=lambda: 2, now=lambda: LONG_AGO + timedelta(seconds=90)))
    return generate_latest(registry).decode()


@pytest.mark.parametrize(
    "line",
    [
        "mailbot_leader 1.0",
        "mailbot_mails_watched 7.0",
        "mailbot_quickbi_out_of_reach 1.0",
        "mailbot_slack_rejects_the_app 1.0",
        "mailbot_messages_owed 5.0",
        "mailbot_oldest_owed_message_age_seconds 90.0",
    ],
)
def test_what_only_the_leader_knows(line: str) -> None:
    """Whoever leads no more says 0: a sum over the replicas is then what is."""
    assert line in told(leads=True).splitlines()
    assert f"{line.split(maxsplit=1)[0]} 0.0" in told(leads=False).splitlines()


def test_what_was_done_stays_counted() -> None:
    """A counter never goes down while the process lives."""
    for leads in (True, False):
        shown = told(leads=leads).splitlines()
        assert "mailbot_status_calls_total 40.0" in shown
        assert "mailbot_messages_sent_total 3.0" in shown
        assert "mailbot_people_waiting 2.0" in shown


def test_a_leader_without_any_answer_counts_from_its_start() -> None:
    """The alert for missing answers would else never fire, or at once."""
    started = (LONG_AGO + timedelta(seconds=90)).timestamp()
    (line,) = [line for line in told(leads=True).splitlines() if line.startswith("mailbot_last_answer")]
    assert float(line.split()[1]) == started
    assert "mailbot_last_answer_timestamp_seconds 0.0" in told(leads=False).splitlines()
