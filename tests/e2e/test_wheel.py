"""The wheel: installed into an empty environment and run from another folder, it does everything."""

from __future__ import annotations

import asyncio
import subprocess
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.e2e.conftest import open_tabs
from tests.e2e.test_runner import ROOT, sandbox
from tests.support.deployment import install_as_in_the_container

if TYPE_CHECKING:
    from tests.e2e.conftest import Chromium

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(  # noqa: S603 (our own words)
        list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The console script of an environment made by the Containerfile's steps. The dependencies are the tests' own."""
    environment = install_as_in_the_container(tmp_path_factory.mktemp("wheel"))
    python = environment / "bin/python"
    asked = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = run(python, "-c", asked, cwd=environment).strip()
    (Path(packages) / "dependencies.pth").write_text(str(Path(httpx.__file__).parents[1]))
    where = run(python, "-c", "import bot; print(bot.__file__)", cwd=environment)
    assert Path(where).is_relative_to(environment)
    assert not (environment / "bin/pip").exists(), "no build tools in the last stage"
    return environment / "bin/quickbi-mailbot"


def test_it_tells_its_version(installed: Path, tmp_path: Path) -> None:
    assert run(installed, "--version", cwd=tmp_path).strip() == f"quickbi-mailbot {VERSION}"


@pytest.mark.asyncio(loop_scope="session")
async def test_a_command_is_typed_in_the_installed_sandbox(
    installed: Path, tmp_path: Path, browser: Chromium
) -> None:
    """From an empty folder: the page opens, the bot answers a command, Ctrl-C ends it."""
    async with sandbox(tmp_path, "--port", "0", command=(str(installed),)) as running:
        url = (await running.line("Open http://127.0.0.1:")).removeprefix("Open ")
        await running.line("bot.app.run ready", seconds=60.0)
        async with open_tabs(browser, url)() as page:
            await page.type("/mail-status Daily Sales")
            await page.says("was sent", within=20.0)
        assert await running.end() == 0


def test_it_says_what_is_missing_without_settings(installed: Path, tmp_path: Path) -> None:
    """Exit code 2, and one line for each setting, in a folder where there is no `.env`."""
    process = asyncio.run(_output(installed, tmp_path))
    assert process[0] == 2
    assert "SLACK_BOT_TOKEN" in process[1]


async def _output(command: Path, folder: Path) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        command, cwd=folder, env={}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()
