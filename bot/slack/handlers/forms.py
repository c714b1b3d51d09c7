"""Finds out which mail a person means: opens the forms, feeds their typeahead, asks back where words are not clear."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import Option
from slack_sdk.models.views import View
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain import Choice, Mail, MailId, MailRef
from bot.domain.roll_call import RollCallPlan
from bot.mails.directory import MailDirectory
from bot.mails.references import MailName, Target
from bot.slack.commands import Request, Verb, parse, targets_of
from bot.slack.kit.blocks import Message
from bot.slack.payloads import Searched, Submitted, Typed, submitted
from bot.slack.transport.errors import refusal
from bot.slack.transport.responders import Answer
from bot.slack.views import forms as views
from bot.slack.views import help as guide
from bot.slack.views.forms import Origin

_log = logging.getLogger(__name__)
_MOST_OPTIONS = 50  # Slack takes 100; a phone shows ten
_TRIGGER_LIFE = 3.0  # seconds
_COULD_BE_ID = re.compile(r"(?=.*\d)[A-Za-z0-9_-]{5,128}")


async def read_command(verb: Verb, typed: Typed, directory: MailDirectory) -> Request:
    """Parse what was typed. Raises UsageError.

    Where it names a mail that is not listed, which may be a new one, the list is read again first.
    """

    def read() -> Request:
        return parse(verb, typed.text, command=typed.command, knows=directory.knows)

    request = read()
    if all(_is_listed(target, directory) for target in targets_of(request)):
        return request
    return read() if await directory.read_again() else request


def _is_listed(target: Target, directory: MailDirectory) -> bool:
    if isinstance(target, MailName):
        return directory.knows(target.words)
    return directory.get(target.mail_id) is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Forms:
    slack: AsyncWebClient
    directory: MailDirectory
    zone_name: str

    async def open_status(self, typed: Typed) -> bool:
        return await self._open(typed, views.status_form(_origin(typed)))

    async def open_chooser(self, typed: Typed, verb: Verb) -> bool:
        """For a command about one mail of all."""
        return await self._open(typed, views.choose_form(verb, _origin(typed)))

    async def open_unsubscribe(self, typed: Typed, mails: Sequence[tuple[MailId, Mail | None]]) -> bool:
        """For the channel's own mails."""
        return await self._open(typed, views.unsubscribe_form(_origin(typed), mails))

    async def open_subscribe(self, typed: Typed) -> bool:
        return await self._open(typed, views.subscribe_form(_origin(typed), zone_name=self.zone_name))

    async def filled_in(self, changed: Submitted, answer: Answer) -> None:  # noqa: ARG002
        """Somebody chose or cleared what more is asked about in the subscription form. The rest stays, by its block."""
        if (filled := views.newly_filled(changed.fields)) is not None:
            origin = Origin(channel_id=changed.channel_id, response_url=changed.response_url)
            view = views.subscribe_form(origin, zone_name=self.zone_name, filled=filled)
            await self._shown(self.slack.views_update(view_id=changed.view_id, view=view))

    async def open_digest(self, typed: Typed, plan: RollCallPlan | None, zone_name: str) -> bool:
        return await self._open(typed, views.digest_form(_origin(typed), plan=plan, zone_name=zone_name))

    def suggestions(self, searched: Searched) -> list[Option]:
        """Mails for somebody who is still typing; at once, for Slack waits three seconds and people less."""
        words = searched.words.strip()
        found = self.directory.search(words, limit=_MOST_OPTIONS)
        options = [views.mail_option(mail) for mail in found]
        if _COULD_BE_ID.fullmatch(words) and all(mail.mail_id != words for mail in found):
            options.append(views.id_option(words))
        return options

    async def which(self, target: Target, verb: Verb, answer: Answer) -> tuple[MailRef, Answer] | None:
        """Which mail is meant, and how to answer; None where the person was asked back.

        The answer says where the name was a guess, and where a task ID was typed that plays no part.
        """
        meant = self.directory.meant(target)
        if isinstance(meant, Choice):
            await answer.send(guide.choose(meant, verb=verb))
            return None
        notes = [guide.no_task(verb)] if meant.task_id is not None and verb is not Verb.STATUS else []
        notes += self.guesses([(target, meant)])
        return meant, _NotingAnswer(answer, notes) if notes else answer

    def guesses(self, meant: Sequence[tuple[Target, MailRef]]) -> list[str]:
        """A sentence about each mail that was found by a name that is only close to its own."""
        return [
            guide.guessed(target.words, mail)
            for target, ref in meant
            if isinstance(target, MailName)
            and self.directory.is_guess(target, ref.mail_id)
            and (mail := self.directory.get(ref.mail_id)) is not None
        ]

    async def _open(self, typed: Typed, view: View) -> bool:
        """A trigger lives 3 s. Where that was too short, the command answers with help instead."""
        return await self._shown(self.slack.views_open(trigger_id=typed.trigger_id, view=view))

    async def _shown(self, request: Awaitable[object]) -> bool:
        try:
            async with asyncio.timeout(_TRIGGER_LIFE):
                await request
        except SlackApiError as refused:
            _log.warning("form_not_shown", extra={"error": refusal(refused).said})
        except (aiohttp.ClientError, TimeoutError) as trouble:
            _log.warning("form_not_shown", extra={"error": type(trouble).__name__})
        else:
            return True
        return False


@dataclass(frozen=True, slots=True)
class _NotingAnswer:
    """Adds notes to each message for the person who asked."""

    answer: Answer
    notes: Sequence[str]

    async def send(self, message: Message, *, replace: bool | None = None, in_channel: bool = False) -> bool:
        noted = message if in_channel else guide.noted(message, self.notes)
        return await self.answer.send(noted, replace=replace, in_channel=in_channel)


def _origin(typed: Typed) -> Origin:
    return Origin(channel_id=typed.channel_id, response_url=typed.response_url)


def with_origin(body: Mapping[str, Any]) -> Submitted:
    """Slack does not say in which channel a form was opened: take it from what the form carries."""
    form = submitted(body)
    origin = Origin.from_text(form.private_metadata)
    return replace(form, channel_id=origin.channel_id, response_url=origin.response_url)
