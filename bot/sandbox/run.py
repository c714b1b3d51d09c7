"""`python -m bot sandbox`: puts the simulations, the page and the real bot together, and takes them apart again."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from bot.sandbox.page import PageServer
from bot.sandbox.process import BotProcess, bot_environment
from bot.sandbox.quickbi import SimulatedQuickBI
from bot.sandbox.quickbi.limits import Limits
from bot.sandbox.slack import SimulatedSlack
from bot.sandbox.world import demo_world

PACKAGE = Path(__file__).parents[1]
MANIFESTS = (PACKAGE / "manifest.yaml", PACKAGE.parent / "manifest.yaml")
"""In an installed package, and in a checkout."""
SPEED = 60.0
"""An hour of the mails' plans in a minute."""
CALLS_PER_SECOND = 10.0
"""Quick BI's one call a second, made faster too, for a storm should pass within half a minute."""
CHECK_INTERVAL = "5"
"""Seconds: a demonstration cannot wait five minutes for a mail without a rhythm."""


class CannotStart(Exception):
    """A line for a person; the sandbox ends."""


async def run_sandbox(*, port: int, manifests: Sequence[Path] = MANIFESTS) -> int:
    """Run until Ctrl-C or SIGTERM. The exit code: 0, or 1 if it could not start."""
    try:
        await _run(port, _read_manifest(manifests))
    except CannotStart as why:
        print(f"mailbot sandbox: {why}", file=sys.stderr)  # noqa: T201 (a command line answers on its terminal)
        return 1
    return 0


async def _run(port: int, manifest: Mapping[str, Any]) -> None:
    ending = _ending()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="mailbot-sandbox-")))
        quickbi = await stack.enter_async_context(_quickbi())
        slack = await stack.enter_async_context(SimulatedSlack(manifest=manifest))
        bot = BotProcess(environment=_environment(slack, quickbi, folder), folder=folder)
        page = PageServer(slack=slack, quickbi=quickbi, bot=bot, speed=SPEED)
        stack.push_async_callback(page.stop)
        await _listen(page, port)
        bot.watch(lambda line: _say_line(line, page.url), lambda: None)
        running = asyncio.create_task(bot.run(), name="bot-process")
        stack.push_async_callback(_cancelled, running)
        _say(_addresses(page, slack, quickbi))
        await ending.wait()
        _say("Ending…")


def _quickbi() -> SimulatedQuickBI:
    limits = Limits(status=CALLS_PER_SECOND, run=CALLS_PER_SECOND)
    return SimulatedQuickBI(demo_world(speed=SPEED), limits=limits)


async def _listen(page: PageServer, port: int) -> None:
    try:
        await page.start(port=port)
    except OSError as taken:
        raise CannotStart(
            f"port {port} is taken; name another one with --port, or --port 0 for any that is free"
        ) from taken


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def _ending() -> asyncio.Event:
    """Set by Ctrl-C and by SIGTERM, where the platform can say so."""
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):
            loop.add_signal_handler(number, ending.set)
    return ending


def _environment(slack: SimulatedSlack, quickbi: SimulatedQuickBI, folder: Path) -> dict[str, str]:
    """One person may run mails by hand and the others may not, so that both can be seen."""
    return bot_environment(
        os.environ,
        {
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_API_URL": slack.api_url,
            "QUICKBI_ENDPOINT": quickbi.endpoint,
            "ALIBABA_CLOUD_ACCESS_KEY_ID": quickbi.access_key_id,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": quickbi.access_key_secret,
            "QUICKBI_CHECK_INTERVAL": CHECK_INTERVAL,
            "QUICKBI_CALLS_PER_SECOND": f"{CALLS_PER_SECOND:g}",
            "DATABASE_URL": f"sqlite:///{folder / 'mailbot.db'}",
            "HTTP_PORT": "0",
            "OPERATOR_CHANNEL": slack.workspace.add_channel("operators").id,
            "MAIL_RUN_USERS": slack.workspace.user("ada").id,
        },
    )


def _read_manifest(paths: Sequence[Path]) -> Mapping[str, Any]:
    """Read the app's commands, hints and scopes, as Slack itself would, from the first file that exists."""
    path = next((each for each in paths if each.is_file()), None)
    if path is None:
        raise CannotStart(
            f"there is no {paths[-1]}: the sandbox needs the app's manifest. Install the package again."
        )
    document: Mapping[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def _addresses(page: PageServer, slack: SimulatedSlack, quickbi: SimulatedQuickBI) -> str:
    return (
        f"Open {page.url}\n"
        f"\n"
        f"Simulated Quick BI  {quickbi.endpoint}\n"
        f"  access key ID     {quickbi.access_key_id}\n"
        f"  access key secret {quickbi.access_key_secret}\n"
        f"Simulated Slack     {slack.api_url}\n"
        f"  bot token         {slack.bot_token}\n"
        f"  app token         {slack.app_token}\n"
        f"\n"
        f"Nothing leaves this computer. Ctrl-C ends it.\n"
    )


def _say_line(line: str, url: str) -> None:
    """The bot's log, and where to go once it is ready: the first lines have left the terminal by then."""
    _say(f"bot | {line}")
    if " bot.app.run ready" in line:
        _say(f"\nThe bot is ready. Open {url}\n")


def _say(words: str) -> None:
    print(words, flush=True)  # noqa: T201 (a command line answers on its terminal)
