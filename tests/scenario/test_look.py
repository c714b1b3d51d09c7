"""People look around: lists, histories, the Home tab, and what old buttons say. The real process, real Bolt."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain import MailId, MailRef, RunStatus, StatusAnswer, TaskId, TaskRun
from bot.sandbox.quickbi.faults import Mode
from bot.sandbox.slack import payloads
from bot.sandbox.slack.deliveries import EnvelopeType
from bot.sandbox.slack.workspace import PARTNER_TEAM
from bot.slack.blocks import actions, button, section
from bot.slack.controls import Act, InChannel, More, under_status
from bot.store.store import open_store
from bot.store.tables import outages
from tests.messages.judges import texts
from tests.scenario.steps import until_public

if TYPE_CHECKING:
    from collections.abc import Iterable

    from slack_sdk.models.blocks import Block

    from bot.sandbox.slack.model import Message, View
    from tests.rig import Rig

DOWN = 600.0  # seconds: longer than any test


@pytest.fixture
async def bot(stage: Rig) -> Rig:
    """A running bot over Socket Mode."""
    await stage.start_bot()
    return stage


# ---- /mail-list


async def test_the_list_is_paged_and_a_mail_is_picked_from_it(both_ways: Rig) -> None:
    """Buttons turn the page in place; the list stays when a mail is picked."""
    answer = await both_ways.ask("/mail-list")
    assert "report mails, page 1 of" in answer.text
    await both_ways.slack.people.click("ada", "mail_page:list:next", channel="reports", ts=answer.ts)
    assert (await both_ways.until_text("page 2 of")).ts == answer.ts
    await both_ways.slack.people.click("ada", "mail_page:list:previous", channel="reports", ts=answer.ts)
    assert (await both_ways.until_text("page 1 of")).ts == answer.ts
    found = await both_ways.ask("/mail-list ops")
    assert "Weekly Ops of" in found.text
    assert "not looked at yet" in found.text
    await both_ways.slack.people.click("ada", "mail_pick:list:0", channel="reports", ts=found.ts)
    await both_ways.until_text("Weekly Ops failed")
    assert "Weekly Ops of" in both_ways.slack.workspace.message("reports", found.ts).text
    assert "failed at" in (await both_ways.ask("/mail-list ops")).text


async def test_the_list_finds_close_names_and_suggests_where_there_are_none(bot: Rig) -> None:
    """A typing mistake is forgiven; where nothing is like it, there is a way on."""
    assert "; 1 mail comes close: Weekly Ops" in (await bot.ask("/mail-list wekly opss")).text
    answer = await bot.ask("/mail-list zzzzzz")
    assert "No mail's name or owner is like" in answer.text
    await bot.slack.people.click("ada", "mail_page:list:open", channel="reports", ts=answer.ts)
    assert (await bot.until_text("page 1 of")).ts == answer.ts
    assert "Find a report mail" in (await bot.ask("/mail-list help")).text


async def test_the_list_works_while_quick_bi_is_down(bot: Rig) -> None:
    """It comes out of the store, says how old it is, and picking from it says what is wrong."""
    assert bot.bot
    await bot.bot.stop()
    bot.quickbi.faults.add(Mode.UNAVAILABLE, lasting=DOWN)
    bot.bot = await bot.launch()
    await bot.bot.until_logged("directory_out_of_reach")
    await bot.slack.wait_for_socket()
    answer = await bot.ask("/mail-list daily")
    assert "Daily Sales of" in answer.text
    assert "Quick BI cannot be asked at the moment" in answer.text
    await bot.slack.people.click("ada", "mail_pick:list:0", channel="reports", ts=answer.ts)
    await bot.until_text("Quick BI does not answer", seconds=20)


async def test_a_name_that_nothing_comes_close_to_leads_to_the_list(bot: Rig) -> None:
    """Whoever has forgotten a name need not know another command."""
    answer = await bot.ask("/mail-status Xyzzy quux")
    assert "I know no mail named" in answer.text
    await bot.slack.people.click("ada", "mail_page:list:open", channel="reports", ts=answer.ts)
    await bot.until_text("report mails, page 1 of")


async def test_a_mail_that_is_gone_since_the_list_was_drawn(bot: Rig) -> None:
    """The button says so; nothing breaks."""
    answer = await bot.ask("/mail-list daily sales")
    bot.world.delete(bot.world.named("Daily Sales").mail_id)
    await bot.slack.people.click("ada", "mail_pick:list:0", channel="reports", ts=answer.ts)
    await bot.until_text("Quick BI knows no mail")


async def test_a_channel_that_may_not_use_the_bot_gets_no_list(stage: Rig) -> None:
    """`MAIL_CHANNELS` closes every command and click elsewhere, kindly, and the Home tab to outsiders of them."""
    private = stage.slack.workspace.add_channel("inner-circle", with_bot=False, is_private=True)
    await stage.start_bot(MAIL_CHANNELS=private.id)
    for command in ("/mail-list", "/mail-history Daily Sales"):
        assert "answers in some channels only" in (await stage.ask(command)).text
    assert any("answers in some channels only" in each for each in home_texts(await open_home(stage)))


# ---- /mail-history


async def test_history_shows_what_was_seen_of_a_mail(both_ways: Rig) -> None:
    """The strip in words and squares, the figures, and what it takes to be watched."""
    assert "not seen a run of Warehouse" in (await both_ways.ask("/mail-history warehouse handover")).text
    await both_ways.ask("/mail-status Warehouse Handover")
    answer = await both_ways.ask("/mail-history warehouse handover")
    assert "Warehouse Handover, last 3 runs, newest first: 1 sent, 1 failed, 1 sent." in answer.text
    assert "Sent: 2 of 3 (67%)" in answer.text
    assert "Nobody is subscribed to it" in answer.text
    assert any("🟩🟥🟩" in each for each in texts(answer.blocks, "mrkdwn"))
    await both_ways.slack.people.click("ada", "mail_subscribe", channel="reports", ts=answer.ts)
    await until_public(both_ways, "now subscribed to Warehouse Handover")
    assert "watching since" in (await both_ways.ask("/mail-history warehouse handover")).text


async def test_history_is_paged(stage: Rig) -> None:
    """Figures on the first page; the buttons turn it in place, and a record of months is no longer to wait for."""
    mail_id = MailId(stage.world.named("Daily Sales").mail_id)
    async with open_store(stage.environment()["DATABASE_URL"]) as store:
        now = datetime.now(UTC)
        runs = tuple(daily_run(mail_id, now - timedelta(days=day), failed=day == 3) for day in range(100))
        await store.observations.record_answer(
            mail_id, StatusAnswer(runs=runs, request_id=""), now=now, term=None
        )
    await stage.start_bot()
    answer = await stage.ask("/mail-history daily sales")
    assert "last 30 runs, newest first: 3 sent, 1 failed, 26 sent." in answer.text
    assert "Sent: 99 of 100 (99%)" in answer.text
    assert "Longest without failure: 96 runs." in answer.text
    await stage.slack.people.click("ada", "mail_page:history:older", channel="reports", ts=answer.ts)
    assert (await stage.until_text("runs, page 2 of 13")).ts == answer.ts
    await stage.slack.people.click("ada", "mail_page:history:newer", channel="reports", ts=answer.ts)
    assert (await stage.until_text("last 30 runs")).ts == answer.ts


async def test_recent_runs_stand_in_the_menu_of_a_status(bot: Rig) -> None:
    """The status stays, the history comes beside it, and its own button leads back to the status."""
    answer = await bot.ask("/mail-status Daily Sales")
    await choose(bot, answer, "Recent runs")
    history = await bot.until_text("Daily Sales, last 1 run")
    assert history.ts != answer.ts
    assert "Daily Sales was sent" in bot.slack.workspace.message("reports", answer.ts).text
    await bot.slack.people.click("ada", "mail_check", channel="reports", ts=history.ts)
    await bot.slack.changes.until(
        lambda: "was sent at" in bot.slack.workspace.message("reports", history.ts).text, seconds=8
    )


async def test_history_needs_no_quick_bi(bot: Rig) -> None:
    """What was seen is there whatever happens to Quick BI meanwhile."""
    await bot.ask("/mail-status Daily Sales")
    bot.quickbi.faults.add(Mode.UNAVAILABLE, lasting=DOWN)
    assert "last 1 run" in (await bot.ask("/mail-history Daily Sales")).text


async def test_history_asks_which_mail_is_meant(bot: Rig) -> None:
    """Several names fit: buttons. None fits: said so. No name: an example."""
    answer = await bot.ask("/mail-history Board Pack")
    assert "Which mail do you mean" in answer.text
    await bot.slack.people.click("ada", "mail_pick:mail-history:0", channel="reports", ts=answer.ts)
    assert (await bot.until_text("I have not seen a run of Board Pack")).ts == answer.ts
    assert "I know no mail named" in (await bot.ask("/mail-history utter nonsense")).text
    assert "Its name or ID is missing" in (await bot.ask("/mail-history")).text
    assert "How has this report mail been doing?" in (await bot.ask("/mail-history help")).text


async def test_history_of_a_mail_that_is_gone(bot: Rig) -> None:
    """An old menu still shows what was seen, by name; of a mail never seen it says so."""
    mail = bot.world.named("Daily Sales")
    answer = await bot.ask("/mail-status Daily Sales")
    bot.world.delete(mail.mail_id)
    await choose(bot, answer, "Recent runs")
    await bot.until_text("Daily Sales, last 1 run")
    old = await post(bot, under_status(ref("feedc0de12345"), "Gone", has_failed=False, here=InChannel()))
    await choose(bot, old, "Recent runs")
    await bot.until_text("I have not seen a run of mail feedc0de12345 yet")


# ---- Sharing


async def test_a_status_is_shared_with_a_channel_that_the_bot_is_not_in(both_ways: Rig) -> None:
    """Everybody sees it, with the name of who shared it; Quick BI is not asked again."""
    answer = await both_ways.ask("/mail-status Weekly Ops", channel="sales")
    before = len(both_ways.quickbi.ledger.calls("GetMailTaskStatus"))
    await share(both_ways, answer, channel="sales")
    ada = both_ways.slack.workspace.user("ada").id
    told = await until_public(both_ways, f"Shared by <@{ada}>: Weekly Ops failed", channel="sales")
    assert f"Shared by <@{ada}>" in texts(told.blocks, "mrkdwn")
    assert len(both_ways.quickbi.ledger.calls("GetMailTaskStatus")) == before
    await both_ways.slack.people.click("bob", "mail_check", channel="sales", ts=told.ts)
    await both_ways.until_text("Weekly Ops failed", user="bob", channel="sales")
    assert "Shared by" in both_ways.slack.workspace.message("sales", told.ts).text


async def test_sharing_after_a_restart_asks_anew_and_tells_only_who_asked_what_went_wrong(bot: Rig) -> None:
    """The channel hears nothing of a failure to ask."""
    answer = await bot.ask("/mail-status Daily Sales")
    gone = await bot.ask("/mail-status Weekly Ops")
    assert bot.bot
    await bot.bot.stop()
    await bot.start_bot()
    await share(bot, answer)
    await until_public(bot, "Daily Sales was sent")
    bot.world.delete(bot.world.named("Weekly Ops").mail_id)
    await share(bot, gone)
    await bot.until_text("Quick BI knows no mail")
    unseen = await post(bot, under_status(ref("feedc0de12345"), "x", has_failed=False, here=InChannel()))
    bot.quickbi.faults.add(Mode.UNAVAILABLE, lasting=DOWN)
    await share(bot, unseen)
    await bot.until_text("Quick BI does not answer", seconds=20)
    public = [one.text for one in bot.slack.workspace.messages("reports") if one.ephemeral_for is None]
    assert sum("Shared by" in text for text in public) == 1


# ---- The Home tab


async def test_home_tells_a_first_time_person_how_to_begin(both_ways: Rig) -> None:
    """What the bot is, whether Quick BI answers, and three steps; no call is made for it."""
    before = len(both_ways.quickbi.ledger.calls("GetMailTaskStatus"))
    words = home_texts(await open_home(both_ways))
    assert any("I watch Quick BI's report mails" in each for each in words)
    assert any("Quick BI answers" in each for each in words)
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
    assert {one for one in MAILS if one in " ".join(home_texts(await open_home(bot, "mei")))} == {
        "Stock Levels"
    }


async def test_home_survives_slack_not_telling_the_channels(bot: Rig) -> None:
    """Then only what this person subscribed is there, and the page says so."""
    await subscribe(bot, "Daily Sales")
    await subscribe(bot, "Weekly Ops", user="bob")
    bot.slack.withhold_scopes(["groups:read"])
    words = " ".join(home_texts(await open_home(bot)))
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
    words = " ".join(home_texts(view))
    assert "Quick BI cannot be asked" in words
    assert "Daily Sales" in words
    await bot.slack.people.click("ada", "mail_check", view_id=view.id)
    await until_modal(bot, "Quick BI does not answer", seconds=20)


async def test_home_is_not_published_while_slack_is_in_trouble_and_the_next_time_it_is(bot: Rig) -> None:
    """A lost page is no error for anybody: opening it again draws it."""
    bot.slack.faults.server_error("views.publish", times=1)
    await bot.slack.people.open_home("ada")
    assert bot.bot
    await bot.bot.until_logged("home_not_published")
    await open_home(bot)


# ---- Old and foreign buttons


OLD_BUTTONS = (
    ("mail_teleport", "d5a5"),  # unknown action
    ("mail_pick:mail-teleport:0", "d5a5"),  # unknown verb
    (Act.CHECK, "d5a5 seven"),  # odd task
    (f"{Act.PAGE}:list:next", "many sales"),  # odd page
    (f"{Act.PAGE}:history:older", "1"),  # page of no mail
    (f"{Act.PAGE}:subscriptions:next", "next"),  # odd page
    (Act.MORE, "teleport d5a5"),  # unknown choice
    (Act.SNOOZE, "forever d5a5"),  # unknown snooze
)
FOREIGN_CLICKS = (
    ("mail_pick:list:0", "{mail}"),
    ("mail_page:list:next", "1 sales"),
    ("mail_page:history:older", "1 {mail}"),
    (Act.MORE, f"{More.HISTORY} {{mail}}"),
    (f"{Act.MORE}:share", f"{More.SHARE} {{mail}}"),
    ("mail_teleport", "x"),
)


async def test_a_button_that_nobody_knows_says_so_kindly(bot: Rig) -> None:
    """Whatever another version left behind: an answer in words, and the message stays."""
    old = await post(bot, buttons(OLD_BUTTONS))
    for action_id, _ in OLD_BUTTONS:
        before = len(bot.answers("ada"))
        await bot.slack.people.click("ada", action_id, channel="reports", ts=old.ts)
        assert "is from another version of me" in (await answered(bot, before)).text, action_id
    assert bot.slack.workspace.message("reports", old.ts).text == "An old message"


async def test_a_form_that_nobody_knows_says_so_kindly(bot: Rig) -> None:
    """A modal that was open while the bot changed: it closes, and the person is told in a direct message."""
    await bot.slack.people.type_command("ada", "reports", "/mail-status")
    view = await bot.slack.changes.until(lambda: bot.slack.open_view("ada"), seconds=8)
    old = {"type": "modal", "callback_id": "mail_teleport", "title": view.source["title"]}
    old |= {"submit": view.source["submit"], "blocks": [section("Where to?").to_dict()]}
    await bot.web_client().views_update(view_id=view.id, view=old)
    await bot.slack.people.submit_view("ada", view.id)
    direct = bot.slack.workspace.direct_message(bot.slack.workspace.user("ada").id)

    def told() -> bool:
        return any("another version of me" in one.text for one in bot.slack.workspace.messages(direct.id))

    await bot.slack.changes.until(told, seconds=8)


async def test_people_of_other_organisations_are_refused(bot: Rig) -> None:
    """Their clicks arrive through shared channels; they learn nothing and the channel sees nothing."""
    mail_id = bot.world.named("Daily Sales").mail_id
    clicks = [(action_id, value.format(mail=mail_id)) for action_id, value in FOREIGN_CLICKS]
    shared = await post(bot, buttons(clicks), channel="partners")
    for action_id, _ in clicks:
        before = len(bot.answers("olga", "partners"))
        await bot.slack.people.click("olga", action_id, channel="partners", ts=shared.ts)
        told = await answered(bot, before, user="olga", channel="partners")
        assert "people of other organisations cannot ask" in told.text, action_id
    told_all = [one for one in bot.slack.workspace.messages("partners") if one.ephemeral_for is None]
    assert [one.ts for one in told_all] == [shared.ts]


# ---- Helpers

HEADINGS = ("Needs attention", "Snoozed", "Not told", "All quiet")
MAILS = ("Daily Sales", "Weekly Ops", "Stock Levels")


def ref(mail_id: str) -> MailRef:
    return MailRef(mail_id=MailId(mail_id))


def daily_run(mail_id: MailId, at: datetime, *, failed: bool) -> TaskRun:
    status = RunStatus.FAILED if failed else RunStatus.SENT
    task_id = TaskId(int(at.timestamp()))
    return TaskRun(mail_id=mail_id, task_id=task_id, exec_at=at, status=status, status_word=status)


def buttons(clicks: Iterable[tuple[str, str]]) -> Block:
    return actions([button("Old", action_id=action_id, value=value) for action_id, value in clicks])


async def post(rig: Rig, block: Block, *, channel: str = "reports") -> Message:
    """A message that the bot posted long ago."""
    answer = await rig.web_client().chat_postMessage(
        channel=rig.slack.workspace.channel(channel).id, text="An old message", blocks=[block.to_dict()]
    )
    return rig.slack.workspace.message(channel, answer["ts"])


async def answered(rig: Rig, count: int, *, user: str = "ada", channel: str = "reports") -> Message:
    """Wait for one more than so many answers that only this person sees."""

    def more() -> Message | None:
        told = rig.answers(user, channel)
        return told[-1] if len(told) > count else None

    return await rig.slack.changes.until(more, seconds=8)


async def choose(rig: Rig, on: Message, label: str, *, channel: str = "reports") -> None:
    """Use the overflow menu of a message."""
    value = next(
        option["value"]
        for block in on.blocks
        for element in block.get("elements", ())
        for option in element.get("options", ())
        if option["text"]["text"] == label
    )
    await rig.slack.people.click("ada", "mail_more", channel=channel, ts=on.ts, choose=value)


async def ask_to_share(rig: Rig, on: Message, *, channel: str = "reports") -> Message:
    """Choose it from the menu, and wait for the question."""
    before = len(rig.answers("ada", channel))
    await choose(rig, on, "Share in this channel…", channel=channel)
    return await answered(rig, before, channel=channel)


async def share(rig: Rig, on: Message, *, channel: str = "reports") -> None:
    asked = await ask_to_share(rig, on, channel=channel)
    await rig.slack.people.click("ada", "mail_share", channel=channel, ts=asked.ts)


async def subscribe(rig: Rig, name: str, *, user: str = "ada", channel: str = "reports") -> None:
    await rig.slack.people.type_command(user, channel, f"/mail-subscribe {name}")
    await until_public(rig, f"now subscribed to {name}", channel=channel)


async def open_home(rig: Rig, user: str = "ada") -> View:
    """Open the tab and wait for what is published anew, with all that Slack has to say about it."""
    before = rig.slack.home(user)
    await rig.slack.people.open_home(user)

    def published() -> View | None:
        view = rig.slack.home(user)
        if view is None or (before is not None and view.hash == before.hash):
            return None
        return None if "are being looked up" in " ".join(home_texts(view)) else view

    return await rig.slack.changes.until(published, seconds=8)


async def until_home(rig: Rig, words: str, user: str = "ada") -> None:
    def told() -> bool:
        view = rig.slack.home(user)
        return view is not None and words in " ".join(home_texts(view))

    await rig.slack.changes.until(told, seconds=8)


def home_texts(view: View) -> list[str]:
    return texts(view.source["blocks"], "mrkdwn", "plain_text")


async def until_modal(rig: Rig, words: str, *, seconds: float = 8) -> View:
    """Wait until the modal on top says these words."""

    def told() -> View | None:
        view = rig.slack.open_view("ada")
        return view if view and words in " ".join(home_texts(view)) else None

    return await rig.slack.changes.until(told, seconds=seconds)


def action_ids(view: View) -> list[str]:
    elements = [element for block in view.source["blocks"] for element in block.get("elements", ())]
    return [element["action_id"] for element in elements if "action_id" in element]


def lies_on(rig: Rig, below: View) -> bool:
    """Is there a modal above this one, with a way back to it?"""
    top = rig.slack.open_view("ada")
    return top is not None and top.previous_view_id == below.id
