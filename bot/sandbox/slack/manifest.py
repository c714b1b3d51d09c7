"""What Slack knows of the app from its manifest: commands, scopes, events, its bot's name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from bot.sandbox.slack.model import Json


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """A slash command as the composer offers it."""

    name: str
    description: str
    usage_hint: str
    should_escape: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """The parts of an app manifest that change how Slack behaves."""

    bot_name: str
    commands: Mapping[str, Command]
    message_shortcuts: Mapping[str, str]
    """Of messages' menus: callback_id -> name."""
    scopes: frozenset[str]
    events: frozenset[str]
    has_home: bool

    @classmethod
    def parse(cls, document: Json) -> Self:
        """From a parsed `manifest.yaml`."""
        features, settings = document.get("features", {}), document.get("settings", {})
        commands = (_command(each) for each in features.get("slash_commands", ()))
        bot_user = features.get("bot_user", {})
        return cls(
            bot_name=bot_user.get("display_name") or document["display_information"]["name"],
            commands={command.name: command for command in commands},
            message_shortcuts={
                each["callback_id"]: each["name"]
                for each in features.get("shortcuts", ())
                if each["type"] == "message"
            },
            scopes=frozenset(document.get("oauth_config", {}).get("scopes", {}).get("bot", ())),
            events=frozenset(settings.get("event_subscriptions", {}).get("bot_events", ())),
            has_home=bool(features.get("app_home", {}).get("home_tab_enabled", False)),
        )


def _command(each: Json) -> Command:
    return Command(
        name=each["command"],
        description=each.get("description", ""),
        usage_hint=each.get("usage_hint", ""),
        should_escape=each.get("should_escape", False),
    )
