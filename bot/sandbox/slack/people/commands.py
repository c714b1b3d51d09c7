"""Typing slash commands and messages."""

import re

from bot.sandbox.slack import payloads
from bot.sandbox.slack.deliveries import Ack, EnvelopeType
from bot.sandbox.slack.errors import SlackError
from bot.sandbox.slack.grants import Reply
from bot.sandbox.slack.model import Answered, Channel, Message, Outcome, User
from bot.sandbox.slack.people.actor import Actor, is_outsider
from bot.sandbox.slack.responses import answer
from bot.sandbox.slack.workspace import SLACKBOT

_MENTION = re.compile(r"(?<!\S)([@#])([\w.-]+)")


class CommandActions(Actor):
    """The composer."""

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
            self._escaped(name, words.strip()),
            response_url=self._site.reply_url(reply),
            trigger_id=self._site.triggers.grant(person.id),
        )
        ack = await self._deliveries.deliver(EnvelopeType.COMMAND, payload)
        return self._outcome(person, place, name, ack, reply)

    async def post_message(
        self, user: str, channel: str, text: str, *, thread_ts: str | None = None
    ) -> Message:
        """Say something."""
        person = self._person(user)
        place = self._channel(person, channel)
        return self._site.workspace.post(place.id, author_id=person.id, text=text, thread_ts=thread_ts)

    async def delete_message(self, channel: str, ts: str) -> None:
        """Delete a message, as an admin may delete the bot's."""
        self._site.workspace.delete(self._site.workspace.message(channel, ts))

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
            return Outcome(answered=ack.answered, seconds=ack.seconds)
        try:
            message = answer(self._site, reply, ack.body)
        except SlackError:
            words = f'{name} failed with the error "invalid_command_response"'
            return self._failed(person, place, ack.answered, words, seconds=ack.seconds)
        return Outcome(answered=ack.answered, seconds=ack.seconds, body=ack.body, message=message)

    def _failed(
        self, person: User, place: Channel, answered: Answered, words: str, *, seconds: float = 0.0
    ) -> Outcome:
        """Slack says so itself, to this person only."""
        message = self._site.workspace.post(place.id, author_id=SLACKBOT, text=words, ephemeral_for=person.id)
        return Outcome(answered=answered, seconds=seconds, words=words, message=message)

    def _escaped(self, name: str, words: str) -> str:
        """`@ada` and `#reports` as references, if the manifest wants that for this command."""
        if not self._site.manifest.commands[name].should_escape:
            return words
        return _MENTION.sub(self._reference, words)

    def _reference(self, mention: re.Match[str]) -> str:
        workspace = self._site.workspace
        try:
            if mention[1] == "@":
                return f"<@{workspace.user(mention[2]).id}|{mention[2]}>"
            return f"<#{workspace.channel(mention[2]).id}|{mention[2]}>"
        except LookupError:
            return mention[0]
