"""The requests, and what every answer of Quick BI has around its result, whole, odd or broken."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import (
    MailId,
    MailNotFound,
    MailRef,
    ProtocolError,
    QuickBIError,
    QuickBIUnavailable,
    RunRefusal,
    RunRefused,
)
from bot.quickbi import wire
from tests.support.answers import MAIL, REQUEST_ID
from tests.unit.wire_answers import (
    ASKED,
    TASK,
    answer_of,
    entry,
    good,
    read_mails,
    read_run,
    read_status,
    replay,
    run,
)

# --- requests


@pytest.mark.parametrize(
    ("call", "operation", "query", "repeatable"),
    [
        pytest.param(wire.ask_status(ASKED), "GetMailTaskStatus", f"MailId={MAIL}", True, id="status"),
        pytest.param(
            wire.ask_status(MailRef(mail_id=MailId("m 1"), task_id=TASK)),
            "GetMailTaskStatus",
            "MailId=m%201&TaskId=7218865303929605212",
            True,
            id="status of a run",
        ),
        pytest.param(
            wire.ask_mails(page=2, page_size=100),
            "GetMailTaskList",
            "PageNum=2&PageSize=100",
            True,
            id="list",
        ),
        pytest.param(
            wire.ask_run(MailId(MAIL)), "ManualRunMailTask", f"MailId={MAIL}", False, id="run by hand"
        ),
    ],
)
def test_a_request(call: wire.Call, operation: str, query: str, *, repeatable: bool) -> None:
    """Absent parameters are left out, and only reading may be repeated."""
    assert call == wire.Call(operation=operation, query=query, repeatable=repeatable)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        pytest.param("status_other_mail", ProtocolError, id="only another mail's run"),
        pytest.param("status_unreadable_entries", ProtocolError, id="entries that are no runs"),
        pytest.param("status_success_false", MailNotFound, id="Success false under HTTP 200"),
        pytest.param("status_success_false_bare", ProtocolError, id="Success false, no reason"),
        pytest.param("html_200", ProtocolError, id="HTML under HTTP 200"),
        pytest.param("html_403", ProtocolError, id="a firewall's page"),
        pytest.param("html_502", QuickBIUnavailable, id="HTML under HTTP 502"),
        pytest.param("empty_200", ProtocolError, id="empty"),
        pytest.param("empty_503", QuickBIUnavailable, id="empty under HTTP 503"),
        pytest.param("truncated", ProtocolError, id="half an answer"),
        pytest.param("redirect", ProtocolError, id="redirect"),
        pytest.param("charset_gbk", ProtocolError, id="wrong charset"),
    ],
)
def test_a_broken_answer(name: str, error: type[QuickBIError]) -> None:
    """Whatever it is, it is not read as a state of the mail."""
    with pytest.raises(error):
        read_status(replay(name))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"null", id="null"),
        pytest.param(b"[]", id="array"),
        pytest.param(b'"SENT"', id="text"),
        pytest.param(b"{}", id="empty object"),
        pytest.param(b'{"Success":true}', id="no Result"),
        pytest.param(b'{"Success":true,"Result":{"status":"SENT"}}', id="Result an object"),
        pytest.param(b'{"Success":true,"Result":"SENT"}', id="Result a text"),
        pytest.param(b'{"Success":true,"Result":7}', id="Result a number"),
        pytest.param(b'{"Success":"perhaps","Result":[]}', id="Success neither true nor false"),
        pytest.param(b'{"Success":false,"Result":[]}', id="Success false beside a Result"),
        pytest.param(b'{"Success":"false","Result":[]}', id="Success false as text"),
        pytest.param(b"[" * 100_000, id="brackets beyond any parser"),
        pytest.param(b'{"Success":true,"Result":' + b"9" * 5000 + b"}", id="a number beyond any parser"),
        pytest.param(b'{"Success":true,"Result":[]}garbage', id="garbage behind"),
        pytest.param(b"\x00\xff\xfe", id="bytes"),
    ],
)
@pytest.mark.parametrize("read", [read_status, read_mails, read_run])
def test_an_answer_of_the_wrong_shape(body: bytes, read: Any) -> None:
    """JSON of another shape than promised is reported as such, by each operation."""
    with pytest.raises(ProtocolError):
        read(answer_of(body))


@pytest.mark.parametrize(
    "envelope",
    [
        pytest.param({"Success": True}, id="true"),
        pytest.param({"Success": "true"}, id="as text"),
        pytest.param({"Success": 1}, id="as a number"),
        pytest.param({"Success": None}, id="null"),
        pytest.param({}, id="left out"),
    ],
)
def test_success_in_other_clothes(envelope: dict[str, object]) -> None:
    """A good answer is read although its Success is not a plain true."""
    body = json.dumps(envelope | {"Result": [entry()], "RequestId": REQUEST_ID}).encode()
    assert read_status(answer_of(body)).runs == (run(),)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["execTime", "mailId", "status", "taskId", "Data", "MailId", "Next", "Paused", "TotalNum"]
            ),
            inner,
        )
    ),
    max_leaves=12,
)


@given(
    st.sampled_from([200, 201, 301, 400, 403, 404, 429, 500, 503]),
    st.dictionaries(
        st.sampled_from(["Success", "Result", "Code", "Message", "RequestId", "Recommend"]), json_values
    ),
    st.sampled_from([read_status, read_mails, read_run]),
)
def test_no_answer_surprises(status: int, body: dict[str, object], read: Any) -> None:
    """Whatever JSON comes, there is a value or one of the named errors."""
    try:
        read(answer_of(json.dumps(body).encode(), status=status))
    except QuickBIError:
        return
    assert status < 300


@given(st.binary(max_size=200), st.sampled_from([read_status, read_mails, read_run]))
def test_no_bytes_surprise(body: bytes, read: Any) -> None:
    """Noise is a broken protocol."""
    with pytest.raises(ProtocolError):
        read(answer_of(body))


# --- ManualRunMailTask


def test_a_run_was_started() -> None:
    """What Quick BI gives is a request ID, and no task ID."""
    assert read_run(replay("run_started")) == REQUEST_ID


def test_a_run_was_not_started() -> None:
    """Result false is a refusal, although everything about it says success."""
    with pytest.raises(RunRefused) as refused:
        read_run(replay("run_not_started"))
    assert refused.value.why is RunRefusal.SCHEDULER_FAILED
    assert refused.value.request_id == REQUEST_ID


@pytest.mark.parametrize("result", [None, "started", 2, [], {}])
def test_whether_a_run_was_started_is_not_said(result: object) -> None:
    """Neither true nor false is neither."""
    with pytest.raises(ProtocolError):
        read_run(good(result))
