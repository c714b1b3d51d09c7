"""The README's pictures: a notice, what people did about it, and a newcomer's first minute as a short film.

They are made anew in `.artifacts/screens/`; copy them to `tests/e2e/pictures/` when the look has changed.
"""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from playwright.async_api import expect

from bot.sandbox.world import Group, Status
from tests.e2e.conftest import SCREENS
from tests.e2e.looks import pictured_in_every_look
from tests.e2e.test_guide import done, step

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


async def test_a_notice_and_acting_on_it_are_pictured(product: Theatre, channel: str) -> None:
    """The message that a channel gets; snoozed, then run again by hand: the thread says who did what."""
    world = product.rig.world
    mail = world.named("Daily Sales")
    async with product.tab(channel=channel, size=(800, 760), scale=2) as page:
        await page.type(f"/mail-subscribe {mail.mail_id}")
        await page.says("subscribed this channel")
        world.run_now(mail.mail_id, takes=timedelta(0), outcome=Status.FAILED)
        notice = await page.says("Daily Sales failed", within=NEWS)
        await page.page.mouse.move(0, 0)
        await notice.screenshot(path=SCREENS / "notice.png", animations="disabled")
        await page.page.set_viewport_size({"width": 800, "height": 560})
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
    slack = product.rig.slack
    await slack.people.type_command("ada", channel, f"/mail-unsubscribe {mail.mail_id}")
    await slack.changes.until(
        lambda: any("unsubscribed" in each.text for each in slack.workspace.messages(channel))
    )


async def until_all_are_told(page: SandboxPage, count: int) -> int:
    """Wait until the messages tell of so many failed mails together. Returns how many messages that takes."""
    many, single = re.compile(r"(\d+) report mails? failed"), re.compile(r"Store \d+ failed")
    told: list[int] = []
    async with asyncio.timeout(60):
        while sum(told) < count:
            await asyncio.sleep(0.2)
            texts = await page.messages.all_inner_texts()
            told = [int(found[1]) for each in texts if (found := many.search(each))]
            told += [1 for each in texts if not many.search(each) and single.search(each)]
    return len(told)


async def test_the_guided_first_minutes_are_filmed(product: Theatre) -> None:
    """Ask, subscribe and let it fail, let it recover, a storm: each with what was promised to look for."""
    world = product.rig.world
    async with product.tab(size=SIZE) as page:
        film = Film(page)
        await film.frame()
        await film.press(step(page, "ask"))
        await page.says("was sent")
        await film.frame()
        await film.press(step(page, "fail"))
        await expect(page.page.locator(".step-looking")).to_have_text("Looking for it… at most 30 s")
        await page.says("subscribed this channel")
        await film.frame()
        await page.says("Daily Sales failed", within=NEWS)
        await expect(done(page)).to_have_count(2)
        await film.frame()
        await film.press(step(page, "recover"))
        await page.says("Recovered", within=NEWS)
        await expect(done(page)).to_have_count(3)
        await film.frame()
        await film.press(page.last.locator(".thread-link"))
        await film.frame()
        assert film.keep("tour.gif") < LARGEST
        await page.thread.get_by_role("button", name="Close the thread").click()
        await step(page, "storm").click()
        await expect(page.page.locator(".step-looking")).to_contain_text("Subscribing 100 mails")
        await expect(done(page)).to_have_count(4, timeout=60_000)
        assert await until_all_are_told(page, 100) <= 6
        await page.is_at_the_end()
        await pictured_in_every_look(page, "storm")
    latest = [mail.latest(world.now) for mail in world.mails(Group.STORM)]
    assert {run and run.status_at(world.now) for run in latest} == {Status.FAILED}
