"""The boundary and its replies under real Bolt, over Socket Mode and over signed requests."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC
from time import monotonic
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain import QuickBIUnavailable, StoreError, TeamId, UsageError, UserId
from bot.sandbox.slack import Answered, SimulatedSlack
from bot.sandbox.slack.faults import Fault
from bot.slack.blocks import Message, button, section
from bot.slack.boundary import Boundary
from bot.slack.controls import OldButton
from bot.slack.gate import Gate
from bot.slack.incoming import Clicked, Home, Searched, Typed, clicked, typed
from bot.slack.listeners import bolt_app
from bot.slack.people import People
from bot.slack.reply import Reply
from tests.contract.simulated_slack import MANIFEST, Clock, connected
from tests.stopwatch import Stopwatch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from slack_bolt.app.async_app import AsyncApp

    from bot.domain import SubscriptionState
    from bot.sandbox.slack.model import Message as Shown
    from bot.slack.boundary import Answer

BOTH_WAYS = pytest.mark.parametrize("mode", ["socket", "http"])
ROW = {"type": "actions", "block_id": "row"}
BUTTON = [ROW | {"elements": [button("Again", action_id="again", value="42").to_dict()]}]


@dataclass(frozen=True, kw_only=True)
class Stage:
    slack: SimulatedSlack
    boundary: Boundary
    app: AsyncApp

    def on_command(self, handle: Callable[[Typed, Answer], Awaitable[None]]) -> None:
        self.app.command("/hello")(self.boundary.listener(typed, handle))

    def on_click(self, handle: Callable[[Clicked, Answer], Awaitable[None]]) -> None:
        self.app.action("again")(self.boundary.listener(clicked, handle))

    async def answer(self, *, channel: str = "reports", user: str = "ada", words: str = "") -> Shown:
        """The newest thing that this person alone is shown, as soon as it says these words."""
        person = self.slack.workspace.user(user).id

        def shown() -> Shown | None:
            for one in reversed(self.slack.workspace.messages(channel)):
                if one.ephemeral_for == person and words in one.text:
                    return one
            return None

        return await self.slack.changes.until(shown, seconds=8)

    async def until_idle(self) -> None:
        async with asyncio.timeout(8):
            while self.boundary.busy:  # noqa: ASYNC110  (it tells nobody when it is)
                await asyncio.sleep(0.01)


@asynccontextmanager
async def stage(
    mode: str = "socket", *, channels: frozenset[str] = frozenset(), **slack_options: Any
) -> AsyncIterator[Stage]:
    async with (
        SimulatedSlack(manifest=MANIFEST, **slack_options) as slack,
        aiohttp.ClientSession() as session,
    ):
        home = Home(
            team_id=TeamId(slack.team_id),
            enterprise_id="",
            bot_user_id=UserId(slack.bot_user_id),
            app_name="Test app",
        )
        boundary = Boundary(
            gate_of(slack, home, channels), lambda incoming: Reply(incoming.response_url, session)
        )
        secret = slack.signing_secret if mode == "http" else None
        app = bolt_app(home, signing_secret=secret)
        async with connected(app, slack, mode):
            yield Stage(slack=slack, boundary=boundary, app=app)
            await boundary.drain(0.1)


class NobodySubscribed:
    async def of_person(self, user_id: UserId) -> tuple[SubscriptionState, ...]:  # noqa: ARG002
        return ()


def gate_of(slack: SimulatedSlack, home: Home, channels: frozenset[str] = frozenset()) -> Gate:
    people = People(AsyncWebClient(token=slack.bot_token, base_url=slack.api_url), fallback=UTC)
    return Gate(home, people, NobodySubscribed(), channels=channels)


def says(text: str) -> Message:
    return Message(text=text, blocks=(section(text),))


async def hello(_: Typed, answer: Answer) -> None:
    await answer.send(says("hello"))


async def hello_clicked(_: Clicked, answer: Answer) -> None:
    await answer.send(says("hello"))


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
            QuickBIUnavailable("x", outcome_unknown=False), "Quick BI does not answer", id="Quick BI is down"
        ),
        pytest.param(OldButton("x"), "from another version of me", id="an old button"),
        pytest.param(StoreError("the disk is full"), "I cannot write anything down", id="the store"),
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
        assert "people of other organisations cannot" in refused.text
        await at.slack.people.click("ada", "again", channel="partners", ts=shared.ts)
        await at.until_idle()
        assert [click.person.user_id for click in seen] == [at.slack.workspace.user("ada").id]


async def test_a_channel_that_is_not_allowed_is_refused() -> None:
    """`MAIL_CHANNELS`: elsewhere the handler never runs."""
    async with stage(channels=frozenset({"C0REPORTS2"})) as at:
        at.on_command(hello)
        await at.slack.people.type_command("ada", "sales", "/hello")
        assert "answers in some channels only" in (await at.answer(channel="sales")).text
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
        assert not at.boundary._goodbyes


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
        boundary = Boundary(gate_of(at.slack, home), lambda _: Mute())
        boundary.start(command, waits)
        boundary.start(command, waits)
        await asyncio.sleep(0)
        await boundary.drain(0.05)
        assert boundary.busy == 0
    assert caplog.messages.count("answer_failed") == 2


# What becomes of a reply when Slack has trouble


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
