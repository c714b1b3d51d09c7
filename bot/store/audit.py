"""Who changed what: one row for each change, stored in its transaction where there is one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain import EVERY_EVENT, ChannelId, MailId, Subscription, UserId
from bot.store.change_counter import next_number
from bot.store.database import Database
from bot.store.tables import audit, due_text, on_call_text

SAME_WISH = timedelta(hours=1)  # two clicks on one message; nobody has it in front of them longer


@dataclass(slots=True)
class Audit:
    _database: Database

    async def record_once(
        self,
        *,
        at: datetime,
        user_id: UserId,
        action: str,
        channel_id: ChannelId,
        mail_id: MailId,
        detail: str,
        within: timedelta | None = SAME_WISH,
    ) -> bool:
        """False where it is on record: `within` that time with the same detail, or (None) for this very instant.

        A counter's row lock makes the replicas ask one after the other.
        """
        is_same = audit.c.at == at
        if within is not None:
            is_same = and_(audit.c.at > at - within, audit.c.detail == detail)
        by_whom = and_(audit.c.user_id == user_id, audit.c.action == action)
        where = and_(audit.c.channel_id == channel_id, audit.c.mail_id == mail_id)
        async with self._database.writing() as connection:
            await next_number(connection, "clicks")
            found = await connection.execute(select(audit.c.audit_id).where(is_same, by_whom, where).limit(1))
            if found.first() is not None:
                return False
            await add_to_audit(
                connection,
                at=at,
                user_id=user_id,
                action=action,
                channel_id=channel_id,
                mail_id=mail_id,
                detail=detail,
            )
        return True

    async def actions(self, *, limit: int = 100) -> tuple[tuple[datetime, str, str, str, str, str], ...]:
        """(at, user, action, channel, mail, detail), newest first."""
        columns = (
            audit.c.at,
            audit.c.user_id,
            audit.c.action,
            audit.c.channel_id,
            audit.c.mail_id,
            audit.c.detail,
        )
        async with self._database.reading() as connection:
            found = await connection.execute(select(*columns).order_by(audit.c.audit_id.desc()).limit(limit))
            return tuple((row[0], row[1], row[2], row[3], row[4], row[5]) for row in found)


async def add_to_audit(
    connection: AsyncConnection,
    *,
    at: datetime,
    user_id: UserId,
    action: str,
    channel_id: ChannelId,
    mail_id: MailId,
    detail: str = "",
) -> None:
    values = {"at": at, "user_id": user_id, "action": action, "channel_id": channel_id, "mail_id": mail_id}
    await connection.execute(insert(audit).values(values | {"detail": detail}))


def details_of(wish: Subscription) -> str:
    """Of a subscription, what the audit keeps beside the mail."""
    events = "" if wish.events == EVERY_EVENT else f"events {','.join(sorted(wish.events))}"
    due = f"due {due_text(wish.due)}" if wish.due else ""
    on_call = f"calls {on_call_text(wish.on_call)}" if wish.on_call else ""
    return "; ".join(filter(None, (due, events, on_call)))
