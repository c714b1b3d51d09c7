"""Which desk serves which entry of an overflow menu: Slack tells only that the menu was used, and the value."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from bot.slack.kit.actions import More, OldButton, read_more
from bot.slack.views import errors as failures

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from bot.slack.payloads import Clicked, Submitted
    from bot.slack.transport.answer import Answer

OnClick: TypeAlias = "Callable[[Clicked, Answer], Awaitable[None]]"


def by_choice(desks: Mapping[More, OnClick]) -> OnClick:
    """One handler for the menu, which hands each desk the click as it came. Raises OldButton for none of these."""

    async def chosen(clicked: Clicked, answer: Answer) -> None:
        more, _ = read_more(clicked.value)
        if more not in desks:
            raise OldButton(clicked.value)
        await desks[more](clicked, answer)

    return chosen


async def of_old(used: Clicked | Submitted, answer: Answer) -> None:  # noqa: ARG001 (whatever it was)
    """A button or form that this version does not know. The message that a button stands on stays."""
    await answer.send(failures.old_button(), replace=False)
