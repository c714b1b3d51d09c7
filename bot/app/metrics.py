"""What `/metrics` tells: read from the parts when asked, kept nowhere else.

What only the leader knows is 0 elsewhere: a replica that led once must not go on telling what it saw then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client import Metric

    from bot.app.leadership import Leadership
    from bot.delivery.worker import DeliveryWorker
    from bot.monitoring.poller import Poller


class BotMetrics(Collector):
    def __init__(
        self, *, poller: Poller, courier: DeliveryWorker, leadership: Leadership, busy: Callable[[], int]
    ) -> None:
        self._poller = poller
        self._courier = courier
        self._leadership = leadership
        self._busy = busy

    def collect(self) -> Iterator[Metric]:
        stats, leads = self._poller.stats, self._leadership.is_leader
        yield _gauge("mailbot_leader", "1 where this replica polls and posts", leads)
        yield _gauge("mailbot_mails_watched", "Mails that this leader polls", stats.watched * leads)
        is_out = leads and stats.outage_since is not None
        yield _gauge("mailbot_quickbi_out_of_reach", "1 during an outage that this leader sees", is_out)
        is_rejected = leads and self._courier.tally.rejected_since is not None
        yield _gauge(
            "mailbot_slack_rejects_the_app", "1 while Slack takes no message of this app", is_rejected
        )
        if stats.last_answer_at is not None:
            yield _gauge(
                "mailbot_last_answer_timestamp_seconds",
                "When the poller last had an answer of Quick BI",
                stats.last_answer_at.timestamp(),
            )
        yield _gauge("mailbot_people_waiting", "Commands and clicks being answered", self._busy())
        yield _counter("mailbot_status_calls", "Status calls that the poller made", stats.calls)
        owed = self._courier.tally.owed * leads
        yield _gauge("mailbot_messages_owed", "Messages that wait for this leader to send them", owed)
        news = CounterMetricFamily("mailbot_news", "What looks at mails came to", labels=["reason"])
        for reason, count in stats.outcomes.items():
            news.add_metric([reason.value], count)
        yield news
        for name, words, count in self._courier_counts():
            yield _counter(f"mailbot_messages_{name}", words, count)

    def _courier_counts(self) -> Iterator[tuple[str, str, int]]:
        tally = self._courier.tally
        yield "sent", "Messages that Slack took", tally.sent
        yield "edited", "Messages changed to stay true", tally.edited
        yield "found_again", "Messages whose answer was lost, found in the channel", tally.found_again
        yield "may_have_repeated", "Messages sent again although they may be there", tally.may_have_repeated
        yield "refused", "Messages that Slack would not take as they were", tally.refused
        yield "rate_limited", "Times that Slack told us to wait", tally.rate_limited


def _gauge(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, value=float(value))


def _counter(name: str, words: str, value: float) -> CounterMetricFamily:
    return CounterMetricFamily(name, words, value=float(value))
