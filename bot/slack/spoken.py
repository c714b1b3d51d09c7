"""Reads Slack's payloads of messages that people write to the bot, or point at with its shortcut."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain import ChannelId, UserId
from bot.slack.payloads import Incoming, Person, person_in

MENTION = "app_mention"
MESSAGE = "message"
SHORTCUT = "mail_in_message"


@dataclass(frozen=True, kw_only=True, slots=True)
class Said(Incoming):
    """Words to the bot: a mention in a channel, or (`is_direct`) a direct message. `thread_ts` may be ""."""

    text: str
    thread_ts: str
    is_direct: bool

    @property
    def where(self) -> str:
        return MESSAGE if self.is_direct else MENTION


@dataclass(frozen=True, kw_only=True, slots=True)
class PointedAt(Incoming):
    """Somebody used the shortcut on a message with this text, their own or another's."""

    text: str

    @property
    def where(self) -> str:
        return SHORTCUT


def said(body: Mapping[str, Any]) -> Said | None:
    """None for what no person wrote to the bot: its own messages and those of other bots, edits, joins.

    Whose person that is, is left open: in an Enterprise Grid the team of an event does not tell.
    """
    event = body["event"]
    is_direct = event.get("channel_type") == "im"
    is_for_us = is_direct or event["type"] == MENTION
    if not is_for_us or event.get("bot_id") or event.get("subtype") or not event.get("user"):
        return None
    return Said(
        person=Person(user_id=UserId(event["user"]), team_id=""),
        channel_id=ChannelId(event["channel"]),
        text=event.get("text", ""),
        thread_ts=event.get("thread_ts", ""),
        is_direct=is_direct,
    )


def pointed_at(body: Mapping[str, Any]) -> PointedAt:
    return PointedAt(
        person=person_in(body),
        channel_id=ChannelId((body.get("channel") or {}).get("id", "")),
        response_url=body.get("response_url", ""),
        text="\n".join(filter(None, _texts(body["message"]))),
    )


def _texts(message: Mapping[str, Any]) -> Iterator[str]:
    """What bots write may stand in attachments alone."""
    yield message.get("text") or ""
    for attachment in message.get("attachments") or ():
        yield from (attachment.get(name) or "" for name in ("pretext", "title", "text", "fallback"))
