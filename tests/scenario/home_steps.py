"""Steps on the Home tab and in its modals, and what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.messages.judges import texts

if TYPE_CHECKING:
    from bot.sandbox.slack.model import View
    from tests.support.rig import Rig


async def open_home(rig: Rig, user: str = "ada") -> View:
    """Open the tab and wait for what is published anew, with all that Slack has to say about it."""
    before = rig.slack.home(user)
    await rig.slack.people.open_home(user)

    def published() -> View | None:
        view = rig.slack.home(user)
        if view is None or (before is not None and view.hash == before.hash):
            return None
        return None if "I am looking up your channels" in words_of(view) else view

    return await rig.slack.changes.until(published, seconds=8)


async def until_home(rig: Rig, words: str, user: str = "ada") -> None:
    def told() -> bool:
        view = rig.slack.home(user)
        return view is not None and words in words_of(view)

    await rig.slack.changes.until(told, seconds=8)


def home_texts(view: View) -> list[str]:
    return texts(view.source["blocks"], "mrkdwn", "plain_text")


def words_of(view: View) -> str:
    return " ".join(home_texts(view))


async def until_modal(rig: Rig, words: str, *, seconds: float = 30.0) -> View:
    """Wait until the modal on top says these words."""

    def told() -> View | None:
        view = rig.slack.open_view("ada")
        return view if view and words in words_of(view) else None

    return await rig.slack.changes.until(told, seconds=seconds)


def action_ids(view: View) -> list[str]:
    elements = [element for block in view.source["blocks"] for element in block.get("elements", ())]
    return [element["action_id"] for element in elements if "action_id" in element]


def lies_on(rig: Rig, below: View) -> bool:
    """Is there a modal above this one, with a way back to it?"""
    top = rig.slack.open_view("ada")
    return top is not None and top.previous_view_id == below.id
