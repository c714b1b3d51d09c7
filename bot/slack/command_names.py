"""What the commands are called in this workspace: a second app puts a prefix before each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.slack import payloads
from bot.slack.commands import Verb


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandNames:
    """`prefix` begins with the slash."""

    prefix: str = "/"

    def of(self, verb: Verb) -> str:
        return f"{self.prefix}{verb}"


@dataclass(slots=True)
class NamesHeard:
    """Slack does not tell an app what its commands are called, and a click has no command: the newest one that was
    typed shows it. Until then they have their usual names.
    """

    names: CommandNames = field(default_factory=CommandNames)

    def typed(self, body: Mapping[str, Any]) -> payloads.Typed:
        command = payloads.typed(body)
        self.hear(command.command)
        return command

    def hear(self, command: str) -> None:
        for verb in Verb:
            if command.startswith("/") and command.endswith(verb):
                self.names = CommandNames(prefix=command.removesuffix(verb))
                return
