"""A boundary under real Bolt in front of the simulated Slack, and the smallest handlers."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain import TeamId, UserId
from bot.sandbox.slack import SimulatedSlack
from bot.slack.app import bolt_app
from bot.slack.kit.blocks import Message, button, section
from bot.slack.payloads import Clicked, Home, Typed, clicked, typed
from bot.slack.transport.access import AccessPolicy
from bot.slack.transport.dispatcher import Dispatcher
from bot.slack.transport.responders import Responder
from bot.slack.transport.users import Users
from bot.slack.transport.verification import RequestVerification
from tests.contract.simulated_slack import MANIFEST, connected

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from slack_bolt.app.async_app import AsyncApp

    from bot.domain import SubscriptionState
    from bot.sandbox.slack.model import Message as Shown
    from bot.slack.transport.responders import Answer


ROW = {"type": "actions", "block_id": "row"}
BUTTON = [ROW | {"elements": [button("Again", action_id="again", value="42").to_dict()]}]


@dataclass(frozen=True, kw_only=True)
class Stage:
    slack: SimulatedSlack
    boundary: Dispatcher
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
        boundary = Dispatcher(
            gate_of(slack, home, channels), lambda incoming: Responder(incoming.response_url, session)
        )
        verification = RequestVerification(slack.signing_secret) if mode == "http" else None
        app = bolt_app(home, verification=verification)
        async with connected(app, slack, mode):
            yield Stage(slack=slack, boundary=boundary, app=app)
            await boundary.drain(0.1)


class NobodySubscribed:
    async def of_person(self, user_id: UserId) -> tuple[SubscriptionState, ...]:  # noqa: ARG002
        return ()


def gate_of(slack: SimulatedSlack, home: Home, channels: frozenset[str] = frozenset()) -> AccessPolicy:
    people = Users(AsyncWebClient(token=slack.bot_token, base_url=slack.api_url), fallback=UTC)
    return AccessPolicy(home, people, NobodySubscribed(), channels)


def says(text: str) -> Message:
    return Message(text=text, blocks=(section(text),))


async def hello(_: Typed, answer: Answer) -> None:
    await answer.send(says("hello"))


async def hello_clicked(_: Clicked, answer: Answer) -> None:
    await answer.send(says("hello"))
