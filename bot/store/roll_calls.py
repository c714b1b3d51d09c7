"""Roll-calls: when each channel has one, its message of the day, and what that message shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain import ChannelId, MailId, NotifyReason, PostId, UserId
from bot.domain.roll_call import LATEST_START, WEEKS_BACK, Day, RollCall, RollCallPlan
from bot.store.audit import add_to_audit
from bot.store.database import Database
from bot.store.lease import fence
from bot.store.notices import add_notice
from bot.store.rows import read_row, upsert
from bot.store.subscription_views import read_states
from bot.store.tables import posts, roll_calls, runs, subscriptions


@dataclass(slots=True)
class RollCalls:
    """A channel has one at most."""

    _database: Database

    async def get(self, channel_id: ChannelId) -> RollCallPlan | None:
        async with self._database.reading() as connection:
            row = await read_row(connection, select(roll_calls).where(roll_calls.c.channel_id == channel_id))
        return None if row is None else _plan_from(row)

    async def set(self, plan: RollCallPlan) -> None:
        """Begin, or change, the channel's roll-call. The message of today goes on being edited."""
        values = {
            "channel_id": plan.channel_id,
            "team_id": plan.team_id,
            "created_by": plan.created_by,
            "created_at": plan.created_at,
            "at": f"{plan.at:%H:%M}",
            "weekdays": ",".join(map(str, sorted(plan.weekdays))),
            "zone": plan.zone,
            "next_at": plan.next_after(plan.created_at),
        }
        async with self._database.writing() as connection:
            await upsert(connection, roll_calls, values)
            when = f"{values['at']} {values['weekdays']} {plan.zone}"
            await add_to_audit(
                connection,
                at=plan.created_at,
                user_id=plan.created_by,
                action="digest",
                channel_id=plan.channel_id,
                mail_id=MailId(""),
                detail=when,
            )

    async def remove(self, channel_id: ChannelId, *, by: UserId, now: datetime) -> bool:
        """Returns whether there was one. Its last message stays as it is."""
        async with self._database.writing() as connection:
            await _settle_last(connection, channel_id)
            gone = await connection.execute(delete(roll_calls).where(roll_calls.c.channel_id == channel_id))
            if gone.rowcount:
                await add_to_audit(
                    connection,
                    at=now,
                    user_id=by,
                    action="digest off",
                    channel_id=channel_id,
                    mail_id=MailId(""),
                )
        return bool(gone.rowcount)

    async def begin_due(self, *, now: datetime, term: int) -> int:
        """Add the notice of each roll-call whose time has come, and close those whose day is over.

        One that is long past (nobody led) is left out, and so is one of a channel without subscriptions. Returns
        how many have begun. Raises LeaseLost.
        """
        is_over = roll_calls.c.is_open & (roll_calls.c.ends_at <= now)
        is_due = is_over | (roll_calls.c.next_at <= now)
        async with self._database.reading() as connection:
            if (
                await connection.execute(select(roll_calls.c.channel_id).where(is_due).limit(1))
            ).first() is None:
                return 0
        begun = 0
        async with self._database.writing() as connection:
            await fence(connection, term)
            due = await connection.execute(select(roll_calls).where(is_due).with_for_update())
            for row in due.mappings().all():
                if row["is_open"] and row["ends_at"] <= now:
                    await _close(connection, row["channel_id"])
                if row["next_at"] <= now:
                    begun += await _begin(connection, row, now)
        return begun


async def has_roll_call(connection: AsyncConnection, channel_id: ChannelId) -> bool:
    is_it = roll_calls.c.channel_id == channel_id
    return (await connection.execute(select(roll_calls.c.channel_id).where(is_it))).first() is not None


async def show_in(connection: AsyncConnection, channel_id: ChannelId, post_id: PostId) -> None:
    """This message shows the channel's day from now on."""
    await connection.execute(
        update(roll_calls).where(roll_calls.c.channel_id == channel_id).values(post_id=post_id)
    )


async def redraw_roll_calls(connection: AsyncConnection, mail_id: MailId) -> None:
    """The messages of today that show this mail must be redrawn."""
    shows_it = (
        select(roll_calls.c.post_id)
        .join(subscriptions, subscriptions.c.channel_id == roll_calls.c.channel_id)
        .where(subscriptions.c.mail_id == mail_id, roll_calls.c.is_open)
    )
    await connection.execute(
        update(posts).where(posts.c.post_id.in_(shows_it)).values(wanted=posts.c.wanted + 1)
    )


async def roll_call_in(
    connection: AsyncConnection, post_id: PostId, channel_id: ChannelId
) -> RollCall | None:
    """What the message shows: the channel's day as it is recorded; None where its day is not the last any more."""
    is_it = (roll_calls.c.channel_id == channel_id) & (roll_calls.c.post_id == post_id)
    row = await read_row(connection, select(roll_calls).where(is_it))
    if row is None:
        return None
    day = Day(began_at=row["began_at"], ends_at=row["ends_at"])
    of_channel = subscriptions.c.channel_id == channel_id
    found = await connection.execute(
        select(runs.c.mail_id, runs.c.exec_at, runs.c.ended_at)
        .join(subscriptions, subscriptions.c.mail_id == runs.c.mail_id)
        .where(of_channel, or_(*(_began_on(day, weeks_ago) for weeks_ago in range(WEEKS_BACK + 1))))
    )
    starts: dict[MailId, list[datetime]] = {}
    sent_by = None
    for mail_id, exec_at, ended_at in found:
        starts.setdefault(mail_id, []).append(exec_at)
        if ended_at is not None and exec_at >= day.began_at:
            sent_by = max(filter(None, (sent_by, ended_at)))
    states = await read_states(connection, of_channel)
    return RollCall(day=day, zone=row["zone"], states=states, starts=starts, sent_by=sent_by)


def _began_on(day: Day, weeks_ago: int) -> ColumnElement[bool]:
    back = timedelta(weeks=weeks_ago)
    return and_(runs.c.exec_at >= day.began_at - back, runs.c.exec_at < day.ends_at - back)


async def _begin(connection: AsyncConnection, row: RowMapping, now: datetime) -> bool:
    """Set the next time, and add the notice if this time is not long past. Returns whether it did."""
    plan = _plan_from(row)
    values: dict[str, object] = {"next_at": plan.next_after(now)}
    is_told = now - row["next_at"] <= LATEST_START and await _has_subscriptions(connection, plan.channel_id)
    if is_told:
        await _settle_last(connection, plan.channel_id)
        day = Day.of(row["next_at"], ZoneInfo(plan.zone))
        values |= {"began_at": day.began_at, "ends_at": day.ends_at, "is_open": True, "post_id": None}
        await add_notice(
            connection,
            dedupe_key=f"{plan.channel_id}:roll_call:{row['next_at']:%Y-%m-%dT%H%M}",
            channel_id=plan.channel_id,
            reason=NotifyReason.ROLL_CALL,
            created_at=now,
        )
    is_it = roll_calls.c.channel_id == plan.channel_id
    await connection.execute(update(roll_calls).where(is_it).values(values))
    return is_told


async def _close(connection: AsyncConnection, channel_id: ChannelId) -> None:
    """The day is over: its message is edited for the last time."""
    is_it = roll_calls.c.channel_id == channel_id
    closed = update(roll_calls).where(is_it).values(is_open=False).returning(roll_calls.c.post_id)
    post_id = (await connection.execute(closed)).scalar_one()
    await connection.execute(
        update(posts).where(posts.c.post_id == post_id).values(wanted=posts.c.wanted + 1)
    )


async def _settle_last(connection: AsyncConnection, channel_id: ChannelId) -> None:
    """The channel's last message stays as it is from now on."""
    last = select(roll_calls.c.post_id).where(roll_calls.c.channel_id == channel_id)
    await connection.execute(update(posts).where(posts.c.post_id.in_(last)).values(wanted=posts.c.shown))


async def _has_subscriptions(connection: AsyncConnection, channel_id: ChannelId) -> bool:
    some = select(subscriptions.c.mail_id).where(subscriptions.c.channel_id == channel_id).limit(1)
    return (await connection.execute(some)).first() is not None


def _plan_from(row: RowMapping) -> RollCallPlan:
    return RollCallPlan(
        team_id=row["team_id"],
        channel_id=row["channel_id"],
        created_by=row["created_by"],
        created_at=row["created_at"],
        at=time.fromisoformat(row["at"]),
        weekdays=frozenset(map(int, row["weekdays"].split(","))),
        zone=row["zone"],
    )
