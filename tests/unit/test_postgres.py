"""Addresses of PostgreSQL as operators and managed databases write them."""

from __future__ import annotations

import socket
from types import SimpleNamespace

import pytest

from bot.store.postgres import _cut, connection_parameters, parameters_of, passwords_in

PLAIN = {"user": "bot", "password": "s3cret", "host": "db.internal", "dbname": "mails"}


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        pytest.param("postgresql://bot:s3cret@db.internal/mails", PLAIN, id="plain"),
        pytest.param("postgres://bot:s3cret@db.internal/mails", PLAIN, id="the short scheme"),
        pytest.param("postgresql+asyncpg://bot:s3cret@db.internal/mails", PLAIN, id="another driver's"),
        pytest.param("postgresql+psycopg://bot:s3cret@db.internal/mails", PLAIN, id="this driver's"),
        pytest.param("postgresql:///mails", {"dbname": "mails"}, id="the local socket"),
        pytest.param(
            "postgresql:///mails?host=/run/postgresql",
            {"dbname": "mails", "host": "/run/postgresql"},
            id="a socket's folder",
        ),
        pytest.param("postgresql://[::1]:5433/m", {"host": "::1", "port": "5433", "dbname": "m"}, id="IPv6"),
        pytest.param(
            "postgresql://bot:s3cret@one:5432,two:5433/mails?target_session_attrs=read-write",
            PLAIN | {"host": "one,two", "port": "5432,5433", "target_session_attrs": "read-write"},
            id="several hosts",
        ),
        pytest.param(
            "postgresql://bot:s3cret@db.internal/mails?sslmode=verify-full&sslrootcert=/etc/ca.pem"
            "&channel_binding=require&connect_timeout=10&application_name=reports&options=-csearch_path%3Dbot",
            PLAIN
            | {
                "sslmode": "verify-full",
                "sslrootcert": "/etc/ca.pem",
                "channel_binding": "require",
                "connect_timeout": "10",
                "application_name": "reports",
                "options": "-csearch_path=bot",
            },
            id="what managed databases hand out",
        ),
        pytest.param(
            "postgres://bot:s3cret@db.internal/mails?ssl=true&pgbouncer=true&connection_limit=1",
            PLAIN | {"sslmode": "require"},
            id="what is meant for other libraries",
        ),
        pytest.param(
            "postgresql://bot:p%40s%2Fs%23%25@db.internal/mails",
            PLAIN | {"password": "p@s/s#%"},
            id="encoded",
        ),
        pytest.param(
            "postgresql://bot:p@s/s#?%@db.internal/mails", PLAIN | {"password": "p@s/s#?%"}, id="as it is"
        ),
        pytest.param(
            "postgresql://db.internal:5432/mails?user=bot@tenant&password=s3cret",
            PLAIN | {"user": "bot@tenant", "port": "5432"},
            id="user and password among the options",
        ),
    ],
)
def test_an_address_is_read_as_libpq_means_it(address: str, expected: dict[str, str]) -> None:
    """Each part under libpq's own name."""
    assert parameters_of(address) == expected


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("postgresql://me:x@[::1/db", id="half an address"),
        pytest.param("postgresql://me:x@host:bad/db", id="a port that is none"),
        pytest.param("postgresql://host/db?sslmode", id="an option without a value"),
        pytest.param("mysql://host/db", id="another database"),
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    """Without showing it."""
    with pytest.raises(ValueError, match=r"^not an address of PostgreSQL$"):
        parameters_of(address)


def test_a_password_is_known_as_it_was_typed_and_as_it_is_sent() -> None:
    """Both must be kept out of the log."""
    assert passwords_in("postgresql://me:p%40ss@db/m") == {"p%40ss", "p@ss"}
    assert passwords_in("postgresql://me:p@ss@db/m") == {"p@ss"}
    assert passwords_in("postgresql://me@db/m?password=later") == {"later"}
    assert passwords_in("sqlite:///mails.db") == set()


def test_of_several_hosts_one_that_can_be_written_is_taken() -> None:
    """After a failover the first may be a standby. Whoever wants another says so."""
    assert connection_parameters({"host": "one,two"})["target_session_attrs"] == "read-write"
    assert (
        connection_parameters({"host": "one,two", "target_session_attrs": "any"})["target_session_attrs"]
        == "any"
    )
    assert "target_session_attrs" not in connection_parameters({"host": "one"})


def test_a_connection_that_is_gone_already_needs_no_cutting() -> None:
    """The server ended it while this process was suspended."""
    with socket.socket() as gone:
        _cut(SimpleNamespace(closed=False, fileno=gone.fileno))
    _cut(SimpleNamespace(closed=True))
