"""Who changed what: one row of the audit, written in the transaction of the change itself. Rows are never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert

from bot.store.tables import audit

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from bot.domain import ChannelId, MailId, UserId


async def note_action(
    connection: AsyncConnection,
    *,
    at: datetime,
    user_id: UserId,
    action: str,
    channel_id: ChannelId | None = None,
    mail_id: MailId | None = None,
    detail: str = "",
) -> None:
    """A change without its row, or a row without its change, cannot be."""
    await connection.execute(
        insert(audit).values(
            at=at,
            user_id=user_id,
            action=action,
            channel_id=channel_id or "",
            mail_id=mail_id or "",
            detail=detail,
        )
    )
