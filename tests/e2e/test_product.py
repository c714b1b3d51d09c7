"""What people do with the product, by hand and by eye: the real bot, seen in a real browser."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from bot.sandbox.world import Group, Status
from tests.e2e.browser import PHONE
from tests.e2e.looks import every_look, looked_at, looked_at_in_every_look

if TYPE_CHECKING:
    from tests.e2e.browser import SandboxPage
    from tests.e2e.conftest import Theatre
    from tests.e2e.looks import Look

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
    "not-found": ("Retired Report", "no mail"),
}


@pytest.mark.parametrize("state", STATES)
async def test_a_status_command_answers_in_words(product: Theatre, state: str) -> None:
    """Each state of a mail, each kind of refusal: looked at as a picture."""
    name, words = STATES[state]
    mail = product.rig.world.named(name)
    async with product.tab() as page:
        await page.type(f"/mail-status {mail.mail_id}")
        answer = await page.says(words)
        await expect(answer).to_contain_text("Only visible to you")
        await looked_at(page, f"status-{state}")


async def test_answers_are_looked_at_in_every_look(product: Theatre) -> None:
    """One that was sent and one that failed, in one channel."""
    world = product.rig.world
    async with product.tab() as page:
        for name, words in (STATES["sent"], STATES["failed"]):
            await page.type(f"/mail-status {world.named(name).mail_id}")
            await page.says(words)
        await looked_at_in_every_look(page, "status")


async def test_check_again_shows_the_new_truth_in_place(product: Theatre) -> None:
    """The message is replaced, not repeated."""
    mail = product.rig.world.named("Daily Sales")
    async with product.tab() as page:
        await page.type(f"/mail-status {mail.mail_id}")
        await page.says("was sent")
        product.rig.world.run_now(mail.mail_id, takes=timedelta(0), outcome=Status.FAILED)
        await page.until_it_says("failed", lambda: page.press("Check again"))
        await expect(page.messages).to_have_count(1)


async def test_help_fits_a_phone(product: Theatre) -> None:
    """What can be typed, and what the messages mean."""
    async with product.tab(size=PHONE) as page:
        await page.type("/mail-help")
        await page.says("/mail-status")
        await looked_at_in_every_look(page, "help")


async def test_one_incident_is_one_message(product: Theatre) -> None:
    """It fails, fails again, recovers: one message, edited, and a thread that tells the story."""
    world = product.rig.world
    mail = world.named("Daily Sales")
    async with product.tab() as page:
        await page.type(f"/mail-subscribe {mail.mail_id}")
        await page.says("subscribed this channel to Daily Sales")
        world.run_now(mail.mail_id, takes=timedelta(0), outcome=Status.FAILED)
        await page.says("Daily Sales failed", within=NEWS)
        await looked_at_in_every_look(page, "notice")
        world.run_now(mail.mail_id, takes=timedelta(0), outcome=Status.FAILED)
        await page.says("2 runs", within=NEWS)
        world.run_now(mail.mail_id, takes=timedelta(0), outcome=Status.SENT)
        await page.says("Recovered", within=NEWS)
        await expect(page.last).to_contain_text("(edited)")
        await expect(page.messages).to_have_count(2)
        await page.last.locator(".thread-link").click()
        await expect(page.thread.locator("article")).to_have_count(3)
        await looked_at_in_every_look(page, "recovered")


async def test_a_notice_is_snoozed(product: Theatre) -> None:
    """Until it recovers: the message says so, and offers to wake it."""
    world = product.rig.world
    mail = world.named("Daily Sales")
    async with product.tab() as page:
        await page.type(f"/mail-subscribe {mail.mail_id}")
        await page.says("subscribed this channel")
        world.run_now(mail.mail_id, takes=timedelta(0), outcome=Status.FAILED)
        notice = await page.says("Daily Sales failed", within=NEWS)
        await notice.get_by_role("combobox").click()
        await page.option("4 hours").click()
        await expect(page.page.locator("#timeline")).to_contain_text("nooze", timeout=10_000)
        await looked_at_in_every_look(page, "snoozed")


@every_look
async def test_a_modal_finds_mails_by_their_names(product: Theatre, look: Look) -> None:
    """/mail-subscribe without words; two letters are enough; the channel is told."""
    async with product.tab(size=look.size, dark=look.dark) as page:
        await page.type("/mail-subscribe")
        await expect(page.dialog).to_be_visible()
        field = page.dialog.get_by_role("combobox").first
        await expect(field).to_be_focused()
        await field.press_sequentially("week")
        await expect(page.option("Weekly Ops")).to_be_visible()
        await looked_at(page, "subscribe-form", look)
        await page.option("Weekly Ops").first.click()
        await page.dialog.get_by_role("button", name="Subscribe", exact=True).click()
        await expect(page.page.get_by_role("dialog")).to_have_count(0)
        await page.says("subscribed this channel to Weekly Ops")
        await looked_at(page, "subscribed", look)


async def test_a_lost_reply_does_not_post_twice(product: Theatre) -> None:
    """The notice is found again in the channel's history."""
    world, slack = product.rig.world, product.rig.slack
    mail = world.named("Daily Sales")
    async with product.tab() as page:
        await page.type(f"/mail-subscribe {mail.mail_id}")
        await page.says("subscribed this channel")
        await page.trouble("reply_lost")
        world.run_now(mail.mail_id, takes=timedelta(0), outcome=Status.FAILED)
        await page.says("Daily Sales failed", within=NEWS)
        world.run_now(mail.mail_id, takes=timedelta(0), outcome=Status.SENT)
        await page.says("Recovered", within=NEWS)
        await expect(page.messages).to_have_count(2)
    assert len(slack.ledger.calls("conversations.history")) >= 1


async def test_an_outsider_is_refused_a_click(product: Theatre) -> None:
    """Slack lets guests of a shared channel click: the bot does not."""
    world = product.rig.world
    mail = world.named("Daily Sales")
    async with product.tab() as page:
        await page.go("partners")
        await page.type(f"/mail-subscribe {mail.mail_id}")
        await page.says("subscribed this channel")
        await page.be("Olga (Partner Ltd): other organisation")
        await page.press("Unsubscribe")
        await page.press("Unsubscribe", within=page.dialog)
        refusal = await page.says("organisation")
        await expect(refusal).to_contain_text("Only visible to you")
        await looked_at_in_every_look(page, "outsider")


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


async def test_a_storm_is_a_few_messages(product: Theatre) -> None:
    """One press: a hundred mails are subscribed, then fail at one moment."""
    world = product.rig.world
    async with product.tab() as page:
        await page.trouble("storm")
        await expect(page.page.locator(".trouble-progress")).to_have_text(
            "Subscribing: 20 of 100…", timeout=20_000
        )
        await page.says("report mails failed", within=60)
        assert await until_all_are_told(page, 100) <= 6
        await page.is_at_the_end()
        await looked_at_in_every_look(page, "storm")
    latest = [mail.latest(world.now) for mail in world.mails(Group.STORM)]
    assert {run and run.status_at(world.now) for run in latest} == {Status.FAILED}


async def test_a_failed_mail_is_run_again_after_a_question(product: Theatre) -> None:
    """Whoever leaves the dialog runs nothing; whoever agrees sees the notice end with the outcome."""
    world = product.rig.world
    mail = world.named("Daily Sales")
    async with product.tab() as page:
        await page.type(f"/mail-subscribe {mail.mail_id}")
        await page.says("subscribed this channel")
        world.run_now(mail.mail_id, takes=timedelta(0), outcome=Status.FAILED)
        await page.says("Daily Sales failed", within=NEWS)
        runs = len(world.runs(mail.mail_id))
        await page.press("Run again…")
        await expect(page.dialog).to_contain_text("recipients")
        await looked_at_in_every_look(page, "run-confirm")
        await page.dialog.get_by_role("button", name="Cancel").click()
        assert len(world.runs(mail.mail_id)) == runs
        await page.press("Run again…")
        await page.press("Run it", within=page.dialog)
        await page.says("Recovered", within=60)
        await looked_at_in_every_look(page, "run-again")
    assert len(world.runs(mail.mail_id)) == runs + 1


async def test_whoever_may_not_run_mails_is_told_so(product: Theatre) -> None:
    """Bob is not among MAIL_RUN_USERS: nothing runs."""
    world = product.rig.world
    mail = world.named("Weekly Ops")
    runs = len(world.runs(mail.mail_id))
    async with product.tab() as page:
        await page.be("Bob Okafor")
        await page.type(f"/mail-run {mail.mail_id}")
        refusal = await page.says("may")
        await expect(refusal).to_contain_text("Only visible to you")
        await looked_at(page, "run-refused")
    assert len(world.runs(mail.mail_id)) == runs


async def test_lists_histories_and_the_home_tab(product: Theatre) -> None:
    """What the bot knows, found without an ID."""
    world = product.rig.world
    async with product.tab() as page:
        await page.type("/mail-list board")
        await page.says("Board Pack")
        await looked_at_in_every_look(page, "list")
        await page.type(f"/mail-subscribe {world.named('Weekly Ops').mail_id}")
        await page.says("subscribed this channel to Weekly Ops")
        await page.type("/mail-subscriptions")
        await page.says("Weekly Ops")
        await looked_at_in_every_look(page, "subscriptions")
        await page.type(f"/mail-history {world.named('Weekly Ops').mail_id}")
        await page.says("newest right")
        await looked_at_in_every_look(page, "history")
        home = await page.open_home()
        await expect(home).to_contain_text("Weekly Ops")
        await looked_at_in_every_look(page, "product-home")
