"""The way back to the one person who asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from bot.slack.kit.blocks import Message


class Answer(Protocol):
    """Shows messages to the person who typed, clicked or submitted."""

    async def send(
        self, message: Message, *, replace: bool | None = None, in_channel: bool = False
    ) -> bool: ...
