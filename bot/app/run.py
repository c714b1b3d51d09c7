"""Builds, starts, drains and closes the bot. Only this package knows concrete classes.

Quick BI -> poller (asks what the schedule chose) -> store -> delivery worker -> Slack
Slack -> sockets or HTTP server -> dispatcher -> handlers -> lookup -> Quick BI
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import uuid4

from prometheus_client import CollectorRegistry

from bot.app.clients import (
    open_database,
    open_sockets,
    request_verification,
    reveal,
    slack_client,
    slack_session,
)
from bot.app.core import Core, build_core, utc_now
from bot.app.handlers import HandlerDependencies, Handlers, build_handlers
from bot.app.health import Health
from bot.app.heartbeat import Heartbeat
from bot.app.http_server import HttpServer, Route, bare, event_routes, status_routes
from bot.app.instruments import Instruments, standard_collectors
from bot.app.leadership import Leadership
from bot.app.logs import set_up_logging
from bot.app.metrics import BotMetrics
from bot.app.rotation import SecretRotation, SecretUsers
from bot.app.settings import Settings, settings_from_files
from bot.app.shutdown import ANSWERS_BY, CLOSED_BY, DISCONNECTED_BY, QUIET_BY, RUNS_BY, Shutdown
from bot.app.supervisor import Supervisor
from bot.slack.app import bolt_app
from bot.slack.transport.connect import who_are_we
from bot.slack.transport.socket_mode import SocketMode
from bot.store.clock import SharedClock
from bot.store.store import Store

_log = logging.getLogger(__name__)
AUDIT_KEPT = timedelta(days=730)  # at least
FORGET_EVERY = 24 * 3600.0  # seconds


async def run_bot(settings: Settings) -> int:
    """Run until SIGTERM, SIGINT or SIGHUP, which also end a start. Returns the exit code.

    Raises MailBotError where it cannot start.
    """
    formatter = set_up_logging(
        level=settings.log_level, json_lines=settings.log_format == "json", secrets=settings.secret_values()
    )
    shutdown = Shutdown()
    shutdown.listen()
    stack = AsyncExitStack()
    try:
        if await shutdown.unless_requested(_start(settings, stack, shutdown, formatter.hide)):
            gc.collect()
            gc.freeze()  # what is loaded stays: looking through it all again delayed acks by a tenth of a second
            _log.info("ready")
            await shutdown.requested.wait()
        _log.info("stopping")
    finally:
        await shutdown.within(CLOSED_BY, "close", stack.aclose())
    _log.info("stopped")
    shutdown.finished()
    return 0


async def _start(
    settings: Settings, stack: AsyncExitStack, shutdown: Shutdown, hide: Callable[[Iterable[str]], None]
) -> bool:
    """Build and start every part. `stack` ends what was started, also if this fails or is cancelled."""
    session = await stack.enter_async_context(slack_session())
    slack = slack_client(settings, session)
    guarded = await stack.enter_async_context(slack_session(may_send=lambda: leadership.is_sure))
    notices = slack_client(settings, guarded)
    home = await who_are_we(slack)
    store = await stack.enter_async_context(open_database(settings))
    clock = SharedClock(store.database, wall=utc_now)
    await clock.synchronise()
    registry = CollectorRegistry()
    instruments = Instruments(registry)
    core = await build_core(
        settings,
        stack,
        slack=notices,
        store=store,
        may_send=lambda: leadership.is_sure,
        instruments=instruments,
        now=clock.now,
    )
    verification = request_verification(settings)
    bolt = bolt_app(home, verification=verification)
    handlers = build_handlers(
        bolt,
        HandlerDependencies(
            settings=settings,
            home=home,
            slack=slack,
            session=session,
            store=store,
            core=core,
            instruments=instruments,
            now=clock.now,
        ),
    )
    leadership = Leadership(
        store.lease,
        holder=uuid4().hex,
        duties=(core.poller.lead, core.worker.lead, handlers.channels.lead),
        is_alone=store.database.is_exclusive,
    )
    sockets = open_sockets(settings, bolt, slack, instruments.acked)
    supervisor = Supervisor()
    registry.register(
        BotMetrics(
            poller=core.poller,
            worker=core.worker,
            leadership=leadership,
            busy=lambda: handlers.dispatcher.busy,
            now=clock.now,
        )
    )
    standard_collectors(registry)
    health = Health(store=store, leadership=leadership, slack=slack, sockets=sockets, now=clock.now)
    heartbeat = Heartbeat(
        url=reveal(settings.heartbeat_url),
        session=session,
        report=health.report,
        is_out_of_reach=lambda: core.poller.stats.outage_since is not None,
        check_interval=settings.quickbi_check_interval,
    )
    secret_users = SecretUsers(
        home=home,
        slack=(slack, notices),
        session=session,
        quickbi=core.quickbi,
        sockets=sockets,
        verification=verification,
        heartbeat=heartbeat,
    )
    rotation = SecretRotation(
        settings=settings, names=settings_from_files(), takers=secret_users.takers, hide=hide
    )
    status = status_routes(health.report, registry)
    servers = _servers(settings, status, {} if sockets else event_routes(bolt, instruments.acked))
    parts = _Parts(
        handlers=handlers, core=core, supervisor=supervisor, sockets=sockets, servers=tuple(servers.values())
    )
    stack.push_async_callback(_stop, parts, shutdown)
    for (setting, port), server in servers.items():
        await server.start(settings.http_host, port, setting=setting)
    supervisor.start(
        core.directory.run,
        leadership.run,
        handlers.manual_runs.run,
        handlers.answers.run,
        clock.run,
        rotation.run,
        heartbeat.run,
        partial(_forget_old, store, timedelta(days=settings.keep_days), clock),
    )
    if sockets:
        await sockets.check_app_token()
        supervisor.start(sockets.watch)
        await sockets.open()
    return True


@dataclass(frozen=True, kw_only=True, slots=True)
class _Parts:
    """What has work to finish before the database is closed."""

    handlers: Handlers
    core: Core
    supervisor: Supervisor
    sockets: SocketMode | None
    servers: tuple[HttpServer, ...]


def _servers(
    settings: Settings, status: Mapping[str, Route], events: Mapping[str, Route]
) -> dict[tuple[str, int], HttpServer]:
    """By the name and the value of the setting of their port.

    Strangers reach the port of Slack's events: there the probes tell no details, and metrics are served only if
    that port is the one set for them.
    """
    main, own = ("HTTP_PORT", settings.http_port), settings.http_status_port
    if (own is None and not events) or own == settings.http_port:
        return {main: HttpServer({**events, **status})}
    servers = {main: HttpServer({**events, **bare(status)})} if events else {}
    return servers if own is None else {**servers, ("HTTP_STATUS_PORT", own): HttpServer(status)}


async def _stop(parts: _Parts, shutdown: Shutdown) -> None:
    """Answer people while the leader stores what it fetched; then answer who came until it was disconnected."""
    leaving = asyncio.create_task(_disconnect(parts, shutdown))
    await asyncio.gather(
        shutdown.within(QUIET_BY, "people", _answer_people(parts, shutdown, leaving)),
        shutdown.within(QUIET_BY, "background", parts.supervisor.stop()),
    )
    answers = parts.core.poller.drain(shutdown.left(DISCONNECTED_BY))
    await asyncio.gather(
        shutdown.within(DISCONNECTED_BY, "answers", answers),
        shutdown.within(DISCONNECTED_BY, "connections", _ended(leaving)),
    )
    latecomers = parts.handlers.dispatcher.drain(shutdown.left(DISCONNECTED_BY))
    await shutdown.within(CLOSED_BY, "latecomers", latecomers)


async def _disconnect(parts: _Parts, shutdown: Shutdown) -> None:
    """As soon as nobody is being answered: from then on Slack hands commands to another replica."""
    await parts.handlers.dispatcher.until_idle(shutdown.left(ANSWERS_BY))
    sockets = [parts.sockets.close()] if parts.sockets else []
    await asyncio.gather(*sockets, *(server.stop() for server in parts.servers))


async def _answer_people(parts: _Parts, shutdown: Shutdown, leaving: asyncio.Task[None]) -> None:
    """Runs by hand, and calls whose answer others wait for, may outlive the handler that began them."""
    await asyncio.wait({leaving}, timeout=shutdown.left(ANSWERS_BY))
    await parts.handlers.dispatcher.drain(shutdown.left(ANSWERS_BY))
    await parts.handlers.manual_runs.drain(shutdown.left(RUNS_BY))
    await parts.core.lookup.drain(shutdown.left(RUNS_BY))


async def _ended(task: asyncio.Task[None]) -> None:
    await task


async def _forget_old(store: Store, kept: timedelta, clock: SharedClock) -> None:
    while True:
        now = clock.now()
        await store.retention.prune(before=now - kept, audit_before=now - max(kept, AUDIT_KEPT))
        await asyncio.sleep(FORGET_EVERY)
