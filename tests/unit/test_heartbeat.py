"""The heartbeat beats while all is well, and its address is nowhere to be read."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.app.heartbeat import Heartbeat
from bot.app.http_server import Report
from tests.support.secrets import assert_no_secrets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

WELL = Report(is_well=True, is_leader=True, details={"last_answer_age": 10.0})


class Stage:
    """A heartbeat, the service that it calls, and how the bot is."""

    def __init__(self) -> None:
        self.report = WELL
        self.is_out_of_reach = False
        self.status = 200
        self.calls: list[str] = []

    async def take(self, request: web.Request) -> web.Response:
        self.calls.append(request.path)
        return web.Response(status=self.status, headers={"Location": "/elsewhere"})


async def _report(stage: Stage) -> Report:
    return stage.report


@asynccontextmanager
async def staged() -> AsyncIterator[tuple[Stage, Heartbeat]]:
    stage = Stage()
    app = web.Application()
    app.router.add_get("/PLANTED-uuid", stage.take)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        yield (
            stage,
            Heartbeat(
                url=str(server.make_url("/PLANTED-uuid")),
                session=session,
                report=lambda: _report(stage),
                is_out_of_reach=lambda: stage.is_out_of_reach,
                check_interval=300,
            ),
        )


async def test_it_beats_while_all_is_well() -> None:
    async with staged() as (stage, heartbeat):
        await heartbeat.beat()
        assert stage.calls == ["/PLANTED-uuid"]


@pytest.mark.parametrize(
    "report",
    [
        pytest.param(Report(is_well=False, is_leader=True, details={}), id="unwell"),
        pytest.param(Report(is_well=True, is_leader=False, details={}), id="another leads"),
        pytest.param(
            Report(is_well=True, is_leader=True, details={"last_answer_age": 4000.0}), id="no looks any more"
        ),
    ],
)
async def test_it_stops_when_something_is_wrong(report: Report) -> None:
    """The service alarms then."""
    async with staged() as (stage, heartbeat):
        stage.report = report
        await heartbeat.beat()
        assert stage.calls == []


async def test_it_stops_while_quick_bi_is_out_of_reach() -> None:
    """Nobody would be told of a failure."""
    async with staged() as (stage, heartbeat):
        stage.is_out_of_reach = True
        await heartbeat.beat()
        assert stage.calls == []


async def test_without_an_address_nothing_is_called() -> None:
    async with staged() as (stage, heartbeat):
        heartbeat.url = ""
        await heartbeat.beat()
        assert stage.calls == []


async def test_a_service_in_trouble_is_logged_once_without_its_address(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The address is a key. A redirect is not followed: it might lead it elsewhere."""
    caplog.set_level(logging.CRITICAL, "aiohttp.access")  # the service's own log
    caplog.set_level(logging.DEBUG)
    async with staged() as (stage, heartbeat):
        for status in (404, 302, 200):
            stage.status = status
            await heartbeat.beat()
        heartbeat.url = "http://127.0.0.1:1/PLANTED-uuid"
        await heartbeat.beat()
    events = [record.getMessage() for record in caplog.records if record.name == "bot.app.heartbeat"]
    assert events == ["heartbeat_not_taken", "heartbeat_taken_again", "heartbeat_not_taken"]
    assert_no_secrets(caplog=caplog, secrets=["PLANTED-uuid"])
