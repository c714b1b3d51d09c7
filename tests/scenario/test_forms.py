"""Forms of bare commands, guesses, and channels that other organisations read: the real process, real Bolt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.slack.views.shared_channels import SHARED_DISMISSED
from tests.scenario.steps import (
    offer,
    open_form,
    public,
    subscribe,
    until_asked,
    until_public,
)

if TYPE_CHECKING:
    from tests.support.rig import Rig


@pytest.fixture
async def bot(stage: Rig) -> Rig:
    """A running bot in which everybody may run mails."""
    await stage.start_bot(MAIL_RUN_USERS="*")
    return stage


@pytest.mark.parametrize(
    ("command", "words"),
    [
        pytest.param("/mail-history", "Daily Sales", id="history"),
        pytest.param("/mail-run", "Send Daily Sales", id="run"),
    ],
)
async def test_a_bare_command_lets_choose_a_mail(bot: Rig, command: str, words: str) -> None:
    """As `/mail-status` does; the answer comes where the command was typed."""
    view = await open_form(bot, command)
    (daily,) = await offer(bot, view, "daily sales")
    await bot.slack.people.submit_view("ada", view.id, {"mails": [daily]})
    await bot.until_text(words)


async def test_the_subscribe_form_is_short_until_a_time_is_set(bot: Rig) -> None:
    """And again when it is cleared; what was filled in before stays."""
    view = await open_form(bot, "/mail-subscribe")
    (daily,) = await offer(bot, view, "daily sales")
    people = bot.slack.people
    await people.click("ada", "mail_search", view_id=view.id, choose=[daily])
    await people.click("ada", "events", view_id=view.id, choose=["failed"])
    assert {"days", "grace"}.isdisjoint(block["block_id"] for block in view.source["blocks"])
    await people.click("ada", "due", view_id=view.id, choose="09:30")
    longer = await until_asked(bot, "days", "grace")
    assert longer.values["mails"]["mail_search"]["selected_options"][0]["value"] == daily
    await people.click("ada", "due", view_id=view.id, choose="")
    await until_asked(bot, "due", absent="days")
    await people.submit_view("ada", view.id)
    assert "Due" not in (await until_public(bot, "tell this channel once when it fails.")).text


async def test_a_bare_unsubscribe_offers_what_the_channel_has(bot: Rig) -> None:
    """Nothing else; and where it has nothing, it says so."""
    assert "not subscribed to any" in (await bot.ask("/mail-unsubscribe")).text
    await subscribe(bot, "Daily Sales")
    await subscribe(bot, "Weekly Ops")
    view = await open_form(bot, "/mail-unsubscribe")
    options = str(view.source["blocks"])
    assert "Daily Sales" in options
    assert "Weekly Ops" in options
    assert "Board Pack" not in options
    daily = bot.world.named("Daily Sales").mail_id
    await bot.slack.people.submit_view("ada", view.id, {"mails": [daily]})
    await until_public(bot, "unsubscribed this channel from Daily Sales")
    assert "Weekly Ops" in (await bot.ask("/mail-subscriptions")).text


async def test_who_may_not_run_mails_is_told_so_before_choosing_one(stage: Rig) -> None:
    """A form that ends in a refusal is a waste of time."""
    await stage.start_bot(MAIL_RUN_USERS="U0BOB00002")
    assert "You may not run mails by hand" in (await stage.ask("/mail-run")).text
    assert stage.slack.open_view("ada") is None


async def test_a_guess_is_said_to_be_one(bot: Rig) -> None:
    """And what is right, or a literal part of one name, is not."""
    guessed = await bot.ask("/mail-status Dayly Slaes")
    assert guessed.text.startswith("Daily Sales")
    assert "No mail is named “Dayly Slaes”; Daily Sales comes closest" in guessed.text
    assert "comes closest" not in (await bot.ask("/mail-status daily sales")).text
    part = await bot.ask("/mail-status weekly op")
    assert part.text.startswith("Weekly Ops")
    assert "comes closest" not in part.text
    await bot.slack.people.type_command("ada", "reports", "/mail-subscribe Dayly Slaes")
    await until_public(bot, "subscribed this channel to Daily Sales")
    assert any("“Dayly Slaes”" in one.text for one in bot.answers("ada"))


async def test_a_task_that_plays_no_part_is_not_dropped_silently(bot: Rig) -> None:
    """Whoever typed it may believe otherwise."""
    daily = bot.world.named("Daily Sales").mail_id
    told = await bot.ask(f"/mail-run {daily} 7218865303929605212")
    assert "The task ID makes no difference" in told.text


async def test_a_channel_that_other_organisations_read_is_asked_about_first(bot: Rig) -> None:
    """Names and failures will be seen by them: cancelled, nothing is told; confirmed, it is subscribed."""
    typed = "/mail-subscribe Daily Sales due 09:30 mon-fri"
    question = await bot.ask(typed, channel="partners")
    assert "People from other organisations read this channel" in question.text
    assert not public(bot, "partners")
    await bot.slack.people.click("ada", SHARED_DISMISSED, channel="partners", ts=question.ts)
    await bot.until_text("Nothing was changed", channel="partners")
    assert "not subscribed to any" in (await bot.ask("/mail-subscriptions", channel="partners")).text
    await subscribe(bot, "Daily Sales due 09:30 mon-fri", channel="partners")
    assert "09:30" in public(bot, "partners")[-1].text
