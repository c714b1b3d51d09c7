"""The boundary under real Bolt, over Socket Mode and over signed requests."""

from __future__ import annotations

import asyncio
import logging
import re
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest

from bot.app.logs import correlate
from bot.domain import QuickBIUnavailable, StoreError, TeamId, UsageError, UserId
from bot.sandbox.slack import Answered
from bot.slack.kit.actions import OldButton
from bot.slack.payloads import Clicked, Home, Searched, Typed, typed
from bot.slack.transport.dispatcher import Dispatcher
from tests.contract.bolt_stage import (
    BUTTON,
    gate_of,
    hello,
    hello_clicked,
    says,
    stage,
)
from tests.support.stopwatch import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.slack.kit.blocks import Message
    from bot.slack.transport.responders import Answer

BOTH_WAYS = pytest.mark.parametrize("mode", ["socket", "http"])


@BOTH_WAYS
async def test_a_handler_that_raises_at_once_still_acks_and_answers(
    mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The person reads a reference; the log has the traceback under it."""
    async with stage(mode) as at:

        async def broken(_: Typed, __: Answer) -> None:
            raise RuntimeError("a mistake of ours")

        at.on_command(broken)
        outcome = await at.slack.people.type_command("ada", "reports", "/hello")
        assert outcome.answered is Answered.ACKED
        reference = re.search(r"Reference (\w{8})", (await at.answer(words="went wrong on my side")).text)
    assert reference
    (entry,) = [record for record in caplog.records if record.getMessage() == "handler_failed"]
    assert vars(entry)["reference"] == reference[1]
    assert entry.exc_info
    assert "a mistake of ours" in str(entry.exc_info[1])


@BOTH_WAYS
async def test_the_ack_does_not_wait_for_the_handler(mode: str) -> None:
    """Slack's three seconds are none of the handler's business."""
    async with stage(mode) as at:
        done = asyncio.Event()

        async def slow(_: Typed, answer: Answer) -> None:
            await done.wait()
            await answer.send(says("done"))

        at.on_command(slow)
        outcome = await at.slack.people.type_command("ada", "reports", "/hello")
        assert outcome.answered is Answered.ACKED
        assert at.boundary.busy == 1
        done.set()
        await at.answer(words="done")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        pytest.param(
            UsageError("“x” is no mail.", example="/hello 1"),
            "“x” is no mail. For example: /hello 1",
            id="usage",
        ),
        pytest.param(
            QuickBIUnavailable("x", outcome_unknown=False), "Quick BI is not answering", id="Quick BI is down"
        ),
        pytest.param(OldButton("x"), "from another version of me", id="an old button"),
        pytest.param(StoreError("the disk is full"), "I cannot save anything right now", id="the store"),
        pytest.param(TimeoutError(), "went wrong on my side", id="a time-out"),
    ],
)
async def test_every_error_has_its_answer(error: Exception, words: str) -> None:
    """Nobody is left with silence."""
    async with stage() as at:

        async def fails(_: Typed, __: Answer) -> None:
            raise error

        at.on_command(fails)
        await at.slack.people.type_command("ada", "reports", "/hello")
        assert words in (await at.answer()).text


@BOTH_WAYS
async def test_an_outsiders_click_does_nothing(mode: str) -> None:
    """Clicks of other organisations arrive through shared channels: the handler never sees them."""
    async with stage(mode) as at:
        seen: list[Clicked] = []

        async def remember(click: Clicked, _: Answer) -> None:
            seen.append(click)

        at.on_click(remember)
        shared = at.slack.workspace.post(
            "partners", author_id=at.slack.bot_user_id, text="x", blocks=tuple(BUTTON), from_app=True
        )
        await at.slack.people.click("olga", "again", channel="partners", ts=shared.ts)
        refused = await at.answer(channel="partners", user="olga")
        assert "people from other organisations cannot" in refused.text
        await at.slack.people.click("ada", "again", channel="partners", ts=shared.ts)
        await at.until_idle()
        assert [click.person.user_id for click in seen] == [at.slack.workspace.user("ada").id]


async def test_a_channel_that_is_not_allowed_is_refused() -> None:
    """`MAIL_CHANNELS`: elsewhere the handler never runs."""
    async with stage(channels=frozenset({"C0REPORTS2"})) as at:
        at.on_command(hello)
        await at.slack.people.type_command("ada", "sales", "/hello")
        assert "answers only in certain channels" in (await at.answer(channel="sales")).text
        await at.slack.people.type_command("ada", "reports", "/hello")
        assert (await at.answer()).text == "hello"


@BOTH_WAYS
async def test_a_payload_that_nobody_understands_is_acked(
    mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Slack may change; the ack is not lost by it, and the log names what came, not what was in it."""
    async with stage(mode) as at:

        def misread(_: Mapping[str, Any]) -> Typed:
            raise KeyError("user_id")

        at.app.command("/hello")(at.boundary.listener(misread, hello))
        outcome = await at.slack.people.type_command("ada", "reports", "/hello PLANTED")
        assert outcome.answered is Answered.ACKED
    (entry,) = [record for record in caplog.records if record.getMessage() == "payload_not_understood"]
    assert "text" in vars(entry)["has"]
    assert "PLANTED" not in str(vars(entry)["has"])


async def test_a_typeahead_that_fails_offers_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """The ack is the answer there, so it must never be lost."""
    async with stage() as at:

        def broken(_: Searched) -> list[Any]:
            raise RuntimeError("no list")

        acked: list[object] = []

        class Ack:
            async def __call__(self, **answer: object) -> None:
                acked.append(answer)

        listen = at.boundary.suggester(broken)
        user = {"id": "U0ADA00001", "team_id": at.slack.team_id}
        await listen(Ack(), {"user": user, "value": "sa", "action_id": "pick"})  # type: ignore[arg-type]
        await listen(Ack(), {})  # type: ignore[arg-type]
    assert acked == [{"options": []}, {"options": []}]
    assert "suggestions_failed" in caplog.messages


async def test_draining_waits_for_who_is_being_answered() -> None:
    """Near answers arrive; whoever is still waiting after that is told to ask again."""
    async with stage() as at:
        soon, never = asyncio.Event(), asyncio.Event()

        async def waits(command: Typed, answer: Answer) -> None:
            await (soon if command.text == "soon" else never).wait()
            await answer.send(says(f"{command.text} is done"))

        at.on_command(waits)
        await at.slack.people.type_command("ada", "reports", "/hello soon")
        await at.slack.people.type_command("bob", "reports", "/hello never")
        asyncio.get_running_loop().call_later(0.2, soon.set)
        began, stopwatch = monotonic(), Stopwatch()
        await at.boundary.drain(0.6)
        assert monotonic() - began > 0.5
        assert stopwatch.seconds < 2
        assert (await at.answer(user="ada")).text == "soon is done"
        assert "Please ask again" in (await at.answer(user="bob")).text
        assert at.boundary.busy == 0


@BOTH_WAYS
async def test_who_comes_while_others_are_being_answered_is_served(mode: str) -> None:
    """The process ends soon, but until it is idle Slack still hands it commands."""
    async with stage(mode) as at:
        first = asyncio.Event()

        async def waits(command: Typed, answer: Answer) -> None:
            if command.text == "first":
                await first.wait()
            await answer.send(says(f"{command.text} is done"))

        at.on_command(waits)
        await at.slack.people.type_command("ada", "reports", "/hello first")
        idle = asyncio.create_task(at.boundary.until_idle(5))
        await at.slack.people.type_command("bob", "reports", "/hello second")
        assert (await at.answer(user="bob")).text == "second is done"
        assert not idle.done()
        first.set()
        await idle
        assert (await at.answer(user="ada")).text == "first is done"


@BOTH_WAYS
async def test_who_comes_while_it_closes_is_told_so_in_the_ack(mode: str) -> None:
    """Nothing is begun that nobody would end."""
    async with stage(mode) as at:
        at.on_command(hello)
        await at.boundary.drain(0.1)
        outcome = await at.slack.people.type_command("ada", "reports", "/hello")
        assert outcome.answered is Answered.ACKED
        assert outcome.message
        assert "Please ask again" in outcome.message.text
        assert at.boundary.busy == 0


@BOTH_WAYS
async def test_who_clicks_while_it_closes_is_told_so_by_the_response_url(mode: str) -> None:
    """An ack shows nothing to who clicked; the message that the button stands on stays as it is."""
    async with stage(mode) as at:
        at.on_click(hello_clicked)
        posted = at.slack.workspace.post(
            "reports", author_id=at.slack.bot_user_id, text="News", blocks=BUTTON
        )
        await at.boundary.drain(0.1)
        outcome = await at.slack.people.click("ada", "again", channel="reports", ts=posted.ts)
        assert outcome.answered is Answered.ACKED
        assert "Please ask again" in (await at.answer()).text
        assert at.slack.workspace.messages("reports")[0].text == "News"
        await at.boundary.drain(0.1)
        assert not at.boundary._farewells


async def test_a_goodbye_that_fails_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    """Draining ends whatever becomes of the last words."""
    async with stage() as at:

        async def waits(_: Typed, __: Answer) -> None:
            await asyncio.Event().wait()

        class Mute:
            async def send(self, message: Message, **_: object) -> bool:
                raise RuntimeError(f"cannot say {message.text}")

        command = Typed(
            person=typed({"user_id": "U0ADA00001", "team_id": at.slack.team_id, "command": "/hello"}).person,
            channel_id=at.slack.workspace.channel("reports").id,  # type: ignore[arg-type]
            command="/hello",
            text="",
            response_url="",
            trigger_id="",
        )
        home = Home(team_id=TeamId(at.slack.team_id), enterprise_id="", bot_user_id=UserId("B"), app_name="")
        boundary = Dispatcher(gate_of(at.slack, home), lambda _: Mute())
        boundary.start(command, waits)
        boundary.start(command, waits)
        await asyncio.sleep(0)
        await boundary.drain(0.05)
        assert boundary.busy == 0
    assert caplog.messages.count("answer_failed") == 2


async def test_each_commands_lines_carry_an_id_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    """The one that the person reads as the reference, where something went wrong."""
    caplog.set_level("INFO")
    caplog.handler.addFilter(correlate)
    log = logging.getLogger("a.handler")
    async with stage() as at:

        async def broken(_: Typed, __: Answer) -> None:
            log.info("at work")
            raise RuntimeError("a mistake of ours")

        at.on_command(broken)
        for _ in range(2):
            await at.slack.people.type_command("ada", "reports", "/hello")
        await at.boundary.drain(5)
        told = " ".join(one.text for one in at.slack.workspace.messages("reports"))
    ids = {
        event: [vars(line)["correlation_id"] for line in caplog.records if line.getMessage() == event]
        for event in ("at work", "handler_failed", "handled")
    }
    assert ids["at work"] == ids["handler_failed"] == ids["handled"]
    assert len(set(ids["handled"])) == 2
    assert all(each in told for each in ids["handled"])
