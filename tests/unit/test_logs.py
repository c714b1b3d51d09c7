"""The log: one line a record, data in fields, and no secret whichever way it comes."""

from __future__ import annotations

import json
import logging
from typing import Any
from urllib.parse import quote

import pytest

from bot.logs import Formatter

SECRETS = ("xoxb-1-PLANTED", "p\"a\\s's/w+o=r d", "sign:PLANTED/é")


def record(
    message: str, *args: object, error: BaseException | None = None, **fields: object
) -> logging.LogRecord:
    """As the logging module would make it."""
    logger = logging.getLogger("bot.test")
    exc_info = (type(error), error, error.__traceback__) if error else None
    return logger.makeRecord(
        "bot.test", logging.WARNING, "file.py", 1, message, args, exc_info, extra=fields or None
    )


def text(entry: logging.LogRecord) -> str:
    return Formatter(json_lines=False, secrets=SECRETS).format(entry)


def as_json(entry: logging.LogRecord) -> str:
    return Formatter(json_lines=True, secrets=SECRETS).format(entry)


def raised(error: Exception) -> Exception:
    """The error with a traceback, and a cause that says the same."""
    with pytest.raises(type(error)) as caught:
        raise error from KeyError(str(error))
    return caught.value


@pytest.mark.parametrize("format_it", [text, as_json])
@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_hidden_wherever_it_stands(format_it: Any, secret: str) -> None:
    """In the message, its arguments, a field, a nested field, an error, its cause, and inside a URL."""
    shown = format_it(
        record(
            f"in the message {secret}, and %s",
            f"in an argument {secret}",
            error=raised(RuntimeError(f"could not log in with {secret}")),
            field=secret,
            nested={"deep": [secret]},
            url=f"https://host/?token={quote(secret, safe='')}",
        )
    )
    assert shown.count("[hidden]") >= 7
    for spelling in (secret, json.dumps(secret)[1:-1], repr(secret)[1:-1], quote(secret, safe="")):
        assert spelling not in shown


def test_what_is_too_short_to_be_a_secret_hides_no_words() -> None:
    """Otherwise a password `a` would make the log unreadable."""
    assert "a banana" in Formatter(json_lines=False, secrets=("a", "")).format(record("a banana"))


def test_text_has_time_level_logger_event_and_fields() -> None:
    """The order in which an eye looks for them."""
    at, level, logger, event, fields = text(record("reply_not_delivered", why="HTTP 500")).split(maxsplit=4)
    assert at.endswith("Z")
    assert (level, logger, event, fields) == ("WARNING", "bot.test", "reply_not_delivered", "why=HTTP 500")


def test_json_has_the_same_for_machines() -> None:
    """One object a line; numbers stay numbers, what JSON does not know becomes text."""
    line = as_json(record("handled", ms=12, who=frozenset({"U1"})))
    content = json.loads(line)
    assert content.pop("at").endswith("+00:00")
    assert content == {
        "level": "WARNING",
        "logger": "bot.test",
        "event": "handled",
        "ms": 12,
        "who": "frozenset({'U1'})",
    }


@pytest.mark.parametrize(
    "intruder",
    [
        pytest.param("\n2026-01-01T00:00:00.000Z INFO bot.app ready", id="a forged line"),
        pytest.param("\r\n", id="carriage return"),
        pytest.param("\u2028\u2029\x85\x0b\x0c", id="line ends that others see"),
        pytest.param("\x1b[2J\x07", id="commands to a terminal"),
    ],
)
@pytest.mark.parametrize("format_it", [text, as_json])
def test_a_record_is_one_line_whatever_is_in_it(format_it: Any, intruder: str) -> None:
    """In the message as in a field, nobody can forge a line or reach the terminal."""
    shown = format_it(record(f"said {intruder}", name_of_mail=intruder))
    assert len(shown.splitlines()) == 1
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in shown)


def test_a_traceback_follows_in_text_and_stays_inside_in_json() -> None:
    """Text is for people; a JSON record stays one line even then."""
    error = raised(ValueError("broken"))
    assert (
        "Traceback (most recent call last):" in text(record("handler_failed", error=error)).splitlines()[1:]
    )
    (line,) = as_json(record("handler_failed", error=error)).splitlines()
    assert "ValueError: broken" in json.loads(line)["traceback"]
