"""The page as a person uses it: one helper for what tests do with it, by what they see."""

from __future__ import annotations

import asyncio
import re
import shutil
from typing import TYPE_CHECKING, Any

from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import expect

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from playwright.async_api import ConsoleMessage, Error, Locator, Page

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESKTOP = (1440, 900)
PHONE = (390, 844)
_LONG, _PAUSE = 30.0, 500.0  # seconds; milliseconds
_AT_THE_END = """() => {
  const { scrollHeight, scrollTop, clientHeight } = document.querySelector("#timeline");
  return scrollHeight - scrollTop - clientHeight < 2;
}"""
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_CONTRAST = "color-contrast"
_BETWEEN_THE_SIDES = {"exclude": [["#places"], ["#bench"]]}


def chromium() -> str | None:
    """Debian's Chromium: no browser is downloaded."""
    return shutil.which("chromium")


class SandboxPage:
    """One browser tab that shows the sandbox."""

    def __init__(self, page: Page, shots: Path) -> None:
        self.page = page
        self._shots = shots
        self.problems: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", self._hear_error)

    def leave(self) -> None:
        """Another visitor comes to this tab: what its console says from now on is not ours."""
        self.page.remove_listener("console", self._hear)
        self.page.remove_listener("pageerror", self._hear_error)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.problems.append(message.text)

    def _hear_error(self, error: Error) -> None:
        self.problems.append(str(error))

    async def open(self, url: str) -> None:
        await self.page.goto(url)
        await expect(self.page.locator("body")).not_to_have_class("loading")
        await expect(self.page.get_by_role("textbox", name="Message #")).to_be_visible()

    # ---- Slack's side

    @property
    def composer(self) -> Locator:
        return self.page.locator("#composer textarea")

    @property
    def messages(self) -> Locator:
        return self.page.locator("#timeline article")

    @property
    def last(self) -> Locator:
        """The newest message."""
        return self.messages.last

    @property
    def thread(self) -> Locator:
        return self.page.get_by_role("complementary", name="Thread")

    @property
    def dialog(self) -> Locator:
        """The modal or the question on top."""
        return self.page.get_by_role("dialog").last

    async def type(self, text: str) -> None:
        """Type into the channel's composer and send it."""
        await self.composer.fill(text)
        await self.composer.press("Enter")

    async def says(self, words: str, *, within: float = 30.0) -> Locator:
        """Wait until the newest message says these words."""
        await expect(self.last).to_contain_text(words, timeout=within * 1000)
        return self.last

    async def is_at_the_end(self) -> None:
        """Wait until nothing of the newest message hides behind the composer."""
        await expect(self.page.locator("#timeline")).to_have_js_property("hidden", value=False)
        await self.page.wait_for_function(_AT_THE_END)

    async def until_it_says(self, words: str, again: Callable[[], Awaitable[None]]) -> None:
        """Do something over and over, as a person does who waits: an answer of the last seconds stays one."""
        async with asyncio.timeout(_LONG):
            while words not in await self.last.inner_text():
                await again()
                await self.page.wait_for_timeout(_PAUSE)

    async def press(self, name: str, *, within: Locator | None = None) -> None:
        """A button of the newest message (or of another place) by its words."""
        words = re.compile(rf"^\s*{re.escape(name)}\s*$")
        await (within or self.last).get_by_role("button").filter(has_text=words).click()

    async def choose(self, name: str, *, within: Locator | None = None) -> None:
        """An entry of the newest message's overflow menu."""
        place = within or self.last
        await place.get_by_role("button", name="More actions").click()
        await place.get_by_role("menuitem", name=name).click()

    async def go(self, channel: str) -> None:
        await self.show("places")
        await self.page.locator(f'#places [data-channel="{channel}"]').click()

    async def be(self, name: str) -> None:
        """Look at everything as another person."""
        await self.show("places")
        await self.page.get_by_label("You are", exact=True).select_option(label=name)

    async def open_home(self) -> Locator:
        await self.go("app")
        home = self.page.get_by_role("region", name="Home tab")
        await expect(home).to_be_visible()
        return home

    def option(self, words: str = "") -> Locator:
        """What an open list offers, or those of them with these words."""
        return self.page.locator(".options .option", has_text=words)

    # ---- Behind the scenes

    async def tab(self, name: str) -> Locator:
        """Start here, Mails, Trouble or Log."""
        await self.show("bench")
        await self.page.get_by_role("tab", name=name).click()
        return self.page.get_by_role("tabpanel")

    async def trouble(self, key: str) -> None:
        await self.tab("Trouble")
        await self.page.locator(f'[data-trouble="{key}"]').click()

    async def mail(self, name: str) -> Locator:
        """A mail's row, with its controls open."""
        panel = await self.tab("Mails")
        await panel.get_by_label("Find a mail").fill(name)
        row = panel.locator(".mail").filter(has=self.page.get_by_text(name, exact=True)).first
        opener = row.locator(".mail-open")
        if await opener.get_attribute("aria-expanded") == "false":
            await opener.click()
        return row

    async def show(self, side: str) -> None:
        """On a phone each side is behind a button of the top line."""
        if await self.page.locator("body").get_attribute("data-side") == side:
            return
        if not await self.page.locator(f"#{side}").is_visible():
            await self.page.locator(f"#show-{side}").click()

    # ---- Looking

    async def look(self, size: tuple[int, int], *, dark: bool) -> None:
        """Make the window this large, and the system dark or light."""
        await self.page.emulate_media(color_scheme="dark" if dark else "light")
        await self.page.set_viewport_size({"width": size[0], "height": size[1]})
        if self.page.url != "about:blank":
            await expect(self.page.locator("html")).to_have_attribute(
                "data-theme", "dark" if dark else "light"
            )

    async def shot(self, name: str) -> None:
        """Keep a picture of the screen."""
        await self.page.screenshot(path=self._shots / f"{name}.png", animations="disabled")

    async def violations(
        self, *, contrast: bool = True, others: bool = True, sides: bool = True
    ) -> list[str]:
        """What axe-core finds wrong for people who cannot see, hear or point: one line each."""
        rules = {"type": "tag", "values": _RULES} if others else {"type": "rule", "values": [_CONTRAST]}
        options = {"runOnly": rules, "rules": {_CONTRAST: {"enabled": contrast}}}
        results = await Axe().run(self.page, None if sides else _BETWEEN_THE_SIDES, options)
        return [_line(each) for each in results.response["violations"]]


def _line(violation: dict[str, Any]) -> str:
    where = "; ".join(node["html"][:160] for node in violation["nodes"][:4])
    return f"{violation['id']} ({violation['impact']}): {violation['help']}: {where}"
