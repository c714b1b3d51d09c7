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

    from playwright.async_api import Browser, Page

SCREENS = Path(__file__).parents[2] / ".artifacts" / "screens"
PATIENCE = 30_000  # milliseconds: a crowded machine


@dataclass(frozen=True, kw_only=True)
class Theatre:
    """The stage, its page's address, and a way to open browser tabs on it."""

    rig: Rig
    server: PageServer
    tab: Callable[..., AbstractAsyncContextManager[SandboxPage]]
    app: ScriptedApp | None = None


class Chromium:
    """One browser, and the tab that the last test left in order: a new one takes a second of work."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._idle: Page | None = None

    @asynccontextmanager
    async def page(self, scale: int) -> AsyncIterator[Page]:
        page, self._idle = (self._idle, None) if scale == 1 else (None, self._idle)
        if page is None:
            context = await self._browser.new_context(device_scale_factor=scale)
            context.set_default_timeout(PATIENCE)
            page = await context.new_page()
        try:
            yield page
            await page.goto("about:blank")
        except BaseException:
            await page.context.close()
            raise
        if scale == 1 and self._idle is None:
            self._idle = page
        else:
            await page.context.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Chromium]:
    """One Chromium for all tests."""
    path = chromium()
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("Debian's chromium is missing: apt-get install chromium")
        pytest.skip("needs Debian's chromium (apt-get install chromium)")
    expect.set_options(timeout=PATIENCE)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield Chromium(browser)
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def theatre(tmp_path: Path, browser: Chromium) -> AsyncIterator[Theatre]:
    """The page over both simulations, with a scripted app instead of the bot."""
    async with (
        rig(tmp_path, ack_seconds=1.0) as stage,
        scripted_app(stage.slack) as app,
        PageServer(slack=stage.slack, quickbi=stage.quickbi) as page,
    ):
        yield Theatre(rig=stage, server=page, tab=open_tabs(browser, page.url), app=app)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def product(tmp_path_factory: pytest.TempPathFactory, browser: Chromium) -> AsyncIterator[Theatre]:
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


def open_tabs(browser: Chromium, url: str) -> Callable[..., AbstractAsyncContextManager[SandboxPage]]:
    @asynccontextmanager
    async def tab(
        *, channel: str = "", size: tuple[int, int] = DESKTOP, dark: bool = False, scale: int = 1
    ) -> AsyncIterator[SandboxPage]:
        """A tab on the page, as a new visitor sees it; whatever its console complained of fails the test."""
        SCREENS.mkdir(parents=True, exist_ok=True)
        async with browser.page(scale) as blank:
            page = SandboxPage(blank, SCREENS)
            await page.look(size, dark=dark)
            await page.open(url)
            if channel:
                await page.go(channel)
            yield page
            assert page.problems == []
            page.leave()
            await blank.evaluate("localStorage.clear()")

    return tab
