"""Runs the bot as a separate process, restarts it when it dies, stops it with SIGTERM, and reads its log."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from bot.sandbox.page import Bot, BotState

LONGEST_LINE = 1024 * 1024
POLITE_SECONDS = 10.0
"""How long a SIGTERM may take before SIGKILL: the bot promises as much."""
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 10.0
_STEADY = 20.0  # a bot that ran this long did not die of starting

_NOT_FOR_THE_BOT = (
    "SLACK_",
    "ALIBABA_",
    "QUICKBI_",
    "MAIL_",
    "OPERATOR_",
    "DATABASE_",
    "HTTP_",
    "LOG_",
    "KEEP_",
    "HEARTBEAT_",
)
_PROXIES = frozenset({"http_proxy", "https_proxy", "all_proxy", "no_proxy"})


def bot_environment(caller: Mapping[str, str], settings: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment without real credentials and proxies, with the sandbox's settings.

    The package must be found although the bot runs in another folder, where no `.env` can leak into it.
    """
    kept = {
        name: value
        for name, value in caller.items()
        if not name.upper().startswith(_NOT_FOR_THE_BOT) and name.lower() not in _PROXIES
    }
    root = str(Path(__file__).parents[2])
    path = os.pathsep.join(part for part in (root, caller.get("PYTHONPATH", "")) if part)
    return {
        **kept,
        "PYTHONPATH": path,
        "PYTHONUNBUFFERED": "1",
        "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
        **settings,
    }


class BotProcess(Bot):
    """`python -m bot` in a folder of its own."""

    def __init__(self, *, environment: Mapping[str, str], folder: Path) -> None:
        super().__init__()
        self._environment = dict(environment)
        self._folder = folder
        self._process: Process | None = None
        self.state = BotState.STARTING

    def kill(self) -> None:
        """SIGKILL: what a crash or a power cut does."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def run(self) -> None:
        """Keep it running until cancelled; then stop it with SIGTERM."""
        pause = _FIRST_PAUSE
        clock = asyncio.get_running_loop().time
        try:
            while True:
                began = clock()
                code = await self._once()
                pause = _FIRST_PAUSE if clock() - began > _STEADY else pause
                self._set(BotState.STOPPED, f"{_end_words(code)}; starting again in {pause:.0f} s")
                self._hear(self.words)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
        finally:
            await self._end()

    async def _once(self) -> int:
        self._set(BotState.STARTING, "")
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            env=self._environment,
            cwd=self._folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=LONGEST_LINE,
            start_new_session=True,  # Ctrl-C is for the sandbox, which then stops the bot with SIGTERM
        )
        self._set(BotState.RUNNING, "")
        await self._read(self._process)
        return await self._process.wait()

    async def _read(self, process: Process) -> None:
        if process.stdout is None:
            return
        async for line in process.stdout:
            self._hear(line.decode(errors="replace").rstrip())

    def _hear(self, line: str) -> None:
        self.lines.append(line)
        for listener in self._on_line:
            listener(line)

    def _set(self, state: BotState, words: str) -> None:
        self.state, self.words = state, words
        for listener in self._on_state:
            listener()

    async def _end(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(POLITE_SECONDS):
                await self._read(process)
                await process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def _end_words(code: int) -> str:
    if code >= 0:
        return f"The bot stopped with exit code {code}"
    return f"The bot was ended by {signal.Signals(-code).name}"
