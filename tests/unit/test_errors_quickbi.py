"""What each of Quick BI's error codes means to whoever asked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from bot.domain import (
    AccessForbidden,
    CredentialsProblem,
    CredentialsRejected,
    MailId,
    MailMisconfigured,
    MailNotFound,
    MailRef,
    MissingAccess,
    ProtocolError,
    QuickBIError,
    QuickBIUnavailable,
    RunRefusal,
    RunRefused,
    Throttled,
    UnknownRefusal,
)
from bot.domain.retry_after import LONGEST
from bot.quickbi import wire
from bot.quickbi.credentials import Credentials
from tests.support.answers import MAIL, REQUEST_ID, recorded
from tests.support.secrets import ACCESS_KEY_ID, ACCESS_KEY_SECRET, PLANTED, SECURITY_TOKEN, assert_no_secrets

CALL = wire.ask_run(MailId(MAIL))
RECOMMEND = "https://api.alibabacloud.com/troubleshoot?q=code"
OURS = Credentials(
    access_key_id=ACCESS_KEY_ID, access_key_secret=ACCESS_KEY_SECRET, security_token=SECURITY_TOKEN
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A line of the table: what comes, and which error with which particulars it is."""

    code: str
    status: int
    error: type[QuickBIError]
    message: str = "Something was wrong."
    particulars: tuple[tuple[str, object], ...] = ()


def row(
    code: str,
    status: int,
    error: type[QuickBIError],
    *,
    message: str = "Something was wrong.",
    name: str = "",
    **particulars: object,
) -> Any:
    return pytest.param(
        Row(code=code, status=status, error=error, message=message, particulars=tuple(particulars.items())),
        id=name or f"{code} {status}",
    )


NOT_AN_API_USER = "You are not an administrator or API call auth user of this organization"
NO_MEMBER = "the user is not an organizational user of Quick BI"
TOO_OFTEN = "Mail Subscription Openapi Requests Are Frequent. Please Try Again In {} Minutes."

TABLE = [
    row("Mail.Forbidden.Access", 400, AccessForbidden, missing=MissingAccess.MAIL),
    row("Mail.Not.Found", 400, MailNotFound, message="Mail not found."),
    row(
        "Mail.Not.Found", 400, MailNotFound, message="The Subscription Task Does Not Exist.", name="2nd words"
    ),
    row("Mail.Subject.Error", 400, MailMisconfigured),
    row("MailId.Is.Null", 400, MailNotFound),
    row("MailTask.Already.Running", 400, RunRefused, why=RunRefusal.ALREADY_RUNNING, retry_after=None),
    row(
        "MailApi.Beyond.ScheduleLimit",
        400,
        RunRefused,
        message=TOO_OFTEN.format(5),
        why=RunRefusal.TOO_OFTEN,
        retry_after=300.0,
    ),
    row(
        "MailApi.Beyond.ScheduleLimit",
        400,
        RunRefused,
        message="邮件订阅openApi请求频繁,请10分钟后重试。",
        name="in Chinese",
        why=RunRefusal.TOO_OFTEN,
        retry_after=600.0,
    ),
    row(
        "MailApi.Beyond.ScheduleLimit",
        400,
        RunRefused,
        name="without minutes",
        why=RunRefusal.TOO_OFTEN,
        retry_after=None,
    ),
    row("Timer.Schedule.Task", 400, RunRefused, why=RunRefusal.SCHEDULER_FAILED),
    row("Access.Forbidden", 400, AccessForbidden, missing=MissingAccess.API_USER),
    row("Access.Forbidden", 403, AccessForbidden, missing=MissingAccess.API_USER),
    row("Not.ApiCall.AuthUser", 400, AccessForbidden, missing=MissingAccess.API_USER),
    row("User.Not.In.Organization", 400, AccessForbidden, missing=MissingAccess.ORGANISATION),
    row(
        "",
        400,
        AccessForbidden,
        message=f"{NOT_AN_API_USER}.",
        name="words alone: not an API user",
        missing=MissingAccess.API_USER,
    ),
    row(
        "400",
        400,
        AccessForbidden,
        message=f"code: 400, {NOT_AN_API_USER} request id: 38C0",
        name="words behind a code that says nothing",
        missing=MissingAccess.API_USER,
    ),
    row(
        "",
        400,
        AccessForbidden,
        message=NO_MEMBER,
        name="words alone: no member",
        missing=MissingAccess.ORGANISATION,
    ),
    row("Mail.Not.Found", 400, MailNotFound, message=NOT_AN_API_USER, name="a known code goes before words"),
    row("Forbidden.RAM", 403, AccessForbidden, missing=MissingAccess.RAM_ACTION, action="ManualRunMailTask"),
    row("NoPermission", 403, AccessForbidden, missing=MissingAccess.RAM_ACTION, action="ManualRunMailTask"),
    row("InvalidAccessKeyId.NotFound", 404, CredentialsRejected, problem=CredentialsProblem.KEY_UNKNOWN),
    row("InvalidAccessKeyId.Inactive", 400, CredentialsRejected, problem=CredentialsProblem.KEY_INACTIVE),
    row("SignatureDoesNotMatch", 400, CredentialsRejected, problem=CredentialsProblem.SECRET_WRONG),
    row("SignatureDoesNotMatch", 403, CredentialsRejected, problem=CredentialsProblem.SECRET_WRONG),
    row("InvalidTimeStamp.Expired", 400, CredentialsRejected, problem=CredentialsProblem.CLOCK_OFF),
    row("InvalidSecurityToken.Expired", 400, CredentialsRejected, problem=CredentialsProblem.TOKEN_EXPIRED),
    row("InvalidSecurityToken.Expired", 403, CredentialsRejected, problem=CredentialsProblem.TOKEN_EXPIRED),
    row("Instance.Expired", 400, AccessForbidden, missing=MissingAccess.INSTANCE),
    row("Instance.Not.Exist", 400, AccessForbidden, missing=MissingAccess.INSTANCE),
    row("Invalid.Organization", 400, AccessForbidden, missing=MissingAccess.INSTANCE),
    row("NoPermission.NotAuthorized", 403, AccessForbidden, missing=MissingAccess.RAM_ACTION),
    row("IllegalTimestamp", 400, CredentialsRejected, problem=CredentialsProblem.CLOCK_OFF),
    row("IncompleteSignature", 400, CredentialsRejected, problem=CredentialsProblem.SECRET_WRONG),
    row("InvalidSecurityToken.Malformed", 400, CredentialsRejected, problem=CredentialsProblem.TOKEN_WRONG),
    row(
        "InvalidSecurityToken.MismatchWithAccessKey",
        400,
        CredentialsRejected,
        problem=CredentialsProblem.TOKEN_WRONG,
    ),
    row("MissingSecurityToken", 400, CredentialsRejected, problem=CredentialsProblem.TOKEN_WRONG),
    row(
        "MailApi.Beyond.ScheduleLimit",
        400,
        RunRefused,
        message=TOO_OFTEN.format(999_999),
        retry_after=LONGEST,
        name="an absurd wait",
    ),
    row("Throttling", 400, Throttled, retry_after=None),
    row("Throttling.User", 400, Throttled),
    row("Throttling.Api", 400, Throttled),
    row("Throttling.Elsewhere", 400, Throttled),
    row("Throttling.User", 503, Throttled),
    row("", 429, Throttled, name="HTTP 429 without a code"),
    row("ThrottlingIsNotMeant", 400, UnknownRefusal),
    row("InternalError", 500, QuickBIUnavailable, outcome_unknown=True),
    row("InternalError", 400, QuickBIUnavailable),
    row("Internal.System.Error", 400, QuickBIUnavailable),
    row("ServiceUnavailable", 503, QuickBIUnavailable, outcome_unknown=True),
    row("SignatureNonceUsed", 400, QuickBIUnavailable, outcome_unknown=True),
    row("Never.Seen.Before", 500, QuickBIUnavailable),
    row("", 500, QuickBIUnavailable, name="HTTP 500 without a code"),
    row("Never.Seen.Before", 400, UnknownRefusal, said="Something was wrong."),
    row("Never.Seen.Before", 403, UnknownRefusal),
    row("mail.not.found", 400, UnknownRefusal, name="codes have one spelling"),
    row("", 400, UnknownRefusal, name="unknown words without a code", said="Something was wrong."),
    row("", 400, ProtocolError, message="", name="neither code nor words"),
]

KNOWN = {case.values[0].code for case in TABLE} - {"", "400", "Never.Seen.Before"}


def refusal(
    code: str, *, status: int = 400, message: str = "", headers: dict[str, str] | None = None, **more: object
) -> QuickBIError:
    """The error that an answer like this is read as."""
    body = {"RequestId": REQUEST_ID, "HostId": "quickbi.example", "Recommend": RECOMMEND} | more
    body |= {name: value for name, value in (("Code", code), ("Message", message)) if value}
    answer = wire.Answer(
        status=status, headers=headers or {}, body=json.dumps(body).encode(), redact=OURS.redact
    )
    with pytest.raises(QuickBIError) as caught:
        wire.read_run(CALL, answer)
    return caught.value


def particulars(error: QuickBIError, names: tuple[str, ...]) -> dict[str, object]:
    return {name: getattr(error, name) for name in names}


@pytest.mark.parametrize("case", TABLE)
def test_a_code(case: Row) -> None:
    """Each code is the error that says what can be done, with whom and when."""
    error = refusal(case.code, status=case.status, message=case.message)
    assert type(error) is case.error
    assert particulars(error, tuple(dict(case.particulars))) == dict(case.particulars)
    assert error.request_id == REQUEST_ID


@pytest.mark.parametrize("case", [case for case in TABLE if case.values[0].code in KNOWN])
@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 409])
def test_a_code_under_another_http_status(case: Row, status: int) -> None:
    """The code decides, also where it comes with HTTP 200 and `Success: false`."""
    error = refusal(case.code, status=status, message=case.message, Success=False)
    assert type(error) is case.error


@pytest.mark.parametrize("case", [case for case in TABLE if case.values[0].error is not ProtocolError])
def test_what_the_vendor_offers_is_kept(case: Row) -> None:
    """Request ID, code and the link go with the error; the words stay out of its text."""
    error = refusal(case.code, status=case.status, message=case.message)
    assert (error.request_id, error.code, error.recommend) == (REQUEST_ID, case.code, RECOMMEND)
    assert case.message not in str(error)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({"x-acs-retry-after": "750"}, 0.75, id="milliseconds"),
        pytest.param({"x-acs-retry-after": " 2000 "}, 2.0, id="spaces around"),
        pytest.param({"x-acs-retry-after": "0"}, 0.0, id="at once"),
        pytest.param({"x-acs-retry-after": "soon"}, None, id="words"),
        pytest.param({"x-acs-retry-after": "-5"}, None, id="negative"),
        pytest.param({"x-acs-retry-after": "9" * 18}, LONGEST, id="absurd"),
        pytest.param({"x-acs-retry-after": "inf"}, None, id="endless"),
        pytest.param({"retry-after": "1e9"}, LONGEST, id="31 years"),
        pytest.param({"retry-after": "3"}, 3.0, id="HTTP's own header, in seconds"),
        pytest.param({"retry-after": "3", "x-acs-retry-after": "100"}, 0.1, id="the gateway's goes first"),
        pytest.param({"retry-after": "Wed, 09 Oct 2024 09:34:11 GMT"}, None, id="a date"),
        pytest.param({}, None, id="not said"),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    """In seconds, where Quick BI said it so that it can be read."""
    throttled = refusal("Throttling.User", headers=headers)
    assert isinstance(throttled, Throttled)
    assert throttled.retry_after == seconds


@pytest.mark.parametrize(
    ("name", "code", "error"),
    [
        pytest.param("error_forbidden", "Mail.Forbidden.Access", AccessForbidden, id="forbidden"),
        pytest.param("error_ram", "NoPermission", AccessForbidden, id="RAM, with AccessDeniedDetail"),
        pytest.param("error_throttled", "Throttling.User", Throttled, id="throttled"),
    ],
)
def test_a_whole_answer_of_the_gateway(name: str, code: str, error: type[QuickBIError]) -> None:
    """The gateway's whole answers are read like the table's lines."""
    was = recorded(name)
    answer = wire.Answer(status=was.status, headers=was.headers, body=was.body, redact=str)
    with pytest.raises(error) as caught:
        wire.read_mails(wire.ask_mails(page=1, page_size=2), answer, page=1)
    assert caught.value.code == code


def test_the_action_that_a_policy_lacks_is_named() -> None:
    """Whoever grants access reads which operation was refused."""
    was = recorded("error_ram")
    call = wire.ask_status(MailRef(mail_id=MailId(MAIL)))
    answer = wire.Answer(status=was.status, headers=was.headers, body=was.body, redact=str)
    with pytest.raises(AccessForbidden) as refused:
        wire.read_run(call, answer)
    assert refused.value.action == "GetMailTaskStatus"


def test_an_endless_message_is_clipped() -> None:
    """What the vendor says is kept to a length that can be shown."""
    error = refusal("Never.Seen.Before", message="x" * 100_000)
    assert isinstance(error, UnknownRefusal)
    assert len(error.said) == wire.LONGEST_MESSAGE


@pytest.mark.parametrize(
    "code", ["SignatureDoesNotMatch", "IncompleteSignature", "Throttling", "InternalError"]
)
@pytest.mark.parametrize("secret", PLANTED, ids=["key ID", "secret", "token"])
def test_a_gateway_that_repeats_our_secrets_is_not_repeated(code: str, secret: str) -> None:
    """The gateway tells what it signed, token and all: that goes no further."""
    told = f"server string to sign is: [POST / x-acs-security-token:{secret}], specified {secret!r}"
    error = refusal(code, message=told, Recommend=f"https://api.example/?q={secret}")
    assert_no_secrets(error)


def test_a_secret_across_the_edge_of_a_clipped_message() -> None:
    """Clipping comes after hiding: no half secret is left at the end."""
    told = "x" * (wire.LONGEST_MESSAGE - 10) + ACCESS_KEY_SECRET
    assert_no_secrets(refusal("Never.Seen.Before", message=told), secrets=[ACCESS_KEY_SECRET[:10]])
