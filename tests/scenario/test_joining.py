"""Channels subscribe, whatever is refused, slow, late or down: the real process, real Bolt."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.sandbox.quickbi.faults import Mode
from bot.sandbox.slack import payloads
from bot.sandbox.slack.deliveries import EnvelopeType
from bot.sandbox.world import Status
from bot.sandbox.world.refusals import MAIL_DELETED
from bot.slack.kit.actions import Act
from tests.scenario.steps import (
    DOWN,
    LateClock,
    answer_to_click,
    labels,
    offer,
    old_message,
    open_form,
    public,
    subscribe,
    until_public,
)
from tests.support.rig import rig

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.sandbox.slack.inputs import Choice
    from bot.sandbox.slack.model import Message, View
    from tests.support.rig import Rig


@pytest.fixture
async def bot(stage: Rig) -> Rig:
    """A running bot over Socket Mode."""
    await stage.start_bot()
    return stage


@pytest.fixture
async def slow(tmp_path: Path) -> AsyncIterator[Rig]:
    """Quick BI as it is: one call a second. The poller rests."""
    async with rig(tmp_path, settings={"QUICKBI_CHECK_INTERVAL": "100000"}) as stage:
        await stage.start_bot()
        yield stage


# ---- Typed


async def test_notices_come_into_a_direct_message_with_the_bot(bot: Rig) -> None:
    """Whoever subscribes there is told there. Conversations of people, which no bot can join, say so at once."""
    direct = bot.slack.workspace.direct_message(bot.slack.workspace.user("ada").id)
    await bot.slack.people.type_command("ada", direct.id, "/mail-subscribe Daily Sales")
    await until_public(bot, "subscribed this channel to Daily Sales", channel=direct.id)
    mail_id = bot.world.named("Daily Sales").mail_id
    bot.world.run_now(mail_id, takes=timedelta(0), outcome=Status.FAILED)
    await until_public(bot, "Daily Sales failed", channel=direct.id)


async def test_many_refusals_and_the_confirmation_all_arrive(bot: Rig) -> None:
    """A response URL is good for five messages: refusals are one, whatever their number."""
    await bot.slack.people.type_command(
        "ada", "reports", "/mail-subscribe 90001, 90002, 90003, 90004, 90005, Board Pack, Daily Sales"
    )
    await until_public(bot, "subscribed this channel to Daily Sales")
    (told,) = bot.answers("ada")
    for number in range(90001, 90006):
        assert f"has no mail with the ID {number}" in told.text
    assert "Which mail do you mean by “Board Pack”?" in told.text
    assert len(bot.slack.ledger.calls("response_url", outcome="ok")) == 2


async def test_all_that_is_refused_is_one_answer(bot: Rig) -> None:
    """And two questions in one message keep their own buttons."""
    told = await bot.ask("/mail-subscribe Board Pack, Utter Nonsense, Wrong")
    assert "I know no mail named “Utter Nonsense”" in told.text
    picked = await answer_to_click(bot, told, "mail_pick:mail-subscribe:0:1")
    assert "Quick BI answered in a way that I do not understand" in picked.text
    assert len(public(bot)) == 0


async def test_ten_mails_at_one_call_a_second_begin_with_a_word(slow: Rig) -> None:
    """Nobody looks at nothing for ten seconds; the word makes room when all is known."""
    ids = [mail.mail_id for mail in slow.world.add_mails(10)]
    word = await slow.ask(f"/mail-subscribe {', '.join(ids)}", seconds=4)
    assert "Checking 10 mails" in word.text
    assert not public(slow)
    await until_public(slow, "subscribed this channel to", seconds=25)
    assert (await slow.until_text("I posted the subscription")).ts == word.ts


async def test_a_hundred_pasted_names_are_one_message_for_each_reader(tmp_path: Path) -> None:
    """The channel and who pasted them are told once; others are answered in between."""
    async with rig(tmp_path, settings={"QUICKBI_CHECK_INTERVAL": "100000"}, calls_per_second=20) as stage:
        await stage.start_bot()
        column = [
            *(f"Store {number:03d}" for number in range(1, 97)),
            "Utter Nonsense",
            "Other Rubbish",
            "90001",
            "90002",
        ]
        await stage.ask("/mail-subscribe " + "\n".join(column))
        answered = await stage.ask("/mail-status Daily Sales", user="bob", channel="board")
        assert "was sent" in answered.text
        assert not public(stage)
        told = await until_public(stage, "subscribed this channel to 96 mails", seconds=30)
        (private,) = stage.answers("ada")
        assert "I know no mails with these 2 names" in private.text
        assert "Quick BI has no mail with the ID 90001" in private.text
        assert public(stage) == [told]


async def test_what_is_not_subscribed_is_one_answer(bot: Rig) -> None:
    """However many mails are named."""
    told = await bot.ask("/mail-unsubscribe " + "\n".join(f"Nonsense {word}" for word in "abcdefg"))
    assert "not subscribed to Nonsense a, Nonsense b" in told.text
    assert len(bot.slack.ledger.calls("response_url", outcome="ok")) == 1


# ---- The button under a status


async def test_the_status_shows_the_new_truth_after_its_button(bot: Rig) -> None:
    """Subscribe becomes Unsubscribe in place, and back."""
    status = await bot.ask("/mail-status Daily Sales")
    assert "Subscribe this channel" in labels(status)
    await bot.slack.people.click("ada", "mail_subscribe", channel="reports", ts=status.ts)
    await until_public(bot, "subscribed this channel to Daily Sales")
    status = await until_labelled(bot, status, "Unsubscribe")
    await bot.slack.people.click("ada", "mail_unsubscribe", channel="reports", ts=status.ts)
    await until_public(bot, "unsubscribed this channel from Daily Sales")
    await until_labelled(bot, status, "Subscribe this channel")


async def until_labelled(rig: Rig, message: Message, label: str) -> Message:
    def drawn() -> Message | None:
        now = rig.slack.workspace.message(message.channel_id, message.ts)
        return now if label in labels(now) else None

    return await rig.slack.changes.until(drawn, seconds=8)


async def test_the_button_says_why_not(bot: Rig) -> None:
    """Subscribed already, a channel without the bot, another organisation, a mail out of sight, Quick BI down."""
    mail_id = bot.world.named("Daily Sales").mail_id
    await subscribe(bot, "Daily Sales")
    here = await old_message(bot, [(Act.SUBSCRIBE, mail_id), (f"{Act.SUBSCRIBE}:x", "77777")])
    assert "already subscribed to Daily Sales" in (await answer_to_click(bot, here, Act.SUBSCRIBE)).text
    assert "has no mail with the ID" in (await answer_to_click(bot, here, f"{Act.SUBSCRIBE}:x")).text
    status = await bot.ask("/mail-status Daily Sales", channel="board")
    refused = await answer_to_click(bot, status, "mail_subscribe", channel="board")
    assert "/invite @report-bot" in refused.text
    shared = await old_message(bot, [(Act.SUBSCRIBE, mail_id)], channel="partners")
    refused = await answer_to_click(bot, shared, Act.SUBSCRIBE, user="olga", channel="partners")
    assert "people from other organisations cannot" in refused.text
    bot.quickbi.faults.add(Mode.UNAVAILABLE, lasting=DOWN)
    other = await old_message(bot, [(Act.SUBSCRIBE, bot.world.named("Stock Levels").mail_id)])
    await bot.slack.people.click("ada", Act.SUBSCRIBE, channel="reports", ts=other.ts)
    await until_public(bot, "Stock Levels could not be checked yet", seconds=20)
    assert all("partners" not in one.text for one in public(bot, "partners"))


# ---- Forms


def filled(*mail_ids: str, events: Choice = ("failed",)) -> dict[str, Choice]:
    return {"mails": list(mail_ids), "events": events}


async def test_a_form_changes_what_a_subscribed_channel_is_told(bot: Rig) -> None:
    """The events that were chosen are taken over, publicly; what is chosen once more changes nothing."""
    mail_id = bot.world.named("Daily Sales").mail_id
    await subscribe(bot, "Daily Sales")
    for words, is_public in (("told when it fails.", True), ("already subscribed to Daily Sales", False)):
        view = await open_form(bot, "/mail-subscribe")
        await offer(bot, view, "daily")
        await bot.slack.people.submit_view("ada", view.id, filled(mail_id))
        await (until_public(bot, words) if is_public else bot.until_text(words))


async def test_a_form_that_is_refused_says_why(bot: Rig) -> None:
    """A channel without the bot; a mail that is gone; Quick BI down."""
    view = await open_form(bot, "/mail-subscribe", channel="board")
    (daily,) = await offer(bot, view, "daily sales")
    await bot.slack.people.submit_view("ada", view.id, filled(daily))
    await bot.until_text("/invite @report-bot", channel="board")
    view = await open_form(bot, "/mail-subscribe")
    (retired,) = await offer(bot, view, "retired")
    await bot.slack.people.submit_view("ada", view.id, filled(retired))
    await bot.until_text("Quick BI cannot find")
    view = await open_form(bot, "/mail-subscribe")
    (unknown,) = await offer(bot, view, "9988776")
    bot.quickbi.faults.add(Mode.UNAVAILABLE, lasting=DOWN)
    await bot.slack.people.submit_view("ada", view.id, filled(unknown))
    await bot.until_text("Quick BI is not answering", seconds=20)
    assert not public(bot)


@pytest.mark.parametrize(
    ("channel", "where"),
    [pytest.param("reports", "reports", id="the bot is in the channel"), ("sales", "a direct message")],
)
async def test_a_form_that_lay_open_for_too_long_still_answers(
    tmp_path: Path, channel: str, where: str
) -> None:
    """After thirty minutes the response URL is dead: the words come another way."""
    clock = LateClock()
    async with rig(tmp_path, calls_per_second=50, clock=clock) as stage:
        await stage.start_bot()
        view = await open_form(stage, "/mail-subscribe", channel=channel)
        daily, *_ = await offer(stage, view, "daily sales")
        clock.ahead += 31 * 60
        await stage.slack.people.submit_view("ada", view.id, filled(daily))
        await until_public(stage, "subscribed this channel to Daily Sales", channel=channel)
        view = await open_form(stage, "/mail-status", channel=channel)
        retired, *_ = await offer(stage, view, "retired")
        clock.ahead += 31 * 60
        await stage.slack.people.submit_view("ada", view.id, {"mails": [retired]})
        place = channel if where == channel else stage.slack.workspace.direct_message("U0ADA00001").id
        said = await stage.slack.changes.until(
            lambda: next(
                (one for one in stage.slack.workspace.messages(place) if "cannot find" in one.text), None
            ),
            seconds=8,
        )
        assert (said.ephemeral_for is not None) == (where == channel)


COMMANDS = ("/mail-status", "/mail-subscribe", "/mail-history")


@pytest.mark.parametrize("command", COMMANDS)
async def test_a_form_that_does_not_open_becomes_help(bot: Rig, command: str) -> None:
    """The trigger was too old, or Slack could not be reached: never “something went wrong on my side”."""
    faults = bot.slack.faults
    faults.slack_error("views.open", "expired_trigger_id")
    assert f"Type {command}" in (await bot.ask(command)).text
    faults.refuse_connections("views.open", times=1)
    assert f"Type {command}" in (await bot.ask(command)).text
    faults.server_error("views.open", times=1)
    assert f"Type {command}" in (await bot.ask(command)).text
    faults.slow("views.open", seconds=4, times=1)
    assert f"Type {command}" in (await bot.ask(command)).text


async def test_the_status_form_answers_about_several_mails_in_one_message(tmp_path: Path) -> None:
    """However many: a word first where it takes a while, then a line for each, also where there is no answer."""
    async with rig(tmp_path, settings={"QUICKBI_CHECK_INTERVAL": "100000"}) as slow:
        for name, outcome in (("Zebra North", "SENT"), ("Zebra South", "FAILED")):
            slow.world.run_now(slow.world.add_mail(name).mail_id, outcome=outcome, takes=timedelta(0))
        slow.world.add_mail("Zebra Vault", on_status=MAIL_DELETED)
        await slow.start_bot()
        view = await open_form(slow, "/mail-status")
        wanted = await offer(slow, view, "zebra")
        assert len(wanted) == 3
        await slow.slack.people.submit_view("ada", view.id, {"mails": wanted})
        word = await slow.until_text("Checking 3 mails")
        told = await slow.until_text("Zebra North was sent, ")
        assert told.ts == word.ts
        assert "Zebra South failed, " in told.text
        assert "Quick BI cannot find Zebra Vault" in told.text
        looked = await answer_to_click(slow, told, "mail_pick:list:0")
        assert "Zebra" in looked.text
        assert slow.slack.workspace.message("reports", told.ts).text == told.text


async def test_status_forms_say_what_is_refused(bot: Rig) -> None:
    """One mail, Quick BI down."""
    view = await open_form(bot, "/mail-status")
    (daily,) = await offer(bot, view, "daily sales")
    bot.quickbi.faults.add(Mode.UNAVAILABLE, lasting=DOWN)
    await bot.slack.people.submit_view("ada", view.id, {"mails": [daily]})
    await bot.until_text("Quick BI is not answering", seconds=20)


async def test_an_outsiders_form_does_nothing(bot: Rig) -> None:
    """Slack gives them no command; should a form of theirs arrive all the same, it is refused."""
    ours = await open_form(bot, "/mail-subscribe", channel="partners")
    (daily,) = await offer(bot, ours, "daily sales")
    theirs = await submit_as_outsider(bot, ours, daily)
    assert "people from other organisations cannot" in theirs.text
    assert not public(bot, "partners")


async def submit_as_outsider(rig: Rig, view: View, mail_id: str) -> Message:
    """As Slack would tell it. The response URL in the form is that of who opened it."""
    olga = rig.slack.workspace.user("olga")
    payload = dict(payloads.view_submission(olga, view, trigger_id="x"))
    chosen = {"type": "multi_external_select", "selected_options": [{"value": mail_id}]}
    events = {"type": "checkboxes", "selected_options": [{"value": "failed"}]}
    values = {"mails": {"mail_search": chosen}, "events": {"events": events}}
    payload["view"] = dict(payload["view"]) | {"state": {"values": values}}
    await rig.slack.deliver(EnvelopeType.INTERACTIVE, payload)
    return await rig.until_text("organisations", user="ada", channel="partners")
