"""Builds what watches mails and sends notices, for the bot and for tests that need a leader."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from slack_sdk.web.async_client import AsyncWebClient

from bot.app.clients import quickbi_client
from bot.app.instruments import Instruments
from bot.app.settings import Settings
from bot.delivery.worker import DeliveryWorker
from bot.domain import QuickBIError
from bot.mails.directory import MailDirectory
from bot.mails.status_lookup import StatusCache, StatusLookup
from bot.monitoring.poller import Poller
from bot.monitoring.schedule import Schedule
from bot.quickbi.call_budget import CallBudget, FallbackSlots
from bot.quickbi.client import QuickBIClient
from bot.slack.transport.notifier import SlackMessenger
from bot.slack.views.reasons import Console
from bot.slack.views.remedies import remedy_for
from bot.store.store import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class Core:
    """Reads: `poller` and `lookup` ask `quickbi` within `budget`. Writes: `worker` sends what the poller stored."""

    budget: CallBudget
    quickbi: QuickBIClient
    directory: MailDirectory
    poller: Poller
    lookup: StatusLookup
    worker: DeliveryWorker


def utc_now() -> datetime:
    return datetime.now(UTC)


def _explain(error: QuickBIError) -> str:
    remedy = remedy_for(error)
    return remedy.sentences if remedy else ""


async def build_core(
    settings: Settings,
    stack: AsyncExitStack,
    *,
    slack: AsyncWebClient,
    store: Store,
    may_send: Callable[[], bool],
    instruments: Instruments | None = None,
    now: Callable[[], datetime] = utc_now,
) -> Core:
    """`stack` closes the client of Quick BI."""
    slots = FallbackSlots(store.calls) if store.database.is_exclusive else store.calls
    budget = CallBudget(slots, calls_per_second=settings.quickbi_calls_per_second)
    instruments = instruments or Instruments()
    quickbi = await stack.enter_async_context(
        quickbi_client(settings, status_sent=budget.sent, on_call=instruments.called)
    )
    directory = MailDirectory(quickbi, store.mails, now=now, explain=_explain)
    await directory.load()
    cache = StatusCache()
    worker = DeliveryWorker(
        outbox=store.outbox,
        deliveries=store.deliveries,
        roll_calls=store.roll_calls,
        closed_channels=store.gates,
        messenger=SlackMessenger(
            slack=slack, zone=settings.zone, now=now, console=Console(settings.quickbi_page)
        ),
        operator_channel=settings.operators,
        may_send=may_send,
        now=now,
    )
    poller = Poller(
        watches=store.watches,
        observations=store.observations,
        outages=store.outages,
        quickbi=quickbi,
        budget=budget,
        new_schedule=partial(
            Schedule,
            calls_per_second=settings.quickbi_calls_per_second,
            check_interval=timedelta(seconds=settings.quickbi_check_interval),
            timezone=settings.zone,
        ),
        on_pending=worker.wake,
        on_answer=cache.remember,
        on_failure=instruments.found_failure,
        is_paused=directory.is_paused,
        operator_channel=settings.operators,
        now=now,
    )
    lookup = StatusLookup(quickbi, budget, cache, now=now, observed=poller.observed)
    return Core(
        budget=budget, quickbi=quickbi, directory=directory, poller=poller, lookup=lookup, worker=worker
    )
