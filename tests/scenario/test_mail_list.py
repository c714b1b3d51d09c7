"""People look around: lists, histories, and what old buttons say. The real process, real Bolt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain import MailId, MailRef, RunStatus, StatusAnswer, TaskId, TaskRun
from bot.sandbox.quickbi.faults import Mode
from bot.slack.kit.actions import Act, InChannel, More, under_status
from bot.slack.kit.blocks import section
from bot.store.store import open_store
from tests.messages.judges import texts
from tests.scenario.home_steps import home_texts, open_home
from tests.scenario.steps import DOWN, answered, old_message, posted, until_public

if TYPE_CHECKING:
    from bot.sandbox.slack.model import Message
    from tests.support.rig import Rig


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
    assert "Weekly Ops. Owner" in found.text
    await both_ways.slack.people.click("ada", "mail_pick:list:0", channel="reports", ts=found.ts)
    await both_ways.until_text("Weekly Ops failed")
    assert "Weekly Ops. Owner" in both_ways.slack.workspace.message("reports", found.ts).text
    assert "failed, " in (await both_ways.ask("/mail-list ops")).text


async def test_the_list_begins_with_what_the_channel_is_told_about(bot: Rig) -> None:
    """Marked as such; a search and other channels keep the order of names."""
    await bot.slack.people.type_command("ada", "reports", "/mail-subscribe Weekly Ops")
    await until_public(bot, "subscribed this channel to Weekly Ops")
    text = (await bot.ask("/mail-list")).text
    assert "Subscribed here" in text
    assert text.index("Weekly Ops") < text.index("Attachment Quota")
    elsewhere = (await bot.ask("/mail-list", channel="finance")).text
    assert "Subscribed here" not in elsewhere
    assert "Weekly Ops" not in elsewhere


async def test_the_list_finds_close_names_and_suggests_where_there_are_none(bot: Rig) -> None:
    """A typing mistake is forgiven; where nothing is like it, there is a way on."""
    assert "; 1 mail comes close. Weekly Ops" in (await bot.ask("/mail-list wekly opss")).text
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
    assert "Daily Sales. Owner" in answer.text
    assert "I cannot reach Quick BI at the moment" in answer.text
    await bot.slack.people.click("ada", "mail_pick:list:0", channel="reports", ts=answer.ts)
    await bot.until_text("Quick BI is not answering", seconds=20)


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
    await bot.until_text("Quick BI cannot find Daily Sales")


async def test_a_channel_that_may_not_use_the_bot_gets_no_list(stage: Rig) -> None:
    """`MAIL_CHANNELS` closes every command and click elsewhere, kindly, and the Home tab to outsiders of them."""
    private = stage.slack.workspace.add_channel("inner-circle", with_bot=False, is_private=True)
    await stage.start_bot(MAIL_CHANNELS=private.id)
    for command in ("/mail-list", "/mail-history Daily Sales"):
        assert "answers only in certain channels" in (await stage.ask(command)).text
    assert any("answers only in certain channels" in each for each in home_texts(await open_home(stage)))


# ---- /mail-history


async def test_history_shows_what_was_seen_of_a_mail(both_ways: Rig) -> None:
    """The strip in words and squares, the figures, and what it takes to be watched."""
    assert "not seen a run of Warehouse" in (await both_ways.ask("/mail-history warehouse handover")).text
    await both_ways.ask("/mail-status Warehouse Handover")
    answer = await both_ways.ask("/mail-history warehouse handover")
    while "not seen a run" in answer.text:  # a slow answer of Quick BI is announced first
        answer = await both_ways.ask("/mail-history warehouse handover")
    assert "Warehouse Handover, last 3 runs, newest on the right. 2 sent, 1 failed." in answer.text
    assert "Sent: 2 of 3 (67%)" in answer.text
    assert "Nobody is subscribed to it" in answer.text
    assert any("🟩🟥🟩" in each for each in texts(answer.blocks, "mrkdwn"))
    await both_ways.slack.people.click("ada", "mail_subscribe", channel="reports", ts=answer.ts)
    await until_public(both_ways, "subscribed this channel to Warehouse Handover")
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
    assert "last 30 runs, newest on the right. 29 sent, 1 failed." in answer.text
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
        lambda: "was sent, " in bot.slack.workspace.message("reports", history.ts).text, seconds=8
    )


async def test_history_needs_no_quick_bi(bot: Rig) -> None:
    """What was seen is there whatever happens to Quick BI meanwhile."""
    await bot.ask("/mail-status Daily Sales")
    bot.quickbi.faults.add(Mode.UNAVAILABLE, lasting=DOWN)
    assert "last 1 run" in (await bot.ask("/mail-history Daily Sales")).text


async def test_history_asks_which_mail_is_meant(bot: Rig) -> None:
    """Several names fit: buttons. None fits: said so."""
    answer = await bot.ask("/mail-history Board Pack")
    assert "Which mail do you mean" in answer.text
    await bot.slack.people.click("ada", "mail_pick:mail-history:0", channel="reports", ts=answer.ts)
    assert (await bot.until_text("I have not seen a run of Board Pack")).ts == answer.ts
    assert "I know no mail named" in (await bot.ask("/mail-history utter nonsense")).text
    assert "How has this report mail been doing?" in (await bot.ask("/mail-history help")).text


async def test_history_of_a_mail_that_is_gone(bot: Rig) -> None:
    """An old menu still shows what was seen, by name; of a mail never seen it says so."""
    mail = bot.world.named("Daily Sales")
    answer = await bot.ask("/mail-status Daily Sales")
    bot.world.delete(mail.mail_id)
    await choose(bot, answer, "Recent runs")
    await bot.until_text("Daily Sales, last 1 run")
    old = await posted(
        bot, [under_status(ref("feedc0de12345"), "Gone", has_failed=False, here=InChannel()).to_dict()]
    )
    await choose(bot, old, "Recent runs")
    await bot.until_text("I have not seen a run of Mail feedc0de12345 yet")


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
    await bot.until_text("Quick BI cannot find Weekly Ops")
    unseen = await posted(
        bot, [under_status(ref("feedc0de12345"), "x", has_failed=False, here=InChannel()).to_dict()]
    )
    bot.quickbi.faults.add(Mode.UNAVAILABLE, lasting=DOWN)
    await share(bot, unseen)
    await bot.until_text("Quick BI is not answering", seconds=20)
    public = [one.text for one in bot.slack.workspace.messages("reports") if one.ephemeral_for is None]
    assert sum("Shared by" in text for text in public) == 1


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
    old = await old_message(bot, OLD_BUTTONS)
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
    shared = await old_message(bot, clicks, channel="partners")
    for action_id, _ in clicks:
        before = len(bot.answers("olga", "partners"))
        await bot.slack.people.click("olga", action_id, channel="partners", ts=shared.ts)
        told = await answered(bot, before, user="olga", channel="partners")
        assert "people from other organisations cannot ask" in told.text, action_id
    told_all = [one for one in bot.slack.workspace.messages("partners") if one.ephemeral_for is None]
    assert [one.ts for one in told_all] == [shared.ts]


# ---- Helpers


def ref(mail_id: str) -> MailRef:
    return MailRef(mail_id=MailId(mail_id))


def daily_run(mail_id: MailId, at: datetime, *, failed: bool) -> TaskRun:
    status = RunStatus.FAILED if failed else RunStatus.SENT
    task_id = TaskId(int(at.timestamp()))
    return TaskRun(mail_id=mail_id, task_id=task_id, exec_at=at, status=status, status_word=status)


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
