"""The Home tab: there at once, and good for acting. The real process, real Bolt."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.sandbox.quickbi.faults import Mode
from bot.sandbox.slack import payloads
from bot.sandbox.slack.deliveries import EnvelopeType
from bot.sandbox.world import Status
from bot.slack.kit.actions import Act
from tests.scenario.home_steps import action_ids, words_of
from tests.scenario.steps import ADA, DOWN, audited, public, subscribe, until_public
from tests.support.stopwatch import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.sandbox.slack.model import View
    from tests.support.rig import Rig


@pytest.fixture
async def bot(stage: Rig) -> Rig:
    """A bot that looks every two seconds."""
    stage.settings["QUICKBI_CHECK_INTERVAL"] = "2"
    await stage.start_bot()
    return stage


async def until_shown(
    rig: Rig, look: Callable[[str], View | None], words: str, *, seconds: float = 30.0
) -> View:
    """Wait until the Home tab or the modal on top says these words."""

    def told() -> View | None:
        view = look("ada")
        return view if view and words in words_of(view) else None

    return await rig.slack.changes.until(told, seconds=seconds)


def on_top(rig: Rig) -> View:
    view = rig.slack.open_view("ada")
    assert view is not None
    return view


async def test_home_is_there_before_slack_says_whose_channels(bot: Rig) -> None:
    """First what the person subscribed, then everything; the next time all of it at once, and drawn once."""
    await subscribe(bot, "Daily Sales")
    await subscribe(bot, "Weekly Ops", user="bob")
    bot.slack.faults.slow("users.conversations", seconds=1.5, times=1)
    assert bot.bot
    stopwatch = Stopwatch(bot.bot.process.pid)
    await bot.slack.people.open_home("ada")
    view = await until_shown(bot, bot.slack.home, "I am looking up your channels")
    assert stopwatch.seconds < 1.4
    assert "Daily Sales" in words_of(view)
    assert "Weekly Ops" not in words_of(view)
    view = await until_shown(bot, bot.slack.home, "Weekly Ops")
    assert "looking up" not in words_of(view)
    before = len(bot.slack.ledger.calls("views.publish"))
    await bot.slack.people.click("ada", f"{Act.HOME}:refresh", view_id=view.id)
    assert bot.bot
    await bot.bot.until_logged("where=mail_home:refresh")
    assert len(bot.slack.ledger.calls("views.publish")) == before + 1


async def failing_at_home(rig: Rig) -> tuple[str, View]:
    """A failing mail in two channels, as the modal over Ada's Home tab shows it."""
    mail_id = rig.world.named("Supplier Scorecard").mail_id
    for channel in ("reports", "finance"):
        await subscribe(rig, mail_id, channel=channel)
    rig.world.run_now(mail_id, takes=timedelta(0), outcome=Status.FAILED)
    await until_public(rig, "Supplier Scorecard failed", seconds=20)
    await rig.slack.people.open_home("ada")
    view = await until_shown(rig, rig.slack.home, "Supplier Scorecard* has been *failing*")
    await rig.slack.people.click("ada", f"{Act.HOME}:menu", view_id=view.id, choose=f"manage {mail_id}")
    return mail_id, await until_shown(rig, rig.slack.open_view, "<#C0FINANCE4> · is told")


async def test_a_failing_mail_is_snoozed_woken_and_left_from_home(bot: Rig) -> None:
    """Channel by channel; the channel is told who did it, the modal and the tab show the new truth."""
    mail_id, modal = await failing_at_home(bot)
    click, snooze = bot.slack.people.click, f"{Act.HOME}:snooze:0"
    where = "C0REPORTS2" if "C0REPORTS2" in str(modal.source["blocks"][1]) else "C0FINANCE4"
    name = {"C0REPORTS2": "reports", "C0FINANCE4": "finance"}[where]
    await click("ada", snooze, view_id=modal.id, choose=f"recovered {mail_id} {where}")
    await until_public(bot, f"<@{ADA}> snoozed Supplier Scorecard: quiet until it recovers", channel=name)
    modal = await until_shown(bot, bot.slack.open_view, f"<#{where}> · quiet until it recovers")
    await until_shown(bot, bot.slack.home, "Snoozed")
    await click("ada", snooze, view_id=modal.id)
    await until_public(bot, f"<@{ADA}> ended the snooze of Supplier Scorecard", channel=name)
    modal = await until_shown(bot, bot.slack.open_view, f"<#{where}> · is told")
    await click("ada", f"{Act.HOME}:leave:0", view_id=modal.id)
    await until_public(bot, f"<@{ADA}> unsubscribed this channel from Supplier Scorecard", channel=name)
    await bot.slack.changes.until(lambda: where not in words_of(on_top(bot)), seconds=8)
    assert [(user, action, channel) for user, action, channel, _ in await audited(bot)][2:] == [
        (ADA, "snooze", where),
        (ADA, "wake", where),
        (ADA, "unsubscribe", where),
    ]


async def test_what_is_no_longer_so_is_not_done_from_home(bot: Rig) -> None:
    """A modal that lay open: the mail recovered, then the channel left. It shows how things are instead."""
    mail_id, modal = await failing_at_home(bot)
    where = "C0REPORTS2"
    index = 0 if where in str(modal.source["blocks"][1]) else 1
    bot.world.run_now(mail_id, takes=timedelta(0), outcome=Status.SENT)
    await until_public(bot, "Supplier Scorecard recovered", seconds=20)
    click = bot.slack.people.click
    snooze = f"{Act.HOME}:snooze:{index}"
    await click("ada", snooze, view_id=modal.id, choose=f"recovered {mail_id} {where}")
    await bot.slack.changes.until(lambda: snooze not in action_ids(on_top(bot)), seconds=8)
    for channel in ("reports", "finance"):
        await bot.slack.people.type_command("bob", channel, f"/mail-unsubscribe {mail_id}")
        await until_public(bot, "unsubscribed this channel from", channel=channel)
    before = len(public(bot))
    await click("ada", f"{Act.HOME}:leave:{index}", view_id=modal.id)
    await until_shown(bot, bot.slack.open_view, "None of your channels is told about it any more")
    assert len(public(bot)) == before
    assert "snoozed" not in " ".join(one.text for one in public(bot))


async def test_home_finds_mails_while_quick_bi_is_down(bot: Rig) -> None:
    """Looking one up says why there is no answer; help and the list need none."""
    await bot.slack.people.open_home("ada")
    view = await until_shown(bot, bot.slack.home, "and I am watching")
    bot.quickbi.faults.add(Mode.UNAVAILABLE, lasting=DOWN)
    offered = await bot.slack.people.suggest("ada", "mail_search", "daily", view_id=view.id)
    choice = offered.options[0]["value"]
    await bot.slack.people.click("ada", "mail_search", view_id=view.id, choose=choice)
    modal = await until_shown(bot, bot.slack.open_view, "Quick BI is not answering", seconds=20)
    await bot.slack.people.close_view("ada", modal.id, clear=True)
    await bot.slack.people.click("ada", Act.HELP, view_id=view.id)
    await until_shown(bot, bot.slack.open_view, "/mail-subscribe")


@pytest.mark.parametrize("action_id", [f"{Act.HOME}:refresh", Act.HELP, "mail_search", f"{Act.HOME}:leave:0"])
async def test_an_outsiders_click_on_a_home_tab_does_nothing(bot: Rig, action_id: str) -> None:
    """Refresh, help, search and the rest: each is refused before it begins."""
    await bot.slack.people.open_home("ada")
    view = await until_shown(bot, bot.slack.home, "and I am watching")
    action = {"type": "button", "action_id": action_id, "block_id": "b", "value": "x C0REPORTS2"}
    olga = bot.slack.workspace.user("olga")
    payload = payloads.block_actions(olga, payloads.view_place(view), action, trigger_id="theirs")
    await bot.slack.deliver(EnvelopeType.INTERACTIVE, payload)
    assert bot.bot
    await bot.bot.until_logged(f"where={action_id}")
    assert "outcome=refused" in next(line for line in bot.bot.log if f"where={action_id}" in line)
