"""How Slack says no: which of its errors pass by themselves, and what the others mean to whoever runs the bot. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from slack_sdk.errors import SlackApiError

# Slack says of itself that it is in trouble, or that we are too fast.
_PASSING = frozenset(
    {
        "ratelimited",
        "rate_limited",
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
    }
)
_LOOK_IT_UP = "See Slack's page on this error."
_WHAT_TO_DO = {
    "invalid_auth": "The token is wrong. Copy it again from the app's page.",
    "not_authed": "The token is empty.",
    "token_revoked": "The token was revoked. Install the app again.",
    "token_expired": "The token has run out. Install the app again.",
    "account_inactive": "The app was removed from the workspace. Install it again.",
    "not_allowed_token_type": "This is another kind of token.",
    "channel_not_found": "No such channel, or it is private and the bot is not in it: invite it.",
    "socket_mode_not_enabled": "Switch Socket Mode on under “Socket Mode”.",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class SlackRefusal:
    """`error` is Slack's word for it; empty where what answered did not speak as Slack does.

    `needed` is the scope that is missing; `retry_after`, in seconds, is how long Slack wants to be left alone.
    Where nothing answered at all, `error` is the network's word.
    """

    error: str = ""
    status: int = HTTPStatus.OK
    needed: str = ""
    retry_after: float = 0.0
    is_out_of_reach: bool = False

    @property
    def is_passing(self) -> bool:
        return (
            self.is_out_of_reach
            or self.error in _PASSING
            or self.status == HTTPStatus.TOO_MANY_REQUESTS
            or self.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        )

    @property
    def said(self) -> str:
        """One word for the log."""
        return self.error or f"HTTP {int(self.status)}"

    @property
    def words(self) -> str:
        """A line for whoever runs the bot: what Slack says, and what to do about it."""
        if self.is_out_of_reach:
            return f"Out of reach ({self.error}). Is the network, a proxy or the URL wrong?"
        if self.is_passing:
            return f"Slack says {self.said}. It is in trouble or busy; try again in a few minutes."
        if not self.error:
            return (
                f"What answers at SLACK_API_URL is not Slack (HTTP {int(self.status)}). "
                "Is the URL wrong, or a proxy in the way?"
            )
        if self.error == "missing_scope":
            return f"Slack says {self.error}. The scope {self.needed} is missing. Add it, then install again."
        return f"Slack says {self.error}. {_WHAT_TO_DO.get(self.error, _LOOK_IT_UP)}"


def refusal(refused: SlackApiError) -> SlackRefusal:
    """slack_sdk hands over its own response, or aiohttp's where the body made no sense."""
    response: Any = refused.response
    body = getattr(response, "data", None)
    told = body if isinstance(body, dict) else {}
    return SlackRefusal(
        error=str(told.get("error") or ""),
        status=getattr(response, "status_code", 0) or getattr(response, "status", 0),
        needed=str(told.get("needed") or ""),
        retry_after=_seconds({key.lower(): value for key, value in response.headers.items()}),
    )


def _seconds(headers: dict[str, str]) -> float:
    value = headers.get("retry-after", "")
    return float(value) if value.isascii() and value.isdigit() else 0.0
