"""What each answer of Quick BI means, whole, odd or broken."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import (
    MAX_TASK_ID,
    Mail,
    MailId,
    MailNotFound,
    MailPage,
    MailRef,
    ProtocolError,
    QuickBIError,
    QuickBIUnavailable,
    RunRefusal,
    RunRefused,
    RunStatus,
    StatusAnswer,
    TaskId,
    TaskRun,
)
from bot.quickbi import wire
from tests.answers import MAIL, REQUEST_ID, recorded

SHANGHAI = ZoneInfo("Asia/Shanghai")
TASK = TaskId(7218865303929605212)
STARTED = datetime(2024, 10, 9, 9, 34, 11, tzinfo=UTC)
ASKED = MailRef(mail_id=MailId(MAIL))


def answer_of(body: bytes, *, status: int = 200, headers: dict[str, str] | None = None) -> wire.Answer:
    return wire.Answer(status=status, headers=headers or {}, body=body, redact=str)


def replay(name: str) -> wire.Answer:
    was = recorded(name)
    return answer_of(was.body, status=was.status, headers=was.headers)


def good(result: object) -> wire.Answer:
    return answer_of(json.dumps({"RequestId": REQUEST_ID, "Success": True, "Result": result}).encode())


def read_status(answer: wire.Answer, *, asked: MailRef = ASKED, zone: ZoneInfo = SHANGHAI) -> StatusAnswer:
    return wire.read_status(wire.ask_status(asked), answer, asked=asked, zone=zone)


def read_mails(answer: wire.Answer, *, page: int = 1) -> MailPage:
    return wire.read_mails(wire.ask_mails(page=page, page_size=2), answer, page=page)


def read_run(answer: wire.Answer) -> str:
    return wire.read_run(wire.ask_run(MailId(MAIL)), answer)


def entry(**changed: object) -> dict[str, object]:
    return {"execTime": "2024-10-09 17:34:11", "mailId": MAIL, "status": "SENT", "taskId": TASK} | changed


def run(
    status: RunStatus = RunStatus.SENT,
    *,
    task_id: int | None = TASK,
    exec_at: datetime | None = STARTED,
    word: str | None = None,
) -> TaskRun:
    return TaskRun(
        mail_id=MailId(MAIL),
        task_id=None if task_id is None else TaskId(task_id),
        exec_at=exec_at,
        status=status,
        status_word=status.value if word is None else word,
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


# --- GetMailTaskStatus


@pytest.mark.parametrize(
    ("name", "runs"),
    [
        pytest.param("status_page_sample", [run(task_id=None)], id="the page's sample"),
        pytest.param("status_sent", [run()], id="SENT"),
        pytest.param("status_failed", [run(RunStatus.FAILED)], id="FAILED"),
        pytest.param("status_processing", [run(RunStatus.PROCESSING)], id="PROCESSING"),
        pytest.param("status_unknown_word", [run(RunStatus.UNKNOWN, word="CANCELLED")], id="unknown"),
        pytest.param("status_extra_fields", [run()], id="extra fields, and a Code beside Success"),
        pytest.param("status_task_id_text", [run()], id="task ID as text"),
        pytest.param("status_mixed", [run(RunStatus.FAILED)], id="one usable among odd entries"),
        pytest.param("status_never_ran", [], id="never ran"),
        pytest.param("status_never_ran_null", [], id="never ran, null"),
        pytest.param("bom", [run()], id="byte order mark"),
        pytest.param("charset_utf16", [run()], id="UTF-16"),
    ],
)
def test_a_status_answer(name: str, runs: list[TaskRun]) -> None:
    """Each recorded answer is read as exactly these runs."""
    assert read_status(replay(name)) == StatusAnswer(runs=tuple(runs), request_id=REQUEST_ID)


def test_several_runs_come_newest_first() -> None:
    """All are told, whatever the order in which Quick BI listed them."""
    told = read_status(replay("status_several"))
    assert [one.status for one in told.runs] == [RunStatus.PROCESSING, RunStatus.SENT, RunStatus.FAILED]
    assert told.latest == told.runs[0]


@pytest.mark.parametrize(
    ("value", "task_id"),
    [
        pytest.param(1, 1, id="smallest"),
        pytest.param(MAX_TASK_ID, MAX_TASK_ID, id="largest"),
        pytest.param(str(MAX_TASK_ID), MAX_TASK_ID, id="largest, as text"),
        pytest.param(" 42 ", 42, id="text with spaces"),
        pytest.param(0, None, id="0"),
        pytest.param("0", None, id="0 as text"),
        pytest.param(None, None, id="null"),
        pytest.param(-5, None, id="negative"),
        pytest.param(MAX_TASK_ID + 1, None, id="too large"),
        pytest.param(str(MAX_TASK_ID + 1), None, id="too large, as text"),
        pytest.param("9" * 5000, None, id="much too large, as text"),
        pytest.param(7.218865303929605e18, None, id="a float has lost digits"),
        pytest.param(12.0, None, id="float"),
        pytest.param(True, None, id="boolean"),
        pytest.param("12a", None, id="not a number"),
        pytest.param("²", None, id="a digit to Unicode only"),
        pytest.param("", None, id="empty"),
        pytest.param([1], None, id="array"),
    ],
)
def test_a_task_id(value: object, task_id: int | None) -> None:
    """An ID that cannot be trusted to its last digit is none; its run is told all the same."""
    assert read_status(good([entry(taskId=value)])).runs == (run(task_id=task_id),)


def test_a_missing_task_id() -> None:
    """A run without an ID is a run."""
    without = {key: value for key, value in entry().items() if key != "taskId"}
    assert read_status(good([without])).runs == (run(task_id=None),)


@pytest.mark.parametrize(
    ("value", "zone", "exec_at"),
    [
        pytest.param("2024-10-09 17:34:11", "Asia/Shanghai", STARTED, id="Shanghai"),
        pytest.param("2024-10-09 17:34:11", "UTC", STARTED.replace(hour=17), id="UTC"),
        pytest.param(
            "2024-10-27 02:30:00",
            "Europe/Berlin",
            datetime(2024, 10, 27, 0, 30, tzinfo=UTC),
            id="shown twice: the first",
        ),
        pytest.param(
            "2024-03-31 02:30:00",
            "Europe/Berlin",
            datetime(2024, 3, 31, 1, 30, tzinfo=UTC),
            id="skipped by the clocks",
        ),
        pytest.param("2024-02-30 10:00:00", "Asia/Shanghai", None, id="no such day"),
        pytest.param("0001-01-01 00:00:00", "Asia/Shanghai", None, id="before all time"),
        pytest.param("9999-12-31 23:59:59", "America/New_York", None, id="after all time"),
        pytest.param("2024-10-09", "Asia/Shanghai", None, id="date only"),
        pytest.param("2024-10-09T17:34:11Z", "Asia/Shanghai", None, id="another format"),
        pytest.param("yesterday", "Asia/Shanghai", None, id="words"),
        pytest.param("", "Asia/Shanghai", None, id="empty"),
        pytest.param(None, "Asia/Shanghai", None, id="null"),
        pytest.param(1728466451, "Asia/Shanghai", None, id="number"),
    ],
)
def test_an_exec_time(value: object, zone: str, exec_at: datetime | None) -> None:
    """Read in the given zone; a failure whose time cannot be read is still told."""
    told = read_status(good([entry(status="FAILED", execTime=value)]), zone=ZoneInfo(zone))
    assert told.runs == (run(RunStatus.FAILED, exec_at=exec_at),)


@pytest.mark.parametrize(
    ("value", "status", "word"),
    [
        pytest.param("sent", RunStatus.SENT, "sent", id="lower case"),
        pytest.param(" FAILED\n", RunStatus.FAILED, "FAILED", id="spaces around"),
        pytest.param("UNKNOWN", RunStatus.UNKNOWN, "UNKNOWN", id="our own word for the unknown"),
        pytest.param(3, RunStatus.UNKNOWN, "3", id="number"),
        pytest.param("<!channel>", RunStatus.UNKNOWN, "<!channel>", id="hostile"),
        pytest.param("发送中", RunStatus.UNKNOWN, "发送中", id="unicode"),
        pytest.param("\ud800", RunStatus.UNKNOWN, "?", id="half a surrogate pair"),
        pytest.param("FA\0ILED", RunStatus.FAILED, "FAILED", id="NUL, which no PostgreSQL takes"),
    ],
)
def test_a_status_word(value: object, status: RunStatus, word: str) -> None:
    """A word that the page does not list is unknown, and kept to be shown."""
    assert read_status(good([entry(status=value)])).runs == (run(status, word=word),)


@pytest.mark.parametrize(
    ("entries", "runs"),
    [
        pytest.param([entry(), entry()], [run()], id="the same twice"),
        pytest.param(
            [entry(status="PROCESSING"), entry()], [run()], id="one run under two states: the later"
        ),
        pytest.param(
            [entry(status="SENT"), entry(status="FAILED")],
            [run(RunStatus.FAILED)],
            id="one run, sent and failed: the failure is told",
        ),
        pytest.param(
            [entry(taskId=1), entry(taskId=2)],
            [run(task_id=2), run(task_id=1)],
            id="one time: by task ID",
        ),
        pytest.param(
            [entry(taskId=1, execTime=""), entry(taskId=2)],
            [run(task_id=2), run(task_id=1, exec_at=None)],
            id="without a time: last",
        ),
        pytest.param(
            [entry(taskId=0, execTime="", status="FAILED"), entry(taskId=0, execTime="")],
            [run(RunStatus.FAILED, task_id=None, exec_at=None), run(task_id=None, exec_at=None)],
            id="runs that cannot be told apart all stay",
        ),
        pytest.param([entry(mailId=MAIL.upper())], [run()], id="the mail ID in another case"),
        pytest.param([entry(mailId=None)], [run()], id="no mail ID: the one that was asked about"),
        pytest.param([entry(mailId="other"), entry()], [run()], id="another mail's run is left out"),
        pytest.param([entry(status=None), entry()], [run()], id="an entry without a status is left out"),
    ],
)
def test_which_runs_are_told(entries: list[object], runs: list[TaskRun]) -> None:
    """Each run once, newest first, and none that is another mail's."""
    assert list(read_status(good(entries)).runs) == runs


@pytest.mark.parametrize(
    ("task_id", "found"),
    [
        pytest.param(TASK, True, id="its own ID"),
        pytest.param(str(TASK), True, id="its own ID as text"),
        pytest.param(0, True, id="0, as in the page's sample"),
        pytest.param(1, False, id="another run's"),
    ],
)
def test_a_run_that_was_asked_for_by_its_task_id(task_id: object, *, found: bool) -> None:
    """It keeps the ID that it was asked for by; another run never stands in for it."""
    asked = MailRef(mail_id=MailId(MAIL), task_id=TASK)
    if found:
        assert read_status(good([entry(taskId=task_id)]), asked=asked).runs == (run(),)
    else:
        with pytest.raises(ProtocolError):
            read_status(good([entry(taskId=task_id)]), asked=asked)


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


# --- GetMailTaskList


def mail(number: int, *, paused: bool = False) -> Mail:
    return Mail(mail_id=MailId(f"{number:032x}"), name=f"周报 {number}", owner_name="test", paused=paused)


@pytest.mark.parametrize(
    ("name", "page", "mails", "next_page"),
    [
        pytest.param("list_page", 1, [mail(1), mail(2, paused=True)], 2, id="more to come"),
        pytest.param("list_last_page", 2, [mail(3)], None, id="last page: 0"),
        pytest.param("list_last_page_null", 2, [mail(3)], None, id="last page: null"),
        pytest.param("list_page", 2, [mail(1), mail(2, paused=True)], None, id="Next does not advance"),
        pytest.param("list_page", 5, [mail(1), mail(2, paused=True)], None, id="Next goes back"),
    ],
)
def test_a_page_of_mails(name: str, page: int, mails: list[Mail], next_page: int | None) -> None:
    """The list ends where Next is nothing, or leads nowhere new."""
    assert read_mails(replay(name), page=page) == MailPage(
        mails=tuple(mails), total=3, next_page=next_page, request_id=REQUEST_ID
    )


def test_no_mails() -> None:
    """An account that may see no mail gets an empty page, and no next one."""
    told = read_mails(replay("list_empty"))
    assert (told.mails, told.total, told.next_page) == ((), 0, None)


def test_lines_without_an_id_are_left_out() -> None:
    """What can be asked about is listed, with what is known of it."""
    told = read_mails(replay("list_odd_entries"))
    assert told.mails == (Mail(mail_id=MailId("2342526"), name="", owner_name="", paused=True),)


def test_a_line_with_an_id_beyond_all_measure_is_left_out() -> None:
    """Nobody could ask about it, and no database would keep it."""
    lines = [{"MailId": "m" * length, "SubscribeName": "n"} for length in (128, 129)]
    assert [len(mail.mail_id) for mail in read_mails(good({"Data": lines})).mails] == [128]


@pytest.mark.parametrize(
    ("paging", "next_page", "total"),
    [
        pytest.param({"Next": "2", "TotalNum": "40"}, 2, 40, id="numbers as text"),
        pytest.param({"Next": 3}, 3, 1, id="no total: what is there"),
        pytest.param({"Next": -1, "TotalNum": 40}, None, 40, id="negative"),
        pytest.param({"Next": 2.0, "TotalNum": 40}, None, 40, id="float"),
        pytest.param({"Next": "more", "TotalNum": [40]}, None, 1, id="words"),
        pytest.param({}, None, 1, id="nothing said"),
        pytest.param({"Next": 2, "Data": []}, None, 0, id="an empty page is the last"),
        pytest.param({"Next": 2, "Data": None}, None, 0, id="no lines is the last"),
    ],
)
def test_paging(paging: dict[str, object], next_page: int | None, total: int) -> None:
    """Odd paging never makes a reader go round."""
    told = read_mails(good({"Data": [{"MailId": "m", "SubscribeName": "n"}]} | paging))
    assert (told.next_page, told.total) == (next_page, total)


@pytest.mark.parametrize(
    ("value", "paused"),
    [
        (True, True),
        (False, False),
        ("true", True),
        ("True", True),
        ("false", False),
        (1, True),
        (0, False),
        ("1", True),
        (None, False),
        ("perhaps", False),
        ([], False),
    ],
)
def test_paused(value: object, *, paused: bool) -> None:
    """True in any spelling; a mail whose state cannot be read is taken for one that runs."""
    told = read_mails(good({"Data": [{"MailId": "m", "Paused": value}]}))
    assert told.mails[0].paused is paused


def test_lines_of_another_shape() -> None:
    """A list that is none is not an empty one."""
    with pytest.raises(ProtocolError):
        read_mails(good({"Data": {"MailId": "m"}}))


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
