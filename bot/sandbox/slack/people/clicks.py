"""Buttons, selects, menus and typeaheads, in messages and in views."""

from collections.abc import Sequence
from typing import Any

from bot.sandbox.slack import payloads
from bot.sandbox.slack.blockkit import check_options
from bot.sandbox.slack.deliveries import Ack, EnvelopeType
from bot.sandbox.slack.inputs import Choice, Placed, action, chosen, find_element, state_values, with_choice
from bot.sandbox.slack.model import Answered, Json, Message, Outcome, User, View
from bot.sandbox.slack.people.actor import Actor

DEFAULT_MIN_QUERY = 3
"""Letters before Slack asks the app, unless the element says otherwise."""


class ClickActions(Actor):
    """Pointing at things."""

    async def click(
        self,
        user: str,
        action_id: str,
        *,
        channel: str | None = None,
        ts: str | None = None,
        view_id: str | None = None,
        block_id: str | None = None,
        choose: Choice | None = None,
    ) -> Outcome:
        """Use a button, select, menu or checkbox of a message (`channel`, `ts`) or of a view (`view_id`).

        `action_id` may be the start of one, if only one element of the message begins so.
        `choose` says what was chosen; buttons need none. A confirm dialog counts as confirmed.
        """
        person = self._person(user)
        place = self._place(person, channel, ts, view_id)
        placed = find_element(_blocks(place), action_id, block_id)
        offered = self._offers(person, placed.element)
        told = action(placed, choose, offered, self._site.workspace.next_ts())
        if isinstance(place, View):
            place = self._filled(place, placed, chosen(placed.element, choose, offered))
        if placed.block["type"] == "input" and not placed.block.get("dispatch_action", False):
            return Outcome(answered=Answered.NOT_SENT, view=place if isinstance(place, View) else None)
        ack = await self._deliveries.deliver(
            EnvelopeType.INTERACTIVE, self._click_payload(person, place, placed, told)
        )
        return _click_outcome(ack, self._site.screens.top(person.id))

    async def use_shortcut(self, user: str, callback_id: str, *, channel: str, ts: str) -> Outcome:
        """Choose one of the app's shortcuts from the menu of a message."""
        person = self._person(user)
        place = self._channel(person, channel)
        if callback_id not in self._site.manifest.message_shortcuts:
            raise LookupError(f"the manifest has no shortcut {callback_id}")
        reply = self._site.replies.grant(channel_id=place.id, user_id=person.id)
        payload = payloads.message_action(
            person,
            callback_id,
            self._place_json(self._message(person, place, ts)),
            response_url=self._site.reply_url(reply),
            trigger_id=self._site.triggers.grant(person.id),
        )
        ack = await self._deliveries.deliver(EnvelopeType.INTERACTIVE, payload)
        return _click_outcome(ack, self._site.screens.top(person.id))

    async def suggest(
        self,
        user: str,
        action_id: str,
        query: str,
        *,
        channel: str | None = None,
        ts: str | None = None,
        view_id: str | None = None,
        block_id: str | None = None,
    ) -> Outcome:
        """Type into an external select: the outcome's `options` are what it offers."""
        person = self._person(user)
        place = self._place(person, channel, ts, view_id)
        placed = find_element(_blocks(place), action_id, block_id)
        if len(query) < placed.element.get("min_query_length", DEFAULT_MIN_QUERY):
            return Outcome(answered=Answered.NOT_SENT)
        payload = payloads.block_suggestion(
            person,
            self._place_json(place),
            action_id=placed.element["action_id"],
            block_id=placed.block["block_id"],
            value=query,
        )
        ack = await self._deliveries.deliver(EnvelopeType.INTERACTIVE, payload)
        body = ack.body or {}
        if ack.answered is not Answered.ACKED or check_options(body):
            return ack.outcome(words="No result")
        options = tuple(body.get("options") or ())
        self._remember_offers(person, placed.element, options)
        return ack.outcome(options=options)

    def _place(
        self, person: User, channel: str | None, ts: str | None, view_id: str | None
    ) -> Message | View:
        if view_id is not None:
            return self._view(person, view_id)
        if channel is None or ts is None:
            raise LookupError("say where: channel and ts, or view_id")
        return self._message(person, self._channel(person, channel), ts)

    def _place_json(self, place: Message | View) -> Json:
        if isinstance(place, View):
            return payloads.view_place(place)
        channel = self._site.workspace.channel(place.channel_id)
        return payloads.message_place(place, channel, self._site.workspace)

    def _filled(self, view: View, placed: Placed, carried: Json) -> View:
        """The view remembers what was chosen in it."""
        values = with_choice(view.values, placed, carried)
        return view if values == view.values else self._site.screens.fill(view, values)

    def _click_payload(self, person: User, place: Message | View, placed: Placed, told: Json) -> Json:
        more: dict[str, Any] = {"trigger_id": self._site.triggers.grant(person.id)}
        if isinstance(place, Message):
            reply = self._site.replies.grant(
                channel_id=place.channel_id, user_id=person.id, original_ts=place.ts
            )
            state = with_choice(state_values(place.blocks, {}), placed, told)
            more |= {"response_url": self._site.reply_url(reply), "state": {"values": state}}
        return payloads.block_actions(person, self._place_json(place), told, **more)


def _blocks(place: Message | View) -> Sequence[Json]:
    blocks: Sequence[Json] = place.source["blocks"] if isinstance(place, View) else place.blocks
    return blocks


def _click_outcome(ack: Ack, view: View | None) -> Outcome:
    """Slack itself shows only a warning sign where a click failed; the words are for the sandbox's reader."""
    words = None if ack.answered is Answered.ACKED else f"This app did not respond ({ack.code})."
    return ack.outcome(words=words, view=view)
