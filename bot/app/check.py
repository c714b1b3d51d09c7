"""`python -m bot check`: looks at each part of an installation, and says what to do where one is wrong."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from io import TextIOWrapper
from itertools import groupby
from typing import Any, TypeAlias

import aiohttp
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.app.clients import open_database, quickbi_client, slack_client
from bot.app.settings import Settings
from bot.domain import (
    AccessForbidden,
    MailBotError,
    MailMisconfigured,
    MailNotFound,
    MissingAccess,
    Posting,
    ProtocolError,
    QuickBIError,
    QuickBIUnavailable,
    Throttled,
)
from bot.quickbi.client import QuickBIClient
from bot.quickbi.endpoints import endpoint_for
from bot.slack.kit.text import duration
from bot.slack.transport.channel_access import posting_in
from bot.slack.transport.connect import heard
from bot.slack.transport.errors import SlackRefusal, header, refusal
from bot.slack.views.remedies import remedy_for
from bot.store.sqlite import SqliteInUse, file_of

NEEDED_SCOPES = frozenset(
    {"commands", "chat:write", "chat:write.public", "channels:read", "groups:read", "im:write", "users:read"}
)
_WITHOUT = {"app_mentions:read": "nobody can ask by mentioning the bot"} | dict.fromkeys(
    ("channels:history", "groups:history", "im:history"), "a notice whose answer was lost may be repeated"
)
OPTIONAL_SCOPES = frozenset(_WITHOUT)
CLOCK_WARNING = timedelta(minutes=1)
CLOCK_LIMIT = timedelta(minutes=15)  # beyond it Quick BI refuses every request
TIME_LIMIT = 30.0  # seconds for one line of the table
_NO_WRAPPING = 1_000  # columns where there is no terminal: a log or a pipe gets whole lines
_SIGNS = {True: "[green]✓ ok[/]", None: "[yellow]! note[/]", False: "[red]✗ wrong[/]"}
_ASCII_SIGNS = {True: "ok", None: "! note", False: "x wrong"}

Check: TypeAlias = Callable[[], Awaitable[tuple[bool | None, str]]]


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckResult:
    """One line of the table. `well` is None for a note."""

    what: str
    well: bool | None
    says: str


async def run_check(settings: Settings) -> int:
    """Print the table. Returns 0 where all is well, else 1."""
    logging.disable(logging.CRITICAL)  # the table says it all
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        slack = slack_client(settings, session)
        quickbi = await stack.enter_async_context(quickbi_client(settings))
        endpoint = settings.quickbi_endpoint or endpoint_for(settings.quickbi_region)
        groups = await asyncio.gather(
            _in_turn(
                settings.slack_api_url,
                ("Slack: bot token", lambda: _bot_token(slack)),
                ("Slack: scopes", lambda: scopes(slack)),
                ("Slack: operator channel", lambda: _operator_channel(settings, slack)),
            ),
            _in_turn(
                settings.slack_api_url, ("Slack: how it reaches us", lambda: _delivery(settings, slack))
            ),
            _in_turn(
                endpoint,
                ("Quick BI: clock", lambda: _clock(quickbi)),
                ("Quick BI: credentials and API", lambda: _api(quickbi)),
            ),
            _in_turn("", ("Database", lambda: _database(settings))),
        )
    lines = [line for group in groups for line in group]
    _print(lines)
    return 0 if all(line.well is not False for line in lines) else 1


async def _in_turn(address: str, *checks: tuple[str, Check]) -> list[CheckResult]:
    """Where the first fails the others would for the same reason: one fault is one line."""
    lines: list[CheckResult] = []
    for what, check in checks:
        lines.append(await _checked(what, check, address))
        if lines[0].well is False:
            break
    return lines


async def _checked(what: str, check: Check, address: str) -> CheckResult:
    try:
        async with asyncio.timeout(TIME_LIMIT):
            well, says = await check()
    except SlackApiError as refused:
        well, says = False, refusal(refused).words
    except (aiohttp.ClientError, TimeoutError) as error:
        words = SlackRefusal(error=type(error).__name__, is_out_of_reach=True).words
        well, says = False, f"{words} The address is {address}." if address else words
    except QuickBIError as error:
        well, says = False, _quickbi_words(error, address)
    except MailBotError as error:
        well, says = False, str(error)
    except Exception as error:  # noqa: BLE001 (the boundary: one surprise must not hide the other lines)
        well, says = False, f"An unexpected {type(error).__name__}. Please report it with the other lines."
    return CheckResult(what=what, well=well, says=says)


async def _bot_token(slack: AsyncWebClient) -> tuple[bool | None, str]:
    answer: Any = (await heard(slack.auth_test())).data
    return True, f"{answer.get('user')} in {answer.get('team')}"


async def scopes(slack: AsyncWebClient) -> tuple[bool | None, str]:
    granted = _granted(await heard(slack.auth_test()))
    if granted is None:
        return None, "Slack did not say which scopes the token has."
    if missing := sorted(NEEDED_SCOPES - granted):
        return (
            False,
            f"Missing: {', '.join(missing)}. Add them under “OAuth & Permissions”, then install again.",
        )
    if absent := sorted(OPTIONAL_SCOPES - granted):
        groups = [(what, list(same)) for what, same in groupby(absent, key=_WITHOUT.__getitem__)]
        return None, " ".join(
            ["Enough.", *(f"Without {' and '.join(same)} {what}." for what, same in groups)]
        )
    return True, "All that are needed, and the optional ones"


async def _delivery(settings: Settings, slack: AsyncWebClient) -> tuple[bool | None, str]:
    if not settings.socket_mode:
        return None, (
            f"HTTP mode: Slack must reach {settings.http_host}:{settings.http_port}/slack/events "
            "over https. Only Slack itself can try that: type /mail-help."
        )
    token = settings.slack_app_token.get_secret_value() if settings.slack_app_token else ""
    await heard(slack.apps_connections_open(app_token=token))
    return True, "Socket Mode opens"


async def _operator_channel(settings: Settings, slack: AsyncWebClient) -> tuple[bool | None, str]:
    if settings.operator_channel is None:
        return None, "OPERATOR_CHANNEL is not set: nobody is told when Quick BI cannot be asked."
    answer = await heard(slack.conversations_info(channel=settings.operator_channel))
    told: Any = answer.data
    channel = told["channel"]
    name = f"#{channel['name']}" if channel.get("name") else "A direct message"
    if why_not := cannot_post(channel, _granted(answer) or NEEDED_SCOPES):
        return False, f"{name} {why_not}"
    if (channel.get("properties") or {}).get("posting_restricted_to"):
        return None, f"{name} takes messages of some people only. Let the bot post there, too."
    return True, name


def cannot_post(channel: Mapping[str, Any], granted: frozenset[str]) -> str:
    """Why a message would not arrive, by Slack's description of the channel; "" if it would."""
    elsewhere = "Set OPERATOR_CHANNEL to another one."
    match posting_in(channel, uninvited="chat:write.public" in granted):
        case Posting.ARCHIVED:
            return f"is archived. {elsewhere}"
        case Posting.READ_ONLY:
            return f"takes no new messages. {elsewhere}"
        case Posting.DIRECT:
            return f"is a conversation of people that no bot can join. {elsewhere}"
        case Posting.INVITE if channel.get("is_private"):
            return "is private. Invite the bot there."
        case Posting.INVITE:
            missing = "the scope chat:write.public is missing"
            return f"takes only its members' messages: {missing}. Invite the bot there."
        case _:
            return ""


async def _clock(quickbi: QuickBIClient) -> tuple[bool | None, str]:
    offset = await quickbi.server_time_offset()
    says = f"{duration(abs(offset))} {'behind' if offset > timedelta(0) else 'ahead of'} Quick BI's"
    if abs(offset) > CLOCK_LIMIT:
        return False, f"This machine's clock is {says}: every request is refused. Let it keep time with NTP."
    if abs(offset) > CLOCK_WARNING:
        return None, f"This machine's clock is {says}. Quick BI allows 15 minutes. Let it keep time with NTP."
    return True, "Right to within a minute"


async def _api(quickbi: QuickBIClient) -> tuple[bool | None, str]:
    """The list names a mail to try the status with. What is wrong with that mail does not count."""
    page = await quickbi.list_mails(page=1, page_size=1)
    if not page.mails:
        return None, "Accepted, but this account sees no mail: have some shared with it in Quick BI."
    seen = f"Accepted; {page.total:,} {'mail' if page.total == 1 else 'mails'} can be seen"
    try:
        await quickbi.get_task_status(page.mails[0].mail_id, attempts=3)
    except Throttled:
        return None, f"{seen}, but something else uses up the limit of status calls just now."
    except (MailNotFound, MailMisconfigured):
        return True, seen
    except AccessForbidden as error:
        if error.missing is not MissingAccess.MAIL:
            raise
    return True, seen


async def _database(settings: Settings) -> tuple[bool | None, str]:
    """A running bot keeps others from its SQLite file: then it is looked at beside that bot."""
    if (missing := _missing_file(settings.database_url.get_secret_value())) is not None:
        return missing
    try:
        async with open_database(settings) as store:
            return True, f"{store.database.dialect}; it can be written, and its schema is up to date"
    except SqliteInUse:
        async with open_database(settings, beside_a_bot=True) as store:
            condition = await store.look_over()
    if not condition.has_leader:
        return False, "sqlite; another process has the file, but nobody polls: is that the bot? See its log."
    looked_at = condition.last_look_at
    last = f"; its last look at a mail was at {looked_at:%Y-%m-%d %H:%M:%S} UTC" if looked_at else ""
    return True, f"sqlite; a bot is running on it, and it can be written{last}"


def _missing_file(database_url: str) -> tuple[bool | None, str] | None:
    """What to say of a SQLite file that is not there: to open it would create it, wherever this was run.

    Raises StoreError where the address names none.
    """
    if not database_url.startswith("sqlite"):
        return None
    file = file_of(database_url).absolute()
    if not file.parent.is_dir():
        return False, f"DATABASE_URL: the folder {file.parent} is not there. Create it, or name another."
    if file.exists():
        return None
    if not os.access(file.parent, os.W_OK | os.X_OK):
        return False, f"DATABASE_URL: {file} cannot be created: the folder cannot be written."
    return None, f"sqlite; {file} is not there yet: the bot creates it when it starts."


def _quickbi_words(error: QuickBIError, endpoint: str) -> str:
    match error:
        case QuickBIUnavailable():
            words = f"Quick BI does not answer at {endpoint} ({error}). Is the network, a proxy or the address wrong?"
        case ProtocolError():
            words = (
                f"What answers at {endpoint} is not Quick BI. Is the address wrong, or a proxy in the way?"
            )
        case Throttled():
            words = "Quick BI says that it is asked too often. Find what else asks with this account."
        case _:
            remedy = remedy_for(error)
            unknown = (
                "Quick BI refuses with a code that I do not know. Look it up in Alibaba Cloud's error centre."
            )
            words = remedy.sentences if remedy else unknown
    action = f" Refused was {error.action}." if isinstance(error, AccessForbidden) and error.action else ""
    request = f" Request {error.request_id}." if error.request_id else ""
    return f"{error.code + ': ' if error.code else ''}{words}{action}{request}"


def _granted(response: Any) -> frozenset[str] | None:
    """The token's scopes, which Slack names in each answer's header; None where something removed it."""
    scopes = header(response.headers, "x-oauth-scopes")
    return None if scopes is None else frozenset(scope.strip() for scope in scopes.split(","))


def _print(lines: list[CheckResult]) -> None:
    console = Console()
    if not console.is_terminal:
        console.width = _NO_WRAPPING
    signs = _SIGNS
    if not console.encoding.lower().startswith("utf") and isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # names have letters of other scripts
        signs = _ASCII_SIGNS
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for line in lines:
        table.add_row(signs[line.well], line.what, escape(line.says))
    console.print(table)
