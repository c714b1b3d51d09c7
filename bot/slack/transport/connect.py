"""The first calls to Slack: repeated for as long as Slack is in trouble; one clear line where it refuses."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain import MailBotError, TeamId, UserId
from bot.slack.payloads import Home
from bot.slack.transport.errors import SlackRefusal, refusal

_log = logging.getLogger(__name__)
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds between two tries


class NotSlack(MailBotError):
    """Something answers at SLACK_API_URL, but not as Slack does."""


class SlackRefuses(MailBotError):
    """Slack does not accept a setting; waiting would not mend it."""

    def __init__(self, setting: str, refused: SlackRefusal) -> None:
        super().__init__(f"{setting}: {refused.words}" if refused.error else refused.words)


async def who_are_we(slack: AsyncWebClient) -> Home:
    """Which workspace and app the token belongs to. Raises SlackRefuses."""
    answer = await until_slack_answers("SLACK_BOT_TOKEN", slack.auth_test)
    try:
        return Home(
            team_id=TeamId(answer["team_id"]),
            enterprise_id=answer.get("enterprise_id") or "",
            bot_user_id=UserId(answer["user_id"]),
            app_name=answer.get("app_name") or answer.get("user") or "",
        )
    except KeyError:
        raise SlackRefuses("SLACK_BOT_TOKEN", SlackRefusal()) from None


async def until_slack_answers(setting: str, ask: Callable[[], Awaitable[Any]]) -> Mapping[str, Any]:
    """What Slack answers. An outage is logged once, and its end once. Raises SlackRefuses, naming `setting`."""
    pause = FIRST_PAUSE
    while True:
        outcome = await _once(ask)
        if not isinstance(outcome, SlackRefusal):
            if pause > FIRST_PAUSE:
                _log.info("slack_reached_again")
            return outcome
        if not outcome.is_passing:
            raise SlackRefuses(setting, outcome)
        if pause == FIRST_PAUSE:
            _log.warning("slack_out_of_reach", extra={"error": outcome.said})
        await asyncio.sleep(max(pause, outcome.retry_after or 0.0))
        pause = min(2 * pause, LONGEST_PAUSE)


async def _once(ask: Callable[[], Awaitable[Any]]) -> Mapping[str, Any] | SlackRefusal:
    try:
        answer: Mapping[str, Any] = (await heard(ask())).data
    except SlackApiError as refused:
        return refusal(refused)
    except NotSlack:
        return SlackRefusal()
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        return SlackRefusal(error=type(error).__name__, is_out_of_reach=True)
    return answer


async def heard(call: Awaitable[Any]) -> Any:
    """slack_sdk's response. Raises NotSlack where the answer is no JSON object, which slack_sdk does not expect."""
    try:
        return await call
    except aiohttp.ClientError:
        raise
    except (AttributeError, ValueError):
        raise NotSlack(SlackRefusal().words) from None
