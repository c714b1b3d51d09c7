"""Answers one person: through a response URL, in a modal, on the Home tab, or by a message of their own.

A response URL takes 5 messages within 30 minutes and needs no membership. Where it fails, the answer is posted
in the channel or sent to the person.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as replace_in
from http import HTTPStatus
from typing import Protocol

import aiohttp
from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    InteractiveElement,
    OverflowMenuElement,
    PlainTextObject,
)
from slack_sdk.models.views import View
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook import WebhookResponse
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.domain import DeliveryUnknown, MessageRefused, UnknownSlackRefusal, UserId
from bot.domain.retry_after import retry_after
from bot.slack.kit.actions import Act, More
from bot.slack.kit.blocks import Message
from bot.slack.payloads import Clicked, Happened, Incoming
from bot.slack.spoken import PointedAt, Said
from bot.slack.transport.errors import SlackRefusal, header, kind_of
from bot.slack.transport.notifier import ChannelMessenger
from bot.slack.transport.plain_responders import ConversationResponder, DirectResponder, call

_log = logging.getLogger(__name__)
_TIME_LIMIT = 10  # seconds for one attempt
_ATTEMPTS = 3
_LONGEST_PAUSE = 30.0  # seconds: nobody waits longer, and Slack must not be asked sooner than it said
_TITLE = "Report mails"
_ABOUT_A_CHANNEL = (Act.SUBSCRIBE, Act.UNSUBSCRIBE, Act.SNOOZE, Act.RUN)  # a run's outcome is told there
_CHOICES_ABOUT_A_CHANNEL = (More.SHARE, More.UNSUBSCRIBE, More.RUN)


class Answer(Protocol):
    """Shows messages to the person who typed, clicked or submitted."""

    async def send(self, message: Message, *, replace: bool | None = None, in_channel: bool = False) -> bool:
        """Return whether Slack took the message. `replace` None: the first message is new, later ones replace it."""
        ...


def answer_to(incoming: Incoming, slack: AsyncWebClient, session: aiohttp.ClientSession) -> Answer:
    """The way to answer whatever came in."""
    person, channel_id = incoming.person.user_id, incoming.channel_id
    if incoming.response_url:
        on_shared = isinstance(incoming, PointedAt) or (
            isinstance(incoming, Clicked) and not incoming.ephemeral
        )
        otherwise = DirectResponder(slack, person, channel_id)
        return Responder(incoming.response_url, session, on_shared=on_shared, otherwise=otherwise)
    if isinstance(incoming, Clicked):
        return ModalResponder(slack, incoming)
    if isinstance(incoming, Said):
        if incoming.is_direct:
            return ConversationResponder(ChannelMessenger(slack=slack), channel_id, incoming.thread_ts)
        return DirectResponder(slack, person, channel_id, incoming.thread_ts)
    if isinstance(incoming, Happened):
        return HomeTabResponder(slack, person)
    return DirectResponder(slack, person, channel_id)


class Responder:
    """Answers through a response URL.

    `on_shared`: the person clicked on a message that everybody sees, or used a shortcut on one. A response URL
    would replace it, so nothing is replaced unless the caller asks for it. `otherwise` takes new messages once the
    response URL does not work; what was to replace a message is then the caller's to send elsewhere.
    """

    def __init__(
        self,
        response_url: str,
        session: aiohttp.ClientSession,
        *,
        on_shared: bool = False,
        otherwise: Answer | None = None,
    ) -> None:
        # Its own retries are off: they would send a second message after a lost answer.
        self._hook = AsyncWebhookClient(response_url, timeout=_TIME_LIMIT, session=session, retry_handlers=[])
        self._answered = False
        self._on_shared = on_shared
        self._otherwise = otherwise
        self._is_over = False

    async def send(self, message: Message, *, replace: bool | None = None, in_channel: bool = False) -> bool:
        if not self._is_over:
            trouble = await self._send(message, replace=replace, in_channel=in_channel)
            if trouble is None:
                return True
            if replace or (in_channel and trouble.maybe_there):  # a channel is not told twice
                return False
        if self._otherwise is None:
            return False
        self._is_over = True
        return await self._otherwise.send(message, in_channel=in_channel)

    async def _send(self, message: Message, *, replace: bool | None, in_channel: bool) -> _Trouble | None:
        """After a lost answer, send the message again as a replacement: it is shown once either way.

        A message that Slack refuses is sent again as its text alone.
        """
        body = message.payload() | {
            "response_type": "in_channel" if in_channel else "ephemeral",
            "replace_original": self._answered and not self._on_shared if replace is None else replace,
            "unfurl_links": False,
        }
        self._answered = True
        maybe_there = False
        for attempt in range(1, _ATTEMPTS + 1):
            trouble = await self._post(body)
            if trouble is None:
                return None
            maybe_there |= trouble.maybe_there
            if trouble.is_refusal and attempt < _ATTEMPTS and body.pop("blocks", None):
                _log.error("reply_blocks_refused", extra={"why": trouble.why})
                continue
            if trouble.final or attempt == _ATTEMPTS or trouble.pause > _LONGEST_PAUSE:
                _log.warning("reply_not_delivered", extra={"why": trouble.why})
                return replace_in(trouble, maybe_there=maybe_there)
            body["replace_original"] |= trouble.maybe_there and not self._on_shared
            await asyncio.sleep(trouble.pause or attempt)
        raise AssertionError("the last attempt returns")

    async def _post(self, body: dict[str, object]) -> _Trouble | None:
        try:
            response = await self._hook.send_dict(body)
        except aiohttp.ClientConnectorError as error:
            return _Trouble(why=type(error).__name__)
        except (aiohttp.ClientError, TimeoutError) as error:
            return _Trouble(why=type(error).__name__, maybe_there=True)
        return _trouble(response)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Trouble:
    """Why a reply was not taken. `pause` is in seconds, where Slack said how long.

    `is_refusal`: Slack read the message and did not accept it. `maybe_there`: it may be shown all the same.
    """

    why: str
    final: bool = False
    is_refusal: bool = False
    maybe_there: bool = False
    pause: float = 0.0


def _trouble(response: WebhookResponse) -> _Trouble | None:
    """None where Slack took the message. It can refuse one under HTTP 200, too: `{"ok": false}`."""
    refused = SlackRefusal(
        error=_error_word(response.body),
        status=response.status_code,
        retry_after=retry_after(header(response.headers, "retry-after")),
    )
    if refused.status == HTTPStatus.OK and not refused.error:
        return None
    kind = kind_of("chat.postMessage", refused.error)
    return _Trouble(
        why=f"HTTP {response.status_code} {response.body[:100]}",
        final=not refused.is_passing,
        is_refusal=refused.status == HTTPStatus.BAD_REQUEST
        or (refused.status == HTTPStatus.OK and kind in (MessageRefused, UnknownSlackRefusal)),
        maybe_there=refused.status >= HTTPStatus.INTERNAL_SERVER_ERROR or kind is DeliveryUnknown,
        pause=refused.retry_after or 0.0,
    )


def _error_word(body: str) -> str:
    """Slack's word for why it did not take a message; empty where it did, or where the body is no JSON object."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(said, dict) or said.get("ok") is not False:
        return ""
    return str(said.get("error") or "not_ok")


@dataclass(slots=True)
class ModalResponder:
    """Answers a click on the Home tab or in a modal with a modal.

    On the Home tab the first message opens it; a trigger lives 3 s, so a slow answer sends a word first. In a
    modal the first message replaces its content or, with `replace=False`, lies above it, with a way back.
    """

    slack: AsyncWebClient
    clicked: Clicked
    _view_id: str = field(default="", init=False)

    async def send(self, message: Message, *, replace: bool | None = None, in_channel: bool = False) -> bool:  # noqa: ARG002
        view, trigger_id = as_modal(message), self.clicked.trigger_id
        below = self.clicked.view_id if self.clicked.view_kind == "modal" else ""
        if self._view_id or (below and replace is not False):
            request = self.slack.views_update(view_id=self._view_id or below, view=view)
        elif below:
            request = self.slack.views_push(trigger_id=trigger_id, view=view)
        else:
            request = self.slack.views_open(trigger_id=trigger_id, view=view)
        answer = await call(request, log="reply_not_delivered")
        if answer is None:
            return False
        self._view_id = answer["view"]["id"]
        return True


@dataclass(frozen=True, slots=True)
class HomeTabResponder:
    """Answers with the content of the Home tab."""

    slack: AsyncWebClient
    user_id: UserId

    async def send(self, message: Message, *, replace: bool | None = None, in_channel: bool = False) -> bool:  # noqa: ARG002
        return await self.publish(as_tab(message))

    async def publish(self, view: View) -> bool:
        request = self.slack.views_publish(user_id=self.user_id, view=view)
        return await call(request, log="home_not_published") is not None


def as_tab(message: Message) -> View:
    """The Home tab with nothing but this message."""
    return View(type="home", blocks=list(message.blocks))


def as_modal(message: Message) -> View:
    """A message as a modal, without the buttons that act on a channel: a modal has none."""
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
    if len(options) == 1:  # Slack wants two in a menu; a button carries the same
        return ButtonElement(text=options[0].text or "", action_id=element.action_id, value=options[0].value)
    return OverflowMenuElement(action_id=element.action_id, options=options) if options else None
