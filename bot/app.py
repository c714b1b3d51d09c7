"""Composition root: builds every part, starts, drains and closes them. The only place that knows concrete classes."""

from __future__ import annotations

import asyncio
import logging
import signal
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING
from uuid import uuid4

import aiohttp
from prometheus_client import CollectorRegistry

from bot.budget import CallBudget, SteadySlots
from bot.connections import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    SLACK_TIME_LIMIT,
    Sockets,
    open_database,
    quickbi_client,
    signing_secret,
    slack_client,
    who_are_we,
)
from bot.courier import Courier
from bot.desks import Parts, open_desks
from bot.directory import Directory
from bot.domain import ChannelId, StoreError
from bot.leadership import Leadership
from bot.logs import set_up_logging
from bot.lookup import Lookup
from bot.metrics import BotMetrics
from bot.poller import Poller
from bot.schedule import Schedule
from bot.sightings import Sightings
from bot.slack.listeners import bolt_app
from bot.slack.messenger import SlackMessenger
from bot.web import WebServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from bot.settings import Settings
    from bot.store.store import Store

_log = logging.getLogger(__name__)
DRAIN_LIMIT = 6.0  # seconds for people's commands at shutdown; all of it ends within 10
ANSWER_DRAIN_LIMIT = 1.0  # seconds more for what Quick BI told and the database has not taken yet
RUN_DRAIN_LIMIT = 2.0  # seconds for Quick BI's word on a run that was just asked for
KEPT = timedelta(days=180)  # runs and closed incidents; the audit is kept for good
FORGET_EVERY = 24 * 3600.0  # seconds


async def run_bot(settings: Settings) -> int:
    """Run until SIGTERM or SIGINT. Returns the exit code. Raises MailBotError where it cannot start."""
    set_up_logging(
        level=settings.log_level, json_lines=settings.log_format == "json", secrets=settings.secret_values()
    )
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running_bot(settings):
        _log.info("ready")
        await stop.wait()
        _log.info("stopping")
    _log.info("stopped")
    return 0


@asynccontextmanager
async def running_bot(settings: Settings) -> AsyncIterator[Bot]:
    """The whole bot, for as long as the block runs. People's commands are answered before it ends."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SLACK_TIME_LIMIT))
        )
        slack = slack_client(settings, session)
        quickbi = await stack.enter_async_context(quickbi_client(settings))
        home = await who_are_we(slack)
        store = await stack.enter_async_context(open_database(settings))
        budget = CallBudget(SteadySlots(store.calls), calls_per_second=settings.quickbi_calls_per_second)
        sightings = Sightings()
        operators = ChannelId(settings.operator_channel) if settings.operator_channel else None
        courier = Courier(
            outbox=store.outbox,
            deliveries=store.deliveries,
            gates=store.gates,
            messenger=SlackMessenger(slack, zone=settings.zone),
            operator_channel=operators,
        )
        directory = Directory(quickbi, store.mails, now=_now)
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
        lookup = Lookup(quickbi, budget, sightings, now=_now, observed=poller.observed)
        bolt = bolt_app(home, signing_secret=signing_secret(settings))
        desks = open_desks(
            bolt,
            Parts(
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
        sockets = Sockets(settings, bolt, slack) if settings.socket_mode else None
        registry = CollectorRegistry()
        registry.register(
            BotMetrics(
                poller=poller, courier=courier, leadership=leadership, busy=lambda: desks.boundary.busy
            )
        )
        web = WebServer(
            health=partial(_health, store, sockets), registry=registry, bolt=None if sockets else bolt
        )
        await web.start(settings.http_host, settings.http_port)
        stack.push_async_callback(web.stop)
        stack.push_async_callback(poller.drain, ANSWER_DRAIN_LIMIT)
        await stack.enter_async_context(
            in_background(directory.run, leadership.run, desks.runner.run, partial(_forget_old, store))
        )
        if sockets:
            await sockets.open()
            stack.push_async_callback(sockets.close)
        stack.push_async_callback(desks.runner.drain, RUN_DRAIN_LIMIT)
        stack.push_async_callback(desks.boundary.drain, DRAIN_LIMIT)
        yield Bot(http_port=web.port)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bot:
    """A running bot, as far as anyone outside needs to know it."""

    http_port: int


async def _health(store: Store, sockets: Sockets | None) -> dict[str, str]:
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


@asynccontextmanager
async def in_background(*loops: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Run endless loops beside the block. One that fails is logged and begun again; none outlives the block."""
    tasks = [asyncio.create_task(_keep_going(loop)) for loop in loops]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _keep_going(loop: Callable[[], Awaitable[None]]) -> None:
    pause = FIRST_PAUSE
    while True:
        began = monotonic()
        try:
            await loop()
        except Exception:  # noqa: BLE001 (a loop is a boundary: its failure must not end the others)
            _log.exception("loop_failed", extra={"loop": getattr(loop, "__qualname__", repr(loop))})
        pause = FIRST_PAUSE if monotonic() - began > LONGEST_PAUSE else min(2 * pause, LONGEST_PAUSE)
        await asyncio.sleep(pause)


def _now() -> datetime:
    return datetime.now(UTC)
