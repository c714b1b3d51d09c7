"""Formats the log: constant event names, data in fields, as text or JSON, never a secret."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, quote_plus

from bot.aio import correlation_id

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_HIDDEN = "[hidden]"
_SHORTEST_SECRET = 6  # a shorter one would be hidden inside ordinary words
# Secrets that are in no setting: a socket's ticket, a response URL.
_TICKET = re.compile(r"(\bticket=)[^&\s\"'<>\\)]+")
_RESPONSE_URL = re.compile(r"(https?://(?:hooks\.[^/\s\"']+|[^/\s\"']+/(?:commands|actions))/)[^\s\"'<>\\)]+")
_REPEATED = (
    "Failed to connect",
    "Failed to retrieve WSS URL",
    "Failed to check the current session",
    "Failed to receive or enqueue a message",
    "Failed to send a ping message",
    "Failed to run message listeners",
)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def set_up_logging(*, level: str, json_lines: bool, secrets: Iterable[str]) -> Formatter:
    """Log to standard error, through the formatter that is returned and hides the secrets."""
    handler = logging.StreamHandler(sys.stderr)
    formatter = Formatter(json_lines=json_lines, secrets=secrets)
    handler.setFormatter(formatter)
    handler.addFilter(correlate)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    wanted = logging.getLevelName(level)
    for chatty in ("httpx", "httpcore", "aiohttp.access", "alembic", "aiosqlite", "sqlalchemy.engine"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, wanted))
    # At DEBUG these two log whole requests and payloads, with people's words and response URLs.
    for payloads in ("slack_sdk", "slack_bolt"):
        logging.getLogger(payloads).setLevel(max(logging.INFO, wanted))
    # Bolt warns that it does not use SLACK_BOT_TOKEN from the environment, which is as intended.
    _ignore(logging.getLogger("slack_bolt"), "will be unused")
    # Each socket logs each failed attempt; `transport.socket_mode` logs the loss and the return once. At DEBUG
    # all are logged.
    sockets = logging.getLogger("slack_sdk.socket_mode")
    sockets.setLevel(logging.INFO if wanted <= logging.DEBUG else max(logging.WARNING, wanted))
    _ignore(sockets, *([] if wanted <= logging.DEBUG else _REPEATED))
    logging.captureWarnings(capture=True)
    return formatter


def correlate(record: logging.LogRecord) -> bool:
    record.correlation_id = correlation_id.get()
    return True


def _ignore(logger: logging.Logger, *words: str) -> None:
    """Replaces earlier filters, so that the logging can be set up twice."""
    for before in tuple(logger.filters):
        logger.removeFilter(before)
    logger.addFilter(lambda record: not any(each in record.getMessage() for each in words))


class Formatter(logging.Formatter):
    """One line a record, in text followed by its traceback. Hides the secrets."""

    def __init__(self, *, json_lines: bool, secrets: Iterable[str]) -> None:
        super().__init__()
        self._json_lines = json_lines
        self._secrets: list[str] = []
        self.hide(secrets)

    def hide(self, secrets: Iterable[str]) -> None:
        """Hide these, too, from now on."""
        known = (secret for secret in secrets if len(secret) >= _SHORTEST_SECRET)
        spelled = {spelling for secret in known for spelling in _spellings(secret)}
        self._secrets = sorted({*self._secrets, *spelled}, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            key: value for key, value in vars(record).items() if key not in _STANDARD and value is not None
        }
        line = self._as_json(record, fields) if self._json_lines else self._as_text(record, fields)
        for secret in self._secrets:
            line = line.replace(secret, _HIDDEN)
        return _RESPONSE_URL.sub(rf"\1{_HIDDEN}", _TICKET.sub(rf"\1{_HIDDEN}", line))

    def _as_text(self, record: logging.LogRecord, fields: dict[str, Any]) -> str:
        at = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        pairs = "".join(f" {key}={_one_line(value)}" for key, value in fields.items())
        line = f"{at} {record.levelname:<7} {record.name} {_one_line(record.getMessage())}{pairs}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line

    def _as_json(self, record: logging.LogRecord, fields: dict[str, Any]) -> str:
        content = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "event": record.getMessage(),
            **fields,
        }
        if record.exc_info:
            content["traceback"] = self.formatException(record.exc_info)
        line = json.dumps(content, ensure_ascii=False, default=str)
        return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", line)


def _spellings(secret: str) -> set[str]:
    """As it is, in a URL, in a traceback, and each of these in JSON."""
    plain = {secret, quote(secret, safe=""), quote_plus(secret), repr(secret)[1:-1]}
    return plain | {json.dumps(each, ensure_ascii=False)[1:-1] for each in plain}


def _one_line(value: object) -> str:
    """Without line breaks and control characters, whatever a person or a vendor put into it."""
    return _CONTROL.sub(lambda found: repr(found[0])[1:-1], str(value))
