"""Quick BI's list of mails, kept over restarts, and the notices when a watched mail is paused or resumed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain import Mail, MailId, NotifyReason
from bot.store.change_counter import advance, next_number
from bot.store.database import Database
from bot.store.notices import add_notice
from bot.store.rows import columns_of, read_all, read_one, upsert, value_from
from bot.store.subscription_rules import apply_rules
from bot.store.tables import mails, subscriptions, to_micros, watches
from bot.store.watches import note_change

_BEGUN, _STORED = "mail lists", "mail list stored"  # counters


@dataclass(slots=True)
class Mails:
    _database: Database

    async def next_list_no(self) -> int:
        """The number of the list that is read next, by whichever replica."""
        async with self._database.writing() as connection:
            return await next_number(connection, _BEGUN)

    async def save_mails(
        self, listed: Sequence[Mail], *, seen_at: datetime, list_no: int | None = None
    ) -> None:
        """Store this complete list, unless one with a higher number (None: the next) is stored already.

        Channels are notified of a mail that was paused or resumed.
        """
        async with self._database.writing() as connection:
            list_no = list_no or await next_number(connection, _BEGUN)
            if not await advance(connection, _STORED, list_no):
                return
            rows = (await connection.execute(select(mails))).mappings().all()
            known = {row["mail_id"]: value_from(Mail, row) for row in rows}
            gone_before = {row["mail_id"] for row in rows if row["gone_at"] is not None}
            changed = [
                mail for mail in listed if known.get(mail.mail_id) != mail or mail.mail_id in gone_before
            ]
            new_values = {"seen_at": seen_at, "gone_at": None}
            await upsert(connection, mails, [columns_of(mail) | new_values for mail in changed])
            gone = known.keys() - {mail.mail_id for mail in listed} - gone_before
            if gone:
                is_it = mails.c.mail_id == bindparam("id")
                await connection.execute(
                    update(mails).where(is_it).values(gone_at=seen_at),
                    [{"id": mail_id} for mail_id in sorted(gone)],
                )
            await apply_rules(connection, changed, seen_at)
            for mail in changed:
                before = known.get(mail.mail_id)
                if before is not None and before.paused is not mail.paused:
                    await self._notify_paused(connection, mail, seen_at)

    async def load_mails(self) -> tuple[Mail, ...]:
        """The list as it was last seen."""
        async with self._database.reading() as connection:
            return await read_all(connection, select(mails).where(mails.c.gone_at.is_(None)), Mail)

    async def get(self, mail_id: MailId) -> Mail | None:
        async with self._database.reading() as connection:
            return await read_one(connection, select(mails).where(mails.c.mail_id == mail_id), Mail)

    async def _notify_paused(self, connection: AsyncConnection, mail: Mail, now: datetime) -> None:
        is_watched = (watches.c.mail_id == mail.mail_id) & watches.c.is_watched
        if (await connection.execute(select(watches.c.mail_id).where(is_watched))).first() is None:
            return
        await note_change(connection, mail.mail_id)
        reason = NotifyReason.MAIL_PAUSED if mail.paused else NotifyReason.MAIL_UNPAUSED
        subscribed = await connection.execute(
            select(subscriptions.c.channel_id).where(subscriptions.c.mail_id == mail.mail_id)
        )
        for channel_id in subscribed.scalars().all():
            await add_notice(
                connection,
                dedupe_key=f"{channel_id}:{mail.mail_id}:{reason}:{to_micros(now)}",
                channel_id=channel_id,
                reason=reason,
                created_at=now,
                subject_id=mail.mail_id,
            )
