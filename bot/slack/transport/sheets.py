"""Answers where no response URL leads back: a modal over the Home tab, and the Home tab itself."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import (
    ActionsBlock,
    ButtonElement,
    InteractiveElement,
    OverflowMenuElement,
    PlainTextObject,
)
from slack_sdk.models.views import View

from bot.slack.kit.actions import Act, More
from bot.slack.transport.errors import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from slack_sdk.models.blocks import Block
    from slack_sdk.web.async_client import AsyncWebClient

    from bot.domain import UserId
    from bot.slack.kit.blocks import Message
    from bot.slack.payloads import Clicked

_log = logging.getLogger(__name__)
_TITLE = "Report mails"
_ABOUT_A_CHANNEL = (Act.SUBSCRIBE, Act.UNSUBSCRIBE, Act.SNOOZE, Act.RUN)  # a run's outcome is told there
_CHOICES_ABOUT_A_CHANNEL = (More.SHARE, More.UNSUBSCRIBE, More.RUN)


class ModalResponder:
    """Answers a click on the Home tab or in a modal by a modal.

    On the Home tab the first message opens it; a trigger lives 3 s, so whoever takes longer says so first.
    In a modal the first message takes its place or, with `replace=False`, lies above it, with a way back.
    """

    def __init__(self, slack: AsyncWebClient, clicked: Clicked) -> None:
        self._slack = slack
        self._trigger_id = clicked.trigger_id
        self._below = clicked.view_id if clicked.view_kind == "modal" else ""
        self._shown = ""

    async def send(self, message: Message, *, replace: bool | None = None, in_channel: bool = False) -> bool:  # noqa: ARG002
        """There is no channel here: everything is for this person. Returns whether Slack took it."""
        view = as_sheet(message)
        try:
            if self._shown or (self._below and replace is not False):
                answer = await self._slack.views_update(view_id=self._shown or self._below, view=view)
            elif self._below:
                answer = await self._slack.views_push(trigger_id=self._trigger_id, view=view)
            else:
                answer = await self._slack.views_open(trigger_id=self._trigger_id, view=view)
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            _log.warning("reply_not_delivered", extra={"why": _why(error)})
            return False
        told: Any = answer.data
        self._shown = told["view"]["id"]
        return True


class HomeTabResponder:
    """Answers by what the Home tab shows: for the event that it was opened."""

    def __init__(self, slack: AsyncWebClient, user_id: UserId) -> None:
        self._slack = slack
        self._user_id = user_id

    async def send(self, message: Message, *, replace: bool | None = None, in_channel: bool = False) -> bool:  # noqa: ARG002
        """The tab shows the newest message and nothing else."""
        return await self.publish(as_tab(message))

    async def publish(self, view: View) -> bool:
        """Returns whether Slack took it."""
        try:
            await self._slack.views_publish(user_id=self._user_id, view=view)
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            _log.warning("home_not_published", extra={"why": _why(error)})
            return False
        return True


def as_tab(message: Message) -> View:
    """Pure: a message as all that the Home tab shows."""
    return View(type="home", blocks=list(message.blocks))


def as_sheet(message: Message) -> View:
    """Pure: a message as a modal, without the buttons that act on a channel, for here is none."""
    return View(
        type="modal",
        title=PlainTextObject(text=_TITLE),
        close=PlainTextObject(text="Close"),
        blocks=list(_without_channel(message.blocks)),
    )


def _without_channel(blocks: Sequence[Block]) -> Iterator[Block]:
    for block in blocks:
        if not isinstance(block, ActionsBlock):
            yield block
        elif elements := [kept for element in block.elements if (kept := _kept(element)) is not None]:
            yield ActionsBlock(elements=elements)


def _kept(element: object) -> InteractiveElement | None:
    if not isinstance(element, InteractiveElement) or str(element.action_id).startswith(_ABOUT_A_CHANNEL):
        return None
    if not isinstance(element, OverflowMenuElement):
        return element
    options = [each for each in element.options if not str(each.value).startswith(_CHOICES_ABOUT_A_CHANNEL)]
    if len(options) == 1:  # a menu of one is a button: it carries the same
        return ButtonElement(text=options[0].text or "", action_id=element.action_id, value=options[0].value)
    return OverflowMenuElement(action_id=element.action_id, options=options) if options else None


def _why(error: Exception) -> str:
    if isinstance(error, SlackApiError):
        return refusal(error).said
    return type(error).__name__
