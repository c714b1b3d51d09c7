"""A small app for tests of the page itself: it posts every kind of block and opens every kind of input."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.sandbox.slack import SimulatedSlack

HEARD_WITHIN = 10.0  # seconds
MAIL_NAMES = ("Daily Sales", "Daily Stock", "Weekly Ops", "Board Pack")


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": True}


def button(text: str, action_id: str, **more: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain(text), "action_id": action_id, **more}


def option(text: str, value: str) -> dict[str, Any]:
    return {"text": plain(text), "value": value}


def confirm(title: str) -> dict[str, Any]:
    return {
        "title": plain(title),
        "text": mrkdwn("It goes to *42 people*."),
        "confirm": plain("Run it"),
        "deny": plain("Leave it"),
    }


STATUS: list[dict[str, Any]] = [
    {
        "type": "section",
        "text": mrkdwn(
            ":white_check_mark: *Daily Sales* was _sent_ ~late~ &lt;!channel&gt; `7218865303929605212`\n"
            "<!date^1728466451^{date_short_pretty} {time}|9 Oct 2024 09:34 UTC> by <@U0BOB00002> in <#C0GENERAL1>"
        ),
    },
    {
        "type": "context",
        "elements": [mrkdwn("Owner Ada"), mrkdwn("<https://example.com/?a=1&amp;b=2|Quick BI>")],
    },
    {
        "type": "actions",
        "elements": [
            button("Check again", "check"),
            button("Run again…", "run", style="primary", confirm=confirm("Run Daily Sales again?")),
            {
                "type": "overflow",
                "action_id": "more",
                "options": [option("Share", "share"), option("History", "history")],
            },
        ],
    },
]

EVERYTHING: list[dict[str, Any]] = [
    {"type": "header", "text": plain("Every block :tada:")},
    {"type": "section", "fields": [mrkdwn("*Sent*\n16 of 20"), mrkdwn("*Usually starts*\n09:00")]},
    {"type": "divider"},
    {
        "type": "section",
        "text": mrkdwn("> quoted\nplain with ```a block of\ncode``` after"),
        "accessory": button("Danger", "danger", style="danger"),
    },
    {
        "type": "actions",
        "elements": [
            {
                "type": "static_select",
                "action_id": "snooze",
                "placeholder": plain("Snooze"),
                "options": [option("1 hour", "1h"), option("4 hours", "4h")],
            },
            {"type": "timepicker", "action_id": "day", "initial_time": "09:30"},
            {
                "type": "checkboxes",
                "action_id": "events",
                "options": [option("failed", "failed"), option("late", "late")],
            },
        ],
    },
]


def modal() -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": "subscribe",
        "title": plain("Subscribe"),
        "submit": plain("Subscribe"),
        "close": plain("Cancel"),
        "blocks": [
            {
                "type": "input",
                "block_id": "mails",
                "label": plain("Report mails"),
                "hint": plain("Names or IDs."),
                "element": {
                    "type": "multi_external_select",
                    "action_id": "mails",
                    "min_query_length": 1,
                    "placeholder": plain("Find a mail"),
                },
            },
            {
                "type": "input",
                "block_id": "events",
                "optional": True,
                "label": plain("Tell this channel when one is"),
                "element": {
                    "type": "checkboxes",
                    "action_id": "events",
                    "initial_options": [option("failed", "failed")],
                    "options": [option("failed", "failed"), option("late", "late")],
                },
            },
            {
                "type": "input",
                "block_id": "due",
                "optional": True,
                "label": plain("Due by"),
                "element": {"type": "timepicker", "action_id": "due"},
            },
            {
                "type": "input",
                "block_id": "note",
                "optional": True,
                "label": plain("Note"),
                "element": {"type": "plain_text_input", "action_id": "note", "multiline": True},
            },
        ],
    }


HOME: dict[str, Any] = {
    "type": "home",
    "blocks": [
        {"type": "header", "text": plain("Your channels' mails")},
        {"type": "section", "text": mrkdwn(":red_circle: *Weekly Ops* in <#C0REPORTS2>")},
        {"type": "actions", "elements": [button("Check again", "home_check")]},
    ],
}


class ScriptedApp:
    """Keeps what it is told, in order.

    A page shows a tick before Slack's answer to it: a test waits for the app (`heard`) while its tab is open.
    """

    def __init__(self, slack: SimulatedSlack) -> None:
        client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
        self.client = client
        self.app = AsyncApp(client=client, request_verification_enabled=False)
        self.told: list[tuple[str, Any]] = []
        self._more = asyncio.Condition()
        self.app.command("/mail-status")(self._status)
        self.app.command("/mail-list")(self._everything)
        self.app.command("/mail-subscribe")(self._open)
        self.app.command("/mail-help")(self._silent)
        self.app.action({"action_id": "check"})(self._check)
        self.app.action({"action_id": "home_check"})(self._clicked)
        for action_id in ("run", "more", "danger", "snooze", "day", "events"):
            self.app.action(action_id)(self._clicked)
        self.app.options("mails")(self._suggest)
        self.app.view("subscribe")(self._submitted)
        self.app.event("app_home_opened")(self._home)

    async def heard(self, count: int) -> list[tuple[str, Any]]:
        """What the app was told, in order, once there are `count` of it; raises TimeoutError."""
        async with asyncio.timeout(HEARD_WITHIN), self._more:
            await self._more.wait_for(lambda: len(self.told) >= count)
        return self.told

    async def _hear(self, kind: str, what: Any) -> None:
        self.told.append((kind, what))
        async with self._more:
            self._more.notify_all()

    async def _status(self, ack: Any, respond: Any, command: Any) -> None:
        await ack()
        await self._hear("command", command["text"])
        await respond(text="Daily Sales was sent.", blocks=STATUS)

    async def _everything(self, ack: Any, respond: Any) -> None:
        await ack()
        await respond(text="Every block.", blocks=EVERYTHING, response_type="in_channel")

    async def _silent(self) -> None:
        """Never acks: Slack itself tells the person."""

    async def _open(self, ack: Any, body: Any) -> None:
        await ack()
        await self.client.views_open(trigger_id=body["trigger_id"], view=modal())

    async def _check(self, ack: Any, respond: Any, action: Any) -> None:
        await ack()
        await self._hear("click", action["action_id"])
        again = {"type": "section", "text": mrkdwn(":red_circle: *Daily Sales failed*, checked again")}
        await respond(text="Daily Sales failed.", blocks=[again, STATUS[2]], replace_original=True)

    async def _clicked(self, ack: Any, action: Any) -> None:
        await ack()
        await self._hear("click", action)

    async def _suggest(self, ack: Any, payload: Any) -> None:
        words = payload["value"].lower()
        await ack(options=[option(name, name) for name in MAIL_NAMES if words in name.lower()])

    async def _submitted(self, ack: Any, view: Any) -> None:
        values = view["state"]["values"]
        await self._hear("submit", values)
        if values["note"]["note"]["value"] == "wrong":
            await ack(response_action="errors", errors={"note": "The bot does not like this note."})
        else:
            await ack()

    async def _home(self, event: Any) -> None:
        if event.get("tab") == "home":
            await self.client.views_publish(user_id=event["user"], view=HOME)


@asynccontextmanager
async def scripted_app(slack: SimulatedSlack) -> AsyncIterator[ScriptedApp]:
    """Connected over Socket Mode."""
    scripted = ScriptedApp(slack)
    handler = AsyncSocketModeHandler(scripted.app, slack.app_token, ping_interval=1)
    handler.client.web_client.base_url = slack.api_url
    await handler.connect_async()  # type: ignore[no-untyped-call]
    try:
        await slack.wait_for_socket()
        yield scripted
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]
