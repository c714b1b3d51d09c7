"""Subscriptions by rule: mails join as soon as Quick BI's list shows that they match, and leave when they no longer do.

A mail that is gone from the list does not leave: the channel is still to be told that it can no longer be seen.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain import ChannelId, Mail, MailId, NotifyReason, Subscription, SubscriptionRule, UserId
from bot.mails.mail_rules import MailRule, read_rule
from bot.store.audit import add_to_audit
from bot.store.database import Database
from bot.store.joining import join_incident, leave
from bot.store.notices import PENDING, add_notice, drop_pending
from bot.store.rows import columns_of, insert_all_absent, insert_if_absent, read_all, value_from
from bot.store.tables import (
    incidents,
    mails,
    notices,
    rule_exceptions,
    subscription_rules,
    subscriptions,
    to_micros,
)
from bot.store.watches import start_watches

GATHER = timedelta(hours=1)  # changes are told together
_ONCE = timedelta(days=1)  # at most
_IS_LISTED = mails.c.gone_at.is_(None)


@dataclass(slots=True)
class SubscriptionRules:
    _database: Database

    async def of_channel(self, channel_id: ChannelId) -> tuple[tuple[SubscriptionRule, int], ...]:
        """The channel's rules, each with the number of mails that are subscribed because of it."""
        because = and_(
            subscriptions.c.channel_id == subscription_rules.c.channel_id,
            subscriptions.c.rule == subscription_rules.c.text,
        )
        count = (
            select(func.count()).select_from(subscriptions).where(because).scalar_subquery().label("mails")
        )
        statement = (
            select(subscription_rules, count)
            .where(subscription_rules.c.channel_id == channel_id)
            .order_by(subscription_rules.c.created_at, subscription_rules.c.text)
        )

        async def read(connection: AsyncConnection) -> tuple[tuple[SubscriptionRule, int], ...]:
            rows = (await connection.execute(statement)).mappings().all()
            return tuple((value_from(SubscriptionRule, row), row["mails"]) for row in rows)

        tables = (subscription_rules, subscriptions)
        return await self._database.remembered(("rules", channel_id), tables, read)

    async def add(self, rule: SubscriptionRule) -> tuple[MailId, ...]:
        """Subscribe the channel to all listed mails that match. Returns those that it was not subscribed to."""
        async with self._database.writing() as connection:
            is_new = await insert_if_absent(connection, subscription_rules, columns_of(rule))
            listed = await read_all(connection, select(mails).where(_IS_LISTED), Mail)
            joined = await _join(connection, rule, listed, rule.created_at)
            if is_new:
                await _audit(connection, rule, "subscribe by rule", rule.created_by, rule.created_at)
        return tuple(mail.mail_id for mail in joined)

    async def remove(self, channel_id: ChannelId, text: str, *, by: UserId, now: datetime) -> int | None:
        """End a rule and unsubscribe what is subscribed because of it alone. None where there is no such rule.

        Mails that match another rule of the channel stay.
        """
        is_it = (subscription_rules.c.channel_id == channel_id) & (subscription_rules.c.text == text)
        async with self._database.writing() as connection:
            (*found,) = await read_all(connection, select(subscription_rules).where(is_it), SubscriptionRule)
            if not found:
                return None
            await connection.execute(delete(subscription_rules).where(is_it))
            known = await _mails(connection, await _because_of(connection, found[0]))
            left = await _end(connection, found[0], known, now)
            await _audit(connection, found[0], "unsubscribe by rule", by, now)
        return len(left)


async def apply_rules(connection: AsyncConnection, changed: Sequence[Mail], now: datetime) -> None:
    """The list shows these mails for the first time, or with another name or owner."""
    for rule in await _rules(connection) if changed else ():
        chosen, subscribed = _chosen_by(rule), set(await _because_of(connection, rule))
        ended = [mail for mail in changed if mail.mail_id in subscribed and not chosen.matches(mail)]
        left = await _end(connection, rule, ended, now)
        joined = await _join(connection, rule, changed, now)
        if joined or left:
            await _tell(connection, rule, joined, left, now)


async def except_from_rules(
    connection: AsyncConnection, channel_id: ChannelId, mail_ids: Sequence[MailId]
) -> None:
    """Somebody unsubscribed the channel from these: no rule brings them back."""
    rows = [{"channel_id": channel_id, "mail_id": mail_id} for mail_id in mail_ids]
    await insert_all_absent(connection, rule_exceptions, rows)


async def end_exception(connection: AsyncConnection, wish: Subscription) -> None:
    """A person named the mail: it is subscribed whatever the rules say."""
    is_it = and_(rule_exceptions.c.channel_id == wish.channel_id, rule_exceptions.c.mail_id == wish.mail_id)
    await connection.execute(delete(rule_exceptions).where(is_it))
    await _set_rule(connection, wish.channel_id, [wish.mail_id], None)


async def end_rules(connection: AsyncConnection, channel_id: ChannelId) -> None:
    for table in (subscription_rules, rule_exceptions):
        await connection.execute(delete(table).where(table.c.channel_id == channel_id))


async def _rules(
    connection: AsyncConnection, condition: ColumnElement[bool] | None = None
) -> tuple[SubscriptionRule, ...]:
    statement = select(subscription_rules).order_by(subscription_rules.c.created_at)
    return await read_all(
        connection, statement if condition is None else statement.where(condition), SubscriptionRule
    )


async def _mails(connection: AsyncConnection, mail_ids: Collection[MailId]) -> tuple[Mail, ...]:
    return await read_all(connection, select(mails).where(mails.c.mail_id.in_(mail_ids)), Mail)


async def _because_of(connection: AsyncConnection, rule: SubscriptionRule) -> tuple[MailId, ...]:
    is_it = and_(subscriptions.c.channel_id == rule.channel_id, subscriptions.c.rule == rule.text)
    return tuple((await connection.execute(select(subscriptions.c.mail_id).where(is_it))).scalars())


def _chosen_by(rule: SubscriptionRule) -> MailRule:
    return read_rule(rule.text) or MailRule()


async def _join(
    connection: AsyncConnection, rule: SubscriptionRule, listed: Sequence[Mail], now: datetime
) -> list[Mail]:
    """Subscribe the channel to those that match, unless it is already, or somebody unsubscribed it from them."""
    chosen = _chosen_by(rule)
    taken: set[MailId] = set()
    for table in (subscriptions, rule_exceptions):
        of_channel = select(table.c.mail_id).where(table.c.channel_id == rule.channel_id)
        taken |= set((await connection.execute(of_channel)).scalars())
    joined = [mail for mail in listed if mail.mail_id not in taken and chosen.matches(mail)]
    wishes = [
        Subscription(
            team_id=rule.team_id,
            channel_id=rule.channel_id,
            mail_id=mail.mail_id,
            created_by=rule.created_by,
            created_at=now,
            rule=rule.text,
        )
        for mail in joined
    ]
    await insert_all_absent(connection, subscriptions, [columns_of(wish) for wish in wishes])
    await start_watches(connection, [mail.mail_id for mail in joined])
    firing = await connection.execute(select(incidents.c.mail_id).where(incidents.c.state == "firing"))
    troubled = set(firing.scalars())
    for wish in wishes:
        if wish.mail_id in troubled:
            await join_incident(connection, wish)
    return joined


async def _end(
    connection: AsyncConnection, rule: SubscriptionRule, ended: Sequence[Mail], now: datetime
) -> list[Mail]:
    """The rule no longer brings these. Those that another rule of the channel brings stay, the others leave."""
    for other in await _rules(connection, subscription_rules.c.channel_id == rule.channel_id):
        chosen = _chosen_by(other)
        taken = [mail.mail_id for mail in ended if other.text != rule.text and chosen.matches(mail)]
        await _set_rule(connection, rule.channel_id, taken, other.text)
        ended = [mail for mail in ended if mail.mail_id not in taken]
    await _leave_all(connection, rule.channel_id, [mail.mail_id for mail in ended], now)
    return list(ended)


async def _leave_all(
    connection: AsyncConnection, channel_id: ChannelId, mail_ids: Sequence[MailId], now: datetime
) -> None:
    of_channel = subscriptions.c.channel_id == channel_id
    await connection.execute(delete(subscriptions).where(of_channel, subscriptions.c.mail_id.in_(mail_ids)))
    for mail_id in mail_ids:
        await drop_pending(connection, channel_id, mail_id)
        await leave(connection, channel_id, mail_id, now)


async def _set_rule(
    connection: AsyncConnection, channel_id: ChannelId, mail_ids: Sequence[MailId], text: str | None
) -> None:
    is_it = and_(subscriptions.c.channel_id == channel_id, subscriptions.c.mail_id.in_(mail_ids))
    await connection.execute(update(subscriptions).where(is_it).values(rule=text))


async def _tell(
    connection: AsyncConnection,
    rule: SubscriptionRule,
    joined: Sequence[Mail],
    left: Sequence[Mail],
    now: datetime,
) -> None:
    """One line a day for each rule: what happens until it is sent is added to it."""
    lines = [*(f"+{mail.name or mail.mail_id}" for mail in joined)]
    lines += [f"-{mail.name or mail.mail_id}" for mail in left]
    detail = "\n".join(lines)
    is_about_it = and_(
        notices.c.channel_id == rule.channel_id,
        notices.c.reason == NotifyReason.RULE_CHANGED,
        notices.c.subject_id == rule.text,
    )
    added = update(notices).where(PENDING, is_about_it).values(detail=notices.c.detail + f"\n{detail}")
    if (await connection.execute(added)).rowcount:
        return
    newest = func.max(notices.c.not_before, type_=notices.c.not_before.type)
    last = (await connection.execute(select(newest).where(is_about_it))).scalar_one()
    await add_notice(
        connection,
        dedupe_key=f"{rule.channel_id}:rule:{rule.text}:{to_micros(now)}",
        channel_id=rule.channel_id,
        reason=NotifyReason.RULE_CHANGED,
        created_at=now,
        subject_id=rule.text,
        detail=detail,
        not_before=max(now + GATHER, last + _ONCE) if last else now + GATHER,
    )


async def _audit(
    connection: AsyncConnection, rule: SubscriptionRule, action: str, by: UserId, at: datetime
) -> None:
    await add_to_audit(
        connection,
        at=at,
        user_id=by,
        action=action,
        channel_id=rule.channel_id,
        mail_id=MailId(""),
        detail=rule.text,
    )
