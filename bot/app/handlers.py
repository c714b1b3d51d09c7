"""Builds everything that serves people in Slack, and registers it with Bolt."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from bot.mails.manual_runs import ManualRunRepositories, ManualRunService
from bot.slack.app import register
from bot.slack.command_names import NamesHeard
from bot.slack.handlers.channels import ChannelEventHandler
from bot.slack.handlers.forms import FormHandler
from bot.slack.handlers.history import HistoryHandler
from bot.slack.handlers.home import HomeHandler
from bot.slack.handlers.home_acting import HomeActionHandler
from bot.slack.handlers.joining import SubscribeFlow
from bot.slack.handlers.mail_list import MailListHandler
from bot.slack.handlers.manual_run import ManualRunHandler
from bot.slack.handlers.manual_run_report import RestartReporter, RunReporter, SlackChannelMessenger
from bot.slack.handlers.several import SeveralStatusHandler
from bot.slack.handlers.sharing import SharingHandler
from bot.slack.handlers.snooze import SnoozeHandler
from bot.slack.handlers.status import StatusHandler
from bot.slack.handlers.subscribe import SubscriptionHandler
from bot.slack.handlers.theirs import PersonalOverview
from bot.slack.payloads import Clicked, Happened
from bot.slack.transport.access import AccessPolicy
from bot.slack.transport.channel_access import ChannelAccess
from bot.slack.transport.dispatcher import Dispatcher
from bot.slack.transport.responders import DirectResponder, Responder
from bot.slack.transport.sheets import HomeTabResponder, ModalResponder
from bot.slack.transport.users import Users

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import aiohttp
    from slack_bolt.app.async_app import AsyncApp
    from slack_sdk.web.async_client import AsyncWebClient

    from bot.app.core import Core
    from bot.app.settings import Settings
    from bot.slack.payloads import Home, Incoming
    from bot.slack.transport.answer import Answer
    from bot.store.store import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class HandlerDependencies:
    """What the handlers are built from."""

    settings: Settings
    home: Home
    slack: AsyncWebClient
    session: aiohttp.ClientSession
    store: Store
    core: Core
    now: Callable[[], datetime]


@dataclass(frozen=True, kw_only=True, slots=True)
class Handlers:
    """What the process runs and drains. `channels` has a duty of the leader's."""

    dispatcher: Dispatcher
    manual_runs: ManualRunService
    channels: ChannelEventHandler


def build_channel_handler(parts: HandlerDependencies) -> ChannelEventHandler:
    return ChannelEventHandler(
        parts.store.gates,
        ChannelAccess(parts.slack),
        home=parts.home,
        operator_channel=parts.settings.operators,
        now=parts.now,
        woken=parts.core.worker.wake,
    )


def build_handlers(bolt: AsyncApp, parts: HandlerDependencies) -> Handlers:
    """Build the handlers and register them."""
    settings, store, slack, now = parts.settings, parts.store, parts.slack, parts.now
    zone = settings.zone
    lookup, directory = parts.core.lookup, parts.core.directory
    people = Users(slack, fallback=zone)
    access = AccessPolicy(parts.home, people, store.subscriptions, channels=settings.mail_channels)
    posting = ChannelAccess(slack)
    names = NamesHeard()
    channels = build_channel_handler(parts)
    dispatcher = Dispatcher(
        access, lambda incoming: _responder(incoming, slack, parts.session), visited=channels.visited
    )
    messenger = SlackChannelMessenger(slack)
    manual_runs = ManualRunService(
        parts.core.quickbi,
        lookup,
        ManualRunRepositories(manual_runs=store.manual_runs, watches=store.watches, audit=store.audit),
        later=RestartReporter(partial(RunReporter, messenger, directory, now=now, zone=zone)),
        is_alone=store.database.is_exclusive,
        now=now,
    )
    status = StatusHandler(lookup, directory, store.subscriptions, now=now, zone=zone)
    joining = SubscribeFlow(
        store.subscriptions,
        lookup,
        directory,
        posting,
        visited=channels.visited,
        home=parts.home,
        now=now,
        zone=zone,
    )
    subscriptions = SubscriptionHandler(
        store.subscriptions,
        joining,
        directory,
        status,
        visited=channels.visited,
        commands=names,
        now=now,
        zone=zone,
    )
    several = SeveralStatusHandler(lookup, directory, now=now, zone=zone)
    snoozes = SnoozeHandler(
        store.subscriptions, directory, people, messenger, commands=names, now=now, zone=zone
    )
    theirs = PersonalOverview(people, store.subscriptions, allowed=settings.mail_channels)
    homes = HomeHandler(
        slack, people, theirs, store.history, store.outages, commands=names, now=now, zone=zone
    )
    register(
        bolt,
        dispatcher,
        status=status,
        sharing=SharingHandler(lookup, directory, status, store.audit, now=now),
        subscriptions=subscriptions,
        forms=FormHandler(
            slack,
            directory,
            status=status,
            several=several,
            subscriptions=subscriptions,
            joining=joining,
            zone_name=settings.quickbi_timezone,
        ),
        snoozes=snoozes,
        running=ManualRunHandler(
            manual_runs, lookup, directory, messenger, may_run=settings.may_run, now=now, zone=zone
        ),
        listing=MailListHandler(directory, lookup, store.history, status, commands=names, now=now, zone=zone),
        history=HistoryHandler(
            store.history, store.subscriptions, directory, store.mails, now=now, zone=zone
        ),
        homes=homes,
        acting=HomeActionHandler(
            messenger,
            theirs,
            store.subscriptions,
            status=status,
            snoozes=snoozes,
            home=homes,
            now=now,
            zone=zone,
        ),
        channels=channels,
        names=names,
    )
    return Handlers(dispatcher=dispatcher, manual_runs=manual_runs, channels=channels)


def _responder(incoming: Incoming, slack: AsyncWebClient, session: aiohttp.ClientSession) -> Answer:
    if incoming.response_url:
        on_shared = isinstance(incoming, Clicked) and not incoming.ephemeral
        otherwise = DirectResponder(slack, incoming.person.user_id, incoming.channel_id)
        return Responder(incoming.response_url, session, on_shared=on_shared, otherwise=otherwise)
    if isinstance(incoming, Clicked):
        return ModalResponder(slack, incoming)
    if isinstance(incoming, Happened):
        return HomeTabResponder(slack, incoming.person.user_id)
    return DirectResponder(slack, incoming.person.user_id, incoming.channel_id)
