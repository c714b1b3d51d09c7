"""Who looks after what is failing. Stored with the incident, so each channel that is told of it shows the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from bot.domain import ChannelId, Incident, MailId, UserId
from bot.domain.responders import Response, ResponseOutcome, respond
from bot.store.audit import add_to_audit
from bot.store.database import Database
from bot.store.notices import firing_under_lock, redraw_posts
from bot.store.reminders import restart_reminders
from bot.store.roll_calls import redraw_roll_calls
from bot.store.tables import incidents, subscriptions


@dataclass(slots=True)
class Responders:
    _database: Database

    async def respond(
        self, channel_id: ChannelId, mail_id: MailId, response: Response, *, by: UserId, now: datetime
    ) -> tuple[ResponseOutcome, Incident | None]:
        """Returns the outcome, and the incident as it was before. All its messages are redrawn."""
        here = select(subscriptions.c.mail_id).where(
            subscriptions.c.channel_id == channel_id, subscriptions.c.mail_id == mail_id
        )
        async with self._database.writing() as connection:
            before = await firing_under_lock(connection, mail_id)
            if (await connection.execute(here)).first() is None:
                return ResponseOutcome.NOT_SUBSCRIBED, None
            if before is None:
                return ResponseOutcome.NOTHING_WRONG, None
            outcome, after = respond(before, response, by, now)
            if outcome is not ResponseOutcome.DONE:
                return outcome, before
            await connection.execute(
                update(incidents)
                .where(incidents.c.incident_id == after.incident_id)
                .values(
                    responder=after.responder,
                    responding_since=after.responding_since,
                    acknowledged_at=after.acknowledged_at,
                )
            )
            await redraw_posts(connection, after)
            await redraw_roll_calls(connection, mail_id)
            await restart_reminders(connection, after, now)
            await add_to_audit(
                connection,
                at=now,
                user_id=by,
                action=response,
                channel_id=channel_id,
                mail_id=mail_id,
                detail=f"from {before.responder}" if before.responder not in {None, by} else "",
            )
        return outcome, before
