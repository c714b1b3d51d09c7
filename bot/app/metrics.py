"""The states that `/metrics` shows, read when asked. What only the leader knows is 0 on the other replicas."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from bot.app.leadership import Leadership
from bot.delivery.worker import DeliveryWorker
from bot.monitoring.poller import Poller


@dataclass(kw_only=True, eq=False)
class BotMetrics(Collector):
    poller: Poller
    worker: DeliveryWorker
    leadership: Leadership
    busy: Callable[[], int]
    now: Callable[[], datetime]
    started_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.started_at = self.now()

    def collect(self) -> Iterator[Metric]:
        stats, leads = self.poller.stats, self.leadership.is_leader
        yield _gauge("mailbot_leader", "1 where this replica polls and posts", leads)
        yield _gauge("mailbot_mails_watched", "Mails that this leader polls", stats.watched * leads)
        is_out = leads and stats.outage_since is not None
        yield _gauge("mailbot_quickbi_out_of_reach", "1 during an outage that this leader sees", is_out)
        is_rejected = leads and self.worker.stats.rejected_since is not None
        yield _gauge(
            "mailbot_slack_rejects_the_app", "1 while Slack takes no message of this app", is_rejected
        )
        # A leader that never had an answer counts from its start: an alert waits for an answer that does not come.
        answered_at = stats.last_answer_at or (self.started_at if leads else None)
        yield _gauge(
            "mailbot_last_answer_timestamp_seconds",
            "When the poller last had an answer of Quick BI",
            answered_at.timestamp() if answered_at else 0,
        )
        yield _gauge("mailbot_people_waiting", "Commands and clicks being answered", self.busy())
        yield _counter("mailbot_status_calls", "Status calls that the poller made", stats.calls)
        pending = self.worker.stats.pending * leads
        yield _gauge("mailbot_messages_owed", "Messages that wait for this leader to send them", pending)
        oldest_at = self.worker.stats.oldest_pending_at if leads else None
        age = (self.now() - oldest_at).total_seconds() if oldest_at else 0.0
        yield _gauge("mailbot_oldest_owed_message_age_seconds", "How long the oldest of them has waited", age)
        news = CounterMetricFamily("mailbot_news", "What looks at mails came to", labels=["reason"])
        for reason, count in stats.outcomes.items():
            news.add_metric([reason.value], count)
        yield news
        for name, words, count in self._message_counts():
            yield _counter(f"mailbot_messages_{name}", words, count)

    def _message_counts(self) -> Iterator[tuple[str, str, int]]:
        stats = self.worker.stats
        yield "sent", "Messages that Slack took", stats.sent
        yield "edited", "Messages changed to stay true", stats.edited
        yield "found_again", "Messages whose answer was lost, found in the channel", stats.found_again
        yield "may_have_repeated", "Messages sent again although they may be there", stats.may_have_repeated
        yield "refused", "Messages that Slack would not take as they were", stats.refused
        yield "rate_limited", "Times that Slack told us to wait", stats.rate_limited


def _gauge(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, value=float(value))


def _counter(name: str, words: str, value: float) -> CounterMetricFamily:
    return CounterMetricFamily(name, words, value=float(value))
