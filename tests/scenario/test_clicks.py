"""Every button in every trouble: not here, not you, no longer there, Quick BI down. The real process, real Bolt."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain import MailId
from bot.sandbox.quickbi.faults import Mode
from bot.slack.commands import Verb
from bot.slack.kit.actions import CONFIRMED, Act, More
from bot.slack.kit.blocks import actions, button, overflow
from bot.slack.views.digests import under_digest
from bot.slack.views.manual_run import Subject, confirm_value
from bot.store.store import open_store
from tests.scenario.hand_runs import ADA, RUN, RUN_IT, run_calls, stage_for_runs, until_said
from tests.scenario.home_steps import open_home, until_modal
from tests.scenario.steps import answered, until_public

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from slack_sdk.models.blocks import Block

    from bot.sandbox.slack.model import Message, View
    from tests.support.rig import Rig

DOWN = 600.0  # seconds: longer than any test
LOOK = "GetMailTaskStatus"
THREAD = "1772588100.000100"
NOT_HERE = "answers only in certain channels"
NOT_YOURS = "people from other organisations cannot ask"
OLD = "is from another version of me"


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Rig]:
    """A running bot over Socket Mode; Ada may run mails by hand."""
    async with stage_for_runs(tmp_path) as stage:
        await stage.start_bot()
        yield stage


def every_click(mail_id: MailId) -> dict[str, Block]:
    """One block for each thing that can be clicked about a mail, as old messages have them."""
    confirmed = confirm_value(Subject(mail_id=mail_id, mail=None, thread_ts=THREAD))
    plain = {
        "check": (f"{Act.CHECK}:old", mail_id),
        "pick status": (f"{Act.PICK}:{Verb.STATUS}:0", mail_id),
        "pick run": (f"{Act.PICK}:{Verb.RUN}:0", mail_id),
        "pick history": (f"{Act.PICK}:{Verb.HISTORY}:0", mail_id),
        "pick from the list": (f"{Act.PICK}:list:0", mail_id),
        "run": (Act.RUN, mail_id),
        "run it": (Act.RUN_CONFIRMED, confirmed),
        "cancel": (Act.CANCEL, mail_id),
        "page of the list": (f"{Act.PAGE}:list:next", "1 sales"),
        "page of the history": (f"{Act.PAGE}:history:older", f"1 {mail_id}"),
    }
    shown: dict[str, Block] = {
        name: actions([button("Old", action_id=action_id, value=value)])
        for name, (action_id, value) in plain.items()
    }
    for more in (More.RUN, More.SHARE, More.HISTORY):
        choices = [("Old", f"{more} {mail_id}"), ("Other", f"{More.HISTORY} x")]
        shown[f"menu: {more}"] = actions([overflow(choices, action_id=f"{Act.MORE}:{more}")])
    return shown | {"one of a digest": under_digest([(mail_id, "Old")], are_snoozed=False)}


async def post(rig: Rig, *blocks: Block, channel: str = "reports") -> str:
    """A message for all that the bot posted long ago. Returns its `ts`."""
    posted = await rig.web_client().chat_postMessage(
        channel=rig.slack.workspace.channel(channel).id,
        text="An old message",
        blocks=[block.to_dict() for block in blocks],
    )
    return str(posted["ts"])


async def click(rig: Rig, ts: str, block: Block, *, user: str = "ada", channel: str = "reports") -> Message:
    """Use the first thing in a block of a message. Returns what the person was told."""
    element = block.to_dict()["elements"][0]
    choose = element["options"][0]["value"] if "options" in element else None
    before = len(rig.answers(user, channel))
    await rig.slack.people.click(user, element["action_id"], channel=channel, ts=ts, choose=choose)
    return await answered(rig, before, user=user, channel=channel)


def action_ids(view: View) -> list[str]:
    """Of everything that can be used in a view."""
    blocks = view.source["blocks"]
    elements = [each for one in blocks for each in (*one.get("elements", ()), one.get("accessory", {}))]
    return [each["action_id"] for each in elements if "action_id" in each]


def calls(rig: Rig) -> int:
    return len(rig.quickbi.ledger.calls(LOOK)) + len(rig.quickbi.ledger.calls(RUN))


def public(rig: Rig, channel: str) -> list[str]:
    """What everybody sees."""
    return [one.ts for one in rig.slack.workspace.messages(channel) if one.ephemeral_for is None]


async def test_every_click_is_refused_where_the_bot_may_not_be_used(bot: Rig) -> None:
    """`MAIL_CHANNELS` changed since: said kindly, nothing is asked, the message stays for who looks later."""
    assert bot.bot
    await bot.bot.stop()
    await bot.start_bot(MAIL_CHANNELS="C0SALES003")
    asked, blocks = calls(bot), every_click(MailId(bot.world.named("Quick Ops").mail_id))
    old = await post(bot, *blocks.values())
    for name, block in blocks.items():
        assert NOT_HERE in (await click(bot, old, block)).text, name
    assert calls(bot) == asked
    assert bot.slack.workspace.message("reports", old).text == "An old message"


async def test_every_click_of_a_person_of_another_organisation_is_refused(bot: Rig) -> None:
    """Nothing is learned, nothing is asked, and the channel sees nothing of it."""
    asked, blocks = calls(bot), every_click(MailId(bot.world.named("Quick Ops").mail_id))
    old = await post(bot, *blocks.values(), channel="partners")
    for name, block in blocks.items():
        told = await click(bot, old, block, user="olga", channel="partners")
        assert NOT_YOURS in told.text, name
    assert calls(bot) == asked
    assert public(bot, "partners") == [old]


GONE = {
    "check": "Quick BI cannot find Quick Ops",
    "pick status": "Quick BI cannot find Quick Ops",
    "pick run": "Send Quick Ops again?",  # the look comes with the yes
    "pick history": "I have not seen a run of Quick Ops yet",
    "pick from the list": "Quick BI cannot find Quick Ops",
    "run": "Quick BI cannot find Quick Ops",
    "page of the list": "mails with “sales”",
    "page of the history": "I have not seen a run of Quick Ops yet",
    "menu: run": "Send Quick Ops again?",
    "menu: share": "Share the status of Quick Ops?",  # what is shared was seen before, or is asked for then
    "menu: history": "I have not seen a run of Quick Ops yet",
    "one of a digest": "Quick BI cannot find Quick Ops",
}


async def test_every_click_about_a_mail_that_is_gone_says_so(bot: Rig) -> None:
    """The mail was deleted since the message was written: no run is asked for, nothing breaks."""
    mail_id = MailId(bot.world.named("Quick Ops").mail_id)
    blocks = every_click(mail_id)
    old = await post(bot, *blocks.values())
    bot.world.delete(mail_id)
    for name, says in GONE.items():
        assert says in (await click(bot, old, blocks[name])).text, name
    assert bot.quickbi.ledger.calls(RUN) == ()


@pytest.mark.parametrize(
    ("action_id", "says"),
    [
        pytest.param(RUN_IT, "Quick BI cannot find Quick Ops", id="yes"),
        pytest.param(Act.CANCEL, "Quick Ops was not run", id="no"),
    ],
)
async def test_the_question_about_a_mail_that_is_gone_since(bot: Rig, action_id: str, says: str) -> None:
    """Yes or no: the question becomes the answer, and nothing was run."""
    asked = await bot.ask("/mail-run Quick Ops")
    bot.world.delete(bot.world.named("Quick Ops").mail_id)
    await bot.slack.people.click("ada", action_id, channel="reports", ts=asked.ts)
    assert (await bot.until_text(says)).ts == asked.ts
    assert bot.quickbi.ledger.calls(RUN) == ()


async def test_every_click_that_carries_nonsense_says_so(bot: Rig) -> None:
    """Another version's buttons: the message stays and nothing is asked."""
    asked, blocks = calls(bot), every_click(MailId("m1 seven"))
    del (
        blocks["page of the list"],
        blocks["run it"],
    )  # any words are a search; behind a mail may stand a thread
    old = await post(bot, *blocks.values())
    for name, block in blocks.items():
        assert OLD in (await click(bot, old, block)).text, name
    assert calls(bot) == asked
    assert public(bot, "reports") == [old]


BLIND = {
    "check": "Quick BI is not answering",
    "pick status": "Quick BI is not answering",
    "pick run": "Send Quick Ops again?",
    "pick history": "I have not seen a run of Quick Ops yet",
    "run": "Quick Ops was not run",
    "menu: run": "Send Quick Ops again?",
    "menu: share": "Share the status of Quick Ops?",
    "menu: history": "I have not seen a run of Quick Ops yet",
    "one of a digest": "Quick BI is not answering",
}


async def test_every_click_while_quick_bi_is_down(bot: Rig) -> None:
    """What needs it says so; what does not goes on; and no mail is sent blindly."""
    blocks = every_click(MailId(bot.world.named("Quick Ops").mail_id))
    old = await post(bot, *blocks.values())
    bot.quickbi.faults.add(Mode.DOWN, lasting=DOWN)
    for name, says in BLIND.items():
        before = times_told(bot, says)
        await click(bot, old, blocks[name])
        await until_told(bot, says, times=before + 1)
    assert bot.quickbi.ledger.calls(RUN) == ()


def times_told(rig: Rig, words: str) -> int:
    return sum(words in one.text for one in rig.answers("ada"))


async def until_told(rig: Rig, words: str, *, times: int) -> None:
    await rig.slack.changes.until(lambda: times_told(rig, words) >= times, seconds=20)


async def test_who_lost_the_right_meanwhile_cannot_confirm(bot: Rig) -> None:
    """The question was asked while Ada still might."""
    asked = await bot.ask("/mail-run Quick Sales")
    assert bot.bot
    await bot.bot.stop()
    await bot.start_bot(MAIL_RUN_USERS="U0BOB00002")
    await bot.slack.people.click("ada", RUN_IT, channel="reports", ts=asked.ts)
    await bot.until_text("You may not run mails by hand")
    assert run_calls(bot, "Quick Sales") == 0


async def test_a_check_answers_though_its_message_is_gone(bot: Rig) -> None:
    """Somebody deleted it while Quick BI was asked: who clicked is told all the same."""
    old = await post(bot, every_click(MailId(bot.world.named("Quick Ops").mail_id))["check"])
    bot.quickbi.faults.add(Mode.SLOW, action=LOOK, times=1, seconds=1)
    await bot.slack.people.click("ada", Act.CHECK, channel="reports", ts=old)
    await bot.slack.people.delete_message("reports", old)
    await bot.until_text("Quick Ops failed")


async def test_a_check_on_the_home_tab_when_the_mail_is_gone(bot: Rig) -> None:
    """The modal says so; the tab stays."""
    await bot.slack.people.type_command("ada", "reports", "/mail-subscribe Quick Ops")
    await until_public(bot, "subscribed this channel to Quick Ops")
    assert bot.bot
    await bot.bot.stop()  # what it saw a moment ago would be an answer
    mail_id = bot.world.named("Quick Ops").mail_id
    bot.world.delete(mail_id)
    await bot.start_bot()
    view = await open_home(bot)
    menu = next(id_ for id_ in action_ids(view) if id_.startswith("mail_home:menu"))
    await bot.slack.people.click("ada", menu, view_id=view.id, choose=f"check {mail_id}")
    await until_modal(bot, "Quick BI has no mail")


async def test_from_a_digest_everything_is_two_steps_away(tmp_path: Path) -> None:
    """One of its mails is looked at, beside it; there it is run again, snoozed and left."""
    async with stage_for_runs(tmp_path, QUICKBI_CHECK_INTERVAL="2") as stage:
        await stage.start_bot()
        mail_id = MailId(stage.world.named("Quick Sales").mail_id)
        await stage.slack.people.type_command("ada", "reports", "/mail-subscribe Quick Sales")
        await until_public(stage, "subscribed this channel to Quick Sales")
        stage.world.run_now(mail_id, takes=timedelta(seconds=0), outcome="FAILED")
        await until_said(stage, "Quick Sales failed")
        block = every_click(mail_id)["one of a digest"]
        old = await post(stage, block)
        status = await click(stage, old, block)
        assert "Quick Sales failed" in status.text
        elements = [element for one in status.blocks for element in one.get("elements", ())]
        shown = {element.get("action_id") for element in elements}
        assert {Act.CHECK, Act.RUN, Act.SNOOZE, Act.MORE} <= shown
        at = {"channel": "reports", "ts": status.ts}
        await stage.slack.people.click("ada", Act.SNOOZE, choose=f"4h {mail_id}", **at)
        await until_said(stage, f"<@{ADA}> snoozed Quick Sales: quiet until")
        before = len(stage.answers("ada"))
        await stage.slack.people.click("ada", Act.MORE, choose=f"{More.UNSUBSCRIBE} {mail_id}", **at)
        asked = await answered(stage, before)
        await stage.slack.people.click("ada", CONFIRMED, channel="reports", ts=asked.ts)
        await until_said(stage, "unsubscribed this channel from Quick Sales")
        await stage.slack.people.click("ada", Act.RUN, **at)
        await stage.until_text("Quick Sales was sent", seconds=20)


async def test_all_mails_of_a_digest_are_snoozed_and_woken_at_once(tmp_path: Path) -> None:
    """Those that fail here; one word in its thread, and one row on record for each."""
    names = ("Quick Ops", "Quick Sales")
    async with stage_for_runs(tmp_path, QUICKBI_CHECK_INTERVAL="2") as bot:
        process = await bot.start_bot()
        await bot.slack.people.type_command(
            "ada", "reports", f"/mail-subscribe {', '.join(names)}, Daily Sales"
        )
        await until_public(bot, "subscribed this channel to 3 mails: Quick Ops")
        mails = [(MailId(bot.world.named(name).mail_id), name) for name in (*names, "Weekly Ops")]
        for (mail_id, name), _ in zip(mails, names, strict=False):
            bot.world.run_now(mail_id, takes=timedelta(0), outcome="FAILED")
            await until_said(bot, f"{name} failed. The run of")
        storm = await post(bot, under_digest(mails, are_snoozed=False))
        at = {"channel": "reports", "ts": storm}
        await bot.slack.people.click("ada", f"{Act.SNOOZE}:all", choose="recovered all", **at)
        await until_said(bot, f"<@{ADA}> snoozed 2 mails: quiet until it recovers", thread_ts=storm)
        awake = [under_digest(mails, are_snoozed=True).to_dict()]
        await bot.web_client().chat_update(
            channel="C0REPORTS2", ts=storm, text="An old message", blocks=awake
        )
        await bot.slack.people.click("ada", f"{Act.SNOOZE}:all", **at)
        await until_said(bot, f"<@{ADA}> ended the snooze of 2 mails", thread_ts=storm)
        await process.stop()
        async with open_store(bot.environment()["DATABASE_URL"]) as store:
            rows = await store.audit.actions()
    noted = sorted((action, mail_id) for _, _, action, _, mail_id, _ in rows if action in {"snooze", "wake"})
    ids = sorted(mail_id for mail_id, _ in mails[:2])
    assert noted == [(action, mail_id) for action in ("snooze", "wake") for mail_id in ids]
