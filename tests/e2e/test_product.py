"""What people do with the product, by hand and by eye: the real bot, seen in a real browser."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from bot.sandbox.world import Status
from tests.e2e.browser import PHONE
from tests.e2e.looks import in_every_look, pictured, pictured_in_every_look

if TYPE_CHECKING:
    from tests.e2e.conftest import Theatre

pytestmark = pytest.mark.asyncio(loop_scope="session")

NEWS = 25.0  # seconds: a mail without a rhythm is looked at every five
STATES = {
    "sent": ("Daily Sales", "was sent"),
    "failed": ("Weekly Ops", "failed"),
    "running": ("Stock Levels", "is running"),
    "stuck": ("Month-end Close", "stuck"),
    "never-ran": ("New Joiners", "has not run yet"),
    "several": ("Warehouse Handover", "3 runs"),
    "forbidden": ("Salaries", "may not see"),
    "not-found": ("Retired Report", "cannot find"),
}


async def test_a_status_command_answers_in_words(product: Theatre, channel: str) -> None:
    """Each state of a mail, each kind of refusal: looked at as a picture."""
    async with product.tab(channel=channel) as page:
        for state, (name, words) in STATES.items():
            await page.type(f"/mail-status {product.rig.world.named(name).mail_id}")
            answer = await page.says(words)
            await expect(answer).to_contain_text("Only visible to you")
            await expect(page.messages).to_have_count(list(STATES).index(state) + 1)
            await page.shot(f"status-{state}")
        await pictured_in_every_look(page, "status")


async def test_check_again_shows_the_new_truth_in_place(product: Theatre, channel: str) -> None:
    """The message is replaced, not repeated."""
    mail = product.rig.world.named("Busy Bee")
    async with product.tab(channel=channel) as page:
        await page.type(f"/mail-status {mail.mail_id}")
        await page.says("was sent")
        product.rig.world.run_now(mail.mail_id, takes=timedelta(0), outcome=Status.FAILED)
        await page.until_it_says("failed", lambda: page.press("Check again"))
        await expect(page.messages).to_have_count(1)


async def test_a_mail_is_asked_about_without_a_command(product: Theatre, channel: str) -> None:
    """By a mention, with the shortcut on somebody's message, and in the bot's direct messages."""
    async with product.tab(channel=channel) as page:
        await page.type("@Report Bot Daily Sales")
        await page.says("Daily Sales was sent")
        await page.type("Did anybody get the Weekly Ops today?")
        await page.says("Did anybody get")
        await page.last.hover()
        await page.last.get_by_role("button", name="How is this mail doing?").click()
        await page.says("Weekly Ops failed")
        await expect(page.last).to_contain_text("Only visible to you")
        await pictured_in_every_look(page, "asked")
        await page.open_home()
        await page.page.get_by_role("button", name="Messages", exact=True).click()
        await page.page.get_by_role("textbox", name="Message Report Bot").fill("weekly ops")
        await page.composer.press("Enter")
        await page.says("Weekly Ops failed")
        await pictured_in_every_look(page, "direct")


async def test_help_fits_a_phone(product: Theatre, channel: str) -> None:
    """What can be typed, and what the messages mean."""
    async with product.tab(channel=channel, size=PHONE) as page:
        await page.type("/mail-help")
        await page.says("/mail-status")
        await pictured_in_every_look(page, "help")


async def test_one_incident_is_one_message(product: Theatre, channel: str) -> None:
    """It fails, fails again, recovers: one message, edited, and a thread that tells the story."""
    world = product.rig.world
    mail = world.named("Daily Sales")
    async with product.tab(channel=channel) as page:
        await page.type(f"/mail-subscribe {mail.mail_id}")
        await page.says("subscribed this channel to Daily Sales")
        world.run_now(mail.mail_id, takes=timedelta(0), outcome=Status.FAILED)
        await page.says("Daily Sales failed", within=NEWS)
        await pictured_in_every_look(page, "notice")
        world.run_now(mail.mail_id, takes=timedelta(0), outcome=Status.FAILED)
        await page.says("2 runs", within=NEWS)
        world.run_now(mail.mail_id, takes=timedelta(0), outcome=Status.SENT)
        await page.says("Recovered", within=NEWS)
        await expect(page.last).to_contain_text("(edited)")
        await expect(page.messages).to_have_count(2)
        await page.last.locator(".thread-link").click()
        await expect(page.thread.locator("article")).to_have_count(3)
        await pictured_in_every_look(page, "recovered")


async def test_a_notice_is_taken_and_snoozed(product: Theatre, channel: str) -> None:
    """The message says who is on it, and offers to take it over; it says that it is snoozed, and offers to wake it."""
    world = product.rig.world
    mail = world.named("Eager Reader")
    async with product.tab(channel=channel) as page:
        await page.type(f"/mail-subscribe {mail.mail_id} notify @bob @bi-oncall remind 30m")
        await page.says("subscribed this channel")
        world.run_now(mail.mail_id, takes=timedelta(0), outcome=Status.FAILED)
        notice = await page.says("Eager Reader failed", within=NEWS)
        await expect(notice).to_contain_text("Called: @Bob Okafor @bi-oncall")
        await pictured_in_every_look(page, "called")
        await page.press("I'm on it")
        await expect(page.page.locator("#timeline")).to_contain_text("has been on it since", timeout=10_000)
        await pictured_in_every_look(page, "taken")
        await notice.get_by_role("combobox").click()
        await page.option("4 hours").click()
        await expect(page.page.locator("#timeline")).to_contain_text("nooze", timeout=10_000)
        await pictured_in_every_look(page, "snoozed")


async def test_a_modal_finds_mails_by_their_names(product: Theatre, channel: str) -> None:
    """/mail-subscribe without words; two letters are enough; people to call are found, too; the channel is told."""
    async with product.tab(channel=channel) as page:
        await page.type("/mail-subscribe")
        await expect(page.dialog).to_be_visible()
        field = page.dialog.get_by_role("combobox").first
        await expect(field).to_be_focused()
        async for look in in_every_look(page):
            await field.fill("")
            await field.press_sequentially("week")
            await expect(page.option("Weekly Ops")).to_be_visible()
            await pictured(page, "subscribe-form", look)
        await page.option("Weekly Ops").first.click()
        await page.dialog.get_by_role("combobox", name="Call these people").fill("bob")
        await page.option("Bob Okafor").first.click()
        await page.dialog.get_by_role("button", name="Subscribe", exact=True).click()
        await expect(page.page.get_by_role("dialog")).to_have_count(0)
        await page.says("subscribed this channel to Weekly Ops")
        await page.says("Calls @Bob Okafor")
        await pictured_in_every_look(page, "subscribed")


async def test_a_lost_reply_does_not_post_twice(product: Theatre, channel: str) -> None:
    """The notice is found again in the channel's history."""
    world, slack = product.rig.world, product.rig.slack
    mail = world.named("Stubborn")
    async with product.tab(channel=channel) as page:
        await page.type(f"/mail-subscribe {mail.mail_id}")
        await page.says("subscribed this channel")
        await page.trouble("reply_lost")
        world.run_now(mail.mail_id, takes=timedelta(0), outcome=Status.FAILED)
        await page.says("Stubborn failed", within=NEWS)
        world.run_now(mail.mail_id, takes=timedelta(0), outcome=Status.SENT)
        await page.says("Recovered", within=NEWS)
        await expect(page.messages).to_have_count(2)
    assert len(slack.ledger.calls("conversations.history")) >= 1


async def test_an_outsider_is_refused_a_click(product: Theatre) -> None:
    """Slack lets guests of a shared channel click: the bot does not."""
    world = product.rig.world
    mail = world.named("Broken Timer")
    async with product.tab(channel="partners") as page:
        await page.type(f"/mail-subscribe {mail.mail_id}")
        await page.says("People from other organisations read this channel")
        await page.press("Subscribe")
        await page.says("subscribed this channel to")
        await page.be("Olga (Partner Ltd): other organisation")
        await page.press("Unsubscribe")
        await page.press("Unsubscribe", within=page.dialog)
        refusal = await page.says("organisation")
        await expect(refusal).to_contain_text("Only visible to you")
        await pictured_in_every_look(page, "outsider")


async def test_a_failed_mail_is_run_again_after_a_question(product: Theatre, channel: str) -> None:
    """Whoever leaves the dialog runs nothing; whoever agrees sees the notice end with the outcome."""
    world = product.rig.world
    mail = world.named("Supplier Scorecard")
    async with product.tab(channel=channel) as page:
        await page.type(f"/mail-subscribe {mail.mail_id}")
        await page.says("subscribed this channel")
        world.run_now(mail.mail_id, takes=timedelta(0), outcome=Status.FAILED)
        await page.says("Supplier Scorecard failed", within=NEWS)
        runs = len(world.runs(mail.mail_id))
        await page.press("Run again…")
        await expect(page.dialog).to_contain_text("recipients")
        await pictured_in_every_look(page, "run-confirm")
        await page.dialog.get_by_role("button", name="Cancel").click()
        assert len(world.runs(mail.mail_id)) == runs
        await page.press("Run again…")
        await page.press("Run it", within=page.dialog)
        await page.says("Recovered", within=60)
        await pictured_in_every_look(page, "run-again")
    assert len(world.runs(mail.mail_id)) == runs + 1


async def test_whoever_may_not_run_mails_is_told_so(product: Theatre, channel: str) -> None:
    """Bob is not among MAIL_RUN_USERS: nothing runs."""
    world = product.rig.world
    mail = world.named("Weekly Ops")
    runs = len(world.runs(mail.mail_id))
    async with product.tab(channel=channel) as page:
        await page.be("Bob Okafor")
        await page.type(f"/mail-run {mail.mail_id}")
        refusal = await page.says("may")
        await expect(refusal).to_contain_text("Only visible to you")
        await page.shot("run-refused")
    assert len(world.runs(mail.mail_id)) == runs


async def test_lists_histories_and_the_home_tab(product: Theatre, channel: str) -> None:
    """What the bot knows, found without an ID."""
    world = product.rig.world
    async with product.tab(channel=channel) as page:
        await page.type("/mail-list board")
        await page.says("Board Pack")
        await pictured_in_every_look(page, "list")
        await page.type(f"/mail-subscribe {world.named('Weekly Ops').mail_id}")
        await page.says("subscribed this channel to Weekly Ops")
        await page.type("/mail-subscriptions")
        await page.says("Weekly Ops")
        await pictured_in_every_look(page, "subscriptions")
        await page.type("/mail-unsubscribe")
        await page.dialog.get_by_role("combobox").click()
        await expect(page.option("Weekly Ops")).to_be_visible()
        await page.shot("unsubscribe-form")
        await page.option("Weekly Ops").click()
        await expect(page.dialog.get_by_role("button", name="Remove Weekly Ops")).to_be_visible()
        await page.press("Cancel", within=page.dialog)
        await expect(page.page.get_by_role("dialog")).to_have_count(0)  # until then the composer takes no key
        await page.type(f"/mail-history {world.named('Weekly Ops').mail_id}")
        await page.says("newest on the right")
        await pictured_in_every_look(page, "history")
        home = await page.open_home()
        await expect(home).to_contain_text("Weekly Ops")
        await pictured_in_every_look(page, "product-home")
