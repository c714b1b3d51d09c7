"""PostgreSQL goes silent under a running bot: people are told, health knows, and the bot leads again afterwards."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiohttp
import pytest

from tests.chaos.proxy import Proxy, proxy
from tests.support.databases import new_postgres_database
from tests.support.rig import Rig, free_port, rig

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

pytest_plugins = ["tests.support.store_fixtures"]
TOLD_WITHIN = 5.0  # seconds
LEADS_WITHIN = 20.0  # seconds


@pytest.fixture
async def between(postgres_server: str) -> AsyncIterator[tuple[Proxy, str]]:
    """A proxy, and the address of an empty database behind it."""
    place = urlsplit(await new_postgres_database(postgres_server))
    async with proxy(place.hostname or "", place.port or 0) as between:
        yield between, place._replace(netloc=f"{place.username}@127.0.0.1:{between.own_port}").geturl()


async def health(port: int) -> tuple[int, dict[str, object]]:
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}/healthz") as answer:
        return answer.status, await answer.json()


def count(stage: Rig, event: str) -> int:
    assert stage.bot
    return sum(event in line for line in stage.bot.log)


async def until(happened: Callable[[], bool], *, seconds: float = LEADS_WITHIN) -> None:
    async with asyncio.timeout(seconds):
        while not happened():  # noqa: ASYNC110 (a record tells nobody)
            await asyncio.sleep(0.05)


@pytest.mark.waits
async def test_a_silent_database_is_told_and_outlived(between: tuple[Proxy, str], tmp_path: Path) -> None:
    """Established connections carry nothing any more, and new ones neither."""
    database, url = between
    port = free_port()
    settings = {"DATABASE_URL": url, "HTTP_STATUS_PORT": str(port), "QUICKBI_CHECK_INTERVAL": "2"}
    async with rig(tmp_path, calls_per_second=20, settings=settings) as stage:
        bot = await stage.start_bot()
        await bot.until_logged(" leading")
        mail = stage.world.named("Daily Sales")
        await stage.slack.people.type_command("ada", "reports", f"/mail-subscribe {mail.mail_id}")
        await until(lambda: len(stage.quickbi.ledger.calls("GetMailTaskStatus", mail_id=mail.mail_id)) > 2)
        status, report = await health(port)
        assert (status, report["database"], report["leader"]) == (200, "ok", "ok")
        assert "last_answer_age" in report

        database.swallows_all = True
        database.swallow()
        begun = monotonic()
        await stage.slack.people.type_command("ada", "reports", "/mail-status Supplier Scorecard")
        await stage.until_text("My database is not answering right now")
        assert monotonic() - begun < TOLD_WITHIN
        calls = len(stage.quickbi.ledger)
        await bot.until_logged("lease_lost", seconds=LEADS_WITHIN)
        status, report = await health(port)
        assert status == 503
        assert (report["database"], report["leader"]) == ("does not answer", "nobody leads")
        assert "127.0.0.1" not in str(report)
        assert len(stage.quickbi.ledger.calls("GetMailTaskStatus")) <= calls
        assert count(stage, "database_failed") == 1

        terms = count(stage, " leading")
        database.swallows_all = False
        await until(lambda: count(stage, " leading") > terms)
        assert (await health(port))[0] == 200
        assert count(stage, "database_failed") == count(stage, "database_recovered") == 1
        await stage.slack.people.type_command("ada", "reports", "/mail-status Supplier Scorecard")
        await stage.until_text("Supplier Scorecard")
