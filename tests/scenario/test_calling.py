"""Who is called when a mail fails, and once more where nobody is on it: from the command to the thread. Real Bolt."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain import MailId, OnCall, UserId
from bot.domain.responders import Response
from bot.sandbox.world import Status
from tests.scenario.steps import ADA, BOB, audited, offer, open_form, public, until_asked, until_public
from tests.support.leader_stage import REPORTS, leader_stage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.sandbox.slack.model import Message
    from tests.support.leader_stage import LeaderStage
    from tests.support.rig import Rig

GROUP, MEI = "<!subteam^S0BIONCALL>", "U0MEI00003"
CALLED = f"Called: <@{BOB}> {GROUP}"
SHARED = "People from other organisations read this channel"


@pytest.fixture
async def bot(stage: Rig) -> Rig:
    """A bot that looks every two seconds."""
    stage.settings["QUICKBI_CHECK_INTERVAL"] = "2"
    await stage.start_bot()
    return stage


async def test_the_people_of_the_command_are_mentioned_when_it_fails(bot: Rig) -> None:
    """By what Slack made of their names; another channel calls nobody; `notify nobody` ends it."""
    mail_id = bot.world.named("Supplier Scorecard").mail_id
    people, command = bot.slack.people, "/mail-subscribe Supplier Scorecard"
    await people.type_command("ada", "reports", f"{command} notify @bob, @bi-oncall remind 30m")
    said = await until_public(bot, "subscribed this channel to Supplier Scorecard")
    assert f"Calls <@{BOB}> {GROUP}, again if nobody takes it within 30 min" in said.text
    await people.type_command("ada", "sales", command)
    await until_public(bot, "subscribed this channel", channel="sales")
    bot.world.run_now(mail_id, takes=timedelta(0), outcome=Status.FAILED)
    assert CALLED in (await until_public(bot, "Supplier Scorecard failed", seconds=20)).text
    quiet = await until_public(bot, "Supplier Scorecard failed", channel="sales", seconds=20)
    assert "Called" not in quiet.text
    listed = await bot.ask("/mail-subscriptions")
    assert f"calls <@{BOB}> {GROUP}, again if nobody takes it within 30 min" in listed.text

    await people.type_command("ada", "reports", f"{command} notify nobody")
    await until_public(bot, f"<@{ADA}> changed what this channel is told about")
    again = await bot.ask("/mail-subscriptions", user="bob")
    assert "calls" not in again.text
    assert (await audited(bot))[-1][:2] == (ADA, "change")


@pytest.mark.parametrize("words", ["notify @channel", "notify @here", "notify @zoe", "notify bob"])
async def test_who_cannot_be_called_is_said_and_nothing_is_subscribed(bot: Rig, words: str) -> None:
    """A whole channel, somebody whom Slack does not know, a name without an @."""
    told = await bot.ask(f"/mail-subscribe Daily Sales {words}")
    assert any(each in told.text for each in ("whole channel", "don't know who", "cannot read whom"))
    assert "/mail-subscribe Daily Sales notify @ada remind 30m" in told.text
    assert not public(bot)


async def test_people_are_chosen_in_the_form(bot: Rig) -> None:
    """And come through the question about a channel that others read."""
    view = await open_form(bot, "/mail-subscribe", channel="partners")
    (daily,) = await offer(bot, view, "daily sales")
    people = bot.slack.people
    await people.click("ada", "calls", view_id=view.id, choose=[MEI])
    await until_asked(bot, "again")
    await people.submit_view("ada", view.id, {"mails": [daily], "again": "60"})
    question = await bot.until_text(SHARED, channel="partners")
    await people.click("ada", "mail_subscribe:shared", channel="partners", ts=question.ts)
    said = await until_public(bot, "subscribed this channel to Daily Sales", channel="partners")
    assert f"Calls <@{MEI}>, again if nobody takes it within 1 h" in said.text


@pytest.fixture
async def leader(tmp_path: Path) -> AsyncIterator[LeaderStage]:
    """Leads, with "Night Report" that calls people in #reports, and again after half an hour."""
    on_call = OnCall(mentions=(BOB, "S0BIONCALL"), again_after=timedelta(minutes=30))
    async with leader_stage(f"sqlite:///{tmp_path / 'mailbot.db'}") as stage:
        await stage.watch("Night Report", on_call=on_call)
        await stage.start()
        await stage.until_looked()
        yield stage


async def fails(stage: LeaderStage) -> tuple[MailId, Message]:
    mail_id = MailId(stage.world.named("Night Report").mail_id)
    stage.run(mail_id, Status.FAILED)
    return mail_id, await stage.until_said(CALLED)


async def test_nobody_is_on_it_for_half_an_hour(leader: LeaderStage) -> None:
    """Said once in the thread, with the same people; also by a process that was killed meanwhile and came back."""
    _, notice = await fails(leader)
    await leader.stop()
    leader.clock_error += timedelta(minutes=29)
    await leader.start()
    await leader.until_looked(times=3)
    assert len(leader.posts()) == 1
    leader.clock_error += timedelta(minutes=2)
    said = await leader.until_said("nobody has been on Night Report for 30 min")
    assert said.thread_ts == notice.ts
    assert said.text.startswith(f"<@{BOB}> {GROUP}, ")
    leader.clock_error += timedelta(minutes=90)
    await leader.until_looked(times=3)
    assert len(leader.posts()) == 2


async def test_who_took_it_is_not_called_again(leader: LeaderStage) -> None:
    """The news still comes."""
    mail_id, _ = await fails(leader)
    respond = leader.store.responders.respond
    await respond(REPORTS, mail_id, Response.TAKE, by=UserId(ADA), now=leader.now())
    await leader.until_said(f"<@{ADA}> has been on it since", edited=True)
    leader.clock_error += timedelta(minutes=90)
    leader.run(mail_id, Status.FAILED)
    await leader.until_said("failed again")
    await leader.until_looked(times=3)
    assert not [each for each in leader.posts() if "nobody" in each.text]


async def test_a_reminder_that_slack_loses_is_not_said_twice(leader: LeaderStage) -> None:
    """It is looked for in the thread, as any other message."""
    await fails(leader)
    leader.slack.faults.lose_reply("chat.postMessage", times=1)
    leader.clock_error += timedelta(minutes=31)
    await leader.until_said("nobody has been on Night Report")
    leader.clock_error += timedelta(minutes=1)
    await leader.until_looked(times=5)
    assert len([each for each in leader.posts() if "nobody" in each.text]) == 1
