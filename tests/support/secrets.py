"""Planted secrets, and the check that none of them ever reaches a text, an error or a log."""

from __future__ import annotations

import base64
import json
import logging
import traceback
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pytest

ACCESS_KEY_ID = "LTAI5tPLANTEDxKEYxID"
ACCESS_KEY_SECRET = "PLANTED0secret1of2the3access4key"
SECURITY_TOKEN = "CAISPLANTED/token+of=the==role"
PLANTED = (ACCESS_KEY_ID, ACCESS_KEY_SECRET, SECURITY_TOKEN)

_BARE_RECORD = frozenset(vars(logging.makeLogRecord({})))


def assert_no_secrets(
    *shown: object, caplog: pytest.LogCaptureFixture | None = None, secrets: Iterable[str] = PLANTED
) -> None:
    """No secret in what a person, a log reader or a traceback shows, in any usual spelling.

    Errors are looked at with their traceback, causes and attributes; records with their extra fields.
    """
    texts = [text for thing in shown for text in _spoken(thing)]
    if caplog is not None:
        texts += [text for record in caplog.records for text in _logged(record)]
    for secret in secrets:
        for spelling in _spellings(secret):
            for text in texts:
                assert spelling not in text, f"a planted secret ({secret[:4]}…) is shown in: {text[:2000]}"


def _spoken(thing: object) -> Iterator[str]:
    yield str(thing)
    yield repr(thing)
    if isinstance(thing, BaseException):
        yield "".join(traceback.format_exception(thing))
        yield repr(vars(thing))


def _logged(record: logging.LogRecord) -> Iterator[str]:
    yield record.getMessage()
    yield repr({name: value for name, value in vars(record).items() if name not in _BARE_RECORD})
    yield repr(record.args)
    if record.exc_info and record.exc_info[1]:
        yield from _spoken(record.exc_info[1])


def _spellings(secret: str) -> set[str]:
    return {
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        base64.b64encode(secret.encode()).decode(),
    }
