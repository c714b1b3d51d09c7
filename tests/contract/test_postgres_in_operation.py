"""PostgreSQL as it is run: behind PgBouncer, failed over, read-only, in another encoding, gone without a word."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import psycopg
import pytest

from bot.app.check import _database
from bot.app.settings import load_settings
from bot.domain import DatabaseAway, RunStatus, StoreError
from bot.store.postgres import POOL_SIZE
from bot.store.store import open_store
from tests.chaos.proxy import Proxy, proxy
from tests.support.certificate import make_certificate
from tests.support.databases import new_postgres_database
from tests.support.postgres import WITH_PASSWORD, running_pgbouncer
from tests.support.sample_values import MAIL, answer, at, run, subscription
from tests.support.store_leader import TTL

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.store.store import Store

pytest_plugins = ["tests.support.store_fixtures"]
PERSONS_LIMIT = 5.0  # seconds within which a person gets an answer


@pytest.fixture
async def url(postgres_server: str) -> str:
    return await new_postgres_database(postgres_server)


async def execute(url: str, *statements: str) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        for statement in statements:
            await connection.execute(statement.encode())


async def use(store: Store) -> None:
    """A little of everything: reads, writes, row counts, locks."""
    lease = await store.lease.acquire("somebody", TTL)
    assert lease is not None
    await store.subscriptions.subscribe(subscription(), baseline=answer(run(1, RunStatus.SENT)))
    for number in range(2, 8):
        await store.observations.record_answer(
            MAIL, answer(run(number, RunStatus.FAILED)), now=at(number), term=lease.term
        )
    await asyncio.gather(*(store.calls.reserve_call(interval=0.001) for _ in range(10)))
    assert await store.history.count_runs(MAIL) == 7


@pytest.mark.parametrize(
    ("scheme", "options"),
    [
        pytest.param("postgres", "", id="the short scheme"),
        pytest.param("postgresql+asyncpg", "", id="another driver"),
        pytest.param(
            "postgresql",
            "?sslmode=prefer&channel_binding=prefer&connect_timeout=10&application_name=reports"
            "&options=-csearch_path%3Dpublic",
            id="a managed database's options",
        ),
    ],
)
async def test_addresses_as_they_are_handed_out(url: str, scheme: str, options: str) -> None:
    async with open_store(url.replace("postgresql", scheme) + options) as store:
        await use(store)


async def test_of_several_hosts_the_one_that_can_be_written_is_used(url: str) -> None:
    """The first is gone."""
    place = urlsplit(url)
    hosts = f"{place.username}@127.0.0.1:1,{place.hostname}:{place.port}"
    async with open_store(place._replace(netloc=hosts).geturl()) as store:
        await use(store)


async def test_a_password_of_odd_characters(url: str) -> None:
    """The server compares it, percent-encoded or as it is."""
    password = "p@s/s#w%rd"
    await execute(url, f"CREATE ROLE {WITH_PASSWORD} LOGIN SUPERUSER PASSWORD '{password}'")
    place = urlsplit(url)

    def address(typed: str) -> str:
        return f"postgresql://{WITH_PASSWORD}:{typed}@{place.hostname}:{place.port}{place.path}"

    for typed in (password, quote(password, safe="")):
        async with open_store(address(typed)) as store:
            await store.look_over()
    with pytest.raises(StoreError, match="password authentication failed") as refused:
        async with open_store(address("q@s/s#w%rd")):
            pass
    assert "s#w%rd" not in str(refused.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param("?sslmod=require", 'invalid connection option "sslmod"', id="an unknown option"),
        pytest.param("?sslmode=require", "server does not support SSL", id="no TLS there"),
        pytest.param("?sslmode=always", 'invalid sslmode value: "always"', id="an odd value"),
    ],
)
async def test_what_cannot_work_is_one_line(url: str, options: str, words: str) -> None:
    with pytest.raises(StoreError, match=words) as refused:
        async with open_store(url + options):
            pass
    assert "\n" not in str(refused.value)


async def test_an_encoding_without_chinese_is_refused_at_start(url: str) -> None:
    """It would fail at the first Chinese name."""
    other = url.rsplit("/", 1)[1] + "_latin1"
    await execute(
        url, f"CREATE DATABASE {other} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    )
    with pytest.raises(StoreError, match=r"encoding is LATIN1.*ENCODING 'UTF8'"):
        async with open_store(url.rsplit("/", 1)[0] + f"/{other}"):
            pass


async def test_a_standby_is_refused_at_start(url: str) -> None:
    """It can be read, so only a write shows it."""
    async with open_store(url):
        pass
    await execute(url, f"ALTER DATABASE {url.rsplit('/', 1)[1]} SET default_transaction_read_only = on")
    with pytest.raises(StoreError, match="it is read-only"):
        async with open_store(url):
            pass


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        pytest.param("SELECT 1", "it can be written", id="well"),
        pytest.param(
            "ALTER DATABASE {} SET default_transaction_read_only = on", "it is read-only", id="standby"
        ),
    ],
)
async def test_check_tries_a_write(url: str, statement: str, words: str) -> None:
    """A database that can be read and not written would be useless."""
    async with open_store(url):
        pass
    await execute(url, statement.format(url.rsplit("/", 1)[1]))
    settings = load_settings(slack_bot_token="xoxb-1", slack_signing_secret="shh", database_url=url)
    try:
        _, says = await _database(settings)
    except StoreError as refused:
        says = str(refused)
    assert words in says


async def test_a_connection_that_can_no_longer_write_is_given_up(url: str) -> None:
    """After a failover it goes on answering: the old primary is a standby now."""
    async with open_store(url) as store:
        async with store.database.reading() as connection:
            await connection.exec_driver_sql("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
        with pytest.raises(StoreError, match="it is read-only"):
            await store.calls.reserve_call(interval=1.0)
        await use(store)


async def test_connections_that_the_server_ended_are_replaced_unseen(url: str) -> None:
    """An administrator's restart, or a time-out for idle ones."""
    async with open_store(url) as store:
        await use(store)
        await execute(
            url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        await asyncio.gather(*(store.calls.reserve_call(interval=0.001) for _ in range(10)))


async def test_no_more_connections_than_it_may_have(url: str) -> None:
    """Small servers allow few."""
    async with open_store(url) as store:
        await asyncio.gather(*(store.calls.reserve_call(interval=0.001) for _ in range(15)))
        async with store.database.reading() as connection:
            counted = await connection.exec_driver_sql(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'quickbi-mailbot'"
                " AND datname = current_database()"
            )
            assert 1 < counted.scalar_one() <= POOL_SIZE


async def test_pgbouncer_in_transaction_mode(url: str) -> None:
    """Two processes share its two connections, so neither has the same one twice in a row."""
    with running_pgbouncer(url) as bouncer:
        async with open_store(bouncer) as one, open_store(bouncer) as other:
            await use(one)
            await asyncio.gather(
                *(store.calls.reserve_call(interval=0.001) for store in (one, other) for _ in range(10)),
                *(store.look_over() for store in (one, other) for _ in range(5)),
            )


async def test_tls_as_an_address_asks_for_it(url: str, tmp_path: Path) -> None:
    """Also with the server's name and certificate verified; a certificate of somebody else's is refused."""
    good, bad = tmp_path / "good", tmp_path / "bad"
    for folder in (good, bad):
        folder.mkdir()
    certificate, other = make_certificate(good).path, make_certificate(bad).path
    with running_pgbouncer(url, certificate=certificate) as bouncer:
        for options in ("sslmode=require", f"sslmode=verify-full&sslrootcert={certificate}"):
            async with open_store(f"{bouncer}?{options}") as store:
                await store.look_over()
        with pytest.raises(StoreError, match="certificate verify failed"):
            async with open_store(f"{bouncer}?sslmode=verify-full&sslrootcert={other}"):
                pass


@asynccontextmanager
async def store_behind_a_proxy(url: str) -> AsyncIterator[tuple[Store, Proxy]]:
    place = urlsplit(url)
    async with proxy(place.hostname or "", place.port or 0) as between:
        address = place._replace(netloc=f"{place.username}@127.0.0.1:{between.own_port}").geturl()
        async with open_store(address) as store:
            yield store, between


async def test_dead_connections_are_replaced_within_a_persons_limit(url: str) -> None:
    """A firewall forgot them, and says nothing; new ones are served."""
    async with store_behind_a_proxy(url) as (store, between):
        await asyncio.gather(*(store.calls.reserve_call(interval=0.001) for _ in range(10)))
        between.swallow()
        begun = monotonic()
        await asyncio.gather(*(store.calls.reserve_call(interval=0.001) for _ in range(10)))
        assert monotonic() - begun < PERSONS_LIMIT


async def test_a_database_that_is_silent_holds_nobody_up(url: str, caplog: pytest.LogCaptureFixture) -> None:
    """The first waits for a limit; the next is refused at once; one line in the log, and one for the end."""
    caplog.set_level("INFO")
    async with store_behind_a_proxy(url) as (store, between):
        await store.look_over()
        between.swallows_all = True
        between.swallow()
        begun = monotonic()
        with pytest.raises(DatabaseAway):
            await store.look_over()
        assert monotonic() - begun < PERSONS_LIMIT
        begun = monotonic()
        for _ in range(3):
            with pytest.raises(DatabaseAway):
                await store.look_over()
        assert monotonic() - begun < PERSONS_LIMIT / 2
        between.swallows_all = False
        async with asyncio.timeout(20):
            while True:
                try:
                    await store.look_over()
                except StoreError:
                    await asyncio.sleep(0.1)
                else:
                    break
    said = [each.getMessage() for each in caplog.records if each.getMessage().startswith("database_")]
    assert said == ["database_failed", "database_recovered"]


async def test_a_transaction_that_stands_still_keeps_no_lock(url: str) -> None:
    """Its process was suspended in the middle, and its own timer with it: only the server can end this."""
    async with open_store(url) as store:
        async with store.database.writing() as connection:
            limit = await connection.exec_driver_sql("SHOW idle_in_transaction_session_timeout")
            assert limit.scalar_one() == "5s"
        frozen = await psycopg.AsyncConnection.connect(url, autocommit=True)
        await frozen.execute("BEGIN; SET LOCAL idle_in_transaction_session_timeout = '5s'; LOCK TABLE lease")
        with pytest.raises(StoreError):
            await store.lease.acquire("other", TTL)  # a lock is waited for less long than a person waits
        async with asyncio.timeout(20):
            while True:
                with suppress(StoreError):
                    assert await store.lease.acquire("other", TTL) is not None
                    break
        await frozen.close()
