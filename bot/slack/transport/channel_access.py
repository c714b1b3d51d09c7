"""Can the bot post in a channel? Asked of Slack before somebody relies on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.domain import Posting, SlackError
from bot.slack.transport.notifier import call_slack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slack_sdk.web.async_client import AsyncWebClient

    from bot.domain import ChannelId


_OUT_OF_SIGHT = {"channel_not_found", "not_in_channel", "no_permission"}


class ChannelAccess:
    def __init__(self, slack: AsyncWebClient) -> None:
        self._slack = slack

    async def posting(self, channel_id: ChannelId) -> Posting:
        """Where Slack shows no such channel, it is private; a direct message is told by its ID."""
        try:
            answer = await call_slack(self._slack.conversations_info(channel=channel_id))
        except SlackError as error:
            if error.error not in _OUT_OF_SIGHT:
                return Posting.UNKNOWN
            return Posting.DIRECT if channel_id.startswith("D") else Posting.INVITE
        return posting_in(answer["channel"])


def posting_in(channel: Mapping[str, Any], *, uninvited: bool = True) -> Posting:
    """Whether a message would arrive, by what Slack tells of the channel.

    `uninvited`: public channels take messages without an invitation (`chat:write.public`).
    """
    if channel.get("is_archived"):
        return Posting.ARCHIVED
    if channel.get("is_read_only") or channel.get("is_frozen") or channel.get("is_thread_only"):
        return Posting.READ_ONLY
    if channel.get("is_im") or channel.get("is_member"):
        return Posting.FINE
    if channel.get("is_mpim"):
        return Posting.DIRECT
    return Posting.INVITE if channel.get("is_private") or not uninvited else Posting.FINE
