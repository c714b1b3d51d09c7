"""Where things stand: the newest words above the composer, the sides, the top line on the narrowest phones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.e2e.browser import PHONE
from tests.e2e.scripted_app import option

if TYPE_CHECKING:
    from tests.e2e.conftest import Theatre

pytestmark = pytest.mark.asyncio(loop_scope="session")

BETWEEN = (1280, 800)  # wide enough for the controls, too narrow for a thread beside them
LONG = "\n".join(f"line {number} of a message that goes on for a while" for number in range(12))
_STICKS_OUT = """() => [...document.querySelectorAll(".top > *")].filter((each) => {
  const box = each.getBoundingClientRect();
  return box.width && (box.right > innerWidth || box.left < 0 || box.bottom > 46.5 || box.top < -0.5);
}).map((each) => each.outerHTML.slice(0, 80))"""


def a_long_story(theatre: Theatre) -> str:
    """More than a screen of the bot's messages; the last one's `ts`."""
    slack = theatre.rig.slack
    for number in range(10):
        last = slack.workspace.post(
            "reports", author_id=slack.bot_user_id, from_app=True, text=f"{LONG}\nmessage {number}"
        )
    return last.ts


async def test_a_message_that_grows_pushes_the_others_up(theatre: Theatre) -> None:
    """Its last line, a link to its first reply, a thread that opens beside it: the end stays in sight."""
    client = theatre.rig.web_client()
    async with theatre.tab(size=BETWEEN) as page:
        ts = a_long_story(theatre)
        await page.says("message 9")
        await page.is_at_the_end()
        await client.chat_update(channel="C0REPORTS2", ts=ts, text=f"{LONG}\n{LONG}\nchanged")
        await page.says("changed")
        await page.is_at_the_end()
        await client.chat_postMessage(channel="C0REPORTS2", text="A reply.", thread_ts=ts)
        link = page.last.get_by_role("button", name="1 reply")
        await expect(link).to_be_visible()
        await page.is_at_the_end()
        await link.click()
        await expect(page.thread).to_be_visible()
        await page.is_at_the_end()
        await page.look(PHONE, dark=False)
        await page.thread.get_by_role("button", name="Close the thread").click()
        await page.is_at_the_end()


async def test_whoever_reads_further_up_is_left_there(theatre: Theatre) -> None:
    """News below do not take the page out of somebody's hands."""
    client = theatre.rig.web_client()
    async with theatre.tab() as page:
        ts = a_long_story(theatre)
        await page.says("message 9")
        timeline = page.page.locator("#timeline")
        await timeline.evaluate("each => { each.scrollTop = 0 }")
        await client.chat_update(channel="C0REPORTS2", ts=ts, text=f"{LONG}\n{LONG}\nchanged")
        await client.chat_postMessage(channel="C0REPORTS2", text="news")
        await page.says("news")
        assert await timeline.evaluate("each => each.scrollTop") == 0


@pytest.mark.parametrize("width", [390, 320])
async def test_the_top_line_fits_a_phone(theatre: Theatre, width: int) -> None:
    """One line, nothing cut off, and the way to the guide has its name."""
    async with theatre.tab(size=(width, 844)) as page:
        assert await page.page.evaluate(_STICKS_OUT) == []
        button = page.page.get_by_role("button", name="Guide & controls")
        await expect(button.get_by_text("Guide", exact=True)).to_be_visible()
        brand = await page.page.locator(".brand-name").bounding_box()
        assert brand
        assert brand["height"] < 30, "the name wraps"


async def test_the_controls_are_there_beside_a_thread(theatre: Theatre) -> None:
    """Where both do not fit, the button brings them over the thread and takes them away again."""
    client = theatre.rig.web_client()
    async with theatre.tab(size=BETWEEN) as page:
        button = page.page.get_by_role("button", name="Guide & controls")
        bench = page.page.locator("#bench")
        await expect(bench).to_be_visible()
        await expect(button).to_have_attribute("aria-expanded", "true")
        posted = await client.chat_postMessage(channel="C0REPORTS2", text="Daily Sales failed")
        await client.chat_postMessage(channel="C0REPORTS2", text="Again.", thread_ts=posted["ts"])
        await page.last.get_by_role("button", name="1 reply").click()
        await expect(page.thread).to_be_visible()
        await expect(bench).not_to_be_visible()
        await expect(button).to_have_attribute("aria-expanded", "false")
        await button.click()
        await expect(bench).to_be_visible()
        await expect(button).to_have_attribute("aria-expanded", "true")
        await button.click()
        await expect(bench).not_to_be_visible()
        await page.thread.get_by_role("button", name="Close the thread").click()
        await expect(bench).to_be_visible()
        await button.click()
        await expect(bench).not_to_be_visible()
        await expect(button).to_have_attribute("aria-expanded", "false")


async def test_a_menu_keeps_off_the_edge_of_a_phone(theatre: Theatre) -> None:
    """As wide as its words, wherever its button stands."""
    words = option("Tell the channel about everything that happens", "all")
    menu_of_one = {"type": "overflow", "action_id": "more", "options": [words]}
    async with theatre.tab(size=PHONE) as page:
        await theatre.rig.web_client().chat_postMessage(
            channel="C0REPORTS2", text="Choose", blocks=[{"type": "actions", "elements": [menu_of_one]}]
        )
        more = page.last.get_by_role("button", name="More actions")
        await more.evaluate("each => { each.parentElement.style.cssText = 'margin-left: 250px' }")
        await more.click()
        menu = await page.page.get_by_role("menu", name="More actions").bounding_box()
        assert menu
        assert menu["x"] + menu["width"] <= PHONE[0] - 8


async def test_an_outsider_is_told_why_there_is_no_home_tab(theatre: Theatre) -> None:
    """It would never be drawn."""
    async with theatre.tab() as page:
        await page.be("Olga (Partner Ltd): other organisation")
        home = await page.open_home()
        await expect(home).to_contain_text("members of its own organisation only")
