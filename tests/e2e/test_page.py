"""The page itself, over a scripted app: everything that people do in Slack can be done here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect

from tests.e2e.browser import DESKTOP, PHONE
from tests.e2e.scripted_app import HOME

if TYPE_CHECKING:
    from tests.e2e.conftest import Theatre

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def last_click(theatre: Theatre, *, of: int) -> Any:
    """The last of so many things that the app was told."""
    assert theatre.app
    kind, action = (await theatre.app.heard(of))[-1]
    assert kind == "click"
    return action


async def test_typing_a_slash_offers_the_manifests_commands(theatre: Theatre) -> None:
    """Names, hints and descriptions stand in the list; Tab completes, Enter sends."""
    async with theatre.tab() as page:
        await page.composer.press_sequentially("/mail-s")
        menu = page.page.get_by_role("listbox", name="Slash commands")
        await expect(menu.get_by_role("option")).to_have_count(3)
        await expect(menu).to_contain_text("/mail-status MAIL [TASK_ID]")
        await expect(menu).to_contain_text("How is this report mail doing?")
        await page.shot("page-completion")
        await page.composer.press("ArrowDown")
        await page.composer.press("Tab")
        await expect(page.composer).to_have_value("/mail-subscribe ")


async def test_a_command_is_answered_with_blocks_for_one_person_only(theatre: Theatre) -> None:
    """Formatting, mentions, times in the reader's zone; nobody else sees it."""
    async with theatre.tab() as page:
        await page.type("/mail-status Daily Sales")
        message = await page.says("Daily Sales")
        await expect(message).to_contain_text("Only visible to you")
        await expect(message.locator("strong")).to_have_text("Daily Sales")
        await expect(message.locator("em")).to_have_text("sent")
        await expect(message.locator("code")).to_have_text("7218865303929605212")
        await expect(message).to_contain_text("Oct 9, 2024 11:34 AM by @Bob Okafor in #general")
        await expect(message).to_contain_text("<!channel>")
        link = message.get_by_role("link", name="Quick BI")
        await expect(link).to_have_attribute("href", "https://example.com/?a=1&b=2")
        await page.be("Bob Okafor")
        await expect(page.messages).to_have_count(0)
    assert theatre.app
    assert theatre.app.told == [("command", "Daily Sales")]


async def test_times_follow_the_reader(theatre: Theatre) -> None:
    """Bob in New York sees the same instant as his own clock shows it."""
    async with theatre.tab() as page:
        await page.be("Bob Okafor")
        await page.type("/mail-status 42")
        await page.says("Oct 9, 2024 5:34 AM")


async def test_a_button_replaces_the_message_in_place(theatre: Theatre) -> None:
    """The focus stays on the button that was pressed, for whoever uses a keyboard."""
    async with theatre.tab() as page:
        await page.type("/mail-status 42")
        await page.says("was sent")
        await page.press("Check again")
        await page.says("checked again")
        await expect(page.messages).to_have_count(1)
        await expect(page.last.get_by_role("button", name="Check again")).to_be_focused()


async def test_a_confirm_dialog_asks_first(theatre: Theatre) -> None:
    """Leaving it sends nothing; agreeing sends the click."""
    async with theatre.tab() as page:
        await page.type("/mail-status 42")
        await page.says("was sent")
        await page.press("Run again…")
        await expect(page.dialog).to_contain_text("Run Daily Sales again?")
        await page.shot("page-confirm")
        assert await page.violations() == []
        await page.press("Leave it", within=page.dialog)
        await expect(page.page.get_by_role("dialog")).to_have_count(0)
        await page.press("Run again…")
        await page.press("Run it", within=page.dialog)
        await expect(page.page.locator("[aria-busy]")).to_have_count(0)
        assert (await last_click(theatre, of=2))["action_id"] == "run"


async def test_an_overflow_menu_is_used_with_the_keyboard(theatre: Theatre) -> None:
    """Arrows move, Enter chooses, and the focus comes back."""
    async with theatre.tab() as page:
        await page.type("/mail-status 42")
        await page.says("was sent")
        more = page.last.get_by_role("button", name="More actions")
        await more.press("Enter")
        await page.page.keyboard.press("ArrowDown")
        await expect(page.page.get_by_role("menuitem", name="History")).to_be_focused()
        await page.shot("page-overflow")
        await page.page.keyboard.press("Enter")
        await expect(more).to_be_focused()
        await page.says("was sent")
        assert (await last_click(theatre, of=2))["selected_option"]["value"] == "history"


async def test_every_block_is_drawn(theatre: Theatre) -> None:
    """And everybody in the channel sees an answer that was meant for all."""
    async with theatre.tab() as page:
        await page.type("/mail-list")
        message = await page.says("Every block")
        await expect(message).not_to_contain_text("Only visible to you")
        await expect(message.get_by_role("heading")).to_have_text("Every block 🎉")
        await expect(message.locator("blockquote")).to_have_text("quoted")
        await expect(message.locator("pre")).to_have_text("a block of\ncode")
        await expect(message).not_to_contain_text("cannot draw")
        assert await page.violations() == []
        await page.shot("page-every-block")
        await page.be("Mei Lin")
        await page.says("Every block")


async def test_an_unknown_block_is_named_plainly(theatre: Theatre) -> None:
    """The page does not pretend to know what it cannot draw."""
    slack = theatre.rig.slack
    slack.workspace.post(
        "reports", author_id=slack.bot_user_id, text="A film.", blocks=({"type": "video", "block_id": "v"},)
    )
    async with theatre.tab() as page:
        await page.says("This page cannot draw a block of type “video”")


async def test_selects_and_ticks_of_a_message_reach_the_app(theatre: Theatre) -> None:
    """Chosen by typing, by mouse, by keyboard."""
    async with theatre.tab() as page:
        await page.type("/mail-list")
        message = await page.says("Every block")
        await message.get_by_role("combobox", name="Snooze").click()
        await page.option("4 hours").click()
        await expect(message.get_by_role("combobox", name="Snooze")).to_have_value("4 hours")
        await message.get_by_label("day").fill("10:15")
        await message.get_by_label("late").check()
        assert theatre.app
        chosen = [action for _, action in await theatre.app.heard(3)]
    assert chosen[0]["selected_option"]["value"] == "4h"
    assert chosen[1]["selected_time"] == "10:15"
    assert [each["value"] for each in chosen[2]["selected_options"]] == ["late"]


async def test_a_modal_with_a_typeahead_is_filled_in_and_submitted(theatre: Theatre) -> None:
    """Slack's own checks, the app's errors under their input, what was typed kept; then it closes."""
    async with theatre.tab() as page:
        await page.type("/mail-subscribe")
        modal = page.dialog
        await expect(modal.get_by_role("heading", name="Subscribe")).to_be_visible()
        await page.press("Subscribe", within=modal)
        await expect(modal).to_contain_text("Please complete this required field.")
        mails = modal.get_by_role("combobox", name="Report mails")
        await expect(mails).to_be_focused()
        await mails.press_sequentially("daily")
        await expect(page.option()).to_have_count(2)
        await page.shot("page-typeahead")
        await page.option("Daily Stock").click()
        await expect(modal).not_to_contain_text("Please complete this required field.")
        await modal.get_by_label("late").check()
        await modal.get_by_label("Due by").fill("09:30")
        await modal.get_by_label("Note").fill("wrong")
        await page.press("Subscribe", within=modal)
        await expect(modal).to_contain_text("The bot does not like this note.")
        await expect(modal.get_by_label("Note")).to_have_value("wrong")
        await page.shot("page-modal-error")
        assert await page.violations() == []
        await modal.get_by_label("Note").fill("right")
        await expect(modal).not_to_contain_text("The bot does not like this note.")
        await page.press("Subscribe", within=modal)
        await expect(page.page.get_by_role("dialog")).to_have_count(0)
    assert theatre.app
    kind, values = theatre.app.told[-1]
    assert kind == "submit"
    assert [each["value"] for each in values["mails"]["mails"]["selected_options"]] == ["Daily Stock"]
    assert [each["value"] for each in values["events"]["events"]["selected_options"]] == ["failed", "late"]
    assert values["due"]["due"]["selected_time"] == "09:30"
    assert values["note"]["note"]["value"] == "right"


async def test_escape_closes_a_modal(theatre: Theatre) -> None:
    """As a person with a keyboard expects."""
    async with theatre.tab() as page:
        await page.type("/mail-subscribe")
        await expect(page.dialog).to_be_visible()
        await page.page.keyboard.press("Escape")
        await expect(page.page.get_by_role("dialog")).to_have_count(0)


async def test_an_app_that_does_not_answer_is_told_of_in_slacks_words(theatre: Theatre) -> None:
    """The person sees what Slack would show after three seconds."""
    async with theatre.tab() as page:
        await page.type("/mail-help")
        message = await page.says("operation_timeout")
        await expect(message).to_contain_text("Only visible to you")


async def test_threads_edits_and_deletions_are_live(theatre: Theatre) -> None:
    """A reply opens beside the channel; an edited message says so; a deleted one goes."""
    slack = theatre.rig.slack
    client = theatre.rig.web_client()
    async with theatre.tab() as page:
        posted = await client.chat_postMessage(channel="C0REPORTS2", text=":red_circle: *Daily Sales failed*")
        await page.says("Daily Sales failed")
        await client.chat_postMessage(channel="C0REPORTS2", text="It lasted 2 h.", thread_ts=posted["ts"])
        await page.last.get_by_role("button", name="1 reply").click()
        await expect(page.thread).to_contain_text("It lasted 2 h.")
        await page.thread.get_by_role("textbox", name="Reply").fill("Thanks")
        await page.thread.get_by_role("textbox", name="Reply").press("Enter")
        await expect(page.thread.locator("article")).to_have_count(3)
        await expect(page.last).to_contain_text("2 replies")
        await client.chat_update(
            channel="C0REPORTS2", ts=posted["ts"] or "", text=":large_green_circle: Recovered"
        )
        await expect(page.last).to_contain_text("Recovered")
        await expect(page.last).to_contain_text("(edited)")
        await page.shot("page-thread")
        await page.page.keyboard.press("Escape")
        await expect(page.thread).to_have_count(0)
        await page.last.get_by_role("button", name="Delete").click()
        await expect(page.messages).to_have_count(0)
    assert not slack.workspace.messages("reports")[0].blocks


async def test_the_home_tab_is_drawn_when_it_is_opened(theatre: Theatre) -> None:
    """Its buttons work too."""
    async with theatre.tab() as page:
        home = await page.open_home()
        await expect(home).to_contain_text("Weekly Ops in #reports")
        await page.press("Check again", within=home)
        await expect(page.page.locator("[aria-busy]")).to_have_count(0)
        assert (await last_click(theatre, of=1))["action_id"] == "home_check"
    assert HOME["type"] == "home"


async def test_an_outsider_is_marked_and_refused_by_slack(theatre: Theatre) -> None:
    """A person of another organisation sees the shared channel only, and has no commands of ours."""
    async with theatre.tab() as page:
        await page.be("Olga (Partner Ltd): other organisation")
        await expect(page.page.get_by_role("heading", name="partners")).to_be_visible()
        await page.type("/mail-status 42")
        await page.says("is not a valid command")
        await page.type("Hello from outside")
        await expect(page.last).to_contain_text("OTHER ORGANISATION")


async def test_unread_channels_and_the_bots_messages_are_marked(theatre: Theatre) -> None:
    """News elsewhere shows in the list; opening it takes the mark away."""
    client = theatre.rig.web_client()
    async with theatre.tab() as page:
        await client.chat_postMessage(channel="C0FINANCE4", text="Salaries failed")
        await expect(page.page.get_by_role("button", name="finance (private, new messages)")).to_be_visible()
        await page.go("finance")
        await page.says("Salaries failed")
        opened = await client.conversations_open(users=["U0ADA00001"])
        await client.chat_postMessage(channel=opened["channel"]["id"], text="The channel is gone.")
        await page.go("app")
        await page.says("The channel is gone.")


async def test_the_page_comes_back_after_the_connection_was_lost(theatre: Theatre) -> None:
    """It says so meanwhile, and shows what was missed."""
    server = theatre.server
    port = int(server.url.rstrip("/").rpartition(":")[2])
    async with theatre.tab() as page:
        await server.stop()
        await expect(page.page.get_by_role("alert")).to_contain_text("does not answer")
        theatre.rig.slack.workspace.post("reports", author_id="U0BOB00002", text="Meanwhile")
        await server.start(port=port)
        await page.says("Meanwhile")
        await expect(page.page.get_by_role("alert")).to_have_count(0)
        page.problems.clear()  # the browser's own lines about connections that it could not open


async def fill_the_channel(theatre: Theatre) -> None:
    slack = theatre.rig.slack
    for number in range(40):
        slack.workspace.post("reports", author_id="U0BOB00002", text=f"Line {number}")


async def test_who_sends_is_taken_to_what_was_sent_and_to_its_answer(theatre: Theatre) -> None:
    """Also from far above, where the answer would come unseen."""
    await fill_the_channel(theatre)
    async with theatre.tab() as page:
        await page.says("Line 39")
        await page.page.locator("#timeline").evaluate("timeline => timeline.scrollTo(0, 0)")
        await page.type("/mail-status 42")
        await page.says("was sent")
        await page.is_at_the_end()


async def test_new_messages_below_are_told_of_by_a_pill(theatre: Theatre) -> None:
    """Whoever reads above is not moved; the pill leads to the end and goes."""
    await fill_the_channel(theatre)
    async with theatre.tab() as page:
        await page.says("Line 39")
        pill = page.page.locator("#timeline").get_by_role("button", name="New messages")
        await expect(pill).to_be_hidden()
        for size in (DESKTOP, PHONE):
            await page.look(size, dark=False)
            await page.page.locator("#timeline").evaluate("timeline => timeline.scrollTo(0, 0)")
            await expect(page.messages.first).to_be_in_viewport()
            theatre.rig.slack.workspace.post("reports", author_id="U0BOB00002", text="The newest")
            await expect(pill).to_be_in_viewport()
            await expect(page.messages.first).to_be_in_viewport()
            await page.shot(f"page-new-messages-{size[0]}")
            if size == PHONE:
                assert await page.violations() == []
            await pill.click()
            await page.is_at_the_end()
            await expect(pill).to_be_hidden()


async def test_slackbot_has_a_face_of_its_own(theatre: Theatre) -> None:
    """What Slack says is not taken for the bot's words."""
    async with theatre.tab() as page:
        await page.type("/mail-nonsense")
        line = await page.says("is not a valid command")
        await expect(line.locator(".author")).to_have_text("Slackbot")
        await expect(line.locator(".avatar-slackbot")).to_be_visible()
        await expect(line.locator(".avatar-bot, .tag")).to_have_count(0)
        await page.shot("page-slackbot")


async def test_fields_are_a_list_on_a_phone(theatre: Theatre) -> None:
    """As Slack's own app draws them: one below the other."""
    async with theatre.tab(size=PHONE) as page:
        await page.type("/mail-list")
        message = await page.says("Every block")
        boxes = [await field.bounding_box() for field in await message.locator(".field").all()]
        assert boxes[0]
        assert boxes[1]
        assert boxes[0]["x"] == boxes[1]["x"]
        assert boxes[0]["y"] < boxes[1]["y"]
