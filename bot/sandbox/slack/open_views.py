"""What each person has open: a stack of up to three modals, and the app's Home tab."""

import secrets
from collections.abc import Mapping
from dataclasses import replace

from bot.sandbox.slack.blockkit import with_ids
from bot.sandbox.slack.changes import Changes
from bot.sandbox.slack.inputs import state_values
from bot.sandbox.slack.model import ChangeKind, Json, SlackError, View

DEEPEST = 3
"""Views in a stack, https://docs.slack.dev/surfaces/modals/."""


class OpenViews:
    """Modals by person, topmost last; Home tabs by person."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._stacks: dict[str, list[View]] = {}
        self._homes: dict[str, View] = {}

    def top(self, user_id: str) -> View | None:
        stack = self._stacks.get(user_id)
        return stack[-1] if stack else None

    def home(self, user_id: str) -> View | None:
        return self._homes.get(user_id)

    def find(self, view_id: str) -> View:
        """An open view. Raises LookupError."""
        for view in self._all():
            if view.id == view_id:
                return view
        raise LookupError(f"no open view {view_id}")

    def open(self, user_id: str, source: Json) -> View:
        """Show a modal; a stack that is open goes away."""
        self.clear(user_id)
        return self._put(_new_view(user_id, source, below=None))

    def push(self, user_id: str, source: Json) -> View:
        """Show a modal on top of the one that is open."""
        stack = self._stacks.get(user_id, [])
        if len(stack) >= DEEPEST:
            raise SlackError("push_limit_reached")
        return self._put(_new_view(user_id, source, below=stack[-1] if stack else None))

    def update(self, view: View, source: Json) -> View:
        """Replace what a view shows; what the person filled in stays where the input stays."""
        filled = _with_ids(source)
        return self._swap(
            replace(
                view,
                source=filled,
                hash=_new_hash(),
                errors={},
                values=state_values(filled["blocks"], view.values),
            )
        )

    def fill(self, view: View, values: Json, errors: Mapping[str, str] | None = None) -> View:
        """The person chose something, or the app found mistakes in it."""
        return self._swap(replace(view, values=values, errors=errors or {}))

    def publish_home(self, user_id: str, source: Json) -> View:
        """Draw a person's Home tab."""
        before, view = self._homes.get(user_id), _new_view(user_id, source, below=None)
        if before is not None:
            view = replace(view, id=before.id, root_view_id=before.id)
        self._homes[user_id] = view
        self._changes.publish(ChangeKind.HOME_PUBLISHED, view)
        return view

    def close(self, view: View) -> None:
        """Close a view and those above it."""
        stack = self._stacks.get(view.user_id, [])
        while any(each.id == view.id for each in stack):
            self._changes.publish(ChangeKind.VIEW_CLOSED, stack.pop())

    def clear(self, user_id: str) -> None:
        """Close all of a person's modals."""
        stack = self._stacks.get(user_id, [])
        while stack:
            self._changes.publish(ChangeKind.VIEW_CLOSED, stack.pop())

    def _all(self) -> list[View]:
        return [view for stack in self._stacks.values() for view in stack] + list(self._homes.values())

    def _put(self, view: View) -> View:
        self._stacks.setdefault(view.user_id, []).append(view)
        self._changes.publish(ChangeKind.VIEW_OPENED, view)
        return view

    def _swap(self, view: View) -> View:
        if view.type == "home":
            self._homes[view.user_id] = view
        else:
            stack = self._stacks[view.user_id]
            stack[[each.id for each in stack].index(view.id)] = view
        self._changes.publish(ChangeKind.VIEW_UPDATED, view)
        return view


def _new_view(user_id: str, source: Json, *, below: View | None) -> View:
    view_id = f"V{secrets.token_hex(5).upper()}"
    filled = _with_ids(source)
    return View(
        id=view_id,
        user_id=user_id,
        type=source["type"],
        source=filled,
        hash=_new_hash(),
        root_view_id=below.root_view_id if below else view_id,
        previous_view_id=below.id if below else None,
        values=state_values(filled["blocks"], {}),
    )


def _with_ids(source: Json) -> Json:
    return {**source, "blocks": with_ids(source["blocks"])}


def _new_hash() -> str:
    return secrets.token_hex(8)
