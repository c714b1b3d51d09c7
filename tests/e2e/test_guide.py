"""The guided first minutes: a step is done when what it promised was seen, and not before."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from bot.sandbox.page import PageServer
from tests.e2e.browser import PHONE
from tests.e2e.conftest import open_tabs
from tests.e2e.scripted_app import scripted_app
from tests.support.rig import rig

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Locator

    from tests.e2e.browser import SandboxPage
    from tests.e2e.conftest import Chromium, Theatre

pytestmark = pytest.mark.asyncio(loop_scope="session")


def step(page: SandboxPage, key: str) -> Locator:
    """The button that takes it."""
    return page.page.locator(f'[data-step="{key}"]')


def done(page: SandboxPage) -> Locator:
    return page.page.locator(".step.is-done")


async def test_a_step_waits_for_the_bot(tmp_path: Path, browser: Chromium) -> None:
    """A newcomer who is quicker than the bot is not refused, but told to wait."""
    async with (
        rig(tmp_path) as stage,
        PageServer(slack=stage.slack, quickbi=stage.quickbi) as server,
        open_tabs(browser, server.url)() as page,
    ):
        await expect(step(page, "ask")).to_be_disabled()
        await expect(step(page, "ask")).to_have_text("The bot is starting…")
        async with scripted_app(stage.slack):
            await expect(step(page, "ask")).to_be_enabled()
            await step(page, "ask").click()
            await page.says("was sent")
            await expect(done(page)).to_have_count(1)


async def test_the_first_step_types_for_the_newcomer(theatre: Theatre) -> None:
    """By the mail's name, where it can be read; what came of it is pointed at."""
    async with theatre.tab() as page:
        await step(page, "ask").click()
        await expect(page.composer).to_have_value(re.compile("^/mail"))
        message = await page.says("was sent")
        await expect(message).to_have_class(re.compile("is-spotted"))
        await expect(done(page)).to_contain_text("(done)")
        await expect(page.composer).to_have_value("")
    assert theatre.app
    assert theatre.app.told == [("command", "Daily Sales")]


_WATCH_THE_COMPOSER = """() => {
  window.readable = null;
  let since = null;
  const look = () => {
    const now = performance.now();
    if (document.querySelector("#composer textarea").value === "/mail-status Daily Sales") since ??= now;
    else if (since !== null) { window.readable = now - since; return; }
    requestAnimationFrame(look);
  };
  look();
}"""
READABLE = 800  # milliseconds


async def test_a_typed_example_can_be_read_before_it_is_sent(theatre: Theatre) -> None:
    """The whole command stands in the composer for about a second."""
    async with theatre.tab() as page:
        await page.page.evaluate(_WATCH_THE_COMPOSER)
        await step(page, "ask").click()
        await page.says("was sent")
        await page.page.wait_for_function("window.readable !== null")
        assert await page.page.evaluate("window.readable") > READABLE


async def test_ticks_outlive_a_reload_but_not_the_sandbox(theatre: Theatre) -> None:
    """Another sandbox on the same port begins with the first step again."""
    async with theatre.tab() as page:
        await step(page, "ask").click()
        await expect(done(page)).to_have_count(1)
        await page.open(theatre.server.url)
        await expect(done(page)).to_have_count(1)
        await page.page.evaluate(
            "localStorage.setItem('sandbox-guide', JSON.stringify({session: 'old', steps: ['ask']}))"
        )
        await page.open(theatre.server.url)
        await expect(step(page, "ask")).to_be_enabled()
        await expect(done(page)).to_have_count(0)


async def test_the_steps_happen_to_ada_in_reports(theatre: Theatre) -> None:
    """Whoever one was, and wherever: an outsider's commands would be refused."""
    async with theatre.tab() as page:
        await page.be("Olga (Partner Ltd): other organisation")
        await step(page, "ask").click()
        await page.says("was sent")
        await expect(page.page.get_by_role("heading", name="reports", exact=True)).to_be_visible()
        await expect(page.page.get_by_label("You are", exact=True)).to_have_value("U0ADA00001")
        await expect(done(page)).to_have_count(1)


async def test_a_refused_step_is_not_done(theatre: Theatre) -> None:
    """It says why, and can be taken again."""
    slack = theatre.rig.slack
    await slack.people.archive("reports")
    async with theatre.tab() as page:
        await step(page, "ask").click()
        await expect(page.page.locator(".step-trouble")).to_have_text(
            "You cannot use commands in an archived channel."
        )
        await expect(done(page)).to_have_count(0)
        await slack.people.unarchive("reports")
        await step(page, "ask").click()
        await expect(done(page)).to_have_count(1)


async def test_other_answers_do_not_tick_a_step(theatre: Theatre) -> None:
    """Nor can a mail recover that has not failed."""
    client = theatre.rig.web_client()
    async with theatre.tab() as page:
        await client.chat_postEphemeral(channel="C0REPORTS2", user="U0ADA00001", text="Daily Sales? Hm.")
        await page.says("Hm.")
        await client.chat_postMessage(channel="C0REPORTS2", text="Daily Sales failed, somebody says.")
        await page.says("somebody says")
        await expect(done(page)).to_have_count(0)
        await expect(step(page, "recover")).to_be_disabled()
        await page.type("/mail-status Daily Sales")
        await expect(done(page)).to_have_count(1)


async def test_on_a_phone_the_next_step_is_above_the_composer(theatre: Theatre) -> None:
    """One line, as long as the guide itself is out of sight; it also comes when the guide is folded away."""
    async with theatre.tab(size=PHONE) as page:
        await expect(page.page.get_by_text("Slack and Quick BI are simulated here")).to_be_in_viewport()
        strip = page.page.locator("#next-step")
        await strip.get_by_role("button", name="Try: ask about Daily Sales").click()
        await page.says("was sent")
        await expect(strip.get_by_role("button", name="Next: let it fail")).to_be_visible()
        await page.is_at_the_end()
        await page.tab("Start here")
        await expect(strip).to_be_hidden()
    async with theatre.tab() as page:
        strip = page.page.locator("#next-step")
        await expect(strip).to_be_hidden()
        await page.page.get_by_role("button", name="Fold this side away").click()
        await expect(strip.get_by_role("button", name="Try: ask about Daily Sales")).to_be_visible()
