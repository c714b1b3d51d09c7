"""Builds everything that serves people in Slack, and tells Bolt who listens to what."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from bot.domain import ChannelId
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

    from bot.app.settings import Settings
    from bot.mails.directory import MailDirectory
    from bot.mails.status_lookup import StatusLookup
    from bot.quickbi.client import QuickBIClient
    from bot.slack.payloads import Home, Incoming
    from bot.slack.transport.answer import Answer
    from bot.store.store import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class HandlerDependencies:
    """What the desks are built from. `woken` is called when there may be something to send."""

    settings: Settings
    home: Home
    slack: AsyncWebClient
    session: aiohttp.ClientSession
    quickbi: QuickBIClient
    store: Store
    lookup: StatusLookup
    directory: MailDirectory
    woken: Callable[[], None]
    now: Callable[[], datetime]


@dataclass(frozen=True, kw_only=True, slots=True)
class Handlers:
    """What must be run and drained. `channels` has a duty of the leader's."""

    boundary: Dispatcher
    runner: ManualRunService
    channels: ChannelEventHandler


def open_desks(bolt: AsyncApp, parts: HandlerDependencies) -> Handlers:
    """Build the desks and register them."""
    settings, store, slack, now = parts.settings, parts.store, parts.slack, parts.now
    zone = settings.zone
    lookup, directory = parts.lookup, parts.directory
    people = Users(slack, fallback=zone)
    gate = AccessPolicy(parts.home, people, store.subscriptions, channels=settings.mail_channels)
    posting = ChannelAccess(slack)
    names = NamesHeard()
    channels = ChannelEventHandler(
        store.gates,
        posting,
        home=parts.home,
        operator_channel=ChannelId(settings.operator_channel) if settings.operator_channel else None,
        now=now,
        woken=parts.woken,
    )
    boundary = Dispatcher(
        gate, lambda incoming: _way_back(incoming, slack, parts.session), visited=channels.visited
    )
    voice = SlackChannelMessenger(slack)
    runner = ManualRunService(
        parts.quickbi,
        lookup,
        ManualRunRepositories(manual_runs=store.manual_runs, watches=store.watches, audit=store.history),
        later=RestartReporter(partial(RunReporter, voice, directory, now=now, zone=zone)),
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
    snoozes = SnoozeHandler(store.subscriptions, directory, people, voice, commands=names, now=now, zone=zone)
    theirs = PersonalOverview(people, store.subscriptions, allowed=settings.mail_channels)
    homes = HomeHandler(
        slack, people, theirs, store.history, store.outages, commands=names, now=now, zone=zone
    )
    register(
        bolt,
        boundary,
        status=status,
        sharing=SharingHandler(lookup, directory, status, store.history, now=now),
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
            runner, lookup, directory, voice, may_run=settings.may_run, now=now, zone=zone
        ),
        listing=MailListHandler(directory, lookup, store.history, status, commands=names, now=now, zone=zone),
        history=HistoryHandler(
            store.history, store.subscriptions, directory, store.mails, now=now, zone=zone
        ),
        homes=homes,
        acting=HomeActionHandler(
            voice,
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
    return Handlers(boundary=boundary, runner=runner, channels=channels)


def _way_back(incoming: Incoming, slack: AsyncWebClient, session: aiohttp.ClientSession) -> Answer:
    if incoming.response_url:
        on_shared = isinstance(incoming, Clicked) and not incoming.ephemeral
        otherwise = DirectResponder(slack, incoming.person.user_id, incoming.channel_id)
        return Responder(incoming.response_url, session, on_shared=on_shared, otherwise=otherwise)
    if isinstance(incoming, Clicked):
        return ModalResponder(slack, incoming)
    if isinstance(incoming, Happened):
        return HomeTabResponder(slack, incoming.person.user_id)
    return DirectResponder(slack, incoming.person.user_id, incoming.channel_id)
