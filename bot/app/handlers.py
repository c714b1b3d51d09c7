"""Builds everything that serves people in Slack, and registers it with Bolt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import aiohttp
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.app.core import Core
from bot.app.instruments import Instruments
from bot.app.settings import Settings
from bot.mails.manual_runs import ManualRunRepositories, ManualRunService
from bot.slack.app import register
from bot.slack.command_names import NamesHeard
from bot.slack.handlers.asking import AskingHandler
from bot.slack.handlers.channels import ChannelEventHandler
from bot.slack.handlers.forms import Forms
from bot.slack.handlers.history import HistoryHandler
from bot.slack.handlers.home import HomeHandler
from bot.slack.handlers.mail_list import MailListHandler
from bot.slack.handlers.manual_run import ManualRunHandler
from bot.slack.handlers.manual_run_report import RestartReporter, RunReporter
from bot.slack.handlers.responders import ResponderHandler
from bot.slack.handlers.roll_call import RollCallHandler
from bot.slack.handlers.sharing import SharingHandler
from bot.slack.handlers.snooze import SnoozeHandler
from bot.slack.handlers.status import StatusHandler
from bot.slack.handlers.subscribe import SubscribeHandler
from bot.slack.handlers.subscription_rules import SubscriptionRuleHandler
from bot.slack.handlers.unsubscribe import UnsubscribeHandler
from bot.slack.payloads import Home
from bot.slack.transport.access import AccessPolicy
from bot.slack.transport.channel_access import ChannelAccess
from bot.slack.transport.dispatcher import Dispatcher
from bot.slack.transport.notifier import ChannelMessenger
from bot.slack.transport.open_answers import AnswerKeeper
from bot.slack.transport.responders import answer_to
from bot.slack.transport.users import Users
from bot.slack.views.reasons import Console
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
    instruments: Instruments
    now: Callable[[], datetime]


@dataclass(frozen=True, kw_only=True, slots=True)
class Handlers:
    """What the process runs and drains. `channels` has a duty of the leader's."""

    dispatcher: Dispatcher
    manual_runs: ManualRunService
    channels: ChannelEventHandler
    answers: AnswerKeeper


def build_channel_handler(parts: HandlerDependencies) -> ChannelEventHandler:
    return ChannelEventHandler(
        closed=parts.store.gates,
        access=ChannelAccess(parts.slack),
        home=parts.home,
        operator_channel=parts.settings.operators,
        now=parts.now,
        on_pending=parts.core.worker.wake,
    )


def build_handlers(bolt: AsyncApp, parts: HandlerDependencies) -> Handlers:
    """Build the handlers and register them."""
    settings, store, slack, home, now = parts.settings, parts.store, parts.slack, parts.home, parts.now
    zone, lookup, directory = settings.zone, parts.core.lookup, parts.core.directory
    users = Users(slack, fallback=zone)
    access = ChannelAccess(slack)
    names = NamesHeard()
    messenger = ChannelMessenger(slack=slack)
    channels = build_channel_handler(parts)
    keeper = AnswerKeeper(
        rows=store.open_answers, session=parts.session, is_alone=store.database.is_exclusive, now=now
    )
    dispatcher = Dispatcher(
        AccessPolicy(home, users, store.subscriptions, settings.mail_channels),
        partial(answer_to, slack=slack, session=parts.session),
        on_channel_used=channels.on_used,
        hold=keeper.hold,
        on_handled=parts.instruments.handled,
    )
    new_reporter = partial(RunReporter, messenger=messenger, directory=directory, now=now, zone=zone)
    manual_runs = ManualRunService(
        parts.core.quickbi,
        lookup,
        ManualRunRepositories(manual_runs=store.manual_runs, watches=store.watches, audit=store.audit),
        later=RestartReporter(new_reporter),
        is_alone=store.database.is_exclusive,
        now=now,
    )
    forms = Forms(slack=slack, directory=directory, zone_name=settings.quickbi_timezone)
    status = StatusHandler(
        lookup=lookup,
        directory=directory,
        subscriptions=store.subscriptions,
        forms=forms,
        now=now,
        zone=zone,
        console=Console(settings.quickbi_page),
    )
    rules = SubscriptionRuleHandler(
        rules=store.rules,
        directory=directory,
        channels=access,
        on_channel_used=channels.on_used,
        home=home,
        commands=names,
        call_interval=1 / settings.quickbi_calls_per_second,
        now=now,
    )
    snooze = SnoozeHandler(
        subscriptions=store.subscriptions,
        directory=directory,
        users=users,
        messenger=messenger,
        commands=names,
        now=now,
        zone=zone,
    )
    register(
        bolt,
        dispatcher,
        names=names,
        forms=forms,
        asking=AskingHandler(status=status, directory=directory, commands=names, home=home),
        status=status,
        sharing=SharingHandler(lookup=lookup, directory=directory, status=status, audit=store.audit, now=now),
        rules=rules,
        subscribe=SubscribeHandler(
            subscriptions=store.subscriptions,
            lookup=lookup,
            directory=directory,
            forms=forms,
            status=status,
            rules=rules,
            channels=access,
            on_channel_used=channels.on_used,
            home=home,
            now=now,
            zone=zone,
        ),
        unsubscribe=UnsubscribeHandler(
            subscriptions=store.subscriptions,
            directory=directory,
            forms=forms,
            rules=rules,
            status=status,
            on_channel_used=channels.on_used,
            commands=names,
            now=now,
            zone=zone,
        ),
        snooze=snooze,
        responders=ResponderHandler(
            responders=store.responders,
            directory=directory,
            messenger=messenger,
            commands=names,
            now=now,
            zone=zone,
        ),
        runs=ManualRunHandler(
            runner=manual_runs,
            lookup=lookup,
            directory=directory,
            forms=forms,
            messenger=messenger,
            may_run=settings.may_run,
            now=now,
            zone=zone,
        ),
        mails=MailListHandler(
            directory=directory,
            lookup=lookup,
            history=store.history,
            subscriptions=store.subscriptions,
            status=status,
            commands=names,
            now=now,
            zone=zone,
        ),
        history=HistoryHandler(
            records=store.history,
            subscriptions=store.subscriptions,
            directory=directory,
            mails=store.mails,
            forms=forms,
            now=now,
            zone=zone,
        ),
        roll_calls=RollCallHandler(
            roll_calls=store.roll_calls,
            forms=forms,
            users=users,
            channels=access,
            home=home,
            commands=names,
            now=now,
        ),
        home=HomeHandler(
            slack=slack,
            users=users,
            subscriptions=store.subscriptions,
            history=store.history,
            outages=store.outages,
            messenger=messenger,
            status=status,
            snoozes=snooze,
            allowed=settings.mail_channels,
            commands=names,
            now=now,
            zone=zone,
        ),
        channels=channels,
    )
    return Handlers(dispatcher=dispatcher, manual_runs=manual_runs, channels=channels, answers=keeper)
