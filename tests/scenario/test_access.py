"""Who may use the bot, and where: MAIL_CHANNELS and other organisations, at every door. The real process, real Bolt."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from bot.sandbox.quickbi.faults import Mode
from bot.sandbox.slack import payloads
from bot.sandbox.slack.deliveries import EnvelopeType
from bot.slack.commands import Verb
from bot.slack.kit.actions import Act
from tests.messages.judges import texts
from tests.scenario.steps import OLGA, answer_to_click, offer, old_message, open_form, subscribe

if TYPE_CHECKING:
    from bot.sandbox.slack.model import User, View
    from tests.support.rig import Rig

ELSEWHERE = "answers only in certain channels"
FINANCE = "C0FINANCE4"


@pytest.fixture
async def bot(stage: Rig) -> Rig:
    """It may be used in finance only, where everybody is but Mei."""
    mei = stage.slack.workspace.user("mei").id
    finance = stage.slack.workspace.channel("finance")
    stage.slack.workspace.put_channel(replace(finance, members=finance.members - {mei}))
    await stage.start_bot(MAIL_CHANNELS=FINANCE)
    return stage


async def until_home(rig: Rig, user: str, words: str) -> View:
    """Wait until the Home tab of this person says these words."""

    def told() -> View | None:
        view = rig.slack.home(user)
        return view if view and words in home_words(view) else None

    return await rig.slack.changes.until(told, seconds=8)


async def until_modal(rig: Rig, user: str, words: str) -> View:
    def told() -> View | None:
        view = rig.slack.open_view(user)
        return view if view and words in home_words(view) else None

    return await rig.slack.changes.until(told, seconds=8)


def home_words(view: View) -> str:
    return " ".join(texts(view.source["blocks"], "mrkdwn", "plain_text"))


async def test_every_command_is_refused_elsewhere(bot: Rig) -> None:
    """And answered in the channel that is allowed."""
    for verb in Verb:
        before = len(bot.answers("ada"))
        told = await bot.ask(f"/{verb} Daily Sales")
        assert ELSEWHERE in told.text, verb
        assert len(bot.answers("ada")) == before + 1
    assert bot.slack.open_view("ada") is None
    assert not bot.quickbi.ledger.calls("GetMailTaskStatus")
    assert "Daily Sales was sent" in (await bot.ask("/mail-status Daily Sales", channel="finance")).text


async def test_home_is_for_who_is_in_an_allowed_channel_or_has_subscribed_one(bot: Rig) -> None:
    """Its buttons, its typeahead and its modals, too."""
    await bot.slack.people.open_home("ada")
    ours = await until_home(bot, "ada", "and I am watching")
    assert await offer(bot, ours, "daily")
    await bot.slack.people.open_home("mei")
    await until_home(bot, "mei", ELSEWHERE)
    theirs = await home_of_another_time(bot, ours)
    assert await offer(bot, theirs, "daily", user="mei") == []
    for action_id in (f"{Act.HOME}:refresh", Act.HELP, f"{Act.PAGE}:list:open"):
        await bot.slack.people.click("mei", action_id, view_id=theirs.id)
        modal = await until_modal(bot, "mei", ELSEWHERE)
        await bot.slack.people.close_view("mei", modal.id)
    await bot.slack.deliver(EnvelopeType.INTERACTIVE, await pick_from(bot, theirs))
    assert bot.bot
    await bot.bot.until_logged("where=mail_search")
    assert "outcome=refused" in next(line for line in bot.bot.log if "where=mail_search" in line)
    assert len(bot.quickbi.ledger.calls("GetMailTaskStatus")) == 0


async def home_of_another_time(rig: Rig, ours: View) -> View:
    """The tab as it was while this person was in that channel still."""
    mei = rig.slack.workspace.user("mei").id
    view = {"type": "home", "blocks": ours.source["blocks"]}
    await rig.web_client().views_publish(user_id=mei, view=view)
    home = rig.slack.home("mei")
    assert home is not None
    return home


async def pick_from(rig: Rig, view: View) -> dict[str, object]:
    """A choice from the typeahead, as Slack would tell it, though nothing was offered."""
    mei = rig.slack.workspace.user("mei")
    action = {
        "type": "external_select",
        "action_id": "mail_search",
        "block_id": "b",
        "selected_option": {"value": rig.world.named("Daily Sales").mail_id},
    }
    return dict(payloads.block_actions(mei, payloads.view_place(view), action, trigger_id="too old"))


async def test_a_subscriber_who_left_the_channel_is_still_let_in(bot: Rig) -> None:
    """What somebody subscribed is theirs to look at."""
    await subscribe(bot, "Daily Sales", user="bob", channel="finance")
    bob = bot.slack.workspace.user("bob").id
    finance = bot.slack.workspace.channel("finance")
    bot.slack.workspace.put_channel(replace(finance, members=finance.members - {bob}))
    await bot.slack.people.open_home("bob")
    await until_home(bot, "bob", "Daily Sales")


async def test_slack_keeps_the_channels_from_us(bot: Rig) -> None:
    """Nobody is let in whom the bot does not know, and it says why."""
    bot.slack.withhold_scopes(["groups:read"])
    await bot.slack.people.open_home("ada")
    await until_home(bot, "ada", "Slack did not tell me which organisation and channels you belong to")


@pytest.mark.parametrize(("user", "is_let_in"), [("ada", True), ("mei", False)])
async def test_a_button_in_a_direct_message_of_the_bot(bot: Rig, user: str, *, is_let_in: bool) -> None:
    """The outcome of a run by hand comes there: its buttons work for who may use the bot."""
    person = bot.slack.workspace.user(user).id
    mail_id = bot.world.named("Daily Sales").mail_id
    direct = await old_message(bot, [(Act.CHECK, mail_id)], to=person)
    told = await answer_to_click(bot, direct, Act.CHECK, user=user, channel=direct.channel_id)
    assert ("Daily Sales was sent" in told.text) is is_let_in
    assert (ELSEWHERE in told.text) is not is_let_in


# ---- Other organisations


async def opened_by(rig: Rig, user: User, **more: str) -> None:
    """The Home tab is opened; Slack's event tells who, not whose."""
    event = {"type": "app_home_opened", "user": user.id, "channel": "D0ANY", "tab": "home"} | more
    payload = payloads.event(event, at=datetime.now(UTC).timestamp())
    await rig.slack.deliver(EnvelopeType.EVENT, payload)


async def test_home_opened_by_another_organisation_is_refused_whatever_the_event_says(stage: Rig) -> None:
    """The wrapping's team is ours for everybody: who it is, is looked up."""
    await stage.start_bot()
    await subscribe(stage, "Daily Sales", channel="partners")
    await opened_by(stage, stage.slack.workspace.user("olga"))
    assert stage.bot
    await stage.bot.until_logged("where=app_home_opened")
    line = next(line for line in stage.bot.log if "where=app_home_opened" in line)
    assert "outcome=refused" in line
    assert OLGA in line
    published = [entry for entry in stage.slack.ledger if entry.name == "views.publish"]
    assert all("Daily Sales" not in str(entry.args) for entry in published)


async def test_a_person_whom_slack_does_not_know_yet_sees_nothing(stage: Rig) -> None:
    """Slack in trouble is no reason to show mails to whoever asks; a moment later it works."""
    await stage.start_bot()
    stage.slack.faults.slack_error("users.info", "internal_error", times=1)
    await stage.slack.people.open_home("ada")
    await until_home(stage, "ada", "Slack did not tell me which organisation")
    await stage.slack.people.open_home("ada")
    await until_home(stage, "ada", "and I am watching")


async def test_the_typeahead_offers_outsiders_nothing(stage: Rig) -> None:
    """Not a name leaves the house."""
    await stage.start_bot()
    ours = await open_form(stage, "/mail-status")
    assert await offer(stage, ours, "daily")
    olga = stage.slack.workspace.user("olga")
    asked = payloads.block_suggestion(
        olga, payloads.view_place(ours), action_id="mail_search", block_id="mails", value="daily"
    )
    ack = await stage.slack.deliver(EnvelopeType.INTERACTIVE, asked)
    assert ack.body == {"options": []}


async def test_the_typeahead_needs_no_quick_bi(stage: Rig) -> None:
    """It stands on the directory."""
    await stage.start_bot()
    stage.quickbi.faults.add(Mode.UNAVAILABLE, lasting=600)
    view = await open_form(stage, "/mail-status")
    assert await offer(stage, view, "daily")
