"""Opens the modals while their trigger lives, feeds their typeahead, and takes what was filled in."""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.domain import MailRef
from bot.slack.views import forms as views
from bot.slack.views.forms import Origin

if TYPE_CHECKING:
    from slack_sdk.models.blocks import Option
    from slack_sdk.models.views import View
    from slack_sdk.web.async_client import AsyncWebClient

    from bot.mails.directory import MailDirectory
    from bot.slack.handlers.joining import SubscribeFlow
    from bot.slack.handlers.several import SeveralStatusHandler
    from bot.slack.handlers.status import StatusHandler
    from bot.slack.handlers.subscribe import SubscriptionHandler
    from bot.slack.payloads import Searched, Submitted, Typed
    from bot.slack.transport.answer import Answer

_log = logging.getLogger(__name__)
_MOST_OPTIONS = 50  # Slack takes 100; a phone shows ten
_TRIGGER_LIFE = 3.0  # seconds
_COULD_BE_ID = re.compile(r"(?=.*\d)[A-Za-z0-9_-]{5,128}")


class FormHandler:
    """Serves people who would rather fill in a form than type."""

    def __init__(
        self,
        slack: AsyncWebClient,
        directory: MailDirectory,
        *,
        status: StatusHandler,
        several: SeveralStatusHandler,
        subscriptions: SubscriptionHandler,
        joining: SubscribeFlow,
        zone_name: str,
    ) -> None:
        self._slack = slack
        self._directory = directory
        self._status = status
        self._several = several
        self._subscriptions = subscriptions
        self._joining = joining
        self._zone_name = zone_name

    async def status_typed(self, typed: Typed, answer: Answer) -> None:
        """Without words: a form. With words: the answer."""
        if typed.text.strip() or not await self._open(typed, views.status_form(_origin(typed))):
            await self._status.typed(typed, answer)

    async def subscribe_typed(self, typed: Typed, answer: Answer) -> None:
        view = views.subscribe_form(_origin(typed), zone_name=self._zone_name)
        if typed.text.strip() or not await self._open(typed, view):
            await self._subscriptions.subscribe_typed(typed, answer)

    async def status_submitted(self, submitted: Submitted, answer: Answer) -> None:
        mail_ids = views.chosen_mails(submitted.fields)
        if len(mail_ids) == 1:
            await self._status.show(MailRef(mail_id=mail_ids[0]), submitted.channel_id, answer)
        else:
            await self._several.show(mail_ids, answer)

    async def subscribe_submitted(self, submitted: Submitted, answer: Answer) -> None:
        wishes = views.wishes(submitted.fields)
        await self._joining.subscribe(submitted, wishes.mail_ids, wishes.due, answer, events=wishes.events)

    def suggestions(self, searched: Searched) -> list[Option]:
        """Mails for somebody who is still typing; at once, for Slack waits three seconds and people less."""
        words = searched.words.strip()
        found = self._directory.search(words, limit=_MOST_OPTIONS)
        options = [views.mail_option(mail) for mail in found]
        if _COULD_BE_ID.fullmatch(words) and all(mail.mail_id != words for mail in found):
            options.append(views.id_option(words))
        return options

    async def _open(self, typed: Typed, view: View) -> bool:
        """A trigger lives 3 s. Where that was too short, the command answers with help instead."""
        try:
            async with asyncio.timeout(_TRIGGER_LIFE):
                await self._slack.views_open(trigger_id=typed.trigger_id, view=view)
        except SlackApiError as refused:
            _log.warning("form_not_opened", extra={"error": refused.response.get("error")})
            return False
        except (aiohttp.ClientError, TimeoutError) as trouble:
            _log.warning("form_not_opened", extra={"error": type(trouble).__name__})
            return False
        return True


def _origin(typed: Typed) -> Origin:
    return Origin(channel_id=typed.channel_id, response_url=typed.response_url)


def with_origin(submitted: Submitted) -> Submitted:
    """A submission knows no channel by itself: take it from what the form carried."""
    origin = Origin.from_text(submitted.private_metadata)
    return replace(submitted, channel_id=origin.channel_id, response_url=origin.response_url)
