"""The errors, named by what to do about them.

MailBotError
├── UsageError              what was typed makes no sense yet; says how to type it
├── QuickBIError            Quick BI was asked and did not give what was wanted
│   ├── MailNotFound        check the ID
│   ├── AccessForbidden     someone must grant access; `missing` says which
│   ├── MailMisconfigured   the mail's owner must correct it in Quick BI
│   ├── CredentialsRejected the operator must correct keys or clock; `problem` says which
│   ├── RunRefused          a run by hand was not started; `why` says why
│   ├── Throttled           wait `retry_after` seconds
│   ├── QuickBIUnavailable  wait; nothing is wrong with what was typed
│   ├── ProtocolError       an answer that the API's page does not promise; report it
│   └── UnknownRefusal      a code that nobody has seen; shown as it is
├── LeaseLost               another replica leads now: stop writing
├── StoreError              the database cannot be used; the message says why
│   ├── DatabaseAway        it does not answer at all
│   └── NewerDatabase       a newer version has upgraded it: install that one
└── SlackError              Slack did not take a message
├── ChannelGone         this channel cannot be told; `reason` is Slack's word
├── AppRejected         the app's token or scopes are wrong: nobody can be told
├── SlackBusy           wait `retry_after` seconds
├── MessageGone         the message to edit or to reply to was deleted
├── MessageRefused      our own mistake: Slack will never take this message
├── DeliveryUnknown     the message may or may not be there
└── CannotLook          nor can it be found out
"""

from __future__ import annotations

from enum import StrEnum


class MailBotError(Exception):
    """The root of every error that this bot raises on purpose."""


class UsageError(MailBotError):
    """What was typed cannot be understood. `problem` is a sentence; `example` can be typed."""

    def __init__(self, problem: str, *, example: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.example = example


class QuickBIError(MailBotError):
    """`request_id`, `code` and `recommend` (a link) are the vendor's, "" where absent. `detail` is for the log."""

    def __init__(
        self, detail: str = "", *, code: str = "", request_id: str = "", recommend: str = ""
    ) -> None:
        super().__init__(detail or code or type(self).__name__)
        self.code = code
        self.request_id = request_id
        self.recommend = recommend

    @property
    def is_about_the_mail(self) -> bool:
        """Is only this mail out of reach, not Quick BI as a whole?"""
        return False


class MailNotFound(QuickBIError):
    """No mail has this ID."""

    @property
    def is_about_the_mail(self) -> bool:
        return True


class MissingAccess(StrEnum):
    """Which access is missing, and so who can grant it."""

    MAIL = "mail"  # this one mail is not shared with the bot's account
    RAM_ACTION = "ram_action"  # the RAM policy lacks the action
    API_USER = "api_user"  # the edition, or not an organisation admin / authorised API user
    ORGANISATION = "organisation"  # the account has never logged in to Quick BI
    INSTANCE = "instance"  # the organisation's Quick BI instance has expired or is not there


class AccessForbidden(QuickBIError):
    """Someone must grant access. `action` is the API operation that was refused."""

    def __init__(self, detail: str = "", *, missing: MissingAccess, action: str = "", **kw: str) -> None:
        super().__init__(detail, **kw)
        self.missing = missing
        self.action = action

    @property
    def is_about_the_mail(self) -> bool:
        return self.missing is MissingAccess.MAIL


class MailMisconfigured(QuickBIError):
    """The mail's subject is invalid."""

    @property
    def is_about_the_mail(self) -> bool:
        return True


class CredentialsProblem(StrEnum):
    KEY_UNKNOWN = "key_unknown"
    KEY_INACTIVE = "key_inactive"
    SECRET_WRONG = "secret_wrong"  # noqa: S105 (the name of a problem)
    CLOCK_OFF = "clock_off"
    TOKEN_EXPIRED = "token_expired"  # noqa: S105
    TOKEN_WRONG = "token_wrong"  # noqa: S105 (missing, cut, or another key's)


class CredentialsRejected(QuickBIError):
    """Quick BI rejects the credentials or the signature."""

    def __init__(self, detail: str = "", *, problem: CredentialsProblem, **kw: str) -> None:
        super().__init__(detail, **kw)
        self.problem = problem


class RunRefusal(StrEnum):
    ALREADY_RUNNING = "already_running"
    TOO_OFTEN = "too_often"
    SCHEDULER_FAILED = "scheduler_failed"


class RunRefused(QuickBIError):
    """A run by hand was not started. `retry_after` is in seconds."""

    def __init__(
        self, detail: str = "", *, why: RunRefusal, retry_after: float | None = None, **kw: str
    ) -> None:
        super().__init__(detail, **kw)
        self.why = why
        self.retry_after = retry_after


class Throttled(QuickBIError):
    """Over the account's limit. `retry_after` is in seconds."""

    def __init__(self, detail: str = "", *, retry_after: float | None = None, **kw: str) -> None:
        super().__init__(detail, **kw)
        self.retry_after = retry_after


class QuickBIUnavailable(QuickBIError):
    """Quick BI is down, too slow or out of reach.

    `outcome_unknown`: the request may have been carried out, so a run must not be requested again.
    """

    def __init__(self, detail: str = "", *, outcome_unknown: bool, **kw: str) -> None:
        super().__init__(detail, **kw)
        self.outcome_unknown = outcome_unknown


class ProtocolError(QuickBIError):
    """An answer that is not as documented."""


class UnknownRefusal(QuickBIError):
    """Quick BI refused with an unknown code. `said` is the vendor's message."""

    def __init__(self, detail: str = "", *, said: str = "", **kw: str) -> None:
        super().__init__(detail, **kw)
        self.said = said


class LeaseLost(MailBotError):
    """Another replica leads now: nothing was written."""


class StoreError(MailBotError):
    """The database cannot be opened or used. The message is for the operator and shows no secret."""


class DatabaseAway(StoreError):
    """The database does not answer at all."""


class NewerDatabase(StoreError):
    """A newer version has changed the schema: this one must not write into what it does not know."""


class SlackError(MailBotError):
    """Slack did not take a message. `error` is Slack's own word for it."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


class ChannelGone(SlackError):
    """The channel is archived or deleted, or the bot was removed."""


class AppRejected(SlackError):
    """The app's token or scopes are wrong: no message can be sent until the operator corrects them."""


class SlackBusy(SlackError):
    """Slack did not accept it for now. `retry_after` is in seconds; `limited` is True for a 429."""

    def __init__(self, error: str, *, retry_after: float | None = None, limited: bool = False) -> None:
        super().__init__(error)
        self.retry_after = retry_after
        self.limited = limited


class MessageGone(SlackError):
    """The message to edit, or whose thread to reply in, was deleted."""


class MessageRefused(SlackError):
    """Slack will never accept this message: our own mistake."""


class UnknownSlackRefusal(SlackError):
    """Slack refused with an unknown error."""


class DeliveryUnknown(SlackError):
    """The connection ended between the request and the answer: the message may have arrived."""


class CannotLook(SlackError):
    """Whether a message arrived cannot be found out: too much was posted in its channel at that time."""
