"""The refusals that Quick BI and the cloud's gateway are known to give, in their own words. Values only.

https://www.alibabacloud.com/help/en/quick-bi/developer-reference/api-quickbi-public-2022-01-01-getmailtaskstatus
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """An error answer. `retry_after_ms` becomes `x-acs-retry-after`; `denied_action` the RAM detail."""

    code: str
    message: str
    status: int = 400
    retry_after_ms: int | None = None
    denied_action: str | None = None


MAIL_FORBIDDEN = Refusal(code="Mail.Forbidden.Access", message="Forbidden Access On This Operation.")
MAIL_NOT_FOUND = Refusal(code="Mail.Not.Found", message="Mail not found.")
MAIL_DELETED = Refusal(code="Mail.Not.Found", message="The mail does not exist.")
MAIL_SUBJECT = Refusal(code="Mail.Subject.Error", message="The mail subject is invalid.")
MAIL_ID_NULL = Refusal(code="MailId.Is.Null", message="The mail ID is null.")
ALREADY_RUNNING = Refusal(code="MailTask.Already.Running", message="The mail task is already running.")
SCHEDULER = Refusal(code="Timer.Schedule.Task", message="Failed to schedule the timer task.")
EDITION = Refusal(
    code="Access.Forbidden",
    message="Access forbidden. Your Quick BI edition does not support this API, or you are no API user.",
    status=403,
)
# Quick BI's pages quote the words of these two with "code: 400" and give no code of their own.
NOT_ADMINISTRATOR = Refusal(
    code="400", message="You are not an administrator or API call auth user of this organization."
)
NOT_IN_ORGANIZATION = Refusal(code="400", message="the user is not an organizational user of Quick BI")
FORBIDDEN_RAM = Refusal(
    code="Forbidden.RAM",
    message="User not authorized to operate on the specified resource, or this API doesn't support RAM.",
    status=403,
    denied_action="quickbi-public:GetMailTaskStatus",
)
NO_PERMISSION = Refusal(
    code="NoPermission",
    message="You are not authorized to do this action. You should be authorized by RAM.",
    status=403,
    denied_action="quickbi-public:GetMailTaskStatus",
)
KEY_UNKNOWN = Refusal(
    code="InvalidAccessKeyId.NotFound", message="Specified access key is not found.", status=404
)
KEY_INACTIVE = Refusal(code="InvalidAccessKeyId.Inactive", message="Specified access key is disabled.")
SIGNATURE = Refusal(
    code="SignatureDoesNotMatch", message="Specified signature does not match our calculation."
)
TIMESTAMP = Refusal(code="InvalidTimeStamp.Expired", message="Specified time stamp or date value is expired.")
TOKEN_EXPIRED = Refusal(code="InvalidSecurityToken.Expired", message="Specified SecurityToken is expired.")
THROTTLING = Refusal(code="Throttling", message="Request was denied due to request throttling.")
THROTTLING_USER = Refusal(
    code="Throttling.User", message="Request was denied due to user flow control.", retry_after_ms=1500
)
THROTTLING_API = Refusal(code="Throttling.Api", message="Request was denied due to api flow control.")
INTERNAL_ERROR = Refusal(
    code="InternalError", message="The request processing has failed due to some unknown error.", status=500
)
UNAVAILABLE = Refusal(
    code="ServiceUnavailable",
    message="The request has failed due to a temporary failure of the server.",
    status=503,
)
UNKNOWN_CODE = Refusal(
    code="Mail.Attachment.Quota.Exceeded", message="The attachment <report.xlsx> is larger than 20 MB."
)


def too_often(minutes: int) -> Refusal:
    return Refusal(
        code="MailApi.Beyond.ScheduleLimit",
        message=f"The Mail Api Schedule Is Beyond The Limit, Please Try Again In {minutes} Minutes.",
    )
