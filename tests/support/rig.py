"""The real bot as a process of its own, between the two simulations. What scenario and chaos tests stand on."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.quickbi import SimulatedQuickBI
from bot.sandbox.quickbi.limits import Limits
from bot.sandbox.slack import SimulatedSlack
from bot.sandbox.world import World, demo_world
from tests.support.forked_process import ForkedProcess, forked_bot

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from bot.sandbox.slack.model import Message

MANIFEST = yaml.safe_load((Path(__file__).parents[2] / "manifest.yaml").read_text(encoding="utf-8"))
START_LIMIT = 60.0  # seconds; a busy machine starts slowly
_OURS = (
    "SLACK_",
    "QUICKBI_",
    "ALIBABA_",
    "MAIL_",
    "OPERATOR_",
    "DATABASE_",
    "HTTP_",
    "LOG_",
    "KEEP_",
    "HEARTBEAT_",
)


@dataclass(kw_only=True)
class BotProcess:
    """`python -m bot`, its log, and its end."""

    process: asyncio.subprocess.Process | ForkedProcess
    log: list[str] = field(default_factory=list)
    reading: asyncio.Task[None] | None = None

    async def read(self) -> None:
        assert self.process.stderr
        async for line in self.process.stderr:
            self.log.append(line.decode().rstrip("\n"))

    async def until_logged(self, words: str, *, seconds: float = START_LIMIT) -> None:
        """Wait for a line of the log. Raises TimeoutError with the log."""
        try:
            async with asyncio.timeout(seconds):
                while not any(words in line for line in self.log):
                    if self.process.returncode is not None:
                        raise AssertionError(f"ended with {self.process.returncode}:\n" + "\n".join(self.log))
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise TimeoutError(f"no {words!r} in:\n" + "\n".join(self.log)) from None

    async def stop(self, *, how: signal.Signals = signal.SIGTERM, seconds: float = 30.0) -> int:
        """Returns the exit code, which asyncio's own `send_signal` would take from a process that has just ended."""
        if self.process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.process.pid, how)
        async with asyncio.timeout(seconds):
            code = await self.process.wait()
            if self.reading:
                await self.reading
        return code


@dataclass(kw_only=True)
class Rig:
    """Both simulations and, once started, the bot."""

    slack: SimulatedSlack
    quickbi: SimulatedQuickBI
    world: World
    folder: Path
    http: bool = False
    settings: dict[str, str] = field(default_factory=dict)
    bot: BotProcess | None = None
    http_port: int = 0

    def environment(self, **more: str) -> dict[str, str]:
        """What the bot is started with: the simulations' addresses and keys, and nothing of the caller's."""
        own = {key: value for key, value in os.environ.items() if not key.startswith(_OURS)}
        signing = {"SLACK_SIGNING_SECRET": self.slack.signing_secret}
        return (
            own
            | {
                "SLACK_BOT_TOKEN": self.slack.bot_token,
                "SLACK_API_URL": self.slack.api_url,
                "ALIBABA_CLOUD_ACCESS_KEY_ID": self.quickbi.access_key_id,
                "ALIBABA_CLOUD_ACCESS_KEY_SECRET": self.quickbi.access_key_secret,
                "QUICKBI_ENDPOINT": self.quickbi.endpoint,
                "DATABASE_URL": f"sqlite:///{self.folder / 'mailbot.db'}",
                "HTTP_PORT": str(self.http_port),
                "HTTP_STATUS_PORT": "0",
                "PYTHONUNBUFFERED": "1",
            }
            | (signing if self.http else {"SLACK_APP_TOKEN": self.slack.app_token})
            | self.settings
            | more
        )

    async def launch(self, *arguments: str, **more: str) -> BotProcess:
        """Start the bot, or a command of it, with these settings and do not wait for it."""
        return read_log(
            await forked_bot(*arguments, environment=self.environment(**more), folder=self.folder)
        )

    async def launch_python(self, *arguments: str, **more: str) -> BotProcess:
        """The same by `python -m bot`, which takes a second."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            *arguments,
            cwd=self.folder,
            env=self.environment(**more) | {"PYTHONPATH": str(Path(__file__).parents[2])},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        return read_log(process)

    def web_client(self) -> AsyncWebClient:
        """The app's own client: posts what the bot would have posted long ago."""
        return AsyncWebClient(token=self.slack.bot_token, base_url=self.slack.api_url)

    async def start_bot(self, **more: str) -> BotProcess:
        """Start the bot and wait until it is ready for commands."""
        if self.http:
            self.http_port = self.http_port or free_port()
            self.slack.request_url = f"http://127.0.0.1:{self.http_port}/slack/events"
        self.bot = await self.launch(**more)
        await self.bot.until_logged(" ready")
        await self.bot.until_logged("directory_read")
        if not self.http:
            await self.slack.wait_for_socket()
        return self.bot

    async def ask(
        self, text: str, *, user: str = "ada", channel: str = "reports", seconds: float = 30.0
    ) -> Message:
        """Type a command and wait for the first answer that only this person sees."""
        before = {message.ts for message in self.answers(user, channel)}
        await self.slack.people.type_command(user, channel, text)

        def answered() -> Message | None:
            return next((one for one in self.answers(user, channel) if one.ts not in before), None)

        return await self.slack.changes.until(answered, seconds=seconds)

    def answers(self, user: str, channel: str = "reports") -> list[Message]:
        """What this person alone was shown, oldest first."""
        person = self.slack.workspace.user(user).id
        return [one for one in self.slack.workspace.messages(channel) if one.ephemeral_for == person]

    async def until_text(
        self, words: str, *, user: str = "ada", channel: str = "reports", seconds: float = 30.0
    ) -> Message:
        """Wait until the newest thing that this person alone was shown says these words."""

        def shown() -> Message | None:
            return next((one for one in reversed(self.answers(user, channel)) if words in one.text), None)

        try:
            return await self.slack.changes.until(shown, seconds=seconds)
        except TimeoutError:
            last = [one.text for one in self.answers(user, channel)[-3:]]
            raise TimeoutError(f"{words!r} is not among the last answers: {last}") from None


@asynccontextmanager
async def rig(
    folder: Path,
    *,
    world: World | None = None,
    http: bool = False,
    settings: Mapping[str, str] | None = None,
    calls_per_second: float = 1,
    manifest: Mapping[str, Any] = MANIFEST,
    **slack_options: Any,
) -> AsyncIterator[Rig]:
    """Both simulations, on free ports; whatever bot was started is ended behind the block."""
    world = world or demo_world()
    limits = Limits(status=calls_per_second, run=calls_per_second)
    async with (
        SimulatedSlack(manifest=manifest, **slack_options) as slack,
        SimulatedQuickBI(world, limits=limits) as quickbi,
    ):
        stage = Rig(
            slack=slack,
            quickbi=quickbi,
            world=world,
            folder=folder,
            http=http,
            settings={"QUICKBI_CALLS_PER_SECOND": str(calls_per_second)} | dict(settings or {}),
        )
        try:
            yield stage
        finally:
            if stage.bot and stage.bot.process.returncode is None:
                await stage.bot.stop()


def read_log(process: asyncio.subprocess.Process | ForkedProcess) -> BotProcess:
    bot = BotProcess(process=process)
    bot.reading = asyncio.create_task(bot.read())
    return bot


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
