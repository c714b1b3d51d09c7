"""People run mails by hand: typed, by a button, from a notice. The real process, real Bolt, both ways in."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain import MailId
from bot.sandbox.quickbi.faults import Mode
from bot.slack.kit.actions import run_button
from bot.slack.kit.blocks import actions
from bot.store.store import open_store
from tests.messages.judges import texts
from tests.scenario.hand_runs import (
    ADA,
    RUN,
    RUN_IT,
    add_quick,
    run_calls,
    run_typed,
    stage_for_runs,
    until_said,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.sandbox.slack.model import Message
    from tests.support.rig import Rig


@pytest.fixture(params=["socket", "http"])
async def running(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    """A running bot, over both of Slack's ways in."""
    async with stage_for_runs(tmp_path, http=request.param == "http") as stage:
        await stage.start_bot()
        yield stage


@pytest.fixture
async def once(tmp_path: Path) -> AsyncIterator[Rig]:
    """A running bot over Socket Mode: for what does not depend on the way in."""
    async with stage_for_runs(tmp_path) as stage:
        await stage.start_bot()
        yield stage


async def test_typed_it_asks_first_then_runs_and_tells_the_end_in_place(running: Rig) -> None:
    """The question names the mail and its recipients; one message shows start and end; one call starts it."""
    asked = await running.ask("/mail-run quick sales")
    assert "Send Quick Sales again?" in asked.text
    assert "all its recipients" in asked.text
    assert run_calls(running, "Quick Sales") == 0
    await running.slack.people.click("ada", RUN_IT, channel="reports", ts=asked.ts)
    assert (await running.until_text("Quick Sales was started")).ts == asked.ts
    over = await running.until_text("was sent after", seconds=20)
    assert over.ts == asked.ts
    assert "Quick Sales" in over.text
    assert run_calls(running, "Quick Sales") == 1


async def test_the_button_on_a_failed_status_runs_it_and_shows_the_new_truth(running: Rig) -> None:
    """Its own dialog has asked; the status becomes the run's story; a second failure says so."""
    mail = running.world.named("Quick Ops")
    running.world.fail_next(mail.mail_id)
    status = await running.ask(f"/mail-status {mail.mail_id}")
    assert any("Run again" in shown for shown in texts(status.blocks, "plain_text"))
    await running.slack.people.click("ada", "mail_run", channel="reports", ts=status.ts)
    assert (await running.until_text("Quick Ops was started")).ts == status.ts
    over = await running.until_text("failed again after", seconds=20)
    assert over.ts == status.ts
    assert any("Run again" in shown for shown in texts(over.blocks, "plain_text"))
    assert run_calls(running, "Quick Ops") == 1


async def test_who_may_not_is_told_kindly_and_nothing_is_asked(running: Rig) -> None:
    """Typed or clicked: who can allow it is said, no list of names; the status stays where it is."""
    refused = await running.ask("/mail-run Quick Sales", user="bob")
    assert "Whoever runs this bot can allow you" in refused.text
    status = await running.ask("/mail-status Quick Ops", user="bob")
    calls = len(running.quickbi.ledger)
    await running.slack.people.click("bob", "mail_run", channel="reports", ts=status.ts)
    await running.until_text("You may not run mails by hand", user="bob")
    assert running.slack.workspace.message("reports", status.ts).text == status.text
    assert len(running.quickbi.ledger) == calls


async def test_a_person_of_another_organisation_runs_nothing(running: Rig) -> None:
    """Clicks of outsiders arrive through shared channels."""
    mail = running.world.named("Quick Ops")
    blocks = [actions([run_button(MailId(mail.mail_id), mail.name)]).to_dict()]
    posted = await running.web_client().chat_postMessage(channel="C0PARTNER6", text="Shared", blocks=blocks)
    await running.slack.people.click("olga", "mail_run", channel="partners", ts=posted["ts"])
    await running.until_text("people from other organisations cannot", user="olga", channel="partners")
    assert run_calls(running, "Quick Ops") == 0


async def test_everyone_may_where_a_star_says_so(tmp_path: Path) -> None:
    """MAIL_RUN_USERS=*"""
    async with stage_for_runs(tmp_path, MAIL_RUN_USERS="*") as stage:
        await stage.start_bot()
        await run_typed(stage, "Quick Sales", user="bob")
        await stage.until_text("was sent after", user="bob", seconds=20)


async def test_cancel_runs_nothing(once: Rig) -> None:
    """The question goes away and says that nobody gets a mail."""
    asked = await once.ask("/mail-run Quick Sales")
    await once.slack.people.click("ada", "mail_cancel", channel="reports", ts=asked.ts)
    shown = await once.until_text("Quick Sales was not run")
    assert shown.ts == asked.ts
    assert run_calls(once, "Quick Sales") == 0


async def test_of_several_mails_one_is_picked_and_then_asked_about(once: Rig) -> None:
    """A name that fits several mails is a choice; choosing one still asks first."""
    choice = await once.ask("/mail-run Quick")
    assert "Which mail do you mean" in choice.text
    await once.slack.people.click("ada", "mail_pick:mail-run:0", channel="reports", ts=choice.ts)
    asked = await once.until_text("again? It runs now")
    assert asked.ts == choice.ts
    assert run_calls(once, "Quick Sales") == run_calls(once, "Quick Ops") == 0


REFUSALS = {
    "Stock Levels": ("is already running. Started", 0),  # as the look says
    "Month-end Close": ("Month-end Close is already running", 1),  # stuck: Quick BI decides
    "Busy Bee": ("Busy Bee is already running", 1),  # as Quick BI says
    "Eager Reader": ("Please try again in 5 min", 1),
    "Broken Timer": ("scheduler could not start Broken Timer", 1),
    "Stubborn": ("scheduler could not start Stubborn", 1),  # `Result` is false
    "Retired Report": ("Quick BI cannot find Retired Report", 0),
    "RAM Policy": ("lacks a permission", 0),
    "Engine Offline": ("Engine Offline was not run", 0),  # no look, no run
}


async def test_each_refusal_has_its_words(once: Rig) -> None:
    """In the place of the question; and nothing is asked a second time."""
    for name, (words, calls) in REFUSALS.items():
        asked = await run_typed(once, once.world.named(name).mail_id)
        assert (await once.until_text(words, seconds=20)).ts == asked.ts
        assert run_calls(once, name) == calls


async def test_the_missing_permission_is_named(once: Rig) -> None:
    """The look is allowed, the run is not."""
    once.quickbi.faults.add(Mode.NOT_PERMITTED, action=RUN)
    await run_typed(once, "Quick Sales")
    refused = await once.until_text("lacks a permission")
    assert "quickbi-public:ManualRunMailTask" in refused.text
    assert "Quick Sales was not run" in refused.text


async def test_after_a_refusal_it_can_be_tried_again(once: Rig) -> None:
    """A refused run leaves nothing behind that stands in the way."""
    once.quickbi.faults.add(Mode.NOT_PERMITTED, action=RUN)
    await run_typed(once, "Quick Sales")
    await once.until_text("lacks a permission")
    once.quickbi.faults.clear()
    await asyncio.sleep(5.1)  # a click within five seconds would be the first one's echo
    await run_typed(once, "Quick Sales")
    await once.until_text("was sent after", seconds=20)


async def test_a_lost_answer_is_said_and_never_sent_again(once: Rig) -> None:
    """It began all the same: that is found out by looking, and told."""
    once.quickbi.faults.add(Mode.LOSE_REPLY, action=RUN, times=1)
    await run_typed(once, "Quick Sales")
    assert "will not ask a second time" in (await once.until_text("may have been started")).text
    await once.until_text("was sent after", seconds=20)
    assert run_calls(once, "Quick Sales") == 1


async def test_quick_bi_failing_while_it_is_followed(once: Rig) -> None:
    """Nothing is made up meanwhile; the end is told when it can be seen."""
    await run_typed(once, "Quick Sales")
    await once.until_text("was started")
    once.quickbi.faults.add(Mode.UNAVAILABLE, lasting=6)
    await once.until_text("was sent", seconds=30)
    assert run_calls(once, "Quick Sales") == 1


async def test_on_a_notice_the_actor_and_the_end_stand_in_its_thread(tmp_path: Path) -> None:
    """One reply that is edited; the notice says so, too, while it goes on, and that it recovered in the end."""
    async with stage_for_runs(tmp_path, QUICKBI_CHECK_INTERVAL="2") as stage:
        mail = add_quick(stage, "Quick Margins", "SENT", takes=8)
        await stage.start_bot()
        await stage.slack.people.type_command("ada", "reports", "/mail-subscribe Quick Margins")
        await until_said(stage, " subscribed this channel to")
        stage.world.run_now(mail.mail_id, takes=timedelta(seconds=0), outcome="FAILED")
        notice = await until_said(stage, "Quick Margins failed")
        await stage.slack.people.click("ada", "mail_run", channel="reports", ts=notice.ts)
        began = await until_said(stage, f"<@{ADA}> ran Quick Margins again", thread_ts=notice.ts)
        going = await until_said(stage, f"<@{ADA}> ran it ")
        assert going.ts == notice.ts
        assert "Run again…" not in texts(going.blocks, "plain_text")
        ended = await until_said(stage, "again: it was sent after", thread_ts=notice.ts, seconds=20)
        assert ended.ts == began.ts
        await until_said(stage, "recovered", thread_ts=notice.ts, seconds=20)
        assert "recovered" in stage.slack.workspace.message("reports", notice.ts).text
        assert run_calls(stage, "Quick Margins") == 1


async def test_from_a_menu_it_asks_first_and_the_status_stays(once: Rig) -> None:
    """A menu has no dialog of its own."""
    status = await once.ask("/mail-status Quick Sales")
    await once.slack.people.click(
        "ada", "mail_more", channel="reports", ts=status.ts, choose=menu_run(status)
    )
    asked = await once.until_text("Send Quick Sales again?")
    assert "Its last run, " in asked.text
    assert asked.ts != status.ts
    await once.slack.people.click("ada", RUN_IT, channel="reports", ts=asked.ts)
    assert (await once.until_text("was sent after", seconds=20)).ts == asked.ts
    assert once.slack.workspace.message("reports", status.ts).text == status.text


async def test_from_the_menu_of_a_shared_status_everybody_sees_who_did_it(once: Rig) -> None:
    """The question is for one person, the story stands in the thread of what was shared."""
    status = await once.ask("/mail-status Quick Sales")
    share = menu_choice(status, "share ")
    await once.slack.people.click("ada", "mail_more", channel="reports", ts=status.ts, choose=share)
    question = await once.until_text("Share the status of Quick Sales?")
    await once.slack.people.click("ada", "mail_share", channel="reports", ts=question.ts)
    shared = await until_said(once, f"Shared by <@{ADA}>: Quick Sales was sent")
    await once.slack.people.click(
        "ada", "mail_more", channel="reports", ts=shared.ts, choose=menu_run(shared)
    )
    asked = await once.until_text("Send Quick Sales again?")
    await once.slack.people.click("ada", RUN_IT, channel="reports", ts=asked.ts)
    await until_said(once, f"<@{ADA}> ran Quick Sales again: it was sent", thread_ts=shared.ts, seconds=20)
    assert "The thread will say what happens next" in once.slack.workspace.message("reports", asked.ts).text
    assert once.slack.workspace.message("reports", shared.ts).text == shared.text
    assert run_calls(once, "Quick Sales") == 1


def menu_run(message: Message) -> str:
    return menu_choice(message, "run ")


def menu_choice(message: Message, begins: str) -> str:
    """The value of the overflow menu's entry that begins so."""
    elements = (element for block in message.blocks for element in block.get("elements", ()))
    menu = next(element for element in elements if element["type"] == "overflow")
    values = (str(option["value"]) for option in menu["options"])
    return next(value for value in values if value.startswith(begins))


async def test_where_the_bot_may_not_speak_the_person_is_told(once: Rig) -> None:
    """A shared message in a private channel without the bot: the story goes to who clicked."""
    mail = once.world.named("Quick Ops")
    blocks = [actions([run_button(MailId(mail.mail_id), mail.name)]).to_dict()]
    posted = await once.web_client().chat_postMessage(channel="C0FINANCE4", text="Shared", blocks=blocks)
    once.slack.faults.slack_error(
        "chat.postMessage", "channel_not_found", times=None, channel_id="C0FINANCE4"
    )
    await once.slack.people.click("ada", "mail_run", channel="finance", ts=posted["ts"])
    await once.until_text("Quick Ops was started", channel="finance")
    await once.until_text("was sent after", channel="finance", seconds=20)
    assert once.slack.workspace.message("finance", posted["ts"]).text == "Shared"


async def test_who_ran_what_is_on_record(tmp_path: Path) -> None:
    """One row in the audit and one line in the log for each run that was asked for, refused ones too."""
    async with stage_for_runs(tmp_path) as stage:
        bot = await stage.start_bot()
        await run_typed(stage, "Quick Sales")
        await run_typed(stage, "Eager Reader")
        await stage.until_text("Please try again in 5 min")
        await stage.until_text("was sent after", seconds=20)
        await bot.stop()
        async with open_store(f"sqlite:///{tmp_path / 'mailbot.db'}") as store:
            rows = await store.audit.actions()
    ran = {(user, channel, detail) for _, user, action, channel, _, detail in rows if action == "run"}
    assert ran == {
        (ADA, "C0REPORTS2", "started"),
        (ADA, "C0REPORTS2", "refused: MailApi.Beyond.ScheduleLimit"),
    }
    assert sum(" run_by_hand " in line for line in bot.log) == 2


async def test_help_says_what_happens(once: Rig) -> None:
    """`/mail-run help`, with an example."""
    told = await once.ask("/mail-run help")
    assert "all its recipients" in told.text
    assert "For example: /mail-run Daily Sales" in told.text
