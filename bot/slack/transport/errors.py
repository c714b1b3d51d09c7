"""Slack's errors: what each word means for what we do next, and what it means to whoever runs the bot.

https://docs.slack.dev/reference/methods, "Errors" on the page of each method.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from slack_sdk.errors import SlackApiError

from bot.domain import (
    AppRejected,
    ChannelGone,
    DeliveryUnknown,
    MessageGone,
    MessageRefused,
    SlackBusy,
    SlackError,
    UnknownSlackRefusal,
)
from bot.domain.retry_after import retry_after

_LIMITED = ("ratelimited", "rate_limited")
_ANY_METHOD: Mapping[str, type[SlackError]] = {
    **dict.fromkeys(_LIMITED, SlackBusy),
    **dict.fromkeys(("service_unavailable", "team_added_to_org", "external_channel_migrating"), SlackBusy),
    # "It's possible some aspect of the operation succeeded before the error was raised."
    **dict.fromkeys(("internal_error", "fatal_error", "request_timeout"), DeliveryUnknown),
    **dict.fromkeys(
        (
            "access_denied",
            "accesslimited",
            "account_inactive",
            "deprecated_endpoint",
            "enterprise_is_restricted",
            "invalid_auth",
            "method_deprecated",
            "missing_scope",
            "not_allowed_token_type",
            "not_authed",
            "org_login_required",
            "team_access_not_granted",
            "team_not_found",
            "token_expired",
            "token_revoked",
            "two_factor_setup_required",
        ),
        AppRejected,
    ),
    **dict.fromkeys(
        (
            "invalid_arg_name",
            "invalid_arguments",
            "invalid_array_arg",
            "invalid_charset",
            "invalid_form_data",
            "invalid_post_type",
            "missing_post_type",
        ),
        MessageRefused,
    ),
    **dict.fromkeys(
        ("channel_not_found", "ekm_access_denied", "is_archived", "no_permission", "not_in_channel"),
        ChannelGone,
    ),
}
_REFUSED_CONTENT: Mapping[str, type[SlackError]] = {
    **dict.fromkeys(
        (
            "attachment_payload_limit_exceeded",
            "block_mismatch",
            "invalid_attachments",
            "invalid_blocks",
            "invalid_blocks_format",
            "invalid_metadata_format",
            "invalid_metadata_schema",
            "markdown_text_conflict",
            "metadata_too_large",
            "msg_blocks_too_long",
            "msg_too_long",
            "no_text",
            "slack_connect_canvas_sharing_blocked",
            "slack_connect_file_link_sharing_blocked",
            "slack_connect_lists_sharing_blocked",
            "too_many_attachments",
            "too_many_contact_cards",
        ),
        MessageRefused,
    ),
    "metadata_must_be_sent_from_app": AppRejected,  # the token is not an app's
}
_NO_SUCH_PERSON: Mapping[str, type[SlackError]] = dict.fromkeys(
    ("cannot_dm_bot", "user_disabled", "user_not_found", "user_not_visible", "users_not_found"), ChannelGone
)
_BY_METHOD: Mapping[str, Mapping[str, type[SlackError]]] = {
    "chat.postMessage": {
        **_REFUSED_CONTENT,
        **_NO_SUCH_PERSON,
        **dict.fromkeys(
            (
                "messages_tab_disabled",
                "restricted_action",
                "restricted_action_read_only_channel",
                "restricted_action_thread_only_channel",
            ),
            ChannelGone,
        ),
        # No reply can be posted there: what it was to say is posted at the top of the channel.
        **dict.fromkeys(
            (
                "cannot_reply_to_message",
                "restricted_action_non_threadable_channel",
                "restricted_action_thread_locked",
                "thread_not_found",
            ),
            MessageGone,
        ),
        "message_limit_exceeded": SlackBusy,
    },
    "chat.update": {
        **_REFUSED_CONTENT,
        "is_inactive": ChannelGone,  # archived, frozen or deleted
        **dict.fromkeys(("cant_update_message", "edit_window_closed", "message_not_found"), MessageGone),
        **dict.fromkeys(("cant_broadcast_message", "no_dual_broadcast_content_update"), MessageRefused),
        **dict.fromkeys(("streaming_state_conflict", "update_failed"), SlackBusy),
    },
    "conversations.open": _NO_SUCH_PERSON,
    "conversations.replies": {"thread_not_found": MessageGone},
}


def kind_of(method: str, error: str) -> type[SlackError]:
    """What Slack's word `error` means as an answer to `method`."""
    return _BY_METHOD.get(method, {}).get(error) or _ANY_METHOD.get(error, UnknownSlackRefusal)


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

    `needed` is the scope that is missing, `retry_after` the seconds that Slack asks us to wait. Where nothing
    answered at all, `error` is the network's word.
    """

    error: str = ""
    method: str = ""
    status: int = HTTPStatus.OK
    needed: str = ""
    retry_after: float | None = None
    is_out_of_reach: bool = False

    @property
    def is_passing(self) -> bool:
        return (
            self.is_out_of_reach
            or kind_of(self.method, self.error) in (SlackBusy, DeliveryUnknown)
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
    """`refused.response` is slack_sdk's own, or aiohttp's where the body made no sense."""
    response: Any = refused.response
    body = getattr(response, "data", None)
    told = body if isinstance(body, dict) else {}
    return SlackRefusal(
        error=str(told.get("error") or ""),
        method=str(getattr(response, "api_url", "")).rpartition("/")[2],
        status=getattr(response, "status_code", 0) or getattr(response, "status", 0),
        needed=str(told.get("needed") or ""),
        retry_after=retry_after(header(response.headers, "retry-after")),
    )


def slack_error(refused: SlackApiError) -> SlackError:
    """The error that says what to do next."""
    no = refusal(refused)
    if no.status == HTTPStatus.TOO_MANY_REQUESTS or no.error in _LIMITED:
        return SlackBusy(no.said, retry_after=no.retry_after, limited=True)
    if not no.error or no.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return DeliveryUnknown(no.said)
    return kind_of(no.method, no.error)(no.error)


def header(headers: Mapping[str, Any] | None, name: str) -> str | None:
    """A header's value, whatever the case of its name; the first of several."""
    value = {str(key).lower(): value for key, value in dict(headers or {}).items()}.get(name)
    return str(value[0]) if isinstance(value, list) else value
