"""Somebody says “I'm on it”: seen in every channel, taken over, given back, over with the recovery. Real Bolt."""

from __future__ import annotations

from datetime import timedelta
from signal import SIGKILL
from typing import TYPE_CHECKING

import pytest

from bot.domain import MailId
from bot.sandbox.world import Status
from bot.slack.kit.actions import Act, More
from bot.slack.views.digests import under_digest
from tests.scenario.home_steps import open_home, words_of
from tests.scenario.steps import (
    ADA,
    BOB,
    answer_to_click,
    audited,
    labels,
    old_message,
    posted,
    public,
    subscribe,
    until_public,
)

if TYPE_CHECKING:
    from bot.sandbox.slack.model import Message
    from tests.support.rig import Rig

NAME = "Supplier Scorecard"


@pytest.fixture
async def bot(stage: Rig) -> Rig:
    """A bot that looks every two seconds."""
    stage.settings["QUICKBI_CHECK_INTERVAL"] = "2"
    await stage.start_bot()
    return stage


async def fails(rig: Rig, *channels: str) -> tuple[str, list[Message]]:
    """A mail that fails after it was subscribed, and what each channel is told."""
    mail_id = rig.world.named(NAME).mail_id
    for channel in channels:
        await subscribe(rig, mail_id, channel=channel)
    rig.world.run_now(mail_id, takes=timedelta(0), outcome=Status.FAILED)
    told = [await until_public(rig, f"{NAME} failed", channel=each, seconds=20) for each in channels]
    return mail_id, told


async def until_drawn(rig: Rig, notice: Message, words: str, *, channel: str = "reports") -> Message:
    def drawn() -> Message | None:
        now = rig.slack.workspace.message(channel, notice.ts)
        return now if words in now.text else None

    return await rig.slack.changes.until(drawn, seconds=10)


async def test_one_person_is_on_it_wherever_it_is_told(bot: Rig) -> None:
    """Taken, seen by others, taken over, given back, and over with the recovery; all of it is on record."""
    mail_id, (reports, sales) = await fails(bot, "reports", "sales")
    assert labels(reports)[:2] == ["Run again…", "I'm on it"]
    await bot.slack.people.click("ada", Act.TAKE, channel="reports", ts=reports.ts)
    said = await until_public(bot, f"<@{ADA}> is looking after {NAME}")
    assert said.thread_ts == reports.ts
    for channel, notice in (("reports", reports), ("sales", sales)):
        shown = await until_drawn(bot, notice, f"<@{ADA}> has been on it since", channel=channel)
        assert "I'm on it" not in labels(shown)
    assert not [one for one in public(bot, "sales") if one.thread_ts], "the other channel sees who, no more"

    late = await old_message(bot, [(Act.TAKE, mail_id)])
    told = await answer_to_click(bot, late, Act.TAKE, user="bob")
    assert f"<@{ADA}> has been on it since" in told.text
    told = await answer_to_click(bot, reports, Act.MORE, user="bob", choose=f"{More.GIVE_BACK} {mail_id}")
    assert "Nobody else can give it back" in told.text

    await choose(bot, "bob", reports, More.TAKE_OVER, mail_id)
    await until_public(bot, f"<@{BOB}> took {NAME} over from <@{ADA}>")
    await until_drawn(bot, sales, f"<@{BOB}> has been on it since", channel="sales")
    listed = await bot.ask("/mail-subscriptions", user="ada")
    assert f"<@{BOB}> has been on it since" in listed.text
    assert f"<@{BOB}> has been on it since" in words_of(await open_home(bot, "ada"))

    await choose(bot, "bob", reports, More.GIVE_BACK, mail_id)
    await until_public(bot, f"<@{BOB}> gave {NAME} back: nobody is on it now")
    free = await until_drawn(bot, reports, "failed")
    await bot.slack.changes.until(
        lambda: "I'm on it" in labels(bot.slack.workspace.message("reports", free.ts)), seconds=10
    )
    await bot.slack.people.click("bob", Act.TAKE, channel="reports", ts=reports.ts)
    await until_drawn(bot, reports, f"<@{BOB}> has been on it since")
    history = await bot.ask(f"/mail-history {mail_id}", user="ada")
    assert "Somebody was on it: after" in history.text

    bot.world.run_now(mail_id, takes=timedelta(0), outcome=Status.SENT)
    over = await until_drawn(bot, reports, "recovered")
    assert "on it" not in over.text
    told = await answer_to_click(bot, late, Act.TAKE, user="bob")
    assert f"{NAME} recovered in the meantime" in told.text
    assert [(user, action) for user, action, *_ in await audited(bot)][2:] == [
        (ADA, "take"),
        (BOB, "takeover"),
        (BOB, "giveback"),
        (BOB, "take"),
    ]


async def choose(rig: Rig, user: str, notice: Message, more: More, mail_id: str) -> None:
    await rig.slack.people.click(user, Act.MORE, channel="reports", ts=notice.ts, choose=f"{more} {mail_id}")


async def test_a_click_that_comes_too_late_or_from_outside_takes_nothing(bot: Rig) -> None:
    """A channel that left, a person of another organisation, a thread that takes no word."""
    mail_id, (notice,) = await fails(bot, "reports")
    old = await old_message(bot, [(Act.TAKE, mail_id)], channel="partners")
    told = await answer_to_click(bot, old, Act.TAKE, user="olga", channel="partners")
    assert "people from other organisations cannot ask" in told.text
    told = await answer_to_click(bot, old, Act.TAKE, user="ada", channel="partners")
    assert f"This channel is not subscribed to {NAME}" in told.text

    status = await answer_to_click(bot, notice, Act.MORE, choose=f"{More.CHECK} {mail_id}")
    assert f"{NAME} failed" in status.text
    bot.slack.faults.slack_error("chat.postMessage", "restricted_action", times=1)
    await bot.slack.people.click("ada", Act.TAKE, channel="reports", ts=notice.ts)
    said = await until_public(bot, f"<@{ADA}> is looking after {NAME}")
    assert said.thread_ts is None
    await until_drawn(bot, notice, f"<@{ADA}> has been on it since")
    told = await answer_to_click(bot, notice, Act.MORE, choose=f"{More.TAKE_OVER} {mail_id}")
    assert f"You are already on {NAME}" in told.text


async def test_of_a_storm_all_that_nobody_looks_after_is_taken_at_once(bot: Rig) -> None:
    """And given back; who comes later is told."""
    mail_id, _ = await fails(bot, "reports")
    fine = bot.world.named("Weekly Ops").mail_id
    mails = [(MailId(mail_id), NAME), (MailId(fine), "Weekly Ops")]
    row = under_digest(mails, are_snoozed=False, is_any_taken=True)
    storm = await posted(bot, [row.to_dict()])
    await bot.slack.people.click("ada", f"{Act.TAKE}:all", channel="reports", ts=storm.ts)
    said = await until_public(bot, f"<@{ADA}> is looking after {NAME}")
    assert said.thread_ts == storm.ts
    told = await answer_to_click(bot, storm, f"{Act.TAKE}:all", user="bob")
    assert "Others are already on these mails" in told.text
    everything = f"{Act.MORE}:all"
    await bot.slack.people.click(
        "ada", everything, channel="reports", ts=storm.ts, choose=f"{More.GIVE_BACK} all"
    )
    await until_public(bot, f"<@{ADA}> gave {NAME} back")


async def test_a_click_outlives_the_process_that_took_it(bot: Rig) -> None:
    """Stored, and killed before anything was drawn: the next process draws it."""
    _, (notice,) = await fails(bot, "reports")
    bot.slack.faults.slack_error("chat.update", "internal_error", times=100)
    await bot.slack.people.click("ada", Act.TAKE, channel="reports", ts=notice.ts)
    await until_public(bot, f"<@{ADA}> is looking after {NAME}")
    assert bot.bot
    await bot.bot.stop(how=SIGKILL)
    bot.slack.faults.clear()
    await bot.start_bot()
    shown = await until_drawn(bot, notice, f"<@{ADA}> has been on it since")
    assert "I'm on it" not in labels(shown)
