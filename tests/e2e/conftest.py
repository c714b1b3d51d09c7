"""A real headless browser over the sandbox's page. Pictures are kept in `.artifacts/screens/`."""

from __future__ import annotations

import os
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from playwright.async_api import async_playwright, expect

from bot.sandbox.page import PageServer
from tests.e2e.browser import ARGUMENTS, DESKTOP, SandboxPage, chromium
from tests.e2e.scripted_app import ScriptedApp, scripted_app
from tests.support.rig import Rig, rig

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from playwright.async_api import Browser

SCREENS = Path(__file__).parents[2] / ".artifacts" / "screens"
PATIENCE = 8_000  # milliseconds: two cores, shared


@dataclass(frozen=True, kw_only=True)
class Theatre:
    """The stage, its page's address, and a way to open browser tabs on it."""

    rig: Rig
    server: PageServer
    tab: Callable[..., AbstractAsyncContextManager[SandboxPage]]
    app: ScriptedApp | None = None


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for all tests."""
    path = chromium()
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("Debian's chromium is missing: apt-get install chromium")
        pytest.skip("needs Debian's chromium (apt-get install chromium)")
    expect.set_options(timeout=PATIENCE)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def theatre(tmp_path: Path, browser: Browser) -> AsyncIterator[Theatre]:
    """The page over both simulations, with a scripted app instead of the bot."""
    async with (
        rig(tmp_path, ack_seconds=1.0) as stage,
        scripted_app(stage.slack) as app,
        PageServer(slack=stage.slack, quickbi=stage.quickbi) as page,
    ):
        yield Theatre(rig=stage, server=page, tab=open_tabs(browser, page.url), app=app)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def product(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> AsyncIterator[Theatre]:
    """The page over both simulations, with the real bot between them. Ada may run mails by hand.

    A module's tests share it: each has a channel of its own (`channel`), and a mail that no other lets fail.
    """
    settings = {"MAIL_RUN_USERS": "U0ADA00001", "QUICKBI_CHECK_INTERVAL": "2"}
    async with (
        rig(tmp_path_factory.mktemp("product"), settings=settings, calls_per_second=20) as stage,
        PageServer(slack=stage.slack, quickbi=stage.quickbi) as page,
    ):
        bot = await stage.start_bot()
        yield Theatre(rig=stage, server=page, tab=open_tabs(browser, page.url))
        sys.stderr.write("\n".join(bot.log[-60:]))  # shown when the test failed


@pytest.fixture
def channel(product: Theatre) -> str:
    """The name of a new channel, with the bot in it."""
    workspace = product.rig.slack.workspace
    return workspace.add_channel(f"room-{len(workspace.channels())}").name


def open_tabs(browser: Browser, url: str) -> Callable[..., AbstractAsyncContextManager[SandboxPage]]:
    @asynccontextmanager
    async def tab(
        *, channel: str = "", size: tuple[int, int] = DESKTOP, dark: bool = False, scale: int = 1
    ) -> AsyncIterator[SandboxPage]:
        """A fresh browser profile on the page; whatever its console complained of fails the test."""
        SCREENS.mkdir(parents=True, exist_ok=True)
        context = await browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            device_scale_factor=scale,
        )
        try:
            context.set_default_timeout(PATIENCE)
            page = SandboxPage(await context.new_page(), SCREENS)
            await page.open(url)
            if channel:
                await page.go(channel)
            yield page
            assert page.problems == []
        finally:
            await context.close()

    return tab
