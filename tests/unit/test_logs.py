"""The log: one line a record, data in fields, and no secret whichever way it comes."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.aio import correlated
from bot.app.logs import Formatter, set_up_logging
from bot.domain import TeamId, UserId
from bot.slack.app import bolt_app
from bot.slack.payloads import Home

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOME = Home(team_id=TeamId("T1"), enterprise_id="", bot_user_id=UserId("U0BOT"), app_name="Report Bot")
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


@pytest.mark.parametrize("format_it", [text, as_json])
@pytest.mark.parametrize(
    "door",
    [
        pytest.param("wss://wss-primary.slack.com/link/?ticket=PLANTED-1&app_id=A1", id="a socket's ticket"),
        pytest.param("https://hooks.slack.com/commands/T1/22/PLANTED", id="a command's response URL"),
        pytest.param("https://hooks.slack-gov.com/actions/T1/22/PLANTED", id="a click's, in GovSlack"),
        pytest.param("http://127.0.0.1:4000/commands/PLANTED", id="the sandbox's"),
    ],
)
def test_an_address_that_is_a_key_is_hidden(format_it: Any, door: str) -> None:
    """No setting knows it, and whoever reads it can use it; where it leads stays readable."""
    shown = format_it(record(f"at {door}", error=raised(RuntimeError(f"refused, url='{door}'")), field=door))
    assert "PLANTED" not in shown
    assert door.partition("//")[2].partition("/")[0] in shown


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
        pytest.param("\n2026-01-01T00:00:00.000Z INFO bot.app.run ready", id="a forged line"),
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


@pytest.fixture
def stderr(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """What was written since it was last asked for; everybody else's logging is put back behind the test."""
    root = logging.getLogger()
    handlers = root.handlers[:]
    before = {each: (each.level, each.filters[:]) for each in [root, *_loggers()]}
    yield lambda: capsys.readouterr().err
    root.handlers[:] = handlers
    for each in [root, *_loggers()]:
        level, each.filters[:] = before.get(each, (logging.NOTSET, []))
        each.setLevel(level)
    logging.captureWarnings(capture=False)


def _loggers() -> list[logging.Logger]:
    return [logging.getLogger(name) for name in logging.root.manager.loggerDict]


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "ERROR"])
async def test_payloads_are_written_at_no_level(stderr: Callable[[], str], level: str) -> None:
    """Bolt and slack_sdk write down whole envelopes at DEBUG, each of Bolt's parts by a logger of its own."""
    set_up_logging(level=level, json_lines=False, secrets=[])
    bolt = bolt_app(HOME)
    body = json.dumps({"type": "event_callback", "token": "PLANTED", "event": {"type": "unheard_of"}})
    await bolt.async_dispatch(AsyncBoltRequest(mode="socket_mode", body=body))
    for name in (
        "slack_sdk",
        "slack_sdk.socket_mode",
        "slack_sdk.webhook.async_client",
        "slack_bolt.AsyncApp",
    ):
        logging.getLogger(name).debug("Received a message with PLANTED in it")
    logging.getLogger("bot").error("and this is said")
    shown = stderr()
    assert "and this is said" in shown
    assert "PLANTED" not in shown


@pytest.mark.parametrize(("level", "is_said"), [("DEBUG", True), ("INFO", False), ("ERROR", False)])
def test_what_a_socket_repeats_is_for_who_looks_for_the_cause(
    stderr: Callable[[], str], level: str, *, is_said: bool
) -> None:
    """Each try's traceback is noise; that a listener failed is not."""
    set_up_logging(level=level, json_lines=False, secrets=[])
    sockets = logging.getLogger("slack_sdk.socket_mode")
    sockets.error("Failed to connect (error: refused); Retrying...")
    sockets.error("Failed to run a request listener")
    shown = stderr()
    assert ("Failed to connect" in shown) is is_said
    assert "Failed to run a request listener" in shown


def test_secrets_are_hidden_in_everybodys_lines(stderr: Callable[[], str]) -> None:
    """Another library's line, a traceback and a warning go through the same formatter."""
    set_up_logging(level="ERROR", json_lines=True, secrets=["xoxb-1-PLANTED"])
    logging.getLogger("aiohttp.server").error(
        "with xoxb-1-PLANTED", exc_info=raised(ValueError("xoxb-1-PLANTED"))
    )
    shown = stderr()
    assert "PLANTED" not in shown
    assert shown.count("[hidden]") >= 2


async def test_all_lines_of_one_command_carry_one_id(stderr: Callable[[], str]) -> None:
    """Also those of the tasks that it starts, and nobody else's."""
    set_up_logging(level="INFO", json_lines=True, secrets=[])
    log = logging.getLogger("bot")

    async def later() -> None:
        log.info("by a task")

    with correlated() as given:
        log.info("at first")
        task = asyncio.create_task(later())
    log.info("of nobody")
    await task
    lines = [json.loads(line) for line in stderr().splitlines()]
    assert {line["event"]: line.get("correlation_id") for line in lines} == {
        "at first": given,
        "by a task": given,
        "of nobody": None,
    }
