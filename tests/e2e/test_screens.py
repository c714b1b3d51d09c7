"""Every screen in every look: pictures for people, and axe-core for those who cannot see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.e2e.looks import every_look, looked_at

if TYPE_CHECKING:
    from tests.e2e.conftest import Theatre
    from tests.e2e.looks import Look

pytestmark = pytest.mark.asyncio(loop_scope="session")


@every_look
async def test_a_channel_with_answers(theatre: Theatre, look: Look) -> None:
    """The first thing that anybody sees, then an answer to them and one to all."""
    async with theatre.tab(size=look.size, dark=look.dark) as page:
        await looked_at(page, "start", look)
        await page.type("/mail-status Daily Sales")
        await page.says("was sent")
        await looked_at(page, "answer", look)
        await page.type("/mail-list")
        await page.says("Every block")
        await looked_at(page, "blocks", look)


@every_look
async def test_a_modal_with_its_list_open(theatre: Theatre, look: Look) -> None:
    """The list stays on the screen, over the modal."""
    async with theatre.tab(size=look.size, dark=look.dark) as page:
        await page.type("/mail-subscribe")
        await page.dialog.get_by_role("combobox", name="Report mails").press_sequentially("daily")
        await expect(page.option()).to_have_count(2)
        await looked_at(page, "modal", look)


@every_look
async def test_a_thread_and_the_home_tab(theatre: Theatre, look: Look) -> None:
    """On a phone each covers the channel."""
    client = theatre.rig.web_client()
    async with theatre.tab(size=look.size, dark=look.dark) as page:
        posted = await client.chat_postMessage(channel="C0REPORTS2", text=":red_circle: *Daily Sales failed*")
        await client.chat_postMessage(channel="C0REPORTS2", text="Again at 10:00.", thread_ts=posted["ts"])
        await page.last.get_by_role("button", name="1 reply").click()
        await expect(page.thread).to_contain_text("Again at 10:00.")
        await looked_at(page, "thread", look)
        await page.thread.get_by_role("button", name="Close the thread").click()
        home = await page.open_home()
        await expect(home).to_contain_text("Weekly Ops")
        await looked_at(page, "home", look)


@every_look
async def test_the_channel_list(theatre: Theatre, look: Look) -> None:
    """On a phone it is behind a button."""
    async with theatre.tab(size=look.size, dark=look.dark) as page:
        await page.show("places")
        await expect(page.page.get_by_role("navigation", name="Channels")).to_be_visible()
        await looked_at(page, "places", look)


@every_look
async def test_behind_the_scenes(theatre: Theatre, look: Look) -> None:
    """The guide, the mails with one open, the troubles, the log."""
    async with theatre.tab(size=look.size, dark=look.dark) as page:
        await page.type("/mail-status Daily Sales")
        await page.says("was sent")
        for name in ("Start here", "Mails", "Trouble", "Log"):
            await page.tab(name)
            await looked_at(page, f"bench-{name.split()[0].lower()}", look)
        await page.mail("Web Funnel")
        await looked_at(page, "bench-mail", look)
