"""Notices leave this process only while it may send: a look at the lease is the last step before the bytes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.app.clients import slack_session
from bot.domain import DeliveryUnknown
from bot.sandbox.slack import SimulatedSlack
from bot.slack.transport.notifier import call_slack
from tests.contract.simulated_slack import MANIFEST


@dataclass
class Lease:
    is_held: bool = True

    async def lose(self, *_: object) -> None:
        self.is_held = False


@asynccontextmanager
async def slack_and_client(
    lease: Lease, *, loses_it_while_connecting: bool
) -> AsyncIterator[tuple[SimulatedSlack, AsyncWebClient]]:
    async with (
        SimulatedSlack(manifest=MANIFEST) as slack,
        slack_session(may_send=lambda: lease.is_held) as session,
    ):
        if loses_it_while_connecting:
            connecting = aiohttp.TraceConfig()
            connecting.on_connection_create_end.append(lease.lose)
            connecting.freeze()
            session.trace_configs.append(connecting)
        yield (
            slack,
            AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, session=session, retry_handlers=[]),
        )


def texts(slack: SimulatedSlack) -> list[str]:
    return [each.text for each in slack.workspace.messages("general")]


async def test_who_holds_the_lease_posts() -> None:
    async with slack_and_client(Lease(), loses_it_while_connecting=False) as (slack, client):
        await call_slack(client.chat_postMessage(channel="general", text="Daily Sales failed"))
        assert texts(slack) == ["Daily Sales failed"]


async def test_who_loses_it_while_a_connection_is_made_writes_nothing() -> None:
    """The check before the call has been passed. Another may lead by now, and post the same message."""
    async with slack_and_client(Lease(), loses_it_while_connecting=True) as (slack, client):
        with pytest.raises(DeliveryUnknown):
            await call_slack(client.chat_postMessage(channel="general", text="Daily Sales failed"))
        assert texts(slack) == []


async def test_who_has_lost_it_writes_nothing_over_an_open_connection() -> None:
    lease = Lease()
    async with slack_and_client(lease, loses_it_while_connecting=False) as (slack, client):
        await call_slack(client.chat_postMessage(channel="general", text="first"))
        lease.is_held = False
        with pytest.raises(DeliveryUnknown):
            await call_slack(client.chat_postMessage(channel="general", text="second"))
        assert texts(slack) == ["first"]
