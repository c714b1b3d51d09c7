"""How the API answers when it is asked about a mail: with the truth, a refusal, or something malformed."""

from dataclasses import dataclass
from enum import StrEnum

from bot.sandbox.world.refusals import Refusal


@dataclass(frozen=True, kw_only=True, slots=True)
class Truth:
    """The latest runs, newest first: one, as the page says, unless `shown` says more."""

    shown: int = 1


class Malformed(StrEnum):
    """Answers that the API's page does not promise, and that come all the same."""

    HTML_PAGE = "html-page"
    BAD_GATEWAY = "bad-gateway"
    EMPTY_BODY = "empty-body"
    BROKEN_JSON = "broken-json"
    NOT_AN_OBJECT = "not-an-object"
    NO_RESULT = "no-result"
    RESULT_NULL = "result-null"
    RESULT_OBJECT = "result-object"
    RESULT_TEXT = "result-text"
    WRONG_TYPES = "wrong-types"
    TASK_ID_TEXT = "task-id-text"
    TASK_ID_ZERO = "task-id-zero"
    EXTRA_FIELDS = "extra-fields"
    EXEC_TIME_ODD = "exec-time-odd"
    SUCCESS_FALSE = "success-false"
    SUCCESS_FALSE_BARE = "success-false-bare"
    REDIRECT = "redirect"
    CUT_SHORT = "cut-short"
    DROPPED = "dropped"
    SLOW = "slow"


class RunQuirk(StrEnum):
    """What may become of a run by hand, besides a clear yes or no."""

    REPLY_LOST = "reply-lost"
    """The run starts, and the connection breaks instead of an answer."""
    NOT_STARTED = "not-started"
    """Success, but `Result` is false: nothing was started."""


Behaviour = Truth | Refusal | Malformed
OnRun = Refusal | RunQuirk | None
