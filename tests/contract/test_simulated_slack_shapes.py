"""What the simulated Slack answers and sends has no field that Slack's own samples do not have."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.sandbox.slack import SimulatedSlack
from tests.contract.simulated_slack import MANIFEST, bolt_app, client_of, connected, open_on_hello

SAMPLES = Path(__file__).parents[1] / "samples" / "slack-payloads"

OPEN = frozenset({"blocks", "state", "event_payload", "profile", "icons", "properties", "tabs"})
"""Where the samples show one example of many, or nothing."""

UNSAMPLED = frozenset({"response_urls", "blocks"})
"""Documented by Slack, left out of some samples."""

VIEW: dict[str, Any] = {
    "type": "modal",
    "callback_id": "ask",
    "title": {"type": "plain_text", "text": "Ask"},
    "submit": {"type": "plain_text", "text": "Go"},
    "blocks": [
        {
            "type": "actions",
            "elements": [{"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}],
        }
    ],
}


def strange(value: Any, sample: Any, at: str = "") -> Iterator[str]:
    """Fields of `value` that the sample lacks, by path."""
    if isinstance(value, dict) and isinstance(sample, dict):
        for name, item in value.items():
            if name not in sample and name not in UNSAMPLED:
                yield f"{at}.{name}"
            elif name not in OPEN:
                yield from strange(item, sample.get(name), f"{at}.{name}")
    elif isinstance(value, list) and isinstance(sample, list) and sample:
        for item in value:
            yield from strange(item, sample[0], at)


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_text())


@pytest.mark.parametrize(
    "method",
    [
        "apps.connections.open",
        "auth.test",
        "chat.postEphemeral",
        "chat.postMessage",
        "chat.update",
        "conversations.info",
        "users.info",
        "views.open",
        "views.publish",
    ],
)
async def test_answers_have_the_shape_of_slacks(method: str) -> None:
    """Every field of an answer stands in the sample of that method, also for a refusal."""
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        client = client_of(slack)
        posted = await client.chat_postMessage(channel="C0REPORTS2", text="x", blocks=VIEW["blocks"])
        await slack.people.type_command("ada", "reports", "/hello")
        arguments: dict[str, dict[str, Any]] = {
            "chat.postEphemeral": {"channel": "C0REPORTS2", "user": "U0ADA00001", "text": "x"},
            "chat.postMessage": {
                "channel": "C0REPORTS2",
                "text": "x",
                "thread_ts": posted["ts"],
                "metadata": {"event_type": "e", "event_payload": {"id": "1"}},
            },
            "chat.update": {"channel": "C0REPORTS2", "ts": posted["ts"], "text": "y"},
            "conversations.info": {"channel": "C0PARTNER6", "include_num_members": True},
            "users.info": {"user": "U0OLGA0004", "include_locale": True},
            "views.open": {"trigger_id": slack.delivered[0].payload["trigger_id"], "view": VIEW},
            "views.publish": {"user_id": "U0ADA00001", "view": {"type": "home", "blocks": VIEW["blocks"]}},
        }
        token = slack.app_token if method == "apps.connections.open" else slack.bot_token
        answer = await client_of(slack, token).api_call(method, json=arguments.get(method, {}))

        assert answer["ok"] is True
        assert list(strange(answer.data, sample(method))) == []


async def test_payloads_have_the_shape_of_slacks() -> None:
    """Commands, clicks in messages and in views, submissions and `app_home_opened`."""
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        app = bolt_app(slack)
        open_on_hello(app, VIEW)

        @app.event("app_home_opened")
        async def opened() -> None:
            """Nothing to do."""

        @app.action("go")
        @app.view("ask")
        async def anything(ack: AsyncAck) -> None:
            await ack()

        async with connected(app, slack, "socket"):
            await slack.people.type_command("ada", "reports", "/hello")
            view = await slack.changes.until(lambda: slack.open_view("ada"))
            await slack.people.click("ada", "go", view_id=view.id)
            await slack.people.submit_view("ada", view.id)
            posted = await app.client.chat_postMessage(channel="C0REPORTS2", text="x", blocks=VIEW["blocks"])
            await slack.people.click("ada", "go", channel="reports", ts=posted["ts"])
            await app.client.views_publish(
                user_id="U0ADA00001", view={"type": "home", "blocks": VIEW["blocks"]}
            )
            await slack.people.open_home("ada")

        names = {
            "slash": "SlashCommandPayload",
            "block_actions": "BlockActionPayload",
            "view_submission": "ViewSubmissionPayload",
            "event_callback": "AppHomeOpenedPayload",
        }
        kinds = [envelope.payload.get("type", "slash") for envelope in slack.delivered]
        assert kinds == ["slash", "block_actions", "view_submission", "block_actions", "event_callback"]
        for envelope in slack.delivered:
            name = names[envelope.payload.get("type", "slash")]
            assert list(strange(envelope.payload, sample(name))) == [], name
