"""Asking without a command: a mention, a direct message, the shortcut on a message. The real process, real Bolt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.sandbox.quickbi.faults import Mode
from bot.sandbox.slack import payloads
from bot.sandbox.slack.deliveries import EnvelopeType
from bot.sandbox.slack.workspace import BOT_ID, BOT_USER_ID, HOME_TEAM
from bot.slack.kit.blocks import section
from bot.slack.spoken import SHORTCUT
from tests.scenario.steps import ADA, posted, public

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.sandbox.slack.model import Message
    from tests.support.rig import Rig


@pytest.fixture
async def bot(stage: Rig) -> Rig:
    """A running bot, over Socket Mode."""
    await stage.start_bot()
    return stage


async def say(
    rig: Rig, text: str, *, user: str = "ada", channel: str = "reports", thread_ts: str | None = None
) -> Message:
    """Say it in a channel, and wait for one more answer that only this person sees."""
    before = rig.answers(user, channel)
    await rig.slack.people.post_message(user, channel, text, thread_ts=thread_ts)
    return await settled(rig, lambda: rig.answers(user, channel), before)


async def settled(rig: Rig, shown: Callable[[], Sequence[Message]], before: Sequence[Message]) -> Message:
    """The newest answer, once it is more than that it takes a moment."""
    known = {one.ts for one in before}

    def told() -> Message | None:
        new = [one for one in shown() if one.ts not in known and not one.text.startswith("Checking")]
        return new[-1] if new else None

    return await rig.slack.changes.until(told, seconds=15)


async def write(rig: Rig, text: str, *, user: str = "ada") -> Message:
    """Write to the bot, and wait for what it writes next."""
    place = await rig.slack.people.open_messages(user)

    def shown() -> list[Message]:
        return [one for one in rig.slack.workspace.messages(place.id) if one.from_app]

    before = shown()
    await rig.slack.people.post_message(user, place.id, text)
    return await settled(rig, shown, before)


async def point_at(rig: Rig, on: Message, *, user: str = "ada", channel: str = "reports") -> Message:
    before = rig.answers(user, channel)
    await rig.slack.people.use_shortcut(user, SHORTCUT, channel=channel, ts=on.ts)
    return await settled(rig, lambda: rig.answers(user, channel), before)


async def test_a_mention_is_answered_where_it_stands(bot: Rig) -> None:
    """Like `/mail-status`: to who asked alone; in a thread, where no command can be typed, too."""
    mail_id = bot.world.named("Daily Sales").mail_id
    told = await say(bot, f"@Report Bot {mail_id}")
    assert told.text.startswith("Daily Sales")
    assert told.thread_ts is None
    root = (await posted(bot, [section("Daily Sales failed").to_dict()])).ts
    told = await say(bot, "hey @report-bot: daily sales", thread_ts=root)
    assert told.text.startswith("Daily Sales")
    assert told.thread_ts == root
    assert all(not one.from_app or one.ts == root for one in public(bot))


async def test_a_direct_message_is_answered_in_words(bot: Rig) -> None:
    """A name, an ID, a whole line of Quick BI; several mails are asked about; nobody can subscribe there."""
    mail_id = bot.world.named("Daily Sales").mail_id
    for words in ("Daily Sales", f"{mail_id}", "@Report Bot daily sales", f"[MailId]:{mail_id};"):
        told = await write(bot, words)
        assert told.text.startswith("Daily Sales"), words
        assert told.ephemeral_for is None
    assert "Subscribe" not in str(told.blocks)


async def test_an_error_is_explained_wherever_it_is_pasted(bot: Rig) -> None:
    """In a direct message, to a mention, in the message that the shortcut is used on; with a mail or without."""
    assert "Feishu does not let" in (await write(bot, "[ErrorCode]:50005")).text
    assert "98765: I don't know this code" in (await say(bot, "@Report Bot error code 98765")).text
    line = f"[MailId]:{bot.world.named('Weekly Ops').mail_id}; [ErrorCode]:20002"
    told = await point_at(bot, await bot.slack.people.post_message("bob", "reports", line))
    assert "Weekly Ops failed" in told.text
    assert "took over 11 minutes" in told.text
    bare = await bot.slack.people.post_message("bob", "reports", "请求远程服务失败")
    told = await point_at(bot, bare)
    assert "may not post in that Feishu group" in told.text


async def test_whoever_waits_in_a_direct_message_sees_one_message_change(bot: Rig) -> None:
    """First that it takes a moment, then the answer in its place."""
    bot.quickbi.faults.add(Mode.SLOW, action="GetMailTaskStatus", seconds=2.5)
    told = await write(bot, "Daily Sales")
    assert "was sent" in told.text
    assert told.edited_ts is not None
    assert [one for one in bot.slack.workspace.messages(told.channel_id) if one.from_app] == [told]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param("help", "I tell you when a Quick BI report mail fails", id="help"),
        pytest.param("", "I tell you when a Quick BI report mail fails", id="nothing"),
        pytest.param("thanks, see you!", "I know no mail named “thanks, see you”", id="a word of thanks"),
        pytest.param("[TaskId]:7218865303929605212", "There is a task ID but no mail ID", id="half a line"),
    ],
)
async def test_anything_else_is_answered_with_help(bot: Rig, words: str, told: str) -> None:
    """How to ask stands in each."""
    for answer in (await say(bot, f"@Report Bot {words}"), await write(bot, words or "@Report Bot")):
        assert told in answer.text
        assert "/mail-status" in answer.text


async def test_the_shortcut_finds_the_mail_of_a_message(bot: Rig) -> None:
    """Its name among other words, a line of Quick BI, a notice of the bot; the message stays, nobody else sees it."""
    mail_id = bot.world.named("Supplier Scorecard").mail_id
    asked = await bot.slack.people.post_message(
        "bob", "reports", "Hi all, the supplier scorecard of today did not arrive. Anybody?"
    )
    line = await bot.slack.people.post_message(
        "bob",
        "reports",
        f"Failed again!\n[TaskId]:7218865303929605212; [MailId]:{mail_id}; [ErrorCode]:50005",
    )
    for message in (asked, line):
        told = await point_at(bot, message)
        assert "Supplier Scorecard" in told.text
    both = await bot.slack.people.post_message("bob", "reports", "Weekly Ops and Daily Sales are missing")
    told = await point_at(bot, both)
    assert "Which mail do you mean by “this message”?" in told.text
    assert "Daily Sales" in told.text
    assert "Weekly Ops" in told.text
    lunch = await bot.slack.people.post_message(
        "bob", "reports", "Lunch at twelve? I would like to try the new place."
    )
    assert "I found no report mail in this message" in (await point_at(bot, lunch)).text
    assert not [one for one in public(bot) if one.from_app]


async def test_the_shortcut_works_where_the_bot_is_not(bot: Rig) -> None:
    """Its answer needs no membership, and says so where Quick BI is down; not to other organisations."""
    asked = await bot.slack.people.post_message("ada", "board", "Where is Daily Sales?")
    assert (await point_at(bot, asked, channel="board")).text.startswith("Daily Sales")
    bot.quickbi.faults.add(Mode.UNAVAILABLE, lasting=600)
    weekly = await bot.slack.people.post_message("ada", "board", "And Weekly Ops?")
    assert "Quick BI is not answering" in (await point_at(bot, weekly, channel="board")).text
    theirs = await bot.slack.people.post_message("bob", "partners", "Where is Daily Sales?")
    told = await point_at(bot, theirs, user="olga", channel="partners")
    assert "people from other organisations cannot ask" in told.text


async def test_neither_itself_nor_other_bots_nor_outsiders_are_answered(bot: Rig) -> None:
    """Not even with a refusal: whoever talks in a shared channel may not mean the bot to hear."""
    await bot.slack.people.post_message("olga", "partners", "@Report Bot Daily Sales")
    place = await bot.slack.people.open_messages("ada")
    words = {"channel": place.id, "channel_type": "im", "type": "message", "team": HOME_TEAM, "ts": "1.1"}
    mention = words | {"type": "app_mention", "channel": "C0REPORTS2"}
    text = f"<@{BOT_USER_ID}> Daily Sales"
    for event in (
        words | {"user": BOT_USER_ID, "bot_id": BOT_ID, "text": "Daily Sales"},
        words | {"user": "U0OTHER001", "bot_id": "B0OTHER001", "text": "Daily Sales"},
        words | {"subtype": "message_changed", "message": {"user": ADA, "text": "Daily Sales"}},
        words | {"subtype": "message_deleted", "deleted_ts": "1.0"},
        mention | {"user": "U0OTHER001", "bot_id": "B0OTHER001", "text": text},
        mention | {"subtype": "bot_message", "bot_id": "B0OTHER001", "text": text},
    ):
        await bot.slack.deliver(EnvelopeType.EVENT, payloads.event(event, at=1.0))
    told = await say(bot, "@Report Bot Daily Sales")
    assert told.text.startswith("Daily Sales")
    assert not [one for one in bot.slack.workspace.messages(place.id) if one.from_app]
    assert not [one for one in bot.slack.workspace.messages("partners") if one.from_app]
    assert not bot.answers("olga", "partners")


async def test_what_is_delivered_twice_is_answered_once(bot: Rig) -> None:
    """Slack repeats what it believes was not acked."""
    await say(bot, "@Report Bot Daily Sales")
    (envelope,) = [each for each in bot.slack.delivered if "app_mention" in str(each.payload)]
    await bot.slack.redeliver(envelope.id)
    await say(bot, "@Report Bot Weekly Ops")
    assert len([one for one in bot.answers("ada") if one.text.startswith("Daily Sales")]) == 1


async def test_where_the_bot_may_not_be_used_a_colleague_is_told_so(stage: Rig) -> None:
    """In its direct messages whoever is in an allowed channel may ask."""
    await stage.start_bot(MAIL_CHANNELS="C0SALES003")
    assert "answers only in certain channels" in (await say(stage, "@Report Bot Daily Sales")).text
    assert (await write(stage, "Daily Sales")).text.startswith("Daily Sales")
