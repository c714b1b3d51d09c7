"""Builds everything that serves people in Slack, and tells Bolt who listens to what."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from bot.domain import ChannelId
from bot.mails.manual_runs import Runner, Shelf
from bot.slack.app import register
from bot.slack.command_names import NamesHeard
from bot.slack.handlers.channels import ChannelDesk
from bot.slack.handlers.forms import FormDesk
from bot.slack.handlers.history import HistoryDesk
from bot.slack.handlers.home import HomeDesk
from bot.slack.handlers.home_acting import HomeActions
from bot.slack.handlers.joining import Joining
from bot.slack.handlers.mail_list import ListingDesk
from bot.slack.handlers.manual_run import RunDesk
from bot.slack.handlers.manual_run_report import LateTeller, RunStory, SlackVoice
from bot.slack.handlers.several import SeveralDesk
from bot.slack.handlers.sharing import ShareDesk
from bot.slack.handlers.snooze import SnoozeDesk
from bot.slack.handlers.status import StatusDesk
from bot.slack.handlers.subscribe import SubscriptionDesk
from bot.slack.handlers.theirs import Theirs
from bot.slack.payloads import Clicked, Happened
from bot.slack.transport.access import Gate
from bot.slack.transport.channel_access import Channels
from bot.slack.transport.dispatcher import Boundary
from bot.slack.transport.responders import DirectAnswer, Reply
from bot.slack.transport.sheets import HomeTab, Sheet
from bot.slack.transport.users import People

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import aiohttp
    from slack_bolt.app.async_app import AsyncApp
    from slack_sdk.web.async_client import AsyncWebClient

    from bot.app.settings import Settings
    from bot.mails.directory import Directory
    from bot.mails.status_lookup import Lookup
    from bot.quickbi.client import QuickBIClient
    from bot.slack.payloads import Home, Incoming
    from bot.slack.transport.answer import Answer
    from bot.store.store import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """What the desks are built from. `woken` is called when there may be something to send."""

    settings: Settings
    home: Home
    slack: AsyncWebClient
    session: aiohttp.ClientSession
    quickbi: QuickBIClient
    store: Store
    lookup: Lookup
    directory: Directory
    woken: Callable[[], None]
    now: Callable[[], datetime]


@dataclass(frozen=True, kw_only=True, slots=True)
class Desks:
    """What must be run and drained. `channels` has a duty of the leader's."""

    boundary: Boundary
    runner: Runner
    channels: ChannelDesk


def open_desks(bolt: AsyncApp, parts: Parts) -> Desks:
    """Build the desks and register them."""
    settings, store, slack, now = parts.settings, parts.store, parts.slack, parts.now
    zone = settings.zone
    lookup, directory = parts.lookup, parts.directory
    people = People(slack, fallback=zone)
    gate = Gate(parts.home, people, store.subscriptions, channels=settings.mail_channels)
    posting = Channels(slack)
    names = NamesHeard()
    channels = ChannelDesk(
        store.gates,
        posting,
        home=parts.home,
        operator_channel=ChannelId(settings.operator_channel) if settings.operator_channel else None,
        now=now,
        woken=parts.woken,
    )
    boundary = Boundary(
        gate, lambda incoming: _way_back(incoming, slack, parts.session), visited=channels.visited
    )
    voice = SlackVoice(slack)
    runner = Runner(
        parts.quickbi,
        lookup,
        Shelf(manual_runs=store.manual_runs, watches=store.watches, audit=store.history),
        later=LateTeller(partial(RunStory, voice, directory, now=now, zone=zone)),
        is_alone=store.database.is_exclusive,
        now=now,
    )
    status = StatusDesk(lookup, directory, store.subscriptions, now=now, zone=zone)
    joining = Joining(
        store.subscriptions,
        lookup,
        directory,
        posting,
        visited=channels.visited,
        home=parts.home,
        now=now,
        zone=zone,
    )
    subscriptions = SubscriptionDesk(
        store.subscriptions,
        joining,
        directory,
        status,
        visited=channels.visited,
        commands=names,
        now=now,
        zone=zone,
    )
    several = SeveralDesk(lookup, directory, now=now, zone=zone)
    snoozes = SnoozeDesk(store.subscriptions, directory, people, voice, commands=names, now=now, zone=zone)
    theirs = Theirs(people, store.subscriptions, allowed=settings.mail_channels)
    homes = HomeDesk(slack, people, theirs, store.history, store.outages, commands=names, now=now, zone=zone)
    register(
        bolt,
        boundary,
        status=status,
        sharing=ShareDesk(lookup, directory, status, store.history, now=now),
        subscriptions=subscriptions,
        forms=FormDesk(
            slack,
            directory,
            status=status,
            several=several,
            subscriptions=subscriptions,
            joining=joining,
            zone_name=settings.quickbi_timezone,
        ),
        snoozes=snoozes,
        running=RunDesk(runner, lookup, directory, voice, may_run=settings.may_run, now=now, zone=zone),
        listing=ListingDesk(directory, lookup, store.history, status, commands=names, now=now, zone=zone),
        history=HistoryDesk(store.history, store.subscriptions, directory, store.mails, now=now, zone=zone),
        homes=homes,
        acting=HomeActions(
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
    return Desks(boundary=boundary, runner=runner, channels=channels)


def _way_back(incoming: Incoming, slack: AsyncWebClient, session: aiohttp.ClientSession) -> Answer:
    if incoming.response_url:
        on_shared = isinstance(incoming, Clicked) and not incoming.ephemeral
        otherwise = DirectAnswer(slack, incoming.person.user_id, incoming.channel_id)
        return Reply(incoming.response_url, session, on_shared=on_shared, otherwise=otherwise)
    if isinstance(incoming, Clicked):
        return Sheet(slack, incoming)
    if isinstance(incoming, Happened):
        return HomeTab(slack, incoming.person.user_id)
    return DirectAnswer(slack, incoming.person.user_id, incoming.channel_id)
