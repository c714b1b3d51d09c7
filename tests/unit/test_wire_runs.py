"""The runs that a status answer tells, whole or odd."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.domain import (
    MAX_TASK_ID,
    MailId,
    MailRef,
    ProtocolError,
    RunStatus,
    StatusAnswer,
    TaskRun,
)
from tests.support.answers import MAIL, REQUEST_ID
from tests.unit.wire_answers import (
    STARTED,
    TASK,
    entry,
    good,
    read_status,
    replay,
    run,
)


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
            id="shown twice, the second not yet: the first",
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
    ("task_id", "hour"),
    [
        pytest.param(TASK, 1, id="the second"),
        pytest.param(0, 0, id="the first, for a run without a task ID is known by its time"),
    ],
)
def test_a_time_that_the_clocks_have_shown_twice(task_id: int, hour: int) -> None:
    """A run that began 10 minutes ago is not 70 minutes old, and so not stuck."""
    told = read_status(
        good([entry(taskId=task_id, execTime="2024-10-27 02:30:00")]),
        zone=ZoneInfo("Europe/Berlin"),
        now=datetime(2024, 10, 27, 1, 40, tzinfo=UTC),
    )
    assert told.runs[0].exec_at == datetime(2024, 10, 27, hour, 30, tzinfo=UTC)


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
