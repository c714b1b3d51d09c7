"""Channels have their peace for a while, and no longer: the real process, real Bolt; the leader for what ends."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain import ChannelId, MailId, UserId
from bot.sandbox.world import Status
from bot.slack.kit.actions import Act
from tests.scenario.steps import BOB, answer_to_click, audited, labels, old_message, subscribe, until_public
from tests.support.leader_stage import REPORTS, leader_stage

if TYPE_CHECKING:
    from pathlib import Path

    from bot.sandbox.slack.model import Message
    from tests.support.rig import Rig


@pytest.fixture
async def bot(stage: Rig) -> Rig:
    """A bot that looks every two seconds."""
    stage.settings["QUICKBI_CHECK_INTERVAL"] = "2"
    await stage.start_bot()
    return stage


async def failing_notice(rig: Rig) -> tuple[str, Message]:
    """A mail that fails after it was subscribed, and the notice that tells of it."""
    mail_id = rig.world.named("Supplier Scorecard").mail_id
    await subscribe(rig, mail_id)
    rig.world.run_now(mail_id, takes=timedelta(0), outcome=Status.FAILED)
    return mail_id, await until_public(rig, "Supplier Scorecard failed", seconds=20)


async def snooze(rig: Rig, notice: Message, choice: str, *, user: str = "bob") -> None:
    await rig.slack.people.click(user, Act.SNOOZE, channel="reports", ts=notice.ts, choose=choice)


async def test_four_hours_and_awake_again(bot: Rig) -> None:
    """The notice shows it, the thread says who; only a morning asks Slack where somebody lives."""
    mail_id, notice = await failing_notice(bot)
    await snooze(bot, notice, f"4h {mail_id}")
    said = await until_public(bot, f"<@{BOB}> snoozed Supplier Scorecard: quiet until")
    assert said.thread_ts == notice.ts
    quiet = await until_drawn(bot, notice, "End snooze")
    assert "Snoozed until" in quiet.text
    await bot.slack.people.click("bob", Act.SNOOZE, channel="reports", ts=notice.ts)
    await until_public(bot, f"<@{BOB}> ended the snooze of Supplier Scorecard")
    awake = await until_drawn(bot, notice, "Run again…")
    assert "Snoozed" not in awake.text
    assert not bot.slack.ledger.calls("users.info")
    await snooze(bot, awake, f"tomorrow {mail_id}")
    await until_drawn(bot, notice, "End snooze")
    assert len(bot.slack.ledger.calls("users.info")) == 1
    assert [(user, action) for user, action, *_ in await audited(bot)][1:] == [
        (BOB, "snooze"),
        (BOB, "wake"),
        (BOB, "snooze"),
    ]


async def until_drawn(rig: Rig, notice: Message, label: str) -> Message:
    def drawn() -> Message | None:
        now = rig.slack.workspace.message("reports", notice.ts)
        wakes = "End snooze" in labels(now)
        return now if label in labels(now) and wakes == (label == "End snooze") else None

    return await rig.slack.changes.until(drawn, seconds=10)


async def test_a_thread_that_takes_no_word_is_told_another_way(bot: Rig) -> None:
    """The snooze holds; nobody is told that something went wrong."""
    mail_id, notice = await failing_notice(bot)
    bot.slack.faults.slack_error("chat.postMessage", "restricted_action", times=1)
    await snooze(bot, notice, f"1h {mail_id}")
    told = await until_public(bot, "snoozed Supplier Scorecard: quiet until")
    assert told.thread_ts is None
    assert not bot.answers("bob")


async def test_a_snooze_that_comes_too_late_is_told_so_by_name(bot: Rig) -> None:
    """Recovered meanwhile, or left: nothing is hidden, and the mail is named."""
    mail_id = bot.world.named("Daily Sales").mail_id
    await subscribe(bot, "Daily Sales")
    clicks = [(f"{Act.SNOOZE}:{each}", f"{each} {mail_id}") for each in ("recovered", "1h", "wake")]
    old = await old_message(bot, clicks)
    for action_id, _ in clicks[:2]:
        told = await answer_to_click(bot, old, action_id)
        assert "Daily Sales has already recovered" in told.text
    await bot.slack.people.type_command("ada", "reports", "/mail-unsubscribe all")
    asked = await bot.until_text("Unsubscribe this channel from its only mail?")
    await bot.slack.people.click("ada", f"{Act.UNSUBSCRIBE}:all", channel="reports", ts=asked.ts)
    await until_public(bot, "unsubscribed this channel from")
    for action_id, _ in clicks:
        told = await answer_to_click(bot, old, action_id)
        assert "This channel is not subscribed to Daily Sales" in told.text
        assert mail_id not in told.text


async def test_the_end_of_a_snooze_and_a_channel_that_left_are_drawn(tmp_path: Path) -> None:
    """A notice never says what is no longer so: that it is quiet, or that its channel is told."""
    async with leader_stage(f"sqlite:///{tmp_path / 'mailbot.db'}") as stage:
        mail_id = MailId(await stage.watch("Supplier Scorecard"))
        finance = ChannelId("C0FINANCE4")
        await stage.subscribe(mail_id, channel=finance)
        await stage.start()
        await stage.until_looked()
        stage.run(mail_id, Status.FAILED)
        notice = await stage.until_said("Supplier Scorecard failed")
        await stage.until_said("Supplier Scorecard failed", channel="finance")
        store, by = stage.store.subscriptions, UserId(BOB)
        until = stage.now() + timedelta(seconds=2)
        await store.snooze(REPORTS, mail_id, until=until, by=by, now=stage.now())
        await stage.until_said("Snoozed until", edited=True)

        def text() -> str:
            return stage.slack.workspace.message("reports", notice.ts).text

        await stage.slack.changes.until(lambda: "Snoozed until" not in text(), seconds=10)
        assert stage.now() >= until
        await store.unsubscribe(REPORTS, [mail_id], by=by, now=stage.now())
        await stage.slack.changes.until(lambda: "no longer subscribed" in text(), seconds=10)
        left = stage.slack.workspace.message("reports", notice.ts)
        assert labels(left) == ["Check again", "Subscribe this channel"]
        await stage.subscribe(mail_id)
        await stage.slack.changes.until(lambda: "no longer subscribed" not in text(), seconds=10)
