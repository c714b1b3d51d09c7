"""The directory of mails over restarts, and the news that it brings: a watched mail was paused, or no longer is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, insert, select, update

from bot.domain import ChannelId, NotifyReason
from bot.store.database import insert_if_absent
from bot.store.notices import notice_row
from bot.store.rows import mail_from
from bot.store.tables import mails, notices, subscriptions, to_micros, watches
from bot.store.watches import note_change

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from bot.domain import Mail, MailId
    from bot.store.database import Database


class Mails:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def save_mails(self, listed: Sequence[Mail], *, seen_at: datetime) -> None:
        """Keep this complete list. Channels of a mail that was paused, or is no longer, are owed that news."""
        async with self._database.writing() as connection:
            found = await connection.execute(select(mails).with_for_update())
            rows = found.mappings().all()
            known = {row["mail_id"]: mail_from(row) for row in rows}
            gone_before = {row["mail_id"] for row in rows if row["gone_at"] is not None}
            new = [mail for mail in listed if mail.mail_id not in known]
            changed = [
                mail
                for mail in listed
                if mail.mail_id in known and (known[mail.mail_id] != mail or mail.mail_id in gone_before)
            ]
            await _write(connection, new, changed, seen_at)
            present = {mail.mail_id for mail in listed}
            await _mark_gone(connection, sorted(known.keys() - present - gone_before), seen_at)
            for mail in changed:
                if known[mail.mail_id].paused is not mail.paused:
                    await self._tell_paused(connection, mail, seen_at)

    async def load_mails(self) -> tuple[Mail, ...]:
        """The list as it was last seen."""
        async with self._database.reading() as connection:
            found = await connection.execute(select(mails).where(mails.c.gone_at.is_(None)))
            return tuple(map(mail_from, found.mappings()))

    async def get(self, mail_id: MailId) -> Mail | None:
        async with self._database.reading() as connection:
            found = await connection.execute(select(mails).where(mails.c.mail_id == mail_id))
            row = found.mappings().one_or_none()
        return None if row is None else mail_from(row)

    async def _tell_paused(self, connection: AsyncConnection, mail: Mail, now: datetime) -> None:
        watched = await connection.execute(
            select(watches.c.mail_id).where(watches.c.mail_id == mail.mail_id, watches.c.is_watched)
        )
        if watched.first() is None:
            return
        await note_change(self._database, connection, mail.mail_id)
        reason = NotifyReason.MAIL_PAUSED if mail.paused else NotifyReason.MAIL_UNPAUSED
        concerned = await connection.execute(
            select(subscriptions.c.channel_id).where(subscriptions.c.mail_id == mail.mail_id)
        )
        for channel_id in concerned.scalars().all():
            values = notice_row(
                dedupe_key=f"{channel_id}:{mail.mail_id}:{reason}:{to_micros(now)}",
                channel_id=ChannelId(channel_id),
                reason=reason,
                created_at=now,
                subject_id=mail.mail_id,
            )
            await connection.execute(insert_if_absent(self._database, notices, values))


async def _write(
    connection: AsyncConnection, new: Sequence[Mail], changed: Sequence[Mail], seen_at: datetime
) -> None:
    if new:
        await connection.execute(insert(mails), [_columns(mail, seen_at) for mail in new])
    if changed:
        await connection.execute(
            update(mails).where(mails.c.mail_id == bindparam("id")),
            [_columns(mail, seen_at) | {"id": mail.mail_id} for mail in changed],
        )


async def _mark_gone(connection: AsyncConnection, gone: Sequence[str], seen_at: datetime) -> None:
    if gone:
        await connection.execute(
            update(mails).where(mails.c.mail_id == bindparam("id")),
            [{"id": mail_id, "gone_at": seen_at} for mail_id in gone],
        )


def _columns(mail: Mail, seen_at: datetime) -> dict[str, object]:
    return {
        "mail_id": mail.mail_id,
        "name": mail.name,
        "owner_name": mail.owner_name,
        "paused": mail.paused,
        "seen_at": seen_at,
        "gone_at": None,
    }
