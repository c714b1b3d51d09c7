"""Quick BI's answers, as the wire hands them over, and the runs that they tell."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.domain import (
    MailId,
    MailPage,
    MailRef,
    RunStatus,
    StatusAnswer,
    TaskId,
    TaskRun,
)
from bot.quickbi import wire
from tests.support.answers import MAIL, REQUEST_ID, recorded

SHANGHAI = ZoneInfo("Asia/Shanghai")
TASK = TaskId(7218865303929605212)
STARTED = datetime(2024, 10, 9, 9, 34, 11, tzinfo=UTC)
ASKED_AT = datetime(2024, 10, 27, 0, 45, tzinfo=UTC)
ASKED = MailRef(mail_id=MailId(MAIL))


def answer_of(body: bytes, *, status: int = 200, headers: dict[str, str] | None = None) -> wire.Answer:
    return wire.Answer(status=status, headers=headers or {}, body=body, redact=str)


def replay(name: str) -> wire.Answer:
    was = recorded(name)
    return answer_of(was.body, status=was.status, headers=was.headers)


def good(result: object) -> wire.Answer:
    return answer_of(json.dumps({"RequestId": REQUEST_ID, "Success": True, "Result": result}).encode())


def read_status(
    answer: wire.Answer, *, asked: MailRef = ASKED, zone: ZoneInfo = SHANGHAI, now: datetime = ASKED_AT
) -> StatusAnswer:
    return wire.read_status(wire.ask_status(asked), answer, asked=asked, zone=zone, now=now)


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
