"""Builds the three operations' requests and reads their answers.

https://www.alibabacloud.com/help/en/quick-bi/developer-reference/api-quickbi-public-2022-01-01-getmailtaskstatus
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain import (
    MAX_MAIL_ID_LENGTH,
    Mail,
    MailId,
    MailPage,
    MailRef,
    ProtocolError,
    QuickBIError,
    RunRefusal,
    RunRefused,
    StatusAnswer,
)
from bot.domain.retry_after import retry_after
from bot.quickbi.errors import Refusal, error_for
from bot.quickbi.fields import flag, text, whole_number
from bot.quickbi.runs import read_runs
from bot.quickbi.signing import canonical_query

STATUS = "GetMailTaskStatus"
API_VERSION = "2022-01-01"
LONGEST_CODE = 100  # characters kept of a vendor's code or request ID
LONGEST_MESSAGE = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One request: `query` is signed and sent exactly as it stands here.

    `repeatable`: carrying it out twice does no harm.
    """

    operation: str
    query: str
    repeatable: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """`redact` removes our secrets from the vendor's text."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    redact: Callable[[str], str]


def ask_status(mail: MailRef) -> Call:
    parameters = {"MailId": str(mail.mail_id)}
    if mail.task_id is not None:
        parameters["TaskId"] = str(mail.task_id)
    return Call(operation=STATUS, query=canonical_query(parameters))


def ask_mails(*, page: int, page_size: int) -> Call:
    parameters = {"PageNum": str(page), "PageSize": str(page_size)}
    return Call(operation="GetMailTaskList", query=canonical_query(parameters))


def ask_run(mail_id: MailId) -> Call:
    parameters = {"MailId": str(mail_id)}
    return Call(operation="ManualRunMailTask", query=canonical_query(parameters), repeatable=False)


def read_status(call: Call, answer: Answer, *, asked: MailRef, zone: ZoneInfo, now: datetime) -> StatusAnswer:
    """The runs in the answer, newest first; none for a mail that never ran."""
    envelope = _open(call, answer)
    runs = read_runs(envelope.result, asked=asked, zone=zone, now=now)
    if runs is None:
        raise envelope.broken("Result holds no run that can be read")
    return StatusAnswer(runs=runs, request_id=envelope.request_id, is_latest=asked.task_id is None)


def read_mails(call: Call, answer: Answer, *, page: int) -> MailPage:
    """One page of the list. A `Next` that does not lead further is the end, or reading would never end."""
    envelope = _open(call, answer)
    result = envelope.result
    if not isinstance(result, dict) or "Data" not in result:
        raise envelope.broken("Result is not a page of mails")
    entries = result["Data"] or []
    if not isinstance(entries, list):
        raise envelope.broken("Data is not a list")
    mails = tuple(mail for entry in entries if (mail := _mail(entry)))
    following = whole_number(result.get("Next")) or 0
    return MailPage(
        mails=mails,
        total=whole_number(result.get("TotalNum")) or len(mails),
        next_page=following if following > page and entries else None,
        request_id=envelope.request_id,
    )


def read_run(call: Call, answer: Answer) -> str:
    """The request ID of the run that was started. Raises RunRefused."""
    envelope = _open(call, answer)
    started = flag(envelope.result)
    if started is None:
        raise envelope.broken("Result is neither true nor false")
    if not started:
        detail = f"{call.operation}: Result is false"
        raise RunRefused(detail, why=RunRefusal.SCHEDULER_FAILED, request_id=envelope.request_id)
    return envelope.request_id


@dataclass(frozen=True, kw_only=True, slots=True)
class _Envelope:
    operation: str
    result: Any
    request_id: str

    def broken(self, why: str) -> ProtocolError:
        return ProtocolError(f"{self.operation}: {why}", request_id=self.request_id)


def _open(call: Call, answer: Answer) -> _Envelope:
    """Raises the error that the answer reports. `Success: false` is a refusal whatever the HTTP status."""
    if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
        raise ProtocolError(f"{call.operation}: redirected with HTTP {answer.status}")
    body = _parsed(answer.body)
    if _is_passing(answer.status):
        raise error_for(_refusal(call, answer, body or {}))
    if body is None:
        raise ProtocolError(f"{call.operation}: HTTP {answer.status}, not a JSON object")
    if _is_refused(answer.status, body):
        raise _refused(_refusal(call, answer, body))
    request_id = text(body.get("RequestId"))[:LONGEST_CODE]
    if "Result" not in body:
        raise ProtocolError(f"{call.operation}: no Result", request_id=request_id)
    return _Envelope(operation=call.operation, result=body["Result"], request_id=request_id)


def _refused(refusal: Refusal) -> QuickBIError:
    if refusal.code or refusal.message:
        return error_for(refusal)
    return ProtocolError(
        f"{refusal.operation}: HTTP {refusal.status}, no Result and no reason", request_id=refusal.request_id
    )


def _is_passing(status: int) -> bool:
    """By the status alone: a proxy's body says nothing."""
    return status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _is_refused(status: int, body: Mapping[str, Any]) -> bool:
    """`Success` may be missing, unless there is a `Code`."""
    success = body.get("Success")
    if status >= HTTPStatus.BAD_REQUEST or (success is not None and flag(success) is not True):
        return True
    return success is None and bool(body.get("Code"))


def _refusal(call: Call, answer: Answer, body: Mapping[str, Any]) -> Refusal:
    return Refusal(
        operation=call.operation,
        status=answer.status,
        code=answer.redact(text(body.get("Code")))[:LONGEST_CODE],
        message=answer.redact(text(body.get("Message")))[:LONGEST_MESSAGE],
        request_id=text(body.get("RequestId"))[:LONGEST_CODE],
        recommend=answer.redact(text(body.get("Recommend")))[:LONGEST_MESSAGE],
        retry_after=_retry_after(answer.headers),
    )


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """In seconds. The gateway's own header counts milliseconds."""
    own = retry_after(headers.get("x-acs-retry-after"), unit=0.001)
    return retry_after(headers.get("retry-after")) if own is None else own


def _parsed(body: bytes) -> dict[str, Any] | None:
    """None for anything but a JSON object: a proxy's page, an empty or a cut body."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None


def _mail(entry: object) -> Mail | None:
    """None for an entry without a usable ID."""
    if not isinstance(entry, dict):
        return None
    mail_id = text(entry.get("MailId"))
    if not mail_id or len(mail_id) > MAX_MAIL_ID_LENGTH:
        return None
    return Mail(
        mail_id=MailId(mail_id),
        name=text(entry.get("SubscribeName")),
        owner_name=text(entry.get("BizOwnerName")),
        paused=flag(entry.get("Paused")) is True,
    )
