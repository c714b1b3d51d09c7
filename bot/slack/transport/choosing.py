"""Chooses the handler of a command, a button or an entry of a menu by its name: Bolt would try one after the other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from bot.slack.commands import Verb
from bot.slack.kit.actions import More, OldButton, read_more
from bot.slack.payloads import Clicked, Submitted, Typed
from bot.slack.transport.responders import Answer
from bot.slack.views import errors as failures

OnCommand: TypeAlias = "Callable[[Typed, Answer], Awaitable[None]]"
OnClick: TypeAlias = "Callable[[Clicked, Answer], Awaitable[None]]"


def by_verb(handlers: Mapping[Verb, OnCommand]) -> OnCommand:
    """One handler for all commands, whatever prefix they have."""

    async def typed(typed: Typed, answer: Answer) -> None:
        verb = next(verb for verb in handlers if typed.command.endswith(verb))
        await handlers[verb](typed, answer)

    return typed


def by_action(handlers: Mapping[str, OnClick]) -> OnClick:
    """One handler for all buttons. IDs must be unique in a message, so those of one kind differ after a colon."""

    async def pressed(clicked: Clicked, answer: Answer) -> None:
        name = clicked.action_id
        while name not in handlers and ":" in name:
            name = name.rpartition(":")[0]
        await handlers.get(name, outdated)(clicked, answer)

    return pressed


def by_choice(handlers: Mapping[More, OnClick]) -> OnClick:
    """One handler for an overflow menu, by the chosen entry. Raises OldButton for an entry that is not listed."""

    async def chosen(clicked: Clicked, answer: Answer) -> None:
        more, _ = read_more(clicked.value)
        if more not in handlers:
            raise OldButton(clicked.value)
        await handlers[more](clicked, answer)

    return chosen


async def outdated(used: Clicked | Submitted, answer: Answer) -> None:  # noqa: ARG001 (whatever it was)
    """Answer a button or form that this version does not know. The message under a button stays."""
    await answer.send(failures.old_button(), replace=False)
