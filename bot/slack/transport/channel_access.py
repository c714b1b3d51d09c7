"""Can the bot post in a channel? Asked of Slack before somebody relies on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain import Posting, SlackError
from bot.slack.transport.notifier import call_slack

if TYPE_CHECKING:
    from slack_sdk.web.async_client import AsyncWebClient

    from bot.domain import ChannelId


_OUT_OF_SIGHT = {"channel_not_found", "not_in_channel", "no_permission"}


class ChannelAccess:
    def __init__(self, slack: AsyncWebClient) -> None:
        self._slack = slack

    async def posting(self, channel_id: ChannelId) -> Posting:
        """A public channel takes a notice without an invitation (`chat:write.public`), a private one does not."""
        try:
            answer = await call_slack(self._slack.conversations_info(channel=channel_id))
        except SlackError as error:
            return Posting.INVITE if error.error in _OUT_OF_SIGHT else Posting.UNKNOWN
        channel = answer["channel"]
        if channel.get("is_archived"):
            return Posting.ARCHIVED
        if channel.get("is_private") and not channel.get("is_member"):
            return Posting.INVITE
        return Posting.FINE
