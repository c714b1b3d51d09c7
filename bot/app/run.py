"""Composition root: builds every part, starts, drains and closes them. The only place that knows concrete classes."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

import aiohttp
from prometheus_client import CollectorRegistry

from bot.app.clients import (
    SLACK_TIME_LIMIT,
    open_database,
    open_sockets,
    quickbi_client,
    signing_secret,
    slack_client,
)
from bot.app.handlers import HandlerDependencies, open_desks
from bot.app.http_server import HttpServer
from bot.app.leadership import Leadership
from bot.app.logs import set_up_logging
from bot.app.metrics import BotMetrics
from bot.app.shutdown import CLOSED_AT, DOORS_UNTIL, PEOPLE_UNTIL, QUIET_AT, RUNS_UNTIL, Shutdown
from bot.app.supervisor import Supervisor
from bot.delivery.worker import DeliveryWorker
from bot.domain import ChannelId, StoreError
from bot.mails.directory import MailDirectory
from bot.mails.status_cache import StatusCache
from bot.mails.status_lookup import StatusLookup
from bot.monitoring.poller import Poller
from bot.monitoring.schedule import Schedule
from bot.quickbi.call_budget import CallBudget, SteadySlots
from bot.slack.app import bolt_app
from bot.slack.transport.connect import who_are_we
from bot.slack.transport.notifier import SlackMessenger

if TYPE_CHECKING:
    from bot.app.handlers import Handlers
    from bot.app.settings import Settings
    from bot.slack.transport.socket_mode import SocketMode
    from bot.store.store import Store

_log = logging.getLogger(__name__)
KEPT = timedelta(days=180)  # runs and closed incidents; the audit is kept for good
FORGET_EVERY = 24 * 3600.0  # seconds


async def run_bot(settings: Settings) -> int:
    """Run until SIGTERM or SIGINT, also while it starts. Returns the exit code.

    Raises MailBotError where it cannot start.
    """
    set_up_logging(
        level=settings.log_level, json_lines=settings.log_format == "json", secrets=settings.secret_values()
    )
    stopping = Shutdown()
    stopping.listen()
    stack = AsyncExitStack()
    try:
        if await stopping.unless_asked(_start(settings, stack, stopping)):
            _log.info("ready")
            await stopping.asked.wait()
        _log.info("stopping")
    finally:
        await stopping.within(CLOSED_AT, "close", stack.aclose())
    _log.info("stopped")
    stopping.is_over()
    return 0


async def _start(settings: Settings, stack: AsyncExitStack, stopping: Shutdown) -> bool:
    """Build and start every part. `stack` gets whatever must be ended, also if this fails or is cancelled."""
    session = await stack.enter_async_context(
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SLACK_TIME_LIMIT))
    )
    slack = slack_client(settings, session)
    home = await who_are_we(slack)
    store = await stack.enter_async_context(open_database(settings))
    budget = CallBudget(SteadySlots(store.calls), calls_per_second=settings.quickbi_calls_per_second)
    quickbi = await stack.enter_async_context(quickbi_client(settings, status_sent=budget.sent))
    sightings = StatusCache()
    operators = ChannelId(settings.operator_channel) if settings.operator_channel else None
    courier = DeliveryWorker(
        outbox=store.outbox,
        deliveries=store.deliveries,
        gates=store.gates,
        messenger=SlackMessenger(slack, zone=settings.zone),
        operator_channel=operators,
        may_send=lambda: leadership.is_sure,
    )
    directory = MailDirectory(quickbi, store.mails, now=_now)
    await directory.load()
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
        timezone=settings.zone,
        news=courier.wake,
        seen=sightings.remember,
        is_paused=directory.is_paused,
        operator_channel=operators,
    )
    lookup = StatusLookup(quickbi, budget, sightings, now=_now, observed=poller.observed)
    bolt = bolt_app(home, signing_secret=signing_secret(settings))
    desks = open_desks(
        bolt,
        HandlerDependencies(
            settings=settings,
            home=home,
            slack=slack,
            session=session,
            quickbi=quickbi,
            store=store,
            lookup=lookup,
            directory=directory,
            woken=courier.wake,
            now=_now,
        ),
    )
    leadership = Leadership(
        store.lease,
        holder=uuid4().hex,
        duties=(poller.lead, courier.lead, desks.channels.lead),
        is_alone=store.database.is_exclusive,
    )
    sockets = open_sockets(settings, bolt, slack)
    background = Supervisor()
    registry = CollectorRegistry()
    registry.register(
        BotMetrics(poller=poller, courier=courier, leadership=leadership, busy=lambda: desks.boundary.busy)
    )
    web = HttpServer(
        health=partial(_health, store, sockets), registry=registry, bolt=None if sockets else bolt
    )
    running = _Running(
        desks=desks, lookup=lookup, poller=poller, background=background, sockets=sockets, web=web
    )
    stack.push_async_callback(_end, running, stopping)
    await web.start(settings.http_host, settings.http_port)
    background.start(directory.run, leadership.run, desks.runner.run, partial(_forget_old, store))
    if sockets:
        await sockets.knock()
        background.start(sockets.watch)
        await sockets.open()
    return True


@dataclass(frozen=True, kw_only=True, slots=True)
class _Running:
    """What has something to do or to say before the database is closed."""

    desks: Handlers
    lookup: StatusLookup
    poller: Poller
    background: Supervisor
    sockets: SocketMode | None
    web: HttpServer


async def _end(running: _Running, stopping: Shutdown) -> None:
    """People first, while the leader writes down what it has under way; the doors then; last, who came meanwhile."""
    boundary = running.desks.boundary
    await asyncio.gather(
        stopping.within(QUIET_AT, "people", _answer_people(running, stopping)),
        stopping.within(QUIET_AT, "background", running.background.stop()),
    )
    doors = [stopping.within(DOORS_UNTIL, "web", running.web.stop())]
    if running.sockets:
        doors.append(stopping.within(DOORS_UNTIL, "sockets", running.sockets.close()))
    doors.append(stopping.within(DOORS_UNTIL, "answers", running.poller.drain(stopping.left(DOORS_UNTIL))))
    await asyncio.gather(*doors)
    await stopping.within(CLOSED_AT, "latecomers", boundary.drain(stopping.left(DOORS_UNTIL)))


async def _answer_people(running: _Running, stopping: Shutdown) -> None:
    """What a handler began may outlive it: runs by hand, and looks whose answer others wait for."""
    await running.desks.boundary.drain(stopping.left(PEOPLE_UNTIL))
    await running.desks.runner.drain(stopping.left(RUNS_UNTIL))
    await running.lookup.drain(stopping.left(RUNS_UNTIL))


async def _health(store: Store, sockets: SocketMode | None) -> dict[str, str]:
    """What only a restart or the operator can mend. That Quick BI is down is neither: see `/metrics`."""
    report = {"database": "ok"}
    try:
        await store.ping()
    except StoreError as error:
        report["database"] = str(error)
    if sockets is not None:
        report["slack_socket"] = "ok" if await sockets.are_connected() else "not connected"
    return report


async def _forget_old(store: Store) -> None:
    while True:
        await store.history.forget(before=_now() - KEPT)
        await asyncio.sleep(FORGET_EVERY)


def _now() -> datetime:
    return datetime.now(UTC)
