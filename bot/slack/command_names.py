"""What this installation's commands are called: a second app in a workspace has its own words before each of them."""

from __future__ import annotations

from dataclasses import dataclass

from bot.slack.commands import Verb


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandNames:
    """`prefix` begins with the slash."""

    prefix: str = "/"

    def of(self, verb: Verb) -> str:
        return f"{self.prefix}{verb}"


def names_like(command: str) -> CommandNames | None:
    """From one of them as it was typed; None where it is none of ours."""
    for verb in Verb:
        if command.startswith("/") and command.endswith(verb):
            return CommandNames(prefix=command.removesuffix(verb))
    return None


class NamesHeard:
    """Slack tells no app how its commands are called, and a click has none: the newest that was typed shows it.

    Until then they have their usual names.
    """

    def __init__(self) -> None:
        self.names = CommandNames()

    def hear(self, command: str) -> None:
        self.names = names_like(command) or self.names
