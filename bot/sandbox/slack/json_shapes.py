"""People, channels, messages and views as JSON, in the shapes of Slack's answers and payloads."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.sandbox.slack.model import Channel, Json, Message, User, View
from bot.sandbox.slack.workspace import (
    APP_ID,
    BOT_ID,
    BOT_USER_ID,
    HOME_TEAM,
    PARTNER_TEAM,
    SLACKBOT,
    TEAM_DOMAIN,
    Workspace,
)

TEAM: Json = {"id": HOME_TEAM, "domain": TEAM_DOMAIN}


def channel_json(channel: Channel, *, with_membership: bool = True) -> dict[str, Any]:
    """As `conversations.info` answers; `users.conversations` leaves `is_member` out."""
    if channel.is_im:
        return {
            "id": channel.id,
            "created": channel.created,
            "is_im": True,
            "is_archived": channel.is_archived,
            "is_org_shared": False,
            "context_team_id": HOME_TEAM,
            "updated": channel.created * 1000,
        }
    about = {"value": "", "creator": "", "last_set": 0}
    return {
        "id": channel.id,
        "name": channel.name,
        "is_channel": not channel.is_private,
        "is_group": channel.is_private,
        "is_im": False,
        "is_mpim": False,
        "is_private": channel.is_private,
        "created": channel.created,
        "is_archived": channel.is_archived,
        "is_general": channel.name == "general",
        "unlinked": 0,
        "name_normalized": channel.name,
        "is_shared": channel.is_ext_shared,
        "is_org_shared": False,
        "is_ext_shared": channel.is_ext_shared,
        "is_pending_ext_shared": False,
        "pending_shared": [],
        "shared_team_ids": [HOME_TEAM, PARTNER_TEAM] if channel.is_ext_shared else [HOME_TEAM],
        "context_team_id": HOME_TEAM,
        "creator": "U0ADA00001",
        "updated": channel.created * 1000,
        **({"is_member": BOT_USER_ID in channel.members} if with_membership else {}),
        "topic": about,
        "purpose": about,
        "previous_names": [],
    }


def user_json(user: User, now: float, *, with_locale: bool) -> dict[str, Any]:
    """As `users.info` answers."""
    local = datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(user.tz))
    offset = local.utcoffset()
    names = {"real_name": user.real_name, "real_name_normalized": user.real_name}
    shown = {"display_name": user.name, "display_name_normalized": user.name}
    return {
        "id": user.id,
        "team_id": user.team_id,
        "name": user.name,
        "deleted": False,
        "real_name": user.real_name,
        "tz": user.tz,
        "tz_label": local.tzname() or user.tz,
        "tz_offset": int(offset.total_seconds()) if offset else 0,
        "profile": {**names, **shown, "team": user.team_id},
        "is_admin": user.is_admin,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "is_bot": user.is_bot,
        "is_app_user": False,
        "updated": 1_700_000_000,
        **({"is_stranger": True} if user.team_id != HOME_TEAM else {}),
        **({"locale": user.locale} if with_locale else {}),
    }


def posted_json(message: Message, workspace: Workspace) -> dict[str, Any]:
    """A message without what only `chat.update` or a history tells of it."""
    told: dict[str, Any] = {
        "type": "message",
        "user": message.author_id,
        "ts": message.ts,
        "text": message.text,
    }
    if message.from_app:
        told |= {
            "bot_id": BOT_ID,
            "app_id": APP_ID,
            "team": HOME_TEAM,
            "bot_profile": _bot_profile(workspace),
        }
    if message.author_id == SLACKBOT:
        told["subtype"] = "bot_message"
    if message.blocks:
        told["blocks"] = list(message.blocks)
    if message.thread_ts is not None:
        told["thread_ts"] = message.thread_ts
    return told


def edited_json(message: Message) -> dict[str, str]:
    """Who edited a message, and when."""
    return {"user": message.author_id, "ts": message.edited_ts or message.ts}


def history_json(message: Message, workspace: Workspace, *, with_metadata: bool) -> dict[str, Any]:
    """As `conversations.history` and `.replies` answer, with the thread that hangs on the message."""
    told = tombstone_json(message) if message.is_deleted else posted_json(message, workspace)
    if message.edited_ts is not None and not message.is_deleted:
        told["edited"] = edited_json(message)
    if with_metadata and message.metadata is not None and not message.is_deleted:
        told["metadata"] = message.metadata
    replies = workspace.replies(message.channel_id, message.ts)
    if replies:
        people = sorted({reply.author_id for reply in replies})
        told |= {
            "thread_ts": message.ts,
            "reply_count": len(replies),
            "reply_users": people,
            "reply_users_count": len(people),
            "latest_reply": replies[-1].ts,
        }
    return told


def tombstone_json(message: Message) -> dict[str, Any]:
    """What is left of a deleted message that has a thread."""
    return {
        "type": "message",
        "subtype": "tombstone",
        "user": SLACKBOT,
        "text": "This message was deleted.",
        "hidden": True,
        "ts": message.ts,
    }


def view_json(view: View) -> dict[str, Any]:
    """A view as answers and payloads carry it."""
    source = view.source
    optional = {name: source[name] for name in ("title", "submit", "close") if name in source}
    return {
        "id": view.id,
        "team_id": HOME_TEAM,
        "type": view.type,
        "blocks": list(source["blocks"]),
        "private_metadata": source.get("private_metadata", ""),
        "callback_id": source.get("callback_id", ""),
        "external_id": source.get("external_id", ""),
        "state": {"values": view.values},
        "hash": view.hash,
        "clear_on_close": source.get("clear_on_close", False),
        "notify_on_close": source.get("notify_on_close", False),
        "root_view_id": view.root_view_id,
        "previous_view_id": view.previous_view_id,
        "app_id": APP_ID,
        "app_installed_team_id": HOME_TEAM,
        "bot_id": BOT_ID,
        **optional,
    }


def _bot_profile(workspace: Workspace) -> Json:
    return {
        "id": BOT_ID,
        "deleted": False,
        "name": workspace.user(BOT_USER_ID).real_name,
        "updated": 1_700_000_000,
        "app_id": APP_ID,
        "icons": {},
        "team_id": HOME_TEAM,
    }
