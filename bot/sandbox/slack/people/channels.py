"""Channels: membership, archiving, deletion. The app is notified by events."""

from dataclasses import replace
from typing import Any

from bot.sandbox.slack import payloads
from bot.sandbox.slack.model import Channel
from bot.sandbox.slack.people.actor import Actor
from bot.sandbox.slack.workspace import BOT_USER_ID, HOME_TEAM


class ChannelActions(Actor):
    """What members and admins do with channels."""

    async def archive(self, channel: str, *, by: str = "ada") -> Channel:
        """Archive a channel; the app gets `channel_archive` if its manifest asks for it."""
        now = self._change(channel, is_archived=True)
        self._announce(now, f"{_prefix(now)}_archive", user=self._person(by).id)
        return now

    async def unarchive(self, channel: str, *, by: str = "ada") -> Channel:
        """Bring a channel back."""
        now = self._change(channel, is_archived=False)
        self._announce(now, f"{_prefix(now)}_unarchive", user=self._person(by).id)
        return now

    async def delete_channel(self, channel: str) -> Channel:
        """Delete a channel for good; the app gets `channel_deleted` or `group_deleted`."""
        gone = self._site.workspace.drop_channel(channel)
        self._announce(gone, f"{_prefix(gone)}_deleted")
        return gone

    async def change_channel_id(self, channel: str) -> Channel:
        """Give a channel a new ID; the app gets `channel_id_changed`."""
        old = self._site.workspace.channel(channel)
        new = self._site.workspace.change_channel_id(old.id)
        ids = {"old_channel_id": old.id, "new_channel_id": new.id}
        self._publish_event({"type": "channel_id_changed", **ids}, new)
        return new

    async def invite_bot(self, user: str, channel: str) -> Channel:
        """`/invite @bot`; the app gets `member_joined_channel`."""
        person = self._person(user)
        before = self._channel(person, channel)
        now = self._change(channel, members=before.members | {BOT_USER_ID})
        self._announce(
            now,
            "member_joined_channel",
            user=BOT_USER_ID,
            channel_type="G" if now.is_private else "C",
            team=HOME_TEAM,
            inviter=person.id,
        )
        return now

    async def remove_bot(self, user: str, channel: str) -> Channel:
        """Take the bot out of a channel; the app gets `channel_left` or `group_left`."""
        person = self._person(user)
        before = self._channel(person, channel)
        now = self._change(channel, members=before.members - {BOT_USER_ID})
        self._announce(now, f"{_prefix(now)}_left", actor_id=person.id)
        return now

    def _change(self, channel: str, **changed: Any) -> Channel:
        return self._site.workspace.put_channel(replace(self._site.workspace.channel(channel), **changed))

    def _announce(self, channel: Channel, kind: str, **more: str) -> None:
        self._publish_event({"type": kind, "channel": channel.id, **more}, channel)

    def _publish_event(self, event: dict[str, str], channel: Channel) -> None:
        body = {**event, "event_ts": self._site.workspace.next_ts()}
        at, shared = self._site.clock(), channel.is_ext_shared
        self._deliveries.announce(body, lambda each: payloads.event(each, at=at, is_ext_shared=shared))


def _prefix(channel: Channel) -> str:
    return "group" if channel.is_private else "channel"
