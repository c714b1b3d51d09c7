"""Whether the bot can post in a channel, by what Slack says about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.domain import ChannelId, Posting, SlackError
from bot.slack.transport.notifier import call_slack

_OUT_OF_SIGHT = {"channel_not_found", "not_in_channel", "no_permission"}


@dataclass(frozen=True, slots=True)
class ChannelAccess:
    slack: AsyncWebClient

    async def posting(self, channel_id: ChannelId) -> Posting:
        """A channel that Slack does not show is private, or a direct message, which has an ID of its own kind."""
        try:
            answer = await call_slack(self.slack.conversations_info(channel=channel_id))
        except SlackError as error:
            if error.error not in _OUT_OF_SIGHT:
                return Posting.UNKNOWN
            return Posting.DIRECT if channel_id.startswith("D") else Posting.INVITE
        return posting_in(answer["channel"])


def posting_in(channel: Mapping[str, Any], *, uninvited: bool = True) -> Posting:
    """Whether a message would arrive, by Slack's description of the channel.

    `uninvited`: public channels take messages without an invitation (`chat:write.public`).
    """
    if channel.get("is_archived"):
        return Posting.ARCHIVED
    if channel.get("is_read_only") or channel.get("is_frozen") or channel.get("is_thread_only"):
        return Posting.READ_ONLY
    is_in = bool(channel.get("is_im") or channel.get("is_member"))
    if channel.get("is_mpim") and not is_in:
        return Posting.DIRECT
    if not is_in and (channel.get("is_private") or not uninvited):
        return Posting.INVITE
    is_shared = channel.get("is_ext_shared") or channel.get("is_pending_ext_shared")
    return Posting.SHARED if is_shared else Posting.FINE
