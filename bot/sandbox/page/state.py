"""The JSON that the page receives: everything when it opens, then each change."""

from typing import Any

from bot.sandbox.page.faults import Trouble
from bot.sandbox.page.mails import mails_json
from bot.sandbox.page.stage import BotState, Stage
from bot.sandbox.quickbi import Call
from bot.sandbox.slack import Change, Command, Entry, as_json
from bot.sandbox.slack.workspace import USER_GROUPS

GUIDE_MAIL = "Daily Sales"
ENTRIES_SHOWN = 200

_OWN_COMMANDS = tuple(
    Command(name=name, description=f"{does} (Slack's own)", usage_hint="@Report Bot")
    for name, does in (
        ("/invite", "Let the bot into this channel"),
        ("/remove", "Take the bot out of this channel"),
    )
)


def snapshot(stage: Stage, troubles: tuple[Trouble, ...]) -> dict[str, Any]:
    """Everything that the page shows, as it is now."""
    slack, workspace = stage.slack, stage.slack.workspace
    people = [user for user in workspace.users() if not user.is_bot]
    channels = workspace.channels()
    views = [(slack.home(user.id), slack.open_view(user.id)) for user in people]
    return {
        "team_id": slack.team_id,
        "bot_user_id": slack.bot_user_id,
        "users": as_json(workspace.users()),
        "user_groups": as_json(USER_GROUPS),
        "channels": as_json(channels),
        "messages": as_json([each for room in channels for each in workspace.messages(room.id)]),
        "homes": as_json([home for home, _ in views if home]),
        "modals": as_json([modal for _, modal in views if modal]),
        "commands": as_json((*slack.manifest.commands.values(), *_OWN_COMMANDS)),
        "shortcuts": dict(slack.manifest.message_shortcuts),
        "ledger": [
            entry_json(entry) for entry in slack.ledger.since(max(0, len(slack.ledger) - ENTRIES_SHOWN))
        ],
        "calls": [call_json(call) for call in tuple(stage.quickbi.ledger)[-ENTRIES_SHOWN:]],
        "lines": list(stage.bot.lines),
        "bot": bot_json(stage),
        "mails": mails_json(stage.quickbi.world),
        "troubles": troubles_json(troubles),
        "guide_mail_id": stage_mail(stage),
        "session": stage.session,
    }


def stage_mail(stage: Stage) -> str | None:
    """The mail of the guided first minute."""
    mails = stage.quickbi.world.mails()
    return next((mail.mail_id for mail in mails if mail.name == GUIDE_MAIL), None)


def change_json(change: Change) -> dict[str, Any]:
    subject = change.subject
    seen = entry_json(subject) if isinstance(subject, Entry) else as_json(subject)
    return {"type": "change", "kind": change.kind, "subject": seen}


def entry_json(entry: Entry) -> dict[str, Any]:
    """An entry of Slack's call log, without what the bot sent: blocks would be long."""
    return {
        "at": entry.at,
        "kind": entry.kind,
        "name": entry.name,
        "outcome": entry.outcome,
        "channel_id": entry.channel_id,
        "answered": entry.answered,
    }


def call_json(call: Call) -> dict[str, Any]:
    """A call that reached Quick BI."""
    return {
        "at": call.at.timestamp(),
        "name": call.action,
        "mail_id": call.mail_id,
        "outcome": call.outcome,
        "over_limit": call.over_limit,
    }


def troubles_json(troubles: tuple[Trouble, ...]) -> list[dict[str, Any]]:
    return [trouble.as_json() for trouble in troubles]


def bot_json(stage: Stage) -> dict[str, str]:
    """The bot's state in a word and in a sentence."""
    if stage.bot.state is BotState.STOPPED:
        return {"state": "stopped", "words": stage.bot.words}
    if stage.slack.socket_count or stage.slack.request_url:
        return {"state": "ready", "words": "Bot connected"}
    return {"state": "starting", "words": "Bot connecting…"}
