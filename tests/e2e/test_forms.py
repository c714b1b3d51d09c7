"""Modals and choices as a person fills them in: several searches, second thoughts, refusals that can be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.e2e.scripted_app import confirm, option, plain

if TYPE_CHECKING:
    from tests.e2e.conftest import Theatre

pytestmark = pytest.mark.asyncio(loop_scope="session")

_LONG_TOAST = "async () => (await import('/dom.js')).toast('Long. '.repeat(200), { tone: 'bad' })"


async def test_mails_found_by_different_searches_are_submitted_together(theatre: Theatre) -> None:
    """What was chosen stays chosen when the next search offers something else."""
    async with theatre.tab() as page:
        await page.type("/mail-subscribe")
        field = page.dialog.get_by_role("combobox", name="Report mails")
        for words, name in (("daily", "Daily Stock"), ("week", "Weekly Ops")):
            await field.press_sequentially(words)
            await page.option(name).click()
        await page.press("Subscribe", within=page.dialog)
        await expect(page.page.get_by_role("dialog")).to_have_count(0)
    assert theatre.app
    kind, values = theatre.app.told[-1]
    assert kind == "submit"
    chosen = values["mails"]["mails"]["selected_options"]
    assert [each["value"] for each in chosen] == ["Daily Stock", "Weekly Ops"]


async def test_a_refusal_is_seen_in_the_dialog_that_it_is_about(theatre: Theatre) -> None:
    """Not behind its backdrop; and it stays when the dialog goes."""
    async with theatre.tab() as page:
        await page.type("/mail-subscribe")
        await page.dialog.get_by_role("combobox", name="Report mails").press_sequentially("week")
        await page.option("Weekly Ops").click()
        theatre.rig.slack.faults.mute()
        await page.press("Subscribe", within=page.dialog)
        toast = page.dialog.locator(".toast")
        await expect(toast).to_have_text("We had some trouble connecting. Try again?")
        box = await toast.bounding_box()
        assert box
        covering = await page.page.evaluate(
            "([x, y]) => Boolean(document.elementsFromPoint(x, y)[0].closest('dialog'))",
            [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2],
        )
        assert covering, "the backdrop lies over the words"
        theatre.rig.slack.faults.clear()
        await page.page.keyboard.press("Escape")
        await expect(page.page.locator("#toasts .toast")).to_have_count(1)


async def test_long_words_are_cut_in_a_toast(theatre: Theatre) -> None:
    """It is a line, not a page."""
    async with theatre.tab() as page:
        await page.page.evaluate(_LONG_TOAST)
        toast = page.page.locator(".toast")
        await expect(toast).to_have_text("Long. " * 33 + "L…")
        box = await toast.bounding_box()
        assert box
        assert box["height"] < 120


async def test_second_thoughts_put_the_choice_back(theatre: Theatre) -> None:
    """A select and a tick whose question is answered with no show what they showed before."""
    choices = [option("1 hour", "1h"), option("4 hours", "4h")]
    elements = [
        {
            "type": "static_select",
            "action_id": "snooze",
            "placeholder": plain("Snooze"),
            "options": choices,
            "initial_option": choices[0],
            "confirm": confirm("Snooze?"),
        },
        {"type": "checkboxes", "action_id": "events", "options": choices, "confirm": confirm("Tick?")},
    ]
    async with theatre.tab() as page:
        await theatre.rig.web_client().chat_postMessage(
            channel="C0REPORTS2", text="Choose", blocks=[{"type": "actions", "elements": elements}]
        )
        select = page.last.get_by_role("combobox", name="Snooze")
        await select.click()
        await page.option("4 hours").click()
        await page.press("Leave it", within=page.dialog)
        await expect(select).to_have_value("1 hour")
        tick = page.last.get_by_label("4 hours")
        await tick.click()
        await page.press("Leave it", within=page.dialog)
        await expect(tick).not_to_be_checked()
        await tick.click()
        await page.press("Run it", within=page.dialog)
        await expect(tick).to_be_checked()
        assert theatre.app
        assert [action["action_id"] for _, action in await theatre.app.heard(1)] == ["events"]
