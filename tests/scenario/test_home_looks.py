"""What the Home tab shows, to whom, and while others are in trouble. The real process, real Bolt."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.sandbox.quickbi.faults import Mode
from bot.sandbox.slack import payloads
from bot.sandbox.slack.deliveries import EnvelopeType
from bot.sandbox.slack.workspace import PARTNER_TEAM
from bot.store.store import open_store
from bot.store.tables import outages
from tests.messages.judges import texts
from tests.scenario.home_steps import (
    action_ids,
    home_texts,
    lies_on,
    open_home,
    until_home,
    until_modal,
    words_of,
)
from tests.scenario.steps import DOWN, subscribe

if TYPE_CHECKING:
    from tests.support.rig import Rig

HEADINGS = ("Needs attention", "Snoozed", "Not told", "All quiet")
MAILS = ("Daily Sales", "Weekly Ops", "Stock Levels")


@pytest.fixture
async def bot(stage: Rig) -> Rig:
    """A running bot over Socket Mode."""
    await stage.start_bot()
    return stage


async def test_home_tells_a_first_time_person_how_to_begin(both_ways: Rig) -> None:
    """What the bot is, whether Quick BI answers, and three steps; no call is made for it."""
    before = len(both_ways.quickbi.ledger.calls("GetMailTaskStatus"))
    words = home_texts(await open_home(both_ways))
    assert any("I watch Quick BI's report mails" in each for each in words)
    assert any("and I am watching" in each for each in words)
    assert len(both_ways.quickbi.ledger.calls("GetMailTaskStatus")) == before


async def test_home_shows_the_channels_of_a_person_with_trouble_first(bot: Rig) -> None:
    """Those they are in and those they subscribed; failing, snoozed and quiet ones; a person elsewhere sees none."""
    await subscribe(bot, "Daily Sales", user="bob")
    await subscribe(bot, "Weekly Ops", user="bob")
    words = home_texts(await open_home(bot))
    place = {heading: index for index, each in enumerate(words) for heading in HEADINGS if heading in each}
    assert list(place) == ["Needs attention", "All quiet"]
    assert any("Weekly Ops" in each for each in words[place["Needs attention"] : place["All quiet"]])
    assert any("Daily Sales" in each for each in words[place["All quiet"] :])
    reports, mei = bot.slack.workspace.channel("reports"), bot.slack.workspace.user("mei").id
    await subscribe(bot, "Stock Levels", user="mei", channel="finance")
    bot.slack.workspace.put_channel(replace(reports, members=reports.members - {mei}))
    assert {one for one in MAILS if one in words_of(await open_home(bot, "mei"))} == {"Stock Levels"}


async def test_home_survives_slack_not_telling_the_channels(bot: Rig) -> None:
    """Then only what this person subscribed is there, and the page says so."""
    await subscribe(bot, "Daily Sales")
    await subscribe(bot, "Weekly Ops", user="bob")
    bot.slack.withhold_scopes(["groups:read"])
    words = words_of(await open_home(bot))
    assert "Daily Sales" in words
    assert "Weekly Ops" not in words
    assert "only what you subscribed yourself" in words


async def test_home_is_drawn_again_on_demand(bot: Rig) -> None:
    """Refresh shows what changed since."""
    view = await open_home(bot)
    await subscribe(bot, "Daily Sales")
    await bot.slack.people.click("ada", "mail_home:refresh", view_id=view.id)
    await until_home(bot, "All quiet")


async def test_home_answers_in_modals(bot: Rig) -> None:
    """A mail is checked, looked up, listed and paged without leaving the tab; the way back is there."""
    await subscribe(bot, "Weekly Ops")
    view = await open_home(bot)
    mail_id = bot.world.named("Weekly Ops").mail_id
    await bot.slack.people.click("ada", "mail_home:menu", view_id=view.id, choose=f"check {mail_id}")
    status = await until_modal(bot, "Weekly Ops* failed")
    assert not {"mail_subscribe", "mail_unsubscribe", "mail_run"} & set(action_ids(status))
    await bot.slack.people.click("ada", "mail_more", view_id=status.id)
    history = await until_modal(bot, "Weekly Ops* · last")
    assert history.previous_view_id == status.id
    await bot.slack.people.close_view("ada", history.id, clear=True)
    offered = await bot.slack.people.suggest("ada", "mail_search", "daily", view_id=view.id)
    assert offered.options
    await bot.slack.people.click("ada", "mail_search", view_id=view.id, choose=offered.options[0]["value"])
    status = await until_modal(bot, "Daily Sales* was sent")
    await bot.slack.people.close_view("ada", status.id, clear=True)
    await bot.slack.people.click("ada", "mail_page:list:open", view_id=view.id)
    mails = await until_modal(bot, "page 1 of")
    await bot.slack.people.click("ada", "mail_page:list:next", view_id=mails.id)
    mails = await until_modal(bot, "page 2 of")
    await bot.slack.people.click("ada", "mail_pick:list:0", view_id=mails.id)
    await bot.slack.changes.until(lambda: lies_on(bot, mails), seconds=8)
    await bot.slack.people.close_view("ada", mails.id, clear=True)
    await bot.slack.people.click("ada", "mail_help", view_id=view.id)
    await until_modal(bot, "/mail-subscribe")


async def test_home_of_a_person_of_another_organisation_stays_empty(bot: Rig) -> None:
    """The event is refused: nothing is published, nothing is told."""
    await subscribe(bot, "Daily Sales", channel="partners")
    olga = bot.slack.workspace.user("olga").id
    event = {
        "type": "app_home_opened",
        "user": olga,
        "team": PARTNER_TEAM,
        "channel": "D0OLGA",
        "tab": "home",
    }
    await bot.slack.deliver(EnvelopeType.EVENT, payloads.event(event, at=datetime.now(UTC).timestamp()))
    assert bot.bot
    await bot.bot.until_logged("where=app_home_opened")
    assert "outcome=refused" in next(line for line in bot.bot.log if "where=app_home_opened" in line)
    tried = [entry for entry in bot.slack.ledger if entry.name == "views.publish"]
    assert all("internal" in " ".join(texts(entry.args["view"], "mrkdwn")) for entry in tried)
    assert bot.slack.home("olga") is None


async def test_home_while_quick_bi_is_down(bot: Rig) -> None:
    """Drawn at once from the store, with a line that says since when it is down; checking says why not."""
    await subscribe(bot, "Daily Sales")
    assert bot.bot
    await bot.bot.stop()
    began_at = datetime.now(UTC) - timedelta(minutes=10)
    async with open_store(bot.environment()["DATABASE_URL"]) as store, store.database.writing() as connection:
        row = {"outage_id": "1", "began_at": began_at, "cause": "QuickBIUnavailable", "told_at": began_at}
        await connection.execute(outages.insert().values(row))
    bot.quickbi.faults.add(Mode.UNAVAILABLE, lasting=DOWN)
    bot.bot = await bot.launch()
    await bot.bot.until_logged(" ready")
    await bot.slack.wait_for_socket()
    view = await open_home(bot)
    words = words_of(view)
    assert "not been able to reach Quick BI" in words
    assert "Daily Sales" in words
    await bot.slack.people.click("ada", "mail_check", view_id=view.id)
    await until_modal(bot, "Quick BI is not answering", seconds=20)


async def test_home_is_not_published_while_slack_is_in_trouble_and_the_next_time_it_is(bot: Rig) -> None:
    """A lost page is no error for anybody: opening it again draws it."""
    bot.slack.faults.server_error("views.publish", times=1)
    await bot.slack.people.open_home("ada")
    assert bot.bot
    await bot.bot.until_logged("home_not_published")
    await open_home(bot)
