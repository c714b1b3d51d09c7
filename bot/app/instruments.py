"""Counters and histograms of `/metrics`, fed as things happen. Every label has a limited number of values."""

from __future__ import annotations

from datetime import timedelta
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Counter, Histogram, Info, PlatformCollector, ProcessCollector

from bot.domain import (
    AccessForbidden,
    CredentialsRejected,
    DatabaseAway,
    MailMisconfigured,
    MailNotFound,
    ProtocolError,
    QuickBIError,
    QuickBIUnavailable,
    RunRefused,
    StoreError,
    Throttled,
    UnknownRefusal,
    UsageError,
)
from bot.quickbi.errors import KNOWN_CODES
from bot.slack.commands import Verb
from bot.slack.kit.actions import OldButton
from bot.slack.payloads import Clicked, Incoming, Submitted

OUTCOMES = ("answered", "refused", "interrupted")
_ACK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3)  # seconds; Slack waits for three
_ANSWER = (0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 20, 30)
_CALL = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5, 10, 15)
_DELAY = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)


class Instruments:
    """Each method is given to the part that it counts for."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self._commands = Counter(
            "mailbot_commands",
            "Commands, clicks and forms, by what came of them",
            ["verb", "outcome"],
            registry=registry,
        )
        self._acks = Histogram(
            "mailbot_ack_seconds", "From a request of Slack to its ack", buckets=_ACK, registry=registry
        )
        self._answers = Histogram(
            "mailbot_answer_seconds",
            "From a command or click to the end of its handling",
            ["verb"],
            buckets=_ANSWER,
            registry=registry,
        )
        self._calls = Counter(
            "mailbot_quickbi_calls",
            "Calls of Quick BI's API, each attempt",
            ["operation", "outcome", "code"],
            registry=registry,
        )
        self._call_seconds = Histogram(
            "mailbot_quickbi_call_seconds",
            "How long a call of Quick BI's API took",
            ["operation"],
            buckets=_CALL,
            registry=registry,
        )
        self._delay = Histogram(
            "mailbot_detection_delay_seconds",
            "For how long at most a failure went unseen: since the look before, or the run's start if that is later",
            buckets=_DELAY,
            registry=registry,
        )
        Info("mailbot_build", "The version that runs", registry=registry).info(
            {"version": version("quickbi-mailbot")}
        )

    def handled(self, incoming: Incoming, outcome: str, seconds: float) -> None:
        """An error that is nobody's but ours counts as `failed`."""
        verb = _verb(incoming)
        known = outcome if outcome in OUTCOMES or outcome in _EXPECTED else "failed"
        self._commands.labels(verb, known).inc()
        self._answers.labels(verb).observe(seconds)

    def acked(self, seconds: float) -> None:
        self._acks.observe(seconds)

    def called(self, operation: str, error: QuickBIError | None, seconds: float) -> None:
        """A code that is in no table counts as `other`."""
        code = error.code if error else ""
        outcome = type(error).__name__ if error else "ok"
        self._calls.labels(operation, outcome, code if not code or code in KNOWN_CODES else "other").inc()
        self._call_seconds.labels(operation).observe(seconds)

    def found_failure(self, unseen_for: timedelta) -> None:
        self._delay.observe(unseen_for.total_seconds())


_EXPECTED = frozenset(
    error.__name__
    for error in (
        AccessForbidden,
        CredentialsRejected,
        DatabaseAway,
        MailMisconfigured,
        MailNotFound,
        OldButton,
        ProtocolError,
        QuickBIUnavailable,
        RunRefused,
        StoreError,
        Throttled,
        UnknownRefusal,
        UsageError,
    )
)


def _verb(incoming: Incoming) -> str:
    match incoming:
        case Clicked():
            return "click"
        case Submitted():
            return "form"
        case _:
            return next((verb.value for verb in Verb if incoming.where.endswith(verb)), "other")


def standard_collectors(registry: CollectorRegistry) -> None:
    """`process_*` and `python_info`."""
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
