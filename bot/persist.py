"""What must not be given up: asked of the database until it answers."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, TypeVar

from bot.domain import StoreError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0  # seconds
_T = TypeVar("_T")
_log = logging.getLogger(__name__)


async def until_stored(step: Callable[[], Awaitable[_T]]) -> _T:
    """Read or write. Its trouble is logged once, and its end once.

    Whatever is no StoreError comes through: LeaseLost, above all.
    """
    pause = _FIRST_PAUSE
    while True:
        try:
            result = await step()
        except StoreError as error:
            if pause == _FIRST_PAUSE:
                _log.error("database_refuses", extra={"error": str(error)})
        else:
            if pause > _FIRST_PAUSE:
                _log.info("database_takes_it_again")
            return result
        await asyncio.sleep(pause)
        pause = min(_LONGEST_PAUSE, pause * 2)
