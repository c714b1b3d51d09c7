"""Every screen in every look: pictures for people, and axe-core for those who cannot see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.e2e.looks import in_every_look, looked_at, looked_at_in_every_look, pictured

if TYPE_CHECKING:
    from tests.e2e.conftest import Theatre

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_channel_with_answers(theatre: Theatre) -> None:
    """The first thing that anybody sees, then an answer to them and one to all."""
    async with theatre.tab() as page:
        await looked_at_in_every_look(page, "start")
        await page.type("/mail-status Daily Sales")
        await page.says("was sent")
        await page.type("/mail-list")
        await page.says("Every block")
        await looked_at_in_every_look(page, "blocks")


async def test_a_modal_with_its_list_open(theatre: Theatre) -> None:
    """The list stays on the screen, over the modal."""
    async with theatre.tab() as page:
        await page.type("/mail-subscribe")
        field = page.dialog.get_by_role("combobox", name="Report mails")
        async for look in in_every_look(page):
            await field.fill("")
            await field.press_sequentially("daily")
            await expect(page.option()).to_have_count(2)
            await looked_at(page, "modal", look)


async def test_a_thread_and_the_home_tab(theatre: Theatre) -> None:
    """On a phone each covers the channel."""
    client = theatre.rig.web_client()
    async with theatre.tab() as page:
        posted = await client.chat_postMessage(channel="C0REPORTS2", text=":red_circle: *Daily Sales failed*")
        await client.chat_postMessage(channel="C0REPORTS2", text="Again at 10:00.", thread_ts=posted["ts"])
        await page.last.get_by_role("button", name="1 reply").click()
        await expect(page.thread).to_contain_text("Again at 10:00.")
        await looked_at_in_every_look(page, "thread")
        await page.thread.get_by_role("button", name="Close the thread").click()
        home = await page.open_home()
        await expect(home).to_contain_text("Weekly Ops")
        await looked_at_in_every_look(page, "home")


async def test_the_channel_list(theatre: Theatre) -> None:
    """On a phone it is behind a button."""
    async with theatre.tab() as page:
        async for look in in_every_look(page):
            await page.show("places")
            await expect(page.page.get_by_role("navigation", name="Channels")).to_be_visible()
            await looked_at(page, "places", look)


async def test_behind_the_scenes(theatre: Theatre) -> None:
    """The guide, the mails with one open, the troubles, the log."""
    async with theatre.tab() as page:
        await page.type("/mail-status Daily Sales")
        await page.says("was sent")
        async for look in in_every_look(page):
            for name in ("Start here", "Trouble", "Log"):
                await page.tab(name)
                await looked_at(page, f"bench-{name.split()[0].lower()}", look)
            await page.tab("Mails")
            await pictured(page, "bench-mails", look)
            await page.mail("Web Funnel")
            await looked_at(page, "bench-mail", look)
            await page.page.get_by_label("Find a mail").fill("")
