"""How Slack says no: what is waited out, what is told, and what to do about it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.domain import (
    AppRejected,
    ChannelGone,
    DeliveryUnknown,
    MessageGone,
    MessageRefused,
    SlackBusy,
    SlackError,
    UnknownSlackRefusal,
    UsageError,
)
from bot.slack.transport.errors import SlackRefusal, refusal, slack_error


class AiohttpsOwn:
    """What slack_sdk hands over where the body was no JSON: another class, other names."""

    status = 502
    headers = {"Retry-After": "7"}  # noqa: RUF012 (a stand-in)


def answered(
    data: Any, *, status: int = 200, headers: dict[str, str] | None = None, method: str = "auth.test"
) -> SlackApiError:
    response = AsyncSlackResponse(
        client=AsyncWebClient(),
        http_verb="POST",
        api_url=f"https://slack.com/api/{method}",
        req_args={},
        data=data,
        headers=headers or {},
        status_code=status,
    )
    return SlackApiError("refused", response)  # type: ignore[no-untyped-call]


def test_what_slack_says_is_read() -> None:
    """Its word, the scope that is missing, and how long it wants to be left alone."""
    assert refusal(answered({"ok": False, "error": "missing_scope", "needed": "im:write"})) == SlackRefusal(
        error="missing_scope", method="auth.test", needed="im:write"
    )
    assert refusal(
        answered({"ok": False, "error": "ratelimited"}, status=429, headers={"retry-after": "30"})
    ) == (SlackRefusal(error="ratelimited", method="auth.test", status=429, retry_after=30.0))


@pytest.mark.parametrize("data", ["<html>", {}, None, {"ok": False}, {"error": None}])
def test_what_is_not_slacks_has_no_word(data: Any) -> None:
    """Whatever stands there instead."""
    assert refusal(answered(data)) == SlackRefusal(method="auth.test")


def test_an_answer_of_aiohttp_is_understood_too() -> None:
    """It has no `status_code` and no `data`."""
    broken = SlackApiError("broken", AiohttpsOwn())  # type: ignore[no-untyped-call]
    assert refusal(broken) == SlackRefusal(status=502, retry_after=7.0)


@pytest.mark.parametrize(
    "status", [status for status in HTTPStatus if status >= 400], ids=lambda status: str(int(status))
)
def test_servers_trouble_passes_and_a_refusal_does_not(status: HTTPStatus) -> None:
    """5xx and 429, whatever the body says."""
    assert SlackRefusal(error="odd", status=status).is_passing is (status >= 500 or status == 429)


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        ("ratelimited", True),
        ("internal_error", True),
        ("fatal_error", True),
        ("service_unavailable", True),
        ("request_timeout", True),
        ("invalid_auth", False),
        ("account_inactive", False),
        ("never_seen_before", False),
        ("", False),
    ],
)
def test_slacks_own_trouble_passes(error: str, *, passes: bool) -> None:
    """Under HTTP 200, as Slack likes it."""
    assert SlackRefusal(error=error).is_passing is passes


@pytest.mark.parametrize(
    ("no", "words"),
    [
        pytest.param(
            SlackRefusal(error="invalid_auth"), "Slack says invalid_auth. The token is wrong.", id="known"
        ),
        pytest.param(
            SlackRefusal(error="odd_one"), "Slack says odd_one. See Slack's page on this error.", id="unknown"
        ),
        pytest.param(
            SlackRefusal(error="missing_scope", needed="im:write"),
            "The scope im:write is missing.",
            id="scope",
        ),
        pytest.param(SlackRefusal(status=503), "Slack says HTTP 503. It is in trouble or busy", id="trouble"),
        pytest.param(SlackRefusal(status=404), "SLACK_API_URL is not Slack (HTTP 404)", id="another server"),
        pytest.param(
            SlackRefusal(error="ClientConnectorError", is_out_of_reach=True),
            "Out of reach (Client",
            id="no server",
        ),
    ],
)
def test_whoever_runs_the_bot_reads_what_to_do(no: SlackRefusal, words: str) -> None:
    """In one line."""
    assert words in no.words
    assert "\n" not in no.words


@pytest.mark.parametrize(
    ("method", "word", "kind"),
    [
        ("chat.update", "is_inactive", ChannelGone),
        ("chat.postMessage", "is_archived", ChannelGone),
        ("chat.postMessage", "restricted_action_read_only_channel", ChannelGone),
        ("chat.postMessage", "cannot_reply_to_message", MessageGone),
        ("chat.postMessage", "restricted_action_non_threadable_channel", MessageGone),
        ("chat.postMessage", "invalid_attachments", MessageRefused),
        ("chat.update", "block_mismatch", MessageRefused),
        ("chat.postMessage", "invalid_charset", MessageRefused),
        ("chat.postMessage", "metadata_must_be_sent_from_app", AppRejected),
        ("chat.postMessage", "enterprise_is_restricted", AppRejected),
        ("chat.postMessage", "two_factor_setup_required", AppRejected),
        ("chat.postMessage", "accesslimited", AppRejected),
        ("conversations.history", "method_deprecated", AppRejected),
        ("chat.update", "team_not_found", AppRejected),
        ("conversations.replies", "thread_not_found", MessageGone),
        ("conversations.open", "user_disabled", ChannelGone),
        ("chat.update", "update_failed", SlackBusy),
        ("chat.postMessage", "internal_error", DeliveryUnknown),
        ("chat.postMessage", "never_seen_before", UnknownSlackRefusal),
        ("conversations.history", "message_not_found", UnknownSlackRefusal),
    ],
)
def test_each_word_is_read_as_an_answer_to_its_method(method: str, word: str, kind: type[SlackError]) -> None:
    """The same word can mean something else, or nothing, elsewhere."""
    error = slack_error(answered({"ok": False, "error": word}, method=method))
    assert (type(error), error.error) == (kind, word)


@pytest.mark.parametrize(("said", "seconds"), [("7", 7.0), ("inf", None), ("-5", None), ("1e9", 3600.0)])
def test_an_odd_retry_after_is_no_duration(said: str, seconds: float | None) -> None:
    """It once ended the leader's term."""
    limited = slack_error(answered({"ok": False}, status=429, headers={"Retry-After": said}))
    assert isinstance(limited, SlackBusy)
    assert (limited.limited, limited.retry_after) == (True, seconds)


def test_what_was_typed_wrong_comes_with_an_example() -> None:
    error = UsageError("Which mail?", example="/mail-status Daily Sales")
    assert (str(error), error.problem, error.example) == (
        "Which mail?",
        "Which mail?",
        "/mail-status Daily Sales",
    )
