"""What people do in channels: typing commands and messages, inviting the bot, archiving."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.sandbox.slack import payloads
from bot.sandbox.slack.deliveries import Ack, EnvelopeType
from bot.sandbox.slack.escaping import escaped
from bot.sandbox.slack.grants import Reply
from bot.sandbox.slack.json_shapes import posted_json
from bot.sandbox.slack.model import Answered, Channel, Message, Outcome, SlackError, User
from bot.sandbox.slack.people.actor import Actor, is_outsider
from bot.sandbox.slack.responses import answer
from bot.sandbox.slack.workspace import BOT_USER_ID, HOME_TEAM, SLACKBOT


class ChannelActions(Actor):
    """What members do in channels, and admins with them. The app is notified by events."""

    async def type_command(
        self, user: str, channel: str, text: str, *, thread_ts: str | None = None
    ) -> Outcome:
        """Send `/command words` from the composer. In a thread Slack refuses, as it does every command."""
        person = self._person(user)
        place = self._channel(person, channel)
        name, _, words = text.strip().partition(" ")
        if (refusal := self._refusal(person, place, name, thread_ts)) is not None:
            return self._failed(person, place, Answered.NOT_SENT, refusal)
        reply = self._site.replies.grant(channel_id=place.id, user_id=person.id)
        payload = payloads.command(
            person,
            place,
            name,
            self._words(name, words.strip()),
            response_url=self._site.reply_url(reply),
            trigger_id=self._site.triggers.grant(person.id),
        )
        ack = await self._deliveries.deliver(EnvelopeType.COMMAND, payload)
        return self._outcome(person, place, name, ack, reply)

    def _words(self, command: str, words: str) -> str:
        if not self._site.manifest.commands[command].should_escape:
            return words
        return escaped(words, self._site.workspace, with_labels=True)

    async def post_message(
        self, user: str, channel: str, text: str, *, thread_ts: str | None = None
    ) -> Message:
        """Say something. The app gets `app_mention` in a channel that it is in, `message` in its direct messages."""
        person = self._person(user)
        place = self._channel(person, channel)
        words = escaped(text, self._site.workspace, with_labels=False)
        message = self._site.workspace.post(place.id, author_id=person.id, text=words, thread_ts=thread_ts)
        scopes, is_mention = self._site.scopes, f"<@{BOT_USER_ID}>" in words and BOT_USER_ID in place.members
        told = {**posted_json(message, self._site.workspace), "channel": place.id, "team": person.team_id}
        if place.is_im and "im:history" in scopes:
            self._publish_event({**told, "channel_type": "im"}, place)
        elif not place.is_im and is_mention and "app_mentions:read" in scopes:
            self._publish_event({**told, "type": "app_mention"}, place)
        return message

    async def open_messages(self, user: str) -> Channel:
        """The Messages tab of the app: the conversation with it."""
        return self._site.workspace.direct_message(self._person(user).id)

    async def delete_message(self, channel: str, ts: str) -> None:
        """Delete a message, as an admin may delete the bot's."""
        self._site.workspace.delete(self._site.workspace.message(channel, ts))

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

    def _publish_event(self, event: Mapping[str, Any], channel: Channel) -> None:
        body = {**event, "event_ts": self._site.workspace.next_ts()}
        at, shared = self._site.clock(), channel.is_ext_shared
        self._deliveries.announce(body, lambda each: payloads.event(each, at=at, is_ext_shared=shared))

    def _refusal(self, person: User, place: Channel, name: str, thread_ts: str | None) -> str | None:
        """Why Slack does not even ask the app. People of other organisations cannot use its commands."""
        if thread_ts is not None:
            return f"{name} is not supported in threads. Sorry!"
        if place.is_archived:
            return "You cannot use commands in an archived channel."
        if name not in self._site.manifest.commands or is_outsider(person):
            return f"{name} is not a valid command."
        return None

    def _outcome(self, person: User, place: Channel, name: str, ack: Ack, reply: Reply) -> Outcome:
        if ack.answered is not Answered.ACKED:
            words = f'{name} failed with the error "{ack.code}"'
            return self._failed(person, place, ack.answered, words, seconds=ack.seconds)
        if not ack.body:
            return ack.outcome()
        try:
            message = answer(self._site, reply, ack.body)
        except SlackError:
            words = f'{name} failed with the error "invalid_command_response"'
            return self._failed(person, place, ack.answered, words, seconds=ack.seconds)
        return ack.outcome(message=message)

    def _failed(
        self, person: User, place: Channel, answered: Answered, words: str, *, seconds: float = 0.0
    ) -> Outcome:
        """Slack says so itself, to this person only."""
        message = self._site.workspace.post(place.id, author_id=SLACKBOT, text=words, ephemeral_for=person.id)
        return Outcome(answered=answered, seconds=seconds, words=words, message=message)


def _prefix(channel: Channel) -> str:
    return "group" if channel.is_private else "channel"
