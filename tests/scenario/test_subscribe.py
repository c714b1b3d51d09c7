"""Channels subscribe, leave, snooze and see what they are told of: the real process, real Bolt."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.sandbox.quickbi.faults import Mode
from tests.scenario.steps import until_asked, until_public

if TYPE_CHECKING:
    from bot.sandbox.slack.inputs import Choice
    from tests.support.rig import Rig


async def test_subscribing_tells_the_channel_how_the_mail_is_doing(both_ways: Rig) -> None:
    """Public, with the state; twice is once, and only who asked again hears so."""
    await both_ways.slack.people.type_command("ada", "reports", "/mail-subscribe Daily Sales")
    told = await until_public(both_ways, "subscribed this channel to Daily Sales")
    assert "Daily Sales was sent" in told.text
    again = await both_ways.ask("/mail-subscribe Daily Sales", user="bob")
    assert "already subscribed to Daily Sales" in again.text
    listed = await both_ways.ask("/mail-subscriptions")
    assert "told about 1 mail" in listed.text


async def test_several_at_once_and_each_refusal_by_itself(both_ways: Rig) -> None:
    """What can be subscribed is; a mail that may not be seen is explained."""
    forbidden = both_ways.world.named("Salaries").mail_id
    await both_ways.slack.people.type_command(
        "ada", "reports", f"/mail-subscribe Daily Sales, Weekly Ops, {forbidden}"
    )
    await until_public(both_ways, "subscribed this channel to 2 mails: Daily Sales, Weekly Ops")
    await both_ways.until_text("This bot may not see")


async def test_a_channel_where_the_bot_cannot_post_says_how_to_invite_it(both_ways: Rig) -> None:
    """A private channel without the bot: nothing is subscribed, the next step is named."""
    answer = await both_ways.ask("/mail-subscribe Daily Sales", channel="board")
    assert "/invite @report-bot" in answer.text
    listed = await both_ways.ask("/mail-subscriptions", channel="board")
    assert "not subscribed to any mail" in listed.text


async def test_subscribing_works_while_quick_bi_is_down(both_ways: Rig) -> None:
    """A mail that the list has is subscribed all the same; one that nobody knows is not."""
    both_ways.quickbi.faults.add(Mode.UNAVAILABLE, lasting=30)
    await both_ways.slack.people.type_command("ada", "reports", "/mail-subscribe Daily Sales")
    await until_public(both_ways, "could not be checked yet", seconds=20)
    await both_ways.slack.people.type_command("ada", "reports", "/mail-subscribe 99999")
    await both_ways.until_text("Quick BI is not answering", seconds=20)


async def test_leaving_one_and_all(both_ways: Rig) -> None:
    """By name; what is not subscribed says so; `all` asks first."""
    await both_ways.slack.people.type_command("ada", "reports", "/mail-subscribe Daily Sales, Weekly Ops")
    await until_public(both_ways, " subscribed this channel to")
    assert "not subscribed to Stock" in (await both_ways.ask("/mail-unsubscribe Stock Levels")).text
    await both_ways.slack.people.type_command("ada", "reports", "/mail-unsubscribe daily sales")
    await until_public(both_ways, "unsubscribed this channel from Daily Sales")
    asked = await both_ways.ask("/mail-unsubscribe all")
    assert "Unsubscribe this channel from its only mail?" in asked.text
    await both_ways.slack.people.click("ada", "mail_unsubscribe:all", channel="reports", ts=asked.ts)
    await until_public(both_ways, "unsubscribed this channel from Weekly Ops")
    assert (await both_ways.until_text("You unsubscribed this channel from Weekly Ops")).ts == asked.ts


async def test_of_two_mails_of_one_name_the_channel_is_asked_which_to_leave(stage: Rig) -> None:
    """Neither is dropped silently; the buttons tell them apart, and one that is clicked is left."""
    first, second = (stage.world.add_mail("Twin Report") for _ in range(2))
    await stage.start_bot()
    await stage.slack.people.type_command(
        "ada", "reports", f"/mail-subscribe {first.mail_id} {second.mail_id}"
    )
    await until_public(stage, "subscribed this channel to 2 mails: Twin Report, Twin Report")
    asked = await stage.ask("/mail-unsubscribe Twin Report")
    assert "Which mail do you mean by “Twin Report”?" in asked.text
    assert all(f"…{mail.mail_id[-6:]}" in asked.text for mail in (first, second))
    await stage.slack.people.click("ada", "mail_pick:mail-unsubscribe:0", channel="reports", ts=asked.ts)
    await until_public(stage, "unsubscribed this channel from Twin Report")
    await stage.slack.people.type_command("ada", "reports", "/mail-unsubscribe Twin Report")
    await stage.slack.changes.until(
        lambda: (
            sum(
                "unsubscribed this channel from" in one.text
                for one in stage.slack.workspace.messages("reports")
            )
            == 2
            or None
        )
    )
    listed = await stage.ask("/mail-subscriptions")
    assert "not subscribed to any mail" in listed.text


async def test_a_name_that_is_close_to_several_is_asked_back_before_leaving(both_ways: Rig) -> None:
    """Only what the channel has is offered; what it has none of says so."""
    await both_ways.slack.people.type_command("ada", "reports", "/mail-subscribe Store 001, Store 002")
    await until_public(both_ways, "subscribed this channel to 2 mails: Store 001, Store 002")
    asked = await both_ways.ask("/mail-unsubscribe Store 00")
    assert "Which mail do you mean by “Store 00”? Store 001" in asked.text
    assert "Store 003" not in asked.text
    assert "not subscribed to Daily Sales" in (await both_ways.ask("/mail-unsubscribe Daily Sales")).text


async def test_exact_names_and_pasted_pairs_are_subscribed_as_they_are(stage: Rig) -> None:
    """A number in a name is no mail of its own, nor is a task ID behind a mail's."""
    for name in ("Sales", "Sales 20241009", "10086 Call Center", "Revenue by 3 regions"):
        stage.world.add_mail(name)
    await stage.start_bot()
    mail = stage.world.named("Daily Sales")
    await stage.slack.people.type_command(
        "ada",
        "reports",
        f"/mail-subscribe 10086 Call Center, Revenue by 3 regions, {mail.mail_id} 7218865303929605212",
    )
    await until_public(
        stage, "subscribed this channel to 3 mails: 10086 Call Center, Revenue by 3 regions, Daily Sales"
    )
    listed = await stage.ask("/mail-subscriptions")
    assert "told about 3 mails" in listed.text


async def test_the_form_subscribes_with_a_due_time(both_ways: Rig) -> None:
    """Nothing typed opens a form; its typeahead finds mails by some letters; what was chosen is kept."""
    await both_ways.slack.people.type_command("ada", "reports", "/mail-subscribe")
    view = await both_ways.slack.changes.until(lambda: both_ways.slack.open_view("ada"))
    found = await both_ways.slack.people.suggest("ada", "mail_search", "daily", view_id=view.id)
    await both_ways.slack.people.click("ada", "due", view_id=view.id, choose="09:30")
    await until_asked(both_ways, "days", "grace")
    values: dict[str, Choice] = {
        "mails": [found.options[0]["value"]],
        "events": ["failed", "recovered"],
        "days": "daily",
    }
    await both_ways.slack.people.submit_view("ada", view.id, values)
    told = await until_public(both_ways, "subscribed this channel to Daily Sales")
    assert "Due 09:30 daily" in told.text
    assert "I will tell this channel once when it fails, and when it recovers" in told.text


async def test_the_status_form_answers_where_it_was_asked(both_ways: Rig) -> None:
    """A form has no channel of its own: the answer goes back to where the command was typed."""
    await both_ways.slack.people.type_command("ada", "reports", "/mail-status")
    view = await both_ways.slack.changes.until(lambda: both_ways.slack.open_view("ada"))
    mail = both_ways.world.named("Weekly Ops")
    await both_ways.slack.people.suggest("ada", "mail_search", "weekly", view_id=view.id)
    await both_ways.slack.people.submit_view("ada", view.id, {"mails": mail.mail_id})
    await both_ways.until_text("Weekly Ops failed")


@pytest.mark.parametrize(
    ("value", "words"),
    [("1h", "quiet until"), ("recovered", "quiet until it recovers"), ("tomorrow", "quiet until")],
)
async def test_snoozing_from_a_notice(stage: Rig, value: str, words: str) -> None:
    """The channel has its peace, the thread says who wanted it, and waking ends it."""
    stage.settings["QUICKBI_CHECK_INTERVAL"] = "2"
    await stage.start_bot()
    mail = stage.world.named("Supplier Scorecard")
    await stage.slack.people.type_command("ada", "reports", f"/mail-subscribe {mail.mail_id}")
    await until_public(stage, "subscribed this channel to Supplier Scorecard")
    stage.world.run_now(mail.mail_id, takes=timedelta(seconds=1), outcome="FAILED")
    notice = await until_public(stage, "Supplier Scorecard failed", seconds=20)
    await stage.slack.people.click(
        "bob", "mail_snooze", channel="reports", ts=notice.ts, choose=f"{value} {mail.mail_id}"
    )
    said = await until_public(stage, words)
    assert said.thread_ts == notice.ts
    assert "<@U0BOB00002>" in said.text


async def test_a_mail_that_was_made_a_minute_ago_is_known(stage: Rig) -> None:
    """Though the list was read before; what is told of it carries the name."""
    await stage.start_bot()
    made = stage.world.add_mail("Brand New")
    assert "Brand New has not run yet" in (await stage.ask("/mail-status brand new")).text
    await stage.slack.people.type_command("ada", "reports", f"/mail-subscribe {made.mail_id}")
    await until_public(stage, "subscribed this channel to Brand New")
