"""Modals and the Home tab of the simulated Slack, driven by a real Bolt app over both ways in."""

from typing import Any

import pytest
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack import Answered, SimulatedSlack
from tests.contract.simulated_slack import MANIFEST, bolt_app, connected, open_on_hello

pytestmark = pytest.mark.parametrize("mode", ["socket", "http"])

MODAL: dict[str, Any] = {
    "type": "modal",
    "callback_id": "ask",
    "title": {"type": "plain_text", "text": "Ask"},
    "submit": {"type": "plain_text", "text": "Go"},
    "notify_on_close": True,
    "blocks": [
        {
            "type": "input",
            "block_id": "mail",
            "label": {"type": "plain_text", "text": "Mail"},
            "element": {"type": "external_select", "action_id": "mail_pick", "min_query_length": 1},
        },
        {
            "type": "input",
            "block_id": "note",
            "optional": True,
            "label": {"type": "plain_text", "text": "Note"},
            "element": {"type": "plain_text_input", "action_id": "note_text"},
        },
    ],
}


async def test_a_modal_opens_suggests_reports_errors_and_closes(mode: str) -> None:
    """The whole life of a modal with a typeahead, driven by Bolt's own handlers."""
    closed: list[bool] = []
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        app = bolt_app(slack)
        open_on_hello(app, MODAL)

        @app.options("mail_pick")
        async def suggest(ack: AsyncAck, payload: dict[str, Any]) -> None:
            names = [name for name in ("Sales daily", "Stock weekly") if payload["value"] in name.lower()]
            await ack(
                options=[{"text": {"type": "plain_text", "text": each}, "value": each} for each in names]
            )

        @app.view("ask")
        async def submitted(ack: AsyncAck, view: dict[str, Any]) -> None:
            values = view["state"]["values"]
            if values["note"]["note_text"]["value"] == "bad":
                await ack(response_action="errors", errors={"note": "not so"})
            else:
                assert values["mail"]["mail_pick"]["selected_option"]["value"] == "Sales daily"
                await ack()

        @app.view_closed("ask")
        async def view_closed(ack: AsyncAck, body: dict[str, Any]) -> None:
            await ack()
            closed.append(body["is_cleared"])

        async with connected(app, slack, mode):
            await slack.people.type_command("ada", "reports", "/hello")
            view = await slack.changes.until(lambda: slack.open_view("ada"))
            offered = await slack.people.suggest("ada", "mail_pick", "sal", view_id=view.id)
            assert [each["value"] for each in offered.options] == ["Sales daily"]
            with pytest.raises(LookupError, match="not offered"):
                await slack.people.submit_view("ada", view.id, {"mail_pick": "Nothing"})
            empty = await slack.people.submit_view("ada", view.id)
            assert empty.errors == {"mail": "Please complete this required field."}
            bad = await slack.people.submit_view("ada", view.id, {"mail": "Sales daily", "note": "bad"})
            assert (bad.errors, bad.view and bad.view.id) == ({"note": "not so"}, view.id)
            good = await slack.people.submit_view("ada", view.id, {"note": "fine"})
            assert (good.answered, good.view) == (Answered.ACKED, None)
            await slack.people.type_command("ada", "reports", "/hello")
            second = await slack.changes.until(lambda: slack.open_view("ada"))
            await slack.people.close_view("ada", second.id)

        assert closed == [False]
        assert slack.open_view("ada") is None


async def test_a_modal_stacks_updates_and_clears_as_acks_say(mode: str) -> None:
    """`push`, `update` and `clear` as answers to a submission; three views are the most."""
    actions = iter(["push", "update", "clear"])
    view = {**MODAL, "blocks": [MODAL["blocks"][1]]}
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        app = bolt_app(slack)
        open_on_hello(app, view)

        @app.view("ask")
        async def submitted(ack: AsyncAck) -> None:
            action = next(actions)
            await ack(response_action=action, view=None if action == "clear" else view)

        async with connected(app, slack, mode):
            await slack.people.type_command("ada", "reports", "/hello")
            first = await slack.changes.until(lambda: slack.open_view("ada"))
            pushed = (await slack.people.submit_view("ada", first.id)).view
            assert pushed is not None
            assert (pushed.previous_view_id, pushed.root_view_id) == (first.id, first.id)
            updated = (await slack.people.submit_view("ada", pushed.id, {"note": "kept"})).view
            assert updated is not None
            assert updated.hash != pushed.hash
            assert updated.values["note"]["note_text"]["value"] == "kept"
            cleared = await slack.people.submit_view("ada", updated.id)

        assert cleared.view is None
        assert slack.open_view("ada") is None


async def test_the_home_tab_is_published_when_somebody_opens_it(mode: str) -> None:
    """`app_home_opened` reaches the app; `views.publish` shows what it drew."""
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        app = bolt_app(slack)

        @app.event("app_home_opened")
        async def opened(event: dict[str, Any], client: AsyncWebClient) -> None:
            blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": f"Hi <@{event['user']}>"}}]
            await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

        async with connected(app, slack, mode):
            await slack.people.open_home("bob")
            home = await slack.changes.until(lambda: slack.home("bob"))
            outsider = await slack.people.open_home("olga")

        assert home.source["blocks"][0]["text"]["text"] == "Hi <@U0BOB00002>"
        assert outsider.answered is Answered.NOT_SENT
