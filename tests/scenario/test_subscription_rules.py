"""A channel subscribes by rule: the real process, real Bolt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.slack.views.subscription_rules import RULE_CONFIRMED, RULE_DISMISSED
from tests.scenario.steps import audited, public, until_public

if TYPE_CHECKING:
    from tests.support.rig import Rig


async def test_a_rule_is_shown_then_begun_and_ended(stage: Rig) -> None:
    """Nothing happens before it is confirmed; the channel's list says why each mail is there."""
    bot = stage
    await bot.start_bot()
    question = await bot.ask("/mail-subscribe name:daily -name:weekly")
    assert "Daily Sales" in question.text
    assert "Weekly Ops" not in question.text
    await bot.slack.people.click("ada", RULE_DISMISSED, channel="reports", ts=question.ts)
    await bot.until_text("Nothing was changed")
    assert "not subscribed to any" in (await bot.ask("/mail-subscriptions")).text
    question = await bot.ask("/mail-subscribe name:daily -name:weekly")
    await bot.slack.people.click("ada", RULE_CONFIRMED, channel="reports", ts=question.ts)
    told = await until_public(bot, "subscribed this channel to all mails that match")
    assert "Daily Sales" in told.text
    listed = await bot.ask("/mail-subscriptions")
    assert "brings" in listed.text
    await bot.slack.people.type_command("ada", "reports", "/mail-unsubscribe Daily Sales")
    await until_public(bot, "unsubscribed this channel from Daily Sales")
    assert "has no rule" in (await bot.ask("/mail-unsubscribe name:weekly")).text
    await bot.slack.people.type_command("ada", "reports", "/mail-unsubscribe name:daily -name:weekly")
    await until_public(bot, "ended the rule")
    assert "not subscribed to any" in (await bot.ask("/mail-subscriptions")).text
    assert len(public(bot)) == 3
    actions = [action for _, action, _, _ in await audited(bot)]
    assert actions == ["subscribe by rule", "unsubscribe", "unsubscribe by rule"]
