"""Quick BI's side of the page, and what goes wrong: each control moves the simulations."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from bot.sandbox.quickbi import Mode
from bot.sandbox.slack import ChangeKind
from bot.sandbox.world import Group, Status

if TYPE_CHECKING:
    from tests.e2e.conftest import Theatre

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_mails_id_goes_into_the_composer(theatre: Theatre) -> None:
    """Nobody has to copy 32 digits by hand."""
    mail = theatre.rig.world.named("Weekly Ops")
    async with theatre.tab() as page:
        row = await page.mail("Weekly Ops")
        await row.get_by_role("button", name="Ask about Weekly Ops").click()
        await expect(page.composer).to_have_value(f"/mail-status {mail.mail_id}")
        await expect(page.composer).to_be_focused()
        await row.get_by_role("button", name="Subscribe").click()
        await expect(page.composer).to_have_value(f"/mail-subscribe {mail.mail_id}")


async def test_a_mail_is_made_to_fail_to_run_to_pause_and_to_mend(theatre: Theatre) -> None:
    """What was asked for shows at once in its row."""
    world = theatre.rig.world
    mail = world.named("Daily Sales")
    async with theatre.tab() as page:
        row = await page.mail("Daily Sales")
        await expect(row).to_contain_text("sent")
        await page.press("Fail the next run", within=row)
        await expect(row).to_contain_text("its next run fails")
        await page.press("Run it now", within=row)
        await expect(row.locator(".state")).to_have_text("running")
        world.release(mail.mail_id, Status.FAILED)
        await expect(row.locator(".state")).to_have_text("failed")
        await page.press("Pause", within=row)
        await expect(row.locator(".mail-when")).to_have_text("paused")
        await page.press("Resume", within=row)
        await page.press("Take access away", within=row)
        await expect(row).to_contain_text("the bot may not see it")
        await page.press("Give access back", within=row)
        await page.press("Fail for an hour", within=row)
        await expect(row).to_contain_text("its runs fail for a while")
        await page.press("Nothing goes wrong", within=row)
        await expect(row.locator(".mail-note")).to_have_count(0)
    assert not mail.paused
    assert mail.permitted


async def test_runs_arrive_by_themselves(theatre: Theatre) -> None:
    """A run that somebody else started shows without a reload."""
    world = theatre.rig.world
    async with theatre.tab() as page:
        row = await page.mail("New Joiners")
        await expect(row.locator(".state")).to_have_text("never ran")
        world.run_now(world.named("New Joiners").mail_id)
        await expect(row.locator(".state")).to_have_text("running")


async def test_a_storm_says_why_it_cannot_begin(theatre: Theatre) -> None:
    """Nothing fails in a channel that cannot subscribe."""
    world = theatre.rig.world
    await theatre.rig.slack.people.archive("reports")
    async with theatre.tab() as page:
        await page.trouble("storm")
        await expect(
            page.page.get_by_text("You cannot use commands in an archived channel.").last
        ).to_be_visible()
    latest = [mail.latest(world.now) for mail in world.mails(Group.STORM)]
    assert {run and run.status_at(world.now) for run in latest} == {Status.SENT}


async def test_quick_bi_is_troubled_and_heals(theatre: Theatre) -> None:
    """The switch shows that it is on; "All well again" switches everything off."""
    faults = theatre.rig.quickbi.faults
    async with theatre.tab() as page:
        for mode in (Mode.DOWN, Mode.THROTTLED, Mode.GARBAGE, Mode.KEY_REVOKED, Mode.SLOW):
            await page.trouble(mode)
            switch = page.page.locator(f'[data-trouble="{mode}"]')
            await expect(switch).to_have_attribute("aria-pressed", "true")
            assert [fault.mode for fault in faults.active()] == [mode]
            await page.page.get_by_role("button", name="All well again").click()
            await expect(switch).to_have_attribute("aria-pressed", "false")
            await expect(page.page.get_by_text("Everything works.")).to_be_visible()
            assert faults.active() == ()


async def test_slack_is_troubled(theatre: Theatre) -> None:
    """Rate limits, lost replies, an outage, an archived channel."""
    slack = theatre.rig.slack
    async with theatre.tab() as page:
        await page.trouble("rate_limited")
        await page.trouble("reply_lost")
        await page.trouble("slack_down")
        await expect(page.page.get_by_role("button", name="Slack's API is down: on")).to_be_visible()
        assert len(slack.faults.active()) == 3
        await page.trouble("archive")
        await expect(page.page.get_by_text("This channel is archived")).to_be_visible()
        await expect(page.page.locator(".intro")).to_contain_text("nobody can write")
        assert slack.workspace.channel("reports").is_archived
        await page.trouble("archive")
        await expect(page.page.get_by_text("This channel is archived")).to_have_count(0)
        await page.trouble("slack_down")
        await expect(page.page.get_by_role("button", name="Slack's API is down: on")).to_have_count(0)
        assert len(slack.faults.active()) == 2, "only its own trouble is switched off"
        await page.page.get_by_role("button", name="All well again").click()
        await expect(page.page.get_by_text("Everything works.")).to_be_visible()
    assert slack.faults.active() == ()


async def test_all_well_again_is_meant(theatre: Theatre) -> None:
    """An archived channel comes back, mails are mended and resumed, and the page says what it did."""
    world, slack = theatre.rig.world, theatre.rig.slack
    mails = [world.named(name) for name in ("Daily Sales", "Weekly Ops", "New Joiners")]
    world.fail_next(mails[0].mail_id)
    world.pause(mails[1].mail_id)
    world.revoke(mails[2].mail_id)
    async with theatre.tab() as page:
        await page.trouble("archive")
        await expect(page.page.get_by_text("This channel is archived")).to_be_visible()
        await page.page.get_by_role("button", name="All well again").click()
        await expect(page.page.locator(".toast").last).to_have_text(
            "All well again: #reports is back, 3 mails are mended."
        )
        await expect(page.page.get_by_text("This channel is archived")).to_have_count(0)
        await expect(page.page.get_by_text("Everything works.")).to_be_visible()
    assert not slack.workspace.channel("reports").is_archived
    assert slack.workspace.channel("old-reports").is_archived
    assert [mail.fail_next for mail in mails] == [0, 0, 0]
    assert not mails[1].paused
    assert mails[2].permitted
    assert world.named("Old Price List").paused
    assert not world.named("Salaries").permitted


async def test_a_trouble_shows_what_the_bot_does_about_it(theatre: Theatre) -> None:
    """Beside the control, as it happens."""
    async with theatre.tab() as page:
        await page.trouble("reply_lost")
        card = page.page.locator(".trouble", has=page.page.locator('[data-trouble="reply_lost"]'))
        await expect(card).to_contain_text("What the bot does about it shows here.")
        await theatre.rig.web_client().chat_postMessage(channel="C0REPORTS2", text="Hello")
        await expect(card.locator("li").first).to_contain_text("chat.postMessage")
        await expect(card.locator("li").first).to_contain_text("reply lost")


async def test_only_mails_with_a_schedule_can_skip_a_run(theatre: Theatre) -> None:
    """The others have no next run."""
    async with theatre.tab() as page:
        row = await page.mail("Daily Sales")
        await expect(row.get_by_role("button", name="Fail the next run")).to_be_visible()
        await expect(row.get_by_role("button", name="Skip the next run")).to_have_count(0)
        row = await page.mail("Web Funnel")
        await expect(row.get_by_role("button", name="Skip the next run")).to_be_visible()


async def test_a_dropped_socket_shows_in_the_top_line_until_it_is_back(theatre: Theatre) -> None:
    """The app reconnects by itself."""
    slack = theatre.rig.slack
    async with theatre.tab() as page:
        await expect(page.page.locator("#bot-state")).to_have_text("Bot connected")
        dropped = asyncio.create_task(
            slack.changes.wait_for(lambda change: change.kind is ChangeKind.LOGGED, seconds=8)
        )
        await page.trouble("drop_socket")
        await dropped
        await expect(page.page.locator("#bot-state")).to_have_text("Bot connected", timeout=20_000)


async def test_slacks_own_commands_let_the_bot_in_and_out(theatre: Theatre) -> None:
    """/invite and /remove are Slack's, and offered as such."""
    slack = theatre.rig.slack
    async with theatre.tab() as page:
        await page.go("sales")
        await page.type("/invite @Report Bot")
        await slack.changes.until(lambda: slack.bot_user_id in slack.workspace.channel("sales").members)
        await page.type("/remove @Report Bot")
        await slack.changes.until(lambda: slack.bot_user_id not in slack.workspace.channel("sales").members)


async def test_the_log_follows_what_the_bot_does(theatre: Theatre) -> None:
    """Each call to Slack with its outcome, as it happens."""
    async with theatre.tab() as page:
        panel = await page.tab("Log")
        await theatre.rig.web_client().chat_postMessage(channel="C0REPORTS2", text="Hello")
        line = panel.locator("li", has_text="chat.postMessage")
        await expect(line).to_contain_text("#reports")
        await expect(line).to_contain_text("ok")


async def test_colours_are_chosen_and_kept(theatre: Theatre) -> None:
    """As the system says, until the person says otherwise; also after a reload."""
    async with theatre.tab() as page:
        root = page.page.locator("html")
        await expect(root).to_have_attribute("data-theme", "light")
        await page.page.get_by_role("button", name="Use dark colours").click()
        await expect(root).to_have_attribute("data-theme", "dark")
        await page.page.reload()
        await expect(root).to_have_attribute("data-theme", "dark")


async def test_the_side_folds_away(theatre: Theatre) -> None:
    """And comes back."""
    async with theatre.tab() as page:
        bench = page.page.locator("#bench")
        await page.page.get_by_role("button", name="Fold this side away").click()
        await expect(bench).not_to_be_visible()
        await page.page.get_by_role("button", name="Guide & controls").click()
        await expect(bench).to_be_visible()


async def test_tabs_are_reached_with_the_arrow_keys(theatre: Theatre) -> None:
    """As screen readers announce tabs."""
    async with theatre.tab() as page:
        await page.page.get_by_role("tab", name="Start here").focus()
        await page.page.keyboard.press("ArrowRight")
        await expect(page.page.get_by_role("tab", name="Mails")).to_be_focused()
        await expect(page.page.get_by_label("Find a mail")).to_be_visible()
