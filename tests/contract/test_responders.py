"""What becomes of a reply where Slack has trouble with its response URL."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest

from bot.sandbox.slack.faults import Fault
from bot.slack.kit.blocks import Message
from tests.contract.bolt_stage import (
    hello,
    says,
    stage,
)
from tests.contract.simulated_slack import Clock

if TYPE_CHECKING:
    from bot.slack.payloads import Typed
    from bot.slack.transport.responders import Answer


async def test_a_lost_answer_shows_the_message_once() -> None:
    """Slack took it and the connection broke: the second try replaces the first."""
    async with stage() as at:
        at.on_command(hello)
        at.slack.faults.lose_reply("response_url")
        await at.slack.people.type_command("ada", "reports", "/hello")
        await at.slack.changes.until(
            lambda: len(at.slack.ledger.calls("response_url")) == 2 or None, seconds=8
        )
        await at.until_idle()
        assert [one.text for one in at.slack.workspace.messages("reports")] == ["hello"]


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(Fault.SERVER_ERROR, id="a page of HTML under 503"),
        pytest.param(Fault.REFUSE, id="a reset before anything was done"),
        pytest.param(Fault.RATE_LIMITED, id="429"),
    ],
)
async def test_passing_trouble_is_waited_out(trouble: Fault) -> None:
    """The answer comes later, and once."""
    async with stage() as at:
        at.on_command(hello)
        match trouble:
            case Fault.SERVER_ERROR:
                at.slack.faults.server_error("response_url", times=1)
            case Fault.REFUSE:
                at.slack.faults.refuse_connections("response_url", times=1)
            case _:
                at.slack.faults.rate_limit("response_url", seconds=2)
        began = monotonic()
        await at.slack.people.type_command("ada", "reports", "/hello")
        assert (await at.answer()).text == "hello"
        assert monotonic() - began > (1.9 if trouble is Fault.RATE_LIMITED else 0.9)
        await at.until_idle()
        assert len(at.slack.workspace.messages("reports")) == 1


async def test_slack_is_not_asked_again_before_it_allows_it(caplog: pytest.LogCaptureFixture) -> None:
    """A pause longer than anybody waits ends the reply: one call, no second inside the window."""
    async with stage() as at:
        at.on_command(hello)
        at.slack.faults.rate_limit("response_url", seconds=60)
        await at.slack.people.type_command("ada", "reports", "/hello")
        await at.until_idle()
        assert len(at.slack.ledger.calls("response_url")) == 1
    assert "reply_not_delivered" in caplog.messages


@pytest.mark.parametrize(
    ("uses", "later", "outcome"),
    [
        pytest.param(0, 31 * 60, "expired_url", id="after thirty minutes"),
        pytest.param(5, 0, "used_url", id="a sixth message"),
    ],
)
async def test_a_response_url_that_is_over_is_not_tried_again(
    caplog: pytest.LogCaptureFixture, uses: int, later: float, outcome: str
) -> None:
    """There is nobody left to tell; the log knows."""
    clock = Clock()
    async with stage(clock=clock) as at:
        taken: list[bool] = []

        async def speaks(_: Typed, answer: Answer) -> None:
            for number in range(uses):
                await answer.send(says(f"message {number}"))
            clock.now += later
            taken.append(await answer.send(says("too late")))

        at.on_command(speaks)
        await at.slack.people.type_command("ada", "reports", "/hello")
        await at.until_idle()
        assert taken == [False]
        assert len(at.slack.ledger.calls("response_url")) == uses + 1
        assert len(at.slack.ledger.calls("response_url", outcome=outcome)) == 1
    assert "reply_not_delivered" in caplog.messages


async def test_blocks_that_slack_refuses_are_shown_as_text() -> None:
    """A mistake of ours in a message's make-up must not silence it."""
    async with stage() as at:

        class Odd(Message):
            def payload(self) -> dict[str, Any]:
                return {"text": self.text, "blocks": [{"type": "nonsense"}]}

        async def speaks(_: Typed, answer: Answer) -> None:
            await answer.send(Odd(text="in words", blocks=()))

        at.on_command(speaks)
        await at.slack.people.type_command("ada", "reports", "/hello")
        assert (await at.answer()).text == "in words"


async def test_the_second_message_replaces_the_first() -> None:
    """“Checking …” becomes the answer; `replace=False` adds one; `in_channel` tells everybody."""
    async with stage() as at:

        async def speaks(_: Typed, answer: Answer) -> None:
            await answer.send(says("checking"))
            await answer.send(says("the truth"))
            await answer.send(says("and one more"), replace=False)
            await answer.send(says("for all"), replace=False, in_channel=True)

        at.on_command(speaks)
        await at.slack.people.type_command("ada", "reports", "/hello")
        await at.until_idle()
        shown = [(one.text, one.ephemeral_for is None) for one in at.slack.workspace.messages("reports")]
        assert shown == [("the truth", False), ("and one more", False), ("for all", True)]
