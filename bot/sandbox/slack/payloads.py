"""What Slack tells the app: the payloads of commands, clicks, views, typeaheads and events. Builds, never sends."""

import secrets
from typing import Any

from bot.sandbox.slack.json_shapes import TEAM, posted_json, view_json
from bot.sandbox.slack.model import Channel, Json, Message, User, View
from bot.sandbox.slack.workspace import APP_ID, BOT_USER_ID, HOME_TEAM, TEAM_DOMAIN, Workspace

VERIFICATION_TOKEN = "sandbox-verification"  # noqa: S105 -- Slack's deprecated field; proves nothing
"""Slack still sends it; nobody should look at it."""


def channel_name(channel: Channel) -> str:
    """What payloads say instead of names that are nobody's business."""
    if channel.is_im:
        return "directmessage"
    return "privategroup" if channel.is_private else channel.name


def command(
    user: User, channel: Channel, name: str, text: str, *, response_url: str, trigger_id: str
) -> Json:
    """A slash command."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": HOME_TEAM,
        "team_domain": TEAM_DOMAIN,
        "channel_id": channel.id,
        "channel_name": channel_name(channel),
        "user_id": user.id,
        "user_name": user.name,
        "command": name,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def message_place(message: Message, channel: Channel, workspace: Workspace) -> dict[str, Any]:
    """Where a click in a message happened. Of an ephemeral message Slack tells no content."""
    container = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": message.ephemeral_for is not None,
    }
    if message.thread_ts is not None:
        container["thread_ts"] = message.thread_ts
    place: dict[str, Any] = {
        "container": container,
        "channel": {"id": channel.id, "name": channel_name(channel)},
    }
    if message.ephemeral_for is None:
        place["message"] = posted_json(message, workspace)
    return place


def view_place(view: View) -> dict[str, Any]:
    """Where a click in a view happened."""
    return {"container": {"type": "view", "view_id": view.id}, "view": view_json(view)}


def message_action(user: User, callback_id: str, place: Json, *, response_url: str, trigger_id: str) -> Json:
    """A shortcut in the menu of a message."""
    return {
        "type": "message_action",
        **_from_person(user),
        "callback_id": callback_id,
        "trigger_id": trigger_id,
        "response_url": response_url,
        "message_ts": place["message"]["ts"],
        "channel": place["channel"],
        "message": place["message"],
        "is_enterprise_install": False,
    }


def block_actions(user: User, place: Json, action: Json, *, trigger_id: str, **more: Any) -> Json:
    """A click or a choice. `more`: `response_url` and `state` where it happened in a message."""
    return {
        "type": "block_actions",
        **_from_person(user),
        "trigger_id": trigger_id,
        "is_enterprise_install": False,
        "actions": [action],
        **place,
        **more,
    }


def block_suggestion(user: User, place: Json, *, action_id: str, block_id: str, value: str) -> Json:
    """Somebody types into an external select."""
    return {
        "type": "block_suggestion",
        **_from_person(user),
        "action_id": action_id,
        "block_id": block_id,
        "value": value,
        **place,
    }


def view_submission(user: User, view: View, *, trigger_id: str) -> Json:
    """A modal's submit button."""
    return {
        "type": "view_submission",
        **_from_person(user),
        "trigger_id": trigger_id,
        "view": view_json(view),
        "response_urls": [],
        "is_enterprise_install": False,
    }


def view_closed(user: User, view: View, *, is_cleared: bool) -> Json:
    """A modal closed by the person."""
    return {
        "type": "view_closed",
        **_from_person(user),
        "view": view_json(view),
        "is_cleared": is_cleared,
        "is_enterprise_install": False,
    }


def event(body: Json, *, at: float, is_ext_shared: bool = False) -> Json:
    """An event of the Events API in its wrapping."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": HOME_TEAM,
        "api_app_id": APP_ID,
        "event": body,
        "type": "event_callback",
        "event_id": f"Ev{secrets.token_hex(5).upper()}",
        "event_time": int(at),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": HOME_TEAM,
                "user_id": BOT_USER_ID,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": is_ext_shared,
        "event_context": f"4-{secrets.token_hex(12)}",
    }


def _from_person(user: User) -> dict[str, Any]:
    return {
        "enterprise": None,
        "team": TEAM,
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team_id},
        "api_app_id": APP_ID,
        "token": VERIFICATION_TOKEN,
    }
