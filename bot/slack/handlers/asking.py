"""Several questions to Quick BI for one person, begun together, with a word where the answers take a while."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeAlias

from bot.domain import MailRef, Observation, QuickBIError
from bot.mails.status_lookup import Waiting

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from bot.domain import MailId
    from bot.mails.status_lookup import StatusLookup

AT_ONCE = 1.0  # seconds without a word that nobody minds
Found: TypeAlias = Observation | QuickBIError


async def ask_each(
    lookup: StatusLookup,
    mail_ids: Sequence[MailId],
    *,
    fresh_for: float,
    while_waiting: Callable[[float], Awaitable[None]],
) -> list[Found]:
    """What Quick BI says of each mail, in their order. They queue for the call budget together.

    `while_waiting` is called at most once, with the estimate in seconds. `fresh_for` is in seconds.
    """
    estimates = [0.0]

    async def ask(mail_id: MailId) -> Found:
        try:
            found = await lookup.ask(MailRef(mail_id=mail_id), fresh_for=fresh_for)
            if not isinstance(found, Waiting):
                return found
            estimates.append(found.ready_in)
            return await found.answer
        except QuickBIError as error:
            return error

    tasks = [asyncio.create_task(ask(mail_id)) for mail_id in mail_ids]
    try:
        _, pending = await asyncio.wait(tasks, timeout=AT_ONCE)
        if pending:
            await while_waiting(max(estimates))
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
