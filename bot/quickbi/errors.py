"""What a refusal means to whoever asked: the vendor's code in, a domain error out. Pure.

Matched on `Code`. A code may come with another HTTP status than its page says, and unknown codes will come:
https://www.alibabacloud.com/help/en/quick-bi/developer-reference/api-quickbi-public-2022-01-01-getmailtaskstatus
https://www.alibabacloud.com/help/en/openapi/troubleshoot/public-error-codes
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from bot.domain import (
    AccessForbidden,
    CredentialsProblem,
    CredentialsRejected,
    MailMisconfigured,
    MailNotFound,
    MissingAccess,
    QuickBIError,
    QuickBIUnavailable,
    RunRefusal,
    RunRefused,
    Throttled,
    UnknownRefusal,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_MINUTES = re.compile(r"(\d{1,6})\s*(?:minute|分钟)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """An answer by which Quick BI did not do what was asked. Texts are the vendor's, without our secrets."""

    operation: str
    status: int
    code: str
    message: str
    request_id: str
    recommend: str
    retry_after: float | None = None  # seconds

    @property
    def detail(self) -> str:
        """For the log. The vendor's message stays out: it may repeat what was signed."""
        return f"{self.operation}: HTTP {self.status}, {self.code or 'no code'}"

    @property
    def about(self) -> dict[str, str]:
        return {"code": self.code, "request_id": self.request_id, "recommend": self.recommend}


def error_for(refusal: Refusal) -> QuickBIError:
    """The error that says what can be done about it: by code, else by words, else by HTTP status."""
    if refusal.code == "Throttling" or refusal.code.startswith("Throttling."):
        return _throttled(refusal)
    known = _BY_CODE.get(refusal.code) or _by_words(refusal)
    if known:
        return known(refusal)
    if refusal.status == HTTPStatus.TOO_MANY_REQUESTS:
        return _throttled(refusal)
    if refusal.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _unavailable(refusal)
    return UnknownRefusal(refusal.detail, said=refusal.message, **refusal.about)


def _throttled(refusal: Refusal) -> Throttled:
    return Throttled(refusal.detail, retry_after=refusal.retry_after, **refusal.about)


def _unavailable(refusal: Refusal) -> QuickBIUnavailable:
    return QuickBIUnavailable(refusal.detail, outcome_unknown=True, **refusal.about)


def _not_found(refusal: Refusal) -> MailNotFound:
    return MailNotFound(refusal.detail, **refusal.about)


def _misconfigured(refusal: Refusal) -> MailMisconfigured:
    return MailMisconfigured(refusal.detail, **refusal.about)


def _forbidden(missing: MissingAccess, refusal: Refusal) -> AccessForbidden:
    return AccessForbidden(refusal.detail, missing=missing, action=refusal.operation, **refusal.about)


def _credentials(problem: CredentialsProblem, refusal: Refusal) -> CredentialsRejected:
    return CredentialsRejected(refusal.detail, problem=problem, **refusal.about)


def _run_refused(why: RunRefusal, refusal: Refusal) -> RunRefused:
    """How long to wait stands only in the words: "… Try Again In 5 Minutes."."""
    minutes = _MINUTES.search(refusal.message) if why is RunRefusal.TOO_OFTEN else None
    retry_after = 60.0 * int(minutes[1]) if minutes else refusal.retry_after
    return RunRefused(refusal.detail, why=why, retry_after=retry_after, **refusal.about)


_BY_CODE: Mapping[str, Callable[[Refusal], QuickBIError]] = {
    # the operations' own
    "Mail.Forbidden.Access": partial(_forbidden, MissingAccess.MAIL),
    "Mail.Not.Found": _not_found,
    "MailId.Is.Null": _not_found,
    "Mail.Subject.Error": _misconfigured,
    "MailTask.Already.Running": partial(_run_refused, RunRefusal.ALREADY_RUNNING),
    "MailApi.Beyond.ScheduleLimit": partial(_run_refused, RunRefusal.TOO_OFTEN),
    "Timer.Schedule.Task": partial(_run_refused, RunRefusal.SCHEDULER_FAILED),
    # Quick BI's: who may call its API at all. The last two are from the pages of ManualRunMailTask and AddUser.
    "Access.Forbidden": partial(_forbidden, MissingAccess.API_USER),
    "Not.ApiCall.AuthUser": partial(_forbidden, MissingAccess.API_USER),
    "User.Not.In.Organization": partial(_forbidden, MissingAccess.ORGANISATION),
    # the cloud gateway's
    "Forbidden.RAM": partial(_forbidden, MissingAccess.RAM_ACTION),
    "NoPermission": partial(_forbidden, MissingAccess.RAM_ACTION),
    "InvalidAccessKeyId.NotFound": partial(_credentials, CredentialsProblem.KEY_UNKNOWN),
    "InvalidAccessKeyId.Inactive": partial(_credentials, CredentialsProblem.KEY_INACTIVE),
    "SignatureDoesNotMatch": partial(_credentials, CredentialsProblem.SECRET_WRONG),
    "InvalidTimeStamp.Expired": partial(_credentials, CredentialsProblem.CLOCK_OFF),
    "InvalidSecurityToken.Expired": partial(_credentials, CredentialsProblem.TOKEN_EXPIRED),
    "Internal.System.Error": _unavailable,
    "InternalError": _unavailable,
    "ServiceUnavailable": _unavailable,
    # Every attempt has a nonce of its own: something on the way sent our request twice, and the copy that
    # came first may have been carried out.
    "SignatureNonceUsed": _unavailable,
}

# The only match on words, and only where the code says nothing. Quick BI's pages on these two refusals quote
# words alone: https://help.aliyun.com/document_detail/706356.html and …/408824.html
_BY_WORDS: Mapping[str, Callable[[Refusal], QuickBIError]] = {
    "you are not an administrator or api call auth user of this organization": partial(
        _forbidden, MissingAccess.API_USER
    ),
    "the user is not an organizational user of quick bi": partial(_forbidden, MissingAccess.ORGANISATION),
}


def _by_words(refusal: Refusal) -> Callable[[Refusal], QuickBIError] | None:
    said = refusal.message.lower()
    return next((error for words, error in _BY_WORDS.items() if words in said), None)
