"""Commands, clicks and events of the simulated Slack, against a real Bolt app over both ways in."""

import asyncio
from typing import Any

import pytest
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot.sandbox.slack import Answered, ChangeKind, Rates, SimulatedSlack
from tests.contract.simulated_slack import MANIFEST, bolt_app, connected

pytestmark = pytest.mark.parametrize("mode", ["socket", "http"])

BUTTON: list[dict[str, Any]] = [
    {
        "type": "actions",
        "block_id": "row",
        "elements": [
            {
                "type": "button",
                "action_id": "again",
                "text": {"type": "plain_text", "text": "Again"},
                "value": "42",
            }
        ],
    }
]


async def test_a_command_shows_the_acks_text_to_the_person_alone(mode: str) -> None:
    """A command's ack with text becomes an ephemeral message of the app."""
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        app = bolt_app(slack)

        @app.command("/hello")
        async def hello(ack: AsyncAck, command: dict[str, Any]) -> None:
            await ack(f"Hello {command['text']} in {command['channel_name']}")

        async with connected(app, slack, mode):
            outcome = await slack.people.type_command("ada", "reports", "/hello  world ")

        assert outcome.answered is Answered.ACKED
        assert outcome.message is not None
        assert outcome.message.text == "Hello world in reports"
        assert outcome.message.ephemeral_for == slack.workspace.user("ada").id
        assert slack.workspace.messages("reports") == (outcome.message,)


async def test_an_ack_with_blocks_may_speak_to_the_channel(mode: str) -> None:
    """`response_type: in_channel` in the ack's body posts for everybody."""
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        app = bolt_app(slack)

        @app.command("/hello")
        async def hello(ack: AsyncAck) -> None:
            await ack(text="Hello", blocks=BUTTON, response_type="in_channel")

        async with connected(app, slack, mode):
            outcome = await slack.people.type_command("ada", "sales", "/hello")

        assert outcome.message is not None
        assert outcome.message.ephemeral_for is None
        assert outcome.message.blocks[0]["block_id"] == "row"


async def test_an_ack_with_refused_blocks_is_an_invalid_command_response(mode: str) -> None:
    """Slack says so when the ack's blocks break a limit."""
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        app = bolt_app(slack)

        @app.command("/hello")
        async def hello(ack: AsyncAck) -> None:
            await ack(text="Hello", blocks=[{"type": "nonsense"}])

        async with connected(app, slack, mode):
            outcome = await slack.people.type_command("ada", "reports", "/hello")

        assert outcome.words == '/hello failed with the error "invalid_command_response"'


async def test_a_late_ack_is_an_operation_timeout_in_slacks_words(mode: str) -> None:
    """Who does not ack in time leaves the person with Slack's own ephemeral failure."""
    async with SimulatedSlack(manifest=MANIFEST, ack_seconds=0.1) as slack:
        app, release = bolt_app(slack), asyncio.Event()

        @app.command("/hello")
        async def hello(ack: AsyncAck) -> None:
            await release.wait()
            await ack("too late")

        async with connected(app, slack, mode):
            outcome = await slack.people.type_command("ada", "reports", "/hello")
            release.set()

        assert outcome.answered is Answered.TIMED_OUT
        assert outcome.words == '/hello failed with the error "operation_timeout"'
        assert outcome.message is not None
        assert (outcome.message.text, outcome.message.author_id) == (outcome.words, "USLACKBOT")


async def test_slack_itself_refuses_what_the_app_never_hears_of(mode: str) -> None:
    """Unknown commands, commands in threads, and commands of another organisation's people."""
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        app = bolt_app(slack)
        async with connected(app, slack, mode):
            unknown = await slack.people.type_command("ada", "reports", "/nothing")
            threaded = await slack.people.type_command("ada", "reports", "/hello", thread_ts="1.0")
            outsider = await slack.people.type_command("olga", "partners", "/hello")

        assert {each.answered for each in (unknown, threaded, outsider)} == {Answered.NOT_SENT}
        assert threaded.words == "/hello is not supported in threads. Sorry!"
        assert slack.delivered == ()


async def test_response_url_posts_replaces_deletes_and_ends_after_five_uses(mode: str) -> None:
    """The sixth use of a `response_url` is refused."""
    answers: list[tuple[int, str]] = []
    done = asyncio.Event()
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        app = bolt_app(slack)

        @app.command("/hello")
        async def hello(ack: AsyncAck, respond: AsyncRespond) -> None:
            await ack()
            for body in (
                {"text": "wait"},
                {"text": "here", "replace_original": True},
                {"text": "for all", "response_type": "in_channel"},
                {"text": "", "delete_original": True},
                {"text": "in thread", "thread_ts": "1.000000"},
                {"text": "once too often"},
            ):
                answer = await respond(body)
                answers.append((answer.status_code, answer.body))
            done.set()

        async with connected(app, slack, mode):
            await slack.people.type_command("ada", "board", "/hello")
            await asyncio.wait_for(done.wait(), 5)

        assert [status for status, _ in answers] == [200] * 5 + [404]
        assert "used_url" in answers[-1][1]
        left = slack.workspace.messages("board")
        assert [(each.text, each.ephemeral_for is None, each.thread_ts) for each in left] == [
            ("for all", True, None),
            ("in thread", False, "1.000000"),
        ]


async def test_a_click_carries_the_message_and_its_response_url_replaces_it(mode: str) -> None:
    """A button in a channel message: full payload, then the message is replaced in place."""
    clicks: list[dict[str, Any]] = []
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        app = bolt_app(slack)

        @app.action("again")
        async def again(ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond) -> None:
            await ack()
            clicks.append(body)
            await respond(text="done", replace_original=True)

        async with connected(app, slack, mode):
            posted = await app.client.chat_postMessage(channel="C0PARTNER6", text="status", blocks=BUTTON)
            await slack.people.click("olga", "again", channel="partners", ts=posted["ts"])
            await slack.changes.until(
                lambda: slack.workspace.message("partners", posted["ts"]).text == "done"
            )

        assert clicks[0]["message"]["text"] == "status"
        assert clicks[0]["actions"][0]["value"] == "42"
        assert clicks[0]["user"]["team_id"] == "T0PARTNER"
        assert clicks[0]["team"]["id"] == slack.team_id
        assert slack.workspace.message("partners", posted["ts"]).blocks == ()


async def test_a_click_in_an_ephemeral_message_tells_no_content(mode: str) -> None:
    """Slack sends no `message` for ephemeral ones; others do not even see it."""
    clicks: list[dict[str, Any]] = []
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        app = bolt_app(slack)

        @app.command("/hello")
        async def hello(ack: AsyncAck) -> None:
            await ack(text="only you", blocks=BUTTON)

        @app.action("again")
        async def again(ack: AsyncAck, body: dict[str, Any]) -> None:
            await ack()
            clicks.append(body)

        async with connected(app, slack, mode):
            shown = (await slack.people.type_command("ada", "finance", "/hello")).message
            assert shown is not None
            outcome = await slack.people.click("ada", "again", channel="finance", ts=shown.ts)
            with pytest.raises(LookupError):
                await slack.people.click("bob", "again", channel="finance", ts=shown.ts)
            await slack.changes.until(lambda: clicks)

        assert outcome.answered is Answered.ACKED
        assert "message" not in clicks[0]
        assert clicks[0]["container"]["is_ephemeral"] is True
        assert clicks[0]["channel"]["name"] == "privategroup"


async def test_events_tell_the_life_of_channels(mode: str) -> None:
    """Archived, left, joined: the events that the manifest subscribes to arrive, others do not."""
    heard: list[tuple[str, str]] = []
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        app = bolt_app(slack)

        async def hear(event: dict[str, Any]) -> None:
            heard.append((event["type"], event["channel"]))

        for name in ("channel_archive", "channel_left", "group_left", "member_joined_channel"):
            app.event(name)(hear)

        async with connected(app, slack, mode):
            await slack.people.remove_bot("ada", "reports")
            await slack.people.remove_bot("ada", "finance")
            await slack.people.invite_bot("ada", "sales")
            await slack.people.archive("general")
            await slack.people.unarchive("general")
            await slack.changes.until(lambda: len(heard) == 4)

        assert sorted(heard) == [
            ("channel_archive", "C0GENERAL1"),
            ("channel_left", "C0REPORTS2"),
            ("group_left", "C0FINANCE4"),
            ("member_joined_channel", "C0SALES003"),
        ]


async def test_a_channel_gets_another_id(mode: str) -> None:
    """The app is told both IDs; messages and threads are found under the new one only."""
    heard: list[dict[str, Any]] = []
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        app = bolt_app(slack)

        @app.event("channel_id_changed")
        async def hear(event: dict[str, Any]) -> None:
            heard.append(event)

        async with connected(app, slack, mode):
            said = await slack.people.post_message("ada", "finance", "one")
            await slack.people.post_message("ada", "finance", "two", thread_ts=said.ts)
            new = await slack.people.change_channel_id("finance")
            await slack.changes.until(lambda: heard)

        assert (heard[0]["old_channel_id"], heard[0]["new_channel_id"]) == ("C0FINANCE4", new.id)
        assert [each.text for each in slack.workspace.messages(new.id)] == ["one", "two"]
        assert [each.text for each in slack.workspace.replies(new.id, said.ts)] == ["two"]
        with pytest.raises(LookupError):
            slack.workspace.messages("C0FINANCE4")


async def test_an_event_that_nobody_acks_comes_again(mode: str) -> None:
    """Three repeats, numbered, with their reason; then Slack gives up."""
    async with SimulatedSlack(
        manifest=MANIFEST, ack_seconds=0.05, event_retry_delays=(0.0, 0.01, 0.02), rates=Rates.off()
    ) as slack:
        app = bolt_app(slack)

        @app.middleware
        async def stall() -> None:
            await asyncio.sleep(0.3)

        async with connected(app, slack, mode):
            await slack.people.archive("general")
            await slack.changes.until(
                lambda: [entry.outcome for entry in slack.ledger if entry.name == "events_api"][3:]
            )

        assert [each.retry_attempt for each in slack.delivered] == [0, 1, 2, 3]
        assert len({each.id for each in slack.delivered}) == 1
        assert slack.delivered[1].retry_reason == "http_timeout"


async def test_changes_are_told_in_order_while_they_happen(mode: str) -> None:
    """A watcher sees the ephemeral answer and the record of the ack."""
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        app = bolt_app(slack)

        @app.command("/hello")
        async def hello(ack: AsyncAck) -> None:
            await ack("hi")

        async with connected(app, slack, mode):
            seen: list[ChangeKind] = []
            with slack.changes.subscribe(lambda change: seen.append(change.kind)):
                await slack.people.type_command("ada", "reports", "/hello")

        assert seen[-2:] == [ChangeKind.LOGGED, ChangeKind.MESSAGE_POSTED]
