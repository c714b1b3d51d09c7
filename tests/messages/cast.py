"""The mails and runs that the kept messages are about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain import Mail, MailId, MailRef, RunStatus, TaskId, TaskRun
from bot.slack.views.reasons import Console
from bot.slack.views.status import Seen

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 4, 1, 35, 20, tzinfo=UTC)
MAIL = MailId("d5a59a898b634d75be5584f8dc159c62")
SALES = Mail(mail_id=MAIL, name="Daily Sales", owner_name="Ada", paused=False)
NASTY = Mail(
    mail_id=MailId("2342526"),
    name="<!channel> *R&D* `x` <https://evil.example|click> \u202eoops\n" + "long " * 40,
    owner_name="<@U012AB3CD>",
    paused=True,
)
REF = MailRef(mail_id=MAIL)
CONSOLE = Console("https://bi.aliyun.com/?mail={mail_id}&task={task_id}")
REQUEST = "38C0FEC8-1510-415C-A9F1-9AE9422BDB65"


def run(
    status: str, *, ago: timedelta = timedelta(seconds=40), task: int | None = 7218865303929605212
) -> TaskRun:
    known = RunStatus(status) if status in RunStatus.__members__ else RunStatus.UNKNOWN
    return TaskRun(
        mail_id=MAIL,
        task_id=None if task is None else TaskId(task),
        exec_at=NOW - ago,
        status=known,
        status_word=status,
    )


def seen(*runs: TaskRun, mail: Mail | None = SALES, ref: MailRef = REF, age: float = 0) -> Seen:
    return Seen(
        ref=ref,
        mail=mail,
        runs=runs,
        seen_at=NOW - timedelta(seconds=age),
        request_id=REQUEST,
        is_earlier=age > 0,
        console=CONSOLE,
    )
