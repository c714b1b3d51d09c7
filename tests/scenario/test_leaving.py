"""Channels leave, and see what they are told of: asked first, once, by whoever may. The real process, real Bolt."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bot.sandbox.quickbi.faults import Mode
from bot.slack.kit.actions import Act, More
from tests.scenario.steps import (
    ADA,
    BOB,
    DOWN,
    answer_to_click,
    audited,
    labels,
    old_message,
    public,
    subscribe,
    until_public,
)

if TYPE_CHECKING:
    from bot.sandbox.slack.model import Message
    from tests.support.rig import Rig

CONFIRMED = f"{Act.UNSUBSCRIBE}:confirmed"


@pytest.fixture
async def bot(stage: Rig) -> Rig:
    """A running bot over Socket Mode."""
    await stage.start_bot()
    return stage


async def from_menu(rig: Rig, mail_id: str, *, user: str = "ada", channel: str = "reports") -> Message:
    """The overflow menu of a notice or of a list: its answer."""
    old = await old_message(rig, [(Act.MORE, f"{More.UNSUBSCRIBE} {mail_id}")], channel=channel)
    return await answer_to_click(rig, old, Act.MORE, user=user, channel=channel)


async def test_a_menu_asks_first_and_a_double_click_leaves_once(bot: Rig) -> None:
    """The question names the mail; No changes nothing; Yes leaves, and makes room for what became of it."""
    mail_id = bot.world.named("Daily Sales").mail_id
    await subscribe(bot, "Daily Sales")
    asked = await from_menu(bot, mail_id, user="bob")
    assert "Unsubscribe this channel from Daily Sales?" in asked.text
    await bot.slack.people.click("bob", Act.DISMISS, channel="reports", ts=asked.ts)
    assert (
        await bot.until_text("this channel is told about Daily Sales as before", user="bob")
    ).ts == asked.ts
    asked = await from_menu(bot, mail_id, user="bob")
    assert len(public(bot)) == 3
    click = bot.slack.people.click
    await asyncio.gather(*(click("bob", CONFIRMED, channel="reports", ts=asked.ts) for _ in range(2)))
    await until_public(bot, f"<@{BOB}> unsubscribed this channel from Daily Sales")
    assert "This channel is not subscribed to Daily Sales" in (await from_menu(bot, mail_id)).text
    assert sum("unsubscribed this channel from" in one.text for one in public(bot)) == 1
    assert await audited(bot) == [
        (ADA, "subscribe", "C0REPORTS2", mail_id),
        (BOB, "unsubscribe", "C0REPORTS2", mail_id),
    ]


async def test_a_button_used_a_second_time_names_the_mail_and_hides_no_others(bot: Rig) -> None:
    """Its own dialog has asked. “Subscribed to no mail” would be untrue while there are others."""
    await subscribe(bot, "Daily Sales, Weekly Ops")
    old = await old_message(bot, [(Act.UNSUBSCRIBE, bot.world.named("Daily Sales").mail_id)])
    await bot.slack.people.click("ada", Act.UNSUBSCRIBE, channel="reports", ts=old.ts)
    told = await until_public(bot, "unsubscribed this channel from Daily Sales")
    assert labels(told) == ["Subscribe this channel"]
    stale = await answer_to_click(bot, old, Act.UNSUBSCRIBE)
    assert "This channel is not subscribed to Daily Sales" in stale.text
    assert "no mail" not in stale.text


async def test_all_is_left_once(bot: Rig) -> None:
    """The button under the question; pressed again, there is nothing left to leave."""
    await subscribe(bot, "Daily Sales, Weekly Ops")
    asked = await bot.ask("/mail-unsubscribe all")
    assert "all 2 mails?" in asked.text
    await bot.slack.people.click("ada", f"{Act.UNSUBSCRIBE}:all", channel="reports", ts=asked.ts)
    told = await until_public(bot, "unsubscribed this channel from")
    assert "Daily Sales" in told.text
    assert "Weekly Ops" in told.text
    assert (await bot.until_text("You unsubscribed this channel from 2 mails")).ts == asked.ts
    old = await old_message(bot, [(f"{Act.UNSUBSCRIBE}:all", "all")])
    again = await answer_to_click(bot, old, f"{Act.UNSUBSCRIBE}:all")
    assert "not subscribed to any mail" in again.text


async def test_people_of_other_organisations_change_nothing(bot: Rig) -> None:
    """Whatever they click on: they are told so, the channel stays subscribed."""
    mail_id = bot.world.named("Daily Sales").mail_id
    await subscribe(bot, "Daily Sales", channel="partners")
    clicks = (
        (Act.UNSUBSCRIBE, mail_id),
        (f"{Act.UNSUBSCRIBE}:all", "all"),
        (CONFIRMED, mail_id),
        (Act.MORE, f"{More.UNSUBSCRIBE} {mail_id}"),
        (Act.SNOOZE, f"4h {mail_id}"),
        (Act.SHARE, mail_id),
        (f"{Act.PAGE}:subscriptions:next", "1"),
        (f"{Act.HOME}:leave:0", f"{mail_id} C0PARTNER6"),
    )
    before = len(public(bot, "partners"))
    old = await old_message(bot, clicks, channel="partners")
    for action_id, _ in clicks:
        told = await answer_to_click(bot, old, action_id, user="olga", channel="partners")
        assert "people from other organisations cannot" in told.text, action_id
    assert len(public(bot, "partners")) == before + 1
    listed = await bot.ask("/mail-subscriptions", channel="partners")
    assert "told about 1 mail. Daily Sales" in listed.text


async def test_leaving_and_listing_need_no_quick_bi(bot: Rig) -> None:
    """Both stand on the bot's own records."""
    await subscribe(bot, "Daily Sales, Weekly Ops")
    bot.quickbi.faults.add(Mode.UNAVAILABLE, lasting=DOWN)
    assert "told about 2 mails" in (await bot.ask("/mail-subscriptions")).text
    await bot.slack.people.type_command("ada", "reports", "/mail-unsubscribe Weekly Ops")
    await until_public(bot, "unsubscribed this channel from Weekly Ops")
    assert "told about 1 mail." in (await bot.ask("/mail-subscriptions")).text


async def test_the_list_of_many_is_paged_in_place_and_its_menu_asks_first(bot: Rig) -> None:
    """Twelve mails are two pages."""
    mails = bot.world.add_mails(12)
    await subscribe(bot, ", ".join(mail.mail_id for mail in mails))
    listed = await bot.ask("/mail-subscriptions")
    assert "told about 12 mails" in listed.text
    await bot.slack.people.click("ada", "mail_page:subscriptions:next", channel="reports", ts=listed.ts)
    second = await bot.slack.changes.until(lambda: turned(bot, listed, "Previous"), seconds=8)
    asked = await choose_unsubscribe(bot, second)
    assert "Unsubscribe this channel from" in asked.text
    await bot.slack.people.click("ada", "mail_page:subscriptions:previous", channel="reports", ts=listed.ts)
    await bot.slack.changes.until(lambda: turned(bot, listed, "Next"), seconds=8)


def turned(rig: Rig, listed: Message, button: str) -> Message | None:
    now = rig.slack.workspace.message("reports", listed.ts)
    return now if button in labels(now) else None


async def choose_unsubscribe(rig: Rig, listed: Message) -> Message:
    menu = next(block["accessory"] for block in listed.blocks if "accessory" in block)
    value = next(each["value"] for each in menu["options"] if each["text"]["text"] == "Unsubscribe…")
    return await answer_to_click(rig, listed, menu["action_id"], choose=value)


# ---- Sharing: the other thing that a menu asks about first


async def test_sharing_asks_who_shall_see_it_and_a_double_click_shares_once(bot: Rig) -> None:
    """No shows nobody anything; Yes tells the channel once, and the audit by whom."""
    mail_id = bot.world.named("Weekly Ops").mail_id
    await bot.ask("/mail-status Weekly Ops")
    old = await old_message(bot, [(Act.MORE, f"{More.SHARE} {mail_id}")])
    asked = await answer_to_click(bot, old, Act.MORE)
    assert "will see it, with your name" in asked.text
    await bot.slack.people.click("ada", Act.DISMISS, channel="reports", ts=asked.ts)
    assert (await bot.until_text("was not shared")).ts == asked.ts
    asked = await answer_to_click(bot, old, Act.MORE)
    assert len(public(bot)) == 1
    click = bot.slack.people.click
    await asyncio.gather(*(click("ada", Act.SHARE, channel="reports", ts=asked.ts) for _ in range(3)))
    await until_public(bot, f"Shared by <@{ADA}>: Weekly Ops failed")
    assert (await bot.until_text("You shared the status of Weekly Ops")).ts == asked.ts
    assert await audited(bot) == [(ADA, "share", "C0REPORTS2", mail_id)]
    assert sum("Shared by" in one.text for one in public(bot)) == 1
