"""Turns Quick BI's error codes into the domain's errors.

Matched on `Code`. A code may come with another HTTP status than its page says, and unknown codes will come:
https://www.alibabacloud.com/help/en/quick-bi/developer-reference/api-quickbi-public-2022-01-01-getmailtaskstatus
https://www.alibabacloud.com/help/en/openapi/troubleshoot/public-error-codes
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus

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
from bot.domain.retry_after import retry_after

_MINUTES = re.compile(r"(\d{1,6})\s*(?:minute|分钟)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Texts are the vendor's, without our secrets."""

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
    """By code, else by message, else by HTTP status."""
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


def _as(error: Callable[..., QuickBIError], **particulars: object) -> Callable[[Refusal], QuickBIError]:
    return lambda refusal: error(refusal.detail, **particulars, **refusal.about)


def _throttled(refusal: Refusal) -> Throttled:
    return Throttled(refusal.detail, retry_after=refusal.retry_after, **refusal.about)


_unavailable = _as(QuickBIUnavailable, outcome_unknown=True)


def _forbidden(missing: MissingAccess, refusal: Refusal) -> AccessForbidden:
    return AccessForbidden(refusal.detail, missing=missing, action=refusal.operation, **refusal.about)


def _run_refused(why: RunRefusal, refusal: Refusal) -> RunRefused:
    """The time to wait is only in the message: "… Try Again In 5 Minutes."."""
    minutes = _MINUTES.search(refusal.message) if why is RunRefusal.TOO_OFTEN else None
    wait = retry_after(minutes[1], unit=60.0) if minutes else refusal.retry_after
    return RunRefused(refusal.detail, why=why, retry_after=wait, **refusal.about)


_KEY_UNKNOWN = _as(CredentialsRejected, problem=CredentialsProblem.KEY_UNKNOWN)
_KEY_INACTIVE = _as(CredentialsRejected, problem=CredentialsProblem.KEY_INACTIVE)
_SECRET_WRONG = _as(CredentialsRejected, problem=CredentialsProblem.SECRET_WRONG)
_CLOCK_OFF = _as(CredentialsRejected, problem=CredentialsProblem.CLOCK_OFF)
_TOKEN_EXPIRED = _as(CredentialsRejected, problem=CredentialsProblem.TOKEN_EXPIRED)
_TOKEN_WRONG = _as(CredentialsRejected, problem=CredentialsProblem.TOKEN_WRONG)
_NO_API_USER = partial(_forbidden, MissingAccess.API_USER)
_NO_MEMBER = partial(_forbidden, MissingAccess.ORGANISATION)
_NO_INSTANCE = partial(_forbidden, MissingAccess.INSTANCE)
_NO_RAM_ACTION = partial(_forbidden, MissingAccess.RAM_ACTION)

_BY_CODE: Mapping[str, Callable[[Refusal], QuickBIError]] = {
    # the operations' own
    "Mail.Forbidden.Access": partial(_forbidden, MissingAccess.MAIL),
    "Mail.Not.Found": _as(MailNotFound),
    "MailId.Is.Null": _as(MailNotFound),
    "Mail.Subject.Error": _as(MailMisconfigured),
    "MailTask.Already.Running": partial(_run_refused, RunRefusal.ALREADY_RUNNING),
    "MailApi.Beyond.ScheduleLimit": partial(_run_refused, RunRefusal.TOO_OFTEN),
    "Timer.Schedule.Task": partial(_run_refused, RunRefusal.SCHEDULER_FAILED),
    # Quick BI's, about its whole API. Not.ApiCall.AuthUser: page of ManualRunMailTask; from there on: of AddUser.
    "Access.Forbidden": _NO_API_USER,
    "Not.ApiCall.AuthUser": _NO_API_USER,
    "User.Not.In.Organization": _NO_MEMBER,
    "Invalid.Organization": _NO_INSTANCE,
    "Instance.Expired": _NO_INSTANCE,
    "Instance.Not.Exist": _NO_INSTANCE,
    # the cloud gateway's
    "Forbidden.RAM": _NO_RAM_ACTION,
    "NoPermission": _NO_RAM_ACTION,
    "NoPermission.NotAuthorized": _NO_RAM_ACTION,
    "InvalidAccessKeyId.NotFound": _KEY_UNKNOWN,
    "InvalidAccessKeyId.Inactive": _KEY_INACTIVE,
    "SignatureDoesNotMatch": _SECRET_WRONG,
    "IncompleteSignature": _SECRET_WRONG,
    "InvalidTimeStamp.Expired": _CLOCK_OFF,
    "IllegalTimestamp": _CLOCK_OFF,
    "InvalidSecurityToken.Expired": _TOKEN_EXPIRED,
    "InvalidSecurityToken.Malformed": _TOKEN_WRONG,
    "InvalidSecurityToken.MismatchWithAccessKey": _TOKEN_WRONG,
    "MissingSecurityToken": _TOKEN_WRONG,
    "Internal.System.Error": _unavailable,
    "InternalError": _unavailable,
    "ServiceUnavailable": _unavailable,
    # Each attempt has its own nonce: something on the way sent our request twice, and the first copy may have
    # been carried out.
    "SignatureNonceUsed": _unavailable,
}

KNOWN_CODES = frozenset(_BY_CODE)

# Only where the code says nothing: Quick BI's pages on these two refusals quote messages alone.
# https://help.aliyun.com/document_detail/706356.html and …/408824.html
_BY_WORDS: Mapping[str, Callable[[Refusal], QuickBIError]] = {
    "you are not an administrator or api call auth user of this organization": _NO_API_USER,
    "the user is not an organizational user of quick bi": _NO_MEMBER,
}


def _by_words(refusal: Refusal) -> Callable[[Refusal], QuickBIError] | None:
    said = refusal.message.lower()
    return next((error for words, error in _BY_WORDS.items() if words in said), None)
