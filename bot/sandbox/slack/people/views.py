"""Modals and the Home tab: filling in, submitting, closing, opening."""

from collections.abc import Mapping
from typing import Any

from bot.sandbox.slack import payloads
from bot.sandbox.slack.blockkit import check_view
from bot.sandbox.slack.deliveries import Ack, EnvelopeType
from bot.sandbox.slack.inputs import (
    Choice,
    chosen,
    find_element,
    missing_inputs,
    placed_elements,
    with_choice,
)
from bot.sandbox.slack.json_shapes import view_json
from bot.sandbox.slack.model import Answered, Json, Outcome, SlackError, User, View
from bot.sandbox.slack.people.actor import Actor, is_outsider

TROUBLE = "We had some trouble connecting. Try again?"
"""What a modal says when its submission failed."""


class ViewActions(Actor):
    """What happens on top of, and beside, the channels."""

    async def submit_view(
        self, user: str, view_id: str, values: Mapping[str, Choice] | None = None
    ) -> Outcome:
        """Fill in inputs, named by action_id or block_id, and press the modal's submit button."""
        person = self._person(user)
        view = self._filled_in(person, self._view(person, view_id), values or {})
        if missing := missing_inputs(view.source["blocks"], view.values):
            view = self._site.screens.fill(view, view.values, missing)
            return Outcome(answered=Answered.NOT_SENT, view=view, errors=missing)
        payload = payloads.view_submission(person, view, trigger_id=self._site.triggers.grant(person.id))
        ack = await self._deliveries.deliver(EnvelopeType.INTERACTIVE, payload)
        if ack.answered is not Answered.ACKED:
            return ack.outcome(words=TROUBLE, view=view)
        return self._respond(person, view, ack)

    async def close_view(self, user: str, view_id: str, *, clear: bool = False) -> Outcome:
        """Close a modal; `clear` closes the whole stack."""
        person = self._person(user)
        view = self._view(person, view_id)
        if clear:
            self._site.screens.clear(person.id)
        else:
            self._site.screens.close(view)
        below = self._site.screens.top(person.id)
        if not view.source.get("notify_on_close", False):
            return Outcome(answered=Answered.NOT_SENT, view=below)
        payload = payloads.view_closed(person, view, is_cleared=clear)
        ack = await self._deliveries.deliver(EnvelopeType.INTERACTIVE, payload)
        return ack.outcome(view=below)

    async def open_home(self, user: str) -> Outcome:
        """Open the app's Home tab: the outcome's `view` is what is published for this person, if anything.

        The app may publish after its ack: watch the changes for that.
        """
        person = self._person(user)
        if is_outsider(person) or not self._site.manifest.has_home:
            return Outcome(answered=Answered.NOT_SENT)
        home = self._site.screens.home(person.id)
        if "app_home_opened" not in self._site.manifest.events:
            return Outcome(answered=Answered.NOT_SENT, view=home)
        body: dict[str, Any] = {
            "type": "app_home_opened",
            "user": person.id,
            "channel": self._site.workspace.direct_message(person.id).id,
            "tab": "home",
            "event_ts": self._site.workspace.next_ts(),
        }
        if home is not None:
            body["view"] = view_json(home)
        ack = await self._deliveries.deliver_event(payloads.event(body, at=self._site.clock()))
        return ack.outcome(view=self._site.screens.home(person.id))

    def _filled_in(self, person: User, view: View, values: Mapping[str, Choice]) -> View:
        for name, choice in values.items():
            placed = find_element(view.source["blocks"], *_address(view, name))
            carried = chosen(placed.element, choice, self._offers(person, placed.element))
            view = self._site.screens.fill(view, with_choice(view.values, placed, carried))
        return view

    def _respond(self, person: User, view: View, ack: Ack) -> Outcome:
        """Do what the ack of a submission says."""
        body, errors = ack.body or {}, {}
        try:
            if body.get("response_action") == "errors":
                errors = _errors(view, body.get("errors", {}))
                self._site.screens.fill(view, view.values, errors)
            else:
                self._follow(person, view, body)
        except SlackError:
            return ack.outcome(words=TROUBLE, view=view)
        top = self._site.screens.top(person.id)
        return ack.outcome(view=top, errors=errors)

    def _follow(self, person: User, view: View, body: Json) -> None:
        match body.get("response_action"):
            case None:
                self._site.screens.close(view)
            case "clear":
                self._site.screens.clear(person.id)
            case "update":
                self._site.screens.update(view, _checked(body))
            case "push":
                self._site.screens.push(person.id, _checked(body))
            case _:
                raise SlackError("invalid_arguments")


def _address(view: View, name: str) -> tuple[str, str | None]:
    """An input by its block's ID, or by its own."""
    for placed in placed_elements(view.source["blocks"]):
        if placed.block["block_id"] == name:
            return placed.element["action_id"], name
    return name, None


def _errors(view: View, errors: Mapping[str, str]) -> dict[str, str]:
    """Errors may stand only under inputs of this view."""
    inputs = {block["block_id"] for block in view.source["blocks"] if block["type"] == "input"}
    if not errors or not set(errors) <= inputs:
        raise SlackError("invalid_arguments")
    return dict(errors)


def _checked(body: Json) -> Json:
    view: Json = body.get("view") or {}
    if check_view(view, "modal"):
        raise SlackError("invalid_arguments")
    return view
