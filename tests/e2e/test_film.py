"""The README's pictures: a notice, what people did about it, and a newcomer's first minute as a short film.

They are made anew in `.artifacts/screens/`; copy them to `tests/e2e/pictures/` when the look has changed.
"""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from playwright.async_api import expect

from bot.sandbox.world import Status
from tests.e2e.conftest import SCREENS

if TYPE_CHECKING:
    from playwright.async_api import Locator

    from tests.e2e.browser import SandboxPage
    from tests.e2e.conftest import Theatre

pytestmark = pytest.mark.asyncio(loop_scope="session")

SIZE = (1280, 760)
SHOWN_WIDTH = 960
COLOURS = 200  # those that cover most: the red and green of small signs must not drown in greys
LOOKING = 2_600  # milliseconds for a picture that should be read
POINTING = 900
LARGEST = 1_500_000  # bytes
NEWS = 25.0
ACTING = (800, 560)
_POINT_AT = "button => { button.style.outline = '3px solid #e07a00'; button.style.outlineOffset = '3px' }"
_LOOK_AWAY = "button => { button.style.outline = '' }"


class Film:
    """Pictures, and for how long each is shown."""

    def __init__(self, page: SandboxPage) -> None:
        self._page = page
        self._frames: list[Image.Image] = []
        self._durations: list[int] = []

    async def frame(self, shown: int = LOOKING) -> None:
        picture = Image.open(BytesIO(await self._page.page.screenshot(animations="disabled")))
        height = round(SIZE[1] * SHOWN_WIDTH / SIZE[0])
        small = picture.convert("RGB").resize((SHOWN_WIDTH, height), Image.Resampling.LANCZOS)
        self._frames.append(small.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE))
        self._durations.append(shown)

    async def press(self, button: Locator) -> None:
        """Show where it is before pressing it."""
        await button.evaluate(
            "button => Object.assign(button.style, {outline: '3px solid #e07a00', outlineOffset: '3px'})"
        )
        await self.frame(POINTING)
        await button.evaluate(_LOOK_AWAY)
        await button.click()

    def keep(self, name: str) -> int:
        """Write it; the number of bytes."""
        path = SCREENS / name
        first, *others = self._frames
        first.save(
            path,
            save_all=True,
            append_images=others,
            duration=self._durations,
            loop=0,
            optimize=True,
            disposal=1,
        )
        return path.stat().st_size


async def test_the_first_minute_is_filmed(product: Theatre) -> None:
    """Ask; subscribe and fail; recover; the thread. Small enough for a README."""
    async with product.tab(size=SIZE) as page:
        film = Film(page)
        await film.frame()
        await film.press(page.page.locator('[data-step="ask"]'))
        await page.says("was sent")
        await film.frame()
        await film.press(page.page.locator('[data-step="fail"]'))
        await page.says("subscribed this channel")
        await film.frame()
        await page.says("Daily Sales failed", within=NEWS)
        await film.frame()
        await film.press(page.page.locator('[data-step="recover"]'))
        await page.says("Recovered", within=NEWS)
        await film.frame()
        await film.press(page.last.locator(".thread-link"))
        await film.frame()
        assert film.keep("tour.gif") < LARGEST


async def test_acting_on_a_notice_is_pictured(product: Theatre) -> None:
    """Snoozed, then run again by hand: the thread says who did what, and how it ended."""
    world = product.rig.world
    mail = world.named("Daily Sales")
    async with product.tab(size=ACTING, scale=2) as page:
        await page.type(f"/mail-subscribe {mail.mail_id}")
        await page.says("subscribed this channel")
        world.run_now(mail.mail_id, takes=timedelta(0), outcome=Status.FAILED)
        notice = await page.says("Daily Sales failed", within=NEWS)
        await notice.get_by_role("combobox").click()
        await page.option("1 hour").click()
        await page.says("Snoozed until", within=NEWS)
        await page.press("Run again…")
        await page.press("Run it", within=page.dialog)
        await page.says("Recovered", within=60)
        await page.last.locator(".thread-link").click()
        await expect(page.thread).to_contain_text("it was sent")
        await page.page.mouse.move(0, 0)
        await page.thread.screenshot(path=SCREENS / "acting.png", animations="disabled")


async def test_a_notice_is_pictured(product: Theatre) -> None:
    """The message that a channel gets, alone, at twice the size for sharp screens."""
    world = product.rig.world
    mail = world.named("Daily Sales")
    async with product.tab(size=(800, 760), scale=2) as page:
        await page.type(f"/mail-subscribe {mail.mail_id}")
        await page.says("subscribed this channel")
        world.run_now(mail.mail_id, takes=timedelta(0), outcome=Status.FAILED)
        notice = await page.says("Daily Sales failed", within=NEWS)
        await page.page.mouse.move(0, 0)
        await notice.screenshot(path=SCREENS / "notice.png", animations="disabled")
